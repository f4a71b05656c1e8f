"""Pairs become batches of pixels: decoded and augmented by threads, some batches ahead of the network.

Decoding, resizing and warping release Python's lock, so threads keep the cores busy. What a pair looks
like is drawn from (seed, epoch, pair's place in the batch): whichever thread makes it, and after
whatever interruption, it is the same.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gleam_app.imagery.views import View
from gleam_app.retrieval.turning import TURNED_VIEWS
from training.gleam_c.augment import Picture, augment_pair, resized, wrongly_turned
from training.gleam_c.recipe import Recipe

AHEAD = 3  # batches in the making


@dataclass(frozen=True)
class Sample:
    """One pair as pixels. ``overlap``: share of the satellite picture that the query shows, 0..1."""

    query: Picture
    satellite: Picture
    overlap: float = 1.0


class PairSource(Protocol):
    """Training pairs, whether read from files or made on the spot.

    ``places`` and ``views`` name each pair's. ``sample`` must be a function of its arguments alone
    (``chance`` included) and safe to call from several threads.
    """

    @property
    def places(self) -> Sequence[str]: ...
    @property
    def views(self) -> Sequence[View]: ...
    def sample(self, pair: int, chance: np.random.Generator) -> Sample:
        """Pixels of a pair, of any size."""
        ...

    def semi_positives(self, pair: int) -> Sequence[str]:
        """Places whose satellite picture is neither right nor wrong for the pair's query."""
        ...


@dataclass(frozen=True)
class Pictures:
    """Pictures of one size: uint8 (N, H, W, 3), and the rows of the batch's side that they fill."""

    pixels: Tensor
    rows: Tensor
    margin_px: int = 0


@dataclass(frozen=True)
class Batch:
    """One rank's share of a batch, b of B pairs.

    ``queries``, ``satellites`` and ``turned`` fill b (turned: b * wrong turns) rows, in groups of one
    size. ``overlaps`` float32 (b,). ``turned_out`` bool (b * wrong turns,): rows of ``turned`` that are
    no negatives, because the app does not turn their view. Bool (b, B), all ranks' pairs in the columns:
    ``out_queries[i, j]``: satellite j is neither right nor wrong for query i; ``out_satellites[i, j]``:
    query j is neither right nor wrong for satellite i.
    """

    queries: tuple[Pictures, ...]
    satellites: tuple[Pictures, ...]
    turned: tuple[Pictures, ...]
    turned_out: Tensor
    overlaps: Tensor
    out_queries: Tensor
    out_satellites: Tensor


Made = tuple[float, list[Picture]]  # overlap; satellite, query, wrongly turned copies


class Loader:
    """Makes batches from a source by the sizes and chances of a recipe. Close it, or use ``with``."""

    def __init__(self, source: PairSource, recipe: Recipe, rank: int = 0, ranks: int = 1) -> None:
        self.source, self.recipe = source, recipe
        self.rank, self.ranks = rank, ranks
        self._pool = ThreadPoolExecutor(recipe.workers, "pairs")

    def __enter__(self) -> "Loader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the threads; what they have begun they finish."""
        self._pool.shutdown(cancel_futures=True)

    def batches(
        self, plan: Sequence[NDArray[np.int64]], epoch: int, first: int = 0
    ) -> Iterator[Batch]:
        """This rank's share of each batch of an epoch's plan, from batch number ``first`` on."""
        waiting: deque[tuple[NDArray[np.int64], list[Future[Made]]]] = deque()
        numbers = iter(range(first, len(plan)))
        while True:
            while len(waiting) < AHEAD and (number := next(numbers, None)) is not None:
                waiting.append((plan[number], self._start(plan[number], epoch, number)))
            if not waiting:
                return
            members, futures = waiting.popleft()
            yield self._batch(members, [future.result() for future in futures])

    def _mine(self, members: NDArray[np.int64]) -> slice:
        share = len(members) // self.ranks
        return slice(self.rank * share, (self.rank + 1) * share)

    def _start(self, members: NDArray[np.int64], epoch: int, number: int) -> list[Future[Made]]:
        mine = self._mine(members)
        return [
            self._pool.submit(self._make, int(members[i]), (self.recipe.seed, epoch, number, i))
            for i in range(mine.start, mine.stop)
        ]

    def _make(self, pair: int, seed: tuple[int, int, int, int]) -> Made:
        chance = np.random.default_rng(seed)
        view = self.source.views[pair]
        sizes, loss = self.recipe.views[view], self.recipe.loss
        sample = self.source.sample(pair, chance)
        query = resized(sample.query, sizes.query_px)
        satellite = resized(sample.satellite, sizes.reference_px)
        query, satellite = augment_pair(query, satellite, view, self.recipe.augment, chance)
        turned = [  # a view that is never turned has its own copy in that place, and does not count
            wrongly_turned(query, loss.least_wrong_turn_deg, chance)
            if view in TURNED_VIEWS
            else query
            for _ in range(loss.wrong_turns)
        ]
        return sample.overlap, [satellite, query, *turned]

    def _batch(self, members: NDArray[np.int64], made: list[Made]) -> Batch:
        mine = self._mine(members)
        margins = [
            self.recipe.views[self.source.views[pair]].reference_margin_px
            for pair in members[mine].tolist()
        ]
        unturned = [
            self.source.views[pair] not in TURNED_VIEWS
            for pair in members[mine].tolist()
            for _ in range(self.recipe.loss.wrong_turns)
        ]
        out = self._neither(members)
        return Batch(
            queries=grouped([pictures[1] for _, pictures in made]),
            satellites=grouped([pictures[0] for _, pictures in made], margins),
            turned=grouped([copy for _, pictures in made for copy in pictures[2:]]),
            turned_out=torch.tensor(unturned, dtype=torch.bool),
            overlaps=torch.tensor([overlap for overlap, _ in made], dtype=torch.float32),
            out_queries=torch.from_numpy(out[mine].copy()),
            out_satellites=torch.from_numpy(out.T[mine].copy()),
        )

    def _neither(self, members: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(B, B): whether the satellite picture of the column is neither right nor wrong for the row's query."""
        out = np.zeros((len(members), len(members)), bool)
        if self.recipe.loss.mask_semi_positives:
            places = [self.source.places[pair] for pair in members.tolist()]
            for row, pair in enumerate(members.tolist()):
                semi = set(self.source.semi_positives(pair))
                out[row] = [place in semi for place in places]
        return out


def grouped(
    pictures: Sequence[Picture], margins: Sequence[int] | None = None
) -> tuple[Pictures, ...]:
    """Pictures stacked with others of their size (and margin), in order of first appearance."""
    groups: dict[tuple[tuple[int, ...], int], list[int]] = {}
    for row, picture in enumerate(pictures):
        key = picture.shape, margins[row] if margins else 0
        groups.setdefault(key, []).append(row)
    return tuple(
        Pictures(
            torch.from_numpy(np.stack([pictures[row] for row in rows])), torch.tensor(rows), margin
        )
        for (_, margin), rows in groups.items()
    )
