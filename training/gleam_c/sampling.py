"""Which pairs stand together in a batch.

Every place once a batch, so that no pair is another's false negative. Hard negatives by Dynamic
Similarity Sampling (Sample4Geo, arXiv 2303.11851) from features alone: GLEAM leaves the start by GPS
away, because some data sets have no positions. Views are equalised: each gives the same number of
pairs to every batch (or as many parts as it is said to have), and a view with few pairs repeats them.

The plan of an epoch follows from the seed, the epoch and the neighbours: to resume, these and the
number of batches done are all there is to know.
"""

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_MISSES = 1024  # pairs tried in vain before an epoch ends, as in Sample4Geo
_ROWS = 1024  # queries compared with all references at a time


@dataclass(frozen=True)
class Packing:
    """How batches are made: pairs a batch, and the two numbers of Dynamic Similarity Sampling.

    Of the ``neighbour_range`` nearest places the nearer half of ``neighbour_select`` is always
    packed beside a pair, and as many drawn from the rest. ``epoch_pairs``: pairs an epoch, shared
    by the views; None takes every pair once and equalises nothing. ``view_shares``: parts of a batch
    and of an epoch for a view, one where it is not named.
    """

    batch_pairs: int
    neighbour_range: int = 128
    neighbour_select: int = 64
    epoch_pairs: int | None = None
    view_shares: Mapping[str, int] = field(default_factory=dict)


class Sampler:
    """Batches of pair indices, epoch after epoch. ``places`` and ``views`` name each pair's."""

    def __init__(
        self, places: Sequence[str], views: Sequence[str], packing: Packing, seed: int
    ) -> None:
        names = sorted(set(places))
        number = {name: i for i, name in enumerate(names)}
        self.places = np.array([number[place] for place in places], np.int64)
        self.place_count = len(names)
        self.view_names = sorted(set(views))
        self.views = np.array([self.view_names.index(view) for view in views], np.int64)
        self.packing, self.seed = packing, seed
        self.epoch, self.done = 0, 0
        # (places, neighbour_range): the nearest places of each, nearest first; none: no hard negatives
        self.neighbours: NDArray[np.int32] | None = None
        self._plan: tuple[int, list[NDArray[np.int64]]] | None = None

    def plan(self) -> list[NDArray[np.int64]]:
        """All batches of the current epoch, each int64 (batch_pairs,) indices of pairs."""
        if self._plan is None or self._plan[0] != self.epoch:
            chance = np.random.default_rng([self.seed, self.epoch])
            self._plan = self.epoch, _pack(self._order(chance), self, chance)
        return self._plan[1]

    def remaining(self) -> list[NDArray[np.int64]]:
        """Batches of the current epoch that are not done."""
        return self.plan()[self.done :]

    def batch_done(self) -> bool:
        """Count one batch as done; True if the epoch ended with it."""
        self.done += 1
        if self.done < len(self.plan()):
            return False
        self.epoch, self.done = self.epoch + 1, 0
        return True

    def set_neighbours(self, neighbours: NDArray[np.int32] | None) -> None:
        """Nearest places from the next plan on; only between epochs."""
        if self.done:
            raise ValueError("neighbours change between epochs only")
        self.neighbours, self._plan = neighbours, None

    def state(self) -> dict[str, Any]:
        """Where the sampler stands, for a checkpoint; ``neighbours`` go beside it as a tensor."""
        return {"epoch": self.epoch, "done": self.done}

    def restore(self, state: Mapping[str, Any], neighbours: NDArray[np.int32] | None) -> None:
        """Go on where a sampler of the same pairs, packing and seed stood."""
        self.epoch, self.done = int(state["epoch"]), int(state["done"])
        self.neighbours, self._plan = neighbours, None

    def _order(self, chance: np.random.Generator) -> NDArray[np.int64]:
        """Pairs in the order in which they are tried; views take turns where they are equalised."""
        total = self.packing.epoch_pairs
        if total is None:
            return chance.permutation(len(self.places))
        drawn, when = [], []
        for view, each in enumerate(_shared(total, self._parts()).tolist()):
            members = np.flatnonzero(self.views == view)
            laps = [chance.permutation(members) for _ in range(-(-each // len(members)))]
            drawn.append(np.concatenate([members[:0], *laps])[:each])
            when.append((np.arange(each) + 0.5) / max(each, 1))
        return np.concatenate(drawn)[np.argsort(np.concatenate(when), kind="stable")]

    def shares(self) -> NDArray[np.int64]:
        """Most pairs of each view in one batch."""
        if self.packing.epoch_pairs is None:
            return np.full(len(self.view_names), self.packing.batch_pairs)
        return _shared(self.packing.batch_pairs, self._parts())

    def _parts(self) -> list[int]:
        return [self.packing.view_shares.get(view, 1) for view in self.view_names]


def _shared(total: int, parts: Sequence[int]) -> NDArray[np.int64]:
    """``total`` in whole numbers by ``parts``; what is left goes to the largest remainders."""
    exact = total * np.array(parts, np.int64)
    shares = exact // sum(parts)
    most = np.argsort(-(exact % sum(parts)), kind="stable")[: total - int(shares.sum())]
    shares[most] += 1
    return shares


class _Batch:
    """One batch being filled."""

    def __init__(self, sampler: Sampler) -> None:
        self.sampler = sampler
        self.pairs: list[int] = []
        self.taken: set[int] = set()  # places
        self.room = sampler.shares()

    @property
    def full(self) -> bool:
        return len(self.pairs) == self.sampler.packing.batch_pairs

    def take(self, pair: int) -> bool:
        """Put the pair in, unless its place is there already or its view has had its share."""
        place, view = int(self.sampler.places[pair]), self.sampler.views[pair]
        if self.full or place in self.taken or not self.room[view]:
            return False
        self.pairs.append(pair)
        self.taken.add(place)
        self.room[view] -= 1
        return True


def _pack(
    order: NDArray[np.int64], sampler: Sampler, chance: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Full batches out of ``order``; what fits into none is left out of the epoch."""
    waiting = deque(range(len(order)))  # positions in the order: a repeated pair has several
    of_place: dict[int, list[int]] = {}
    for position in reversed(range(len(order))):
        of_place.setdefault(int(sampler.places[order[position]]), []).append(position)
    used = np.zeros(len(order), bool)
    batches: list[NDArray[np.int64]] = []
    batch, misses = _Batch(sampler), 0
    while waiting and misses < MOST_MISSES:
        position = waiting.popleft()
        if used[position]:
            continue
        if not batch.take(int(order[position])):
            waiting.append(position)
            misses += 1
            continue
        used[position], misses = True, 0
        for place in _hard_places(int(sampler.places[order[position]]), sampler, chance):
            if batch.full:
                break
            unused = of_place.get(place, [])
            while unused and used[unused[-1]]:
                unused.pop()
            if unused and batch.take(int(order[unused[-1]])):
                used[unused.pop()] = True
        if batch.full:
            batches.append(np.array(batch.pairs, np.int64))
            batch = _Batch(sampler)
    return batches


def _hard_places(place: int, sampler: Sampler, chance: np.random.Generator) -> list[int]:
    """The places packed beside ``place``: the nearest ones, then some of those farther off."""
    if sampler.neighbours is None:
        return []
    near = sampler.neighbours[place, : sampler.packing.neighbour_range]
    near = near[near >= 0]
    half = sampler.packing.neighbour_select // 2
    return [*near[:half].tolist(), *chance.permutation(near[half:])[:half].tolist()]


def nearest_places(
    queries: NDArray[np.float32],
    references: NDArray[np.float32],
    count: int,
    ignored: Mapping[int, Collection[int]] | None = None,
) -> NDArray[np.int32]:
    """The ``count`` places whose reference looks most like a place's query, nearest first.

    ``queries`` and ``references``: (P, D) unit vectors, one a place (a place with several queries
    gives their mean direction; Sample4Geo's sets have one query a place). A place is no neighbour of
    itself, nor of those that ``ignored`` names (semi-positives). Returns int32 (P, count), padded by -1.
    Chunked: no P x P matrix is stored.
    """
    places = len(references)
    found = np.full((places, count), -1, np.int32)
    most = min(count, places - 1)
    for start in range(0, places, _ROWS):
        scores = queries[start : start + _ROWS] @ references.T
        for row in range(len(scores)):
            scores[row, start + row] = -np.inf
            scores[row, list((ignored or {}).get(start + row, ()))] = -np.inf
        if most == 0:
            continue
        best = np.argpartition(-scores, most - 1, axis=1)[:, :most]
        values = np.take_along_axis(scores, best, axis=1)
        order = np.lexsort((best, -values))  # ties by number, the same everywhere
        best = np.take_along_axis(best, order, axis=1)
        values = np.take_along_axis(values, order, axis=1)
        found[start : start + len(best), :most] = np.where(np.isfinite(values), best, -1)
    return found
