"""Heads that tell scene facts of one picture, on the tower's frozen features of its half of a montage.

A language model of this size learns no scene in the time at hand; a linear reading with one hidden layer does,
in minutes. Each fact is one yes or no. A fact is told only above its bar: the lowest score from which on, by
the lower bound of an interval, nearly all that was told was true, both in the simulated world and on real
aerial pictures. Scores for the bars come from heads that did not see the picture's place (cross-fitting).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from gleam_app.explain.montage import montage
from gleam_app.explain.scene_facts import NEVER_ABSENT, SOME, VALUES, Fact
from gleam_app.explain.tower import pooled_panels
from training.data.records import read_pixels
from training.gleam_x.model.aerial import aerial_pictures, is_held_out, known_of
from training.gleam_x.model.body import Body
from training.gleam_x.model.feature_store import Features, Progress
from training.gleam_x.records import PairRecord

FACTS: tuple[tuple[str, str], ...] = tuple(
    (kind, value)
    for kind, values in VALUES.items()
    if kind not in NEVER_ABSENT
    and kind not in ("road", "street")  # directions turn with the picture
    for value in (*values, *((SOME,) if kind == "buildings" else ()))
)
FOLDS = 5
HELD_OUT = "held out"  # in place of a place: real pictures that nothing is learnt or fitted on
EPOCHS, BATCH, RATE, DECAY, DROPPED, HIDDEN = 4, 128, 1e-3, 0.05, 0.3, 192
AT_A_TIME = 8
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Pictures:
    """Pictures by row: pooled features (N, 4C), each fact true (1), false (0) or open (nan) (N, facts); the
    name and the place of each, whether it is real, and its view ("tile" for image 2)."""

    features: Floats
    facts: Floats
    names: NDArray[np.str_]
    places: NDArray[np.str_]
    real: NDArray[np.bool_]
    views: NDArray[np.str_]

    def part(self, rows: NDArray[np.bool_]) -> "Pictures":
        """Only those rows."""
        return replace(self, **{name: value[rows] for name, value in vars(self).items()})


def together(parts: Sequence[Pictures]) -> Pictures:
    """All rows of all parts."""
    return Pictures(**{k: np.concatenate([vars(p)[k] for p in parts]) for k in vars(parts[0])})


def simulated(records: Sequence[PairRecord], features: Features) -> Pictures:
    """Both pictures of every record with facts, in all variants of its features (N, variants, C, 8, 8)."""
    rows: list[tuple[Floats, Floats, str, str, str]] = []
    for record, variants in zip(records, features, strict=True):
        if record.facts is None:
            continue
        sides = (
            (record.facts.image1, record.image1, record.place, str(record.view)),
            (record.facts.image2, record.image2, record.place2, "tile"),
        )
        for side, (facts, name, place, view) in enumerate(sides):
            wanted = answers(facts)
            for one in variants:
                rows.append((_pooled(one, side), wanted, name, place, view))
    return _pictures(rows, real=False)


def answers(facts: Sequence[Fact]) -> Floats:
    """(facts,) 1 where a fact is told, 0 where its kind is known to be otherwise, nan where nobody knows."""
    known = {fact.kind for fact in facts}
    told = {(fact.kind, fact.value) for fact in facts}
    if "buildings" in known and ("buildings", "none") not in told:
        told.add(("buildings", SOME))
    return np.array([float(f in told) if f[0] in known else np.nan for f in FACTS], np.float32)


def real(folder: Path, body: Body, progress: Progress) -> Pictures:
    """Aerial pictures whose class tells some facts, each once as a query and once as a tile.

    Raises GleamError where the folder holds none.
    """
    paths = aerial_pictures(folder)
    other = np.random.default_rng(0).permutation(len(paths))
    rows: list[tuple[Floats, Floats, str, str, str]] = []
    for start in range(0, len(paths), AT_A_TIME):
        some = range(start, min(start + AT_A_TIME, len(paths)))
        shown = [(paths[i], paths[int(other[i])]) for i in some]
        made = body.features([montage(read_pixels(a), read_pixels(b)) for a, b in shown]).numpy()
        for both, one in zip(shown, made, strict=True):
            for side, (path, view) in enumerate(zip(both, ("uav", "tile"), strict=True)):
                known = known_of(path.parent.name)
                wanted = np.array([float(known.get(f, np.nan)) for f in FACTS], np.float32)
                name = f"{path.parent.name}/{path.stem}"
                place = HELD_OUT if is_held_out(path) else name
                rows.append((_pooled(one, side), wanted, name, place, view))
        progress(some.stop, len(paths))
    return _pictures(rows, real=True)


def _pooled(features: NDArray[np.float16], side: int) -> Floats:
    half = torch.from_numpy(np.asarray(features, np.float32))[None]
    found: Floats = pooled_panels(half)[0, side].numpy()
    return found


def _pictures(rows: Sequence[tuple[Floats, Floats, str, str, str]], real: bool) -> Pictures:
    features, facts, names, places, views = zip(*rows, strict=True)
    return Pictures(
        np.stack(features),
        np.stack(facts),
        np.array(names),
        np.array(places),
        np.full(len(rows), real),
        np.array(views),
    )


class Heads(nn.Module):
    """Pooled features (N, 4C) -> logits (N, facts)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(width, HIDDEN), nn.Linear(HIDDEN, len(FACTS))

    def forward(self, x: Tensor) -> Tensor:
        x = functional.dropout(x, DROPPED, self.training)
        x = functional.dropout(functional.gelu(self.up(x)), DROPPED, self.training)
        found: Tensor = self.down(x)
        return found

    @torch.no_grad()
    def take_in(self, mean: Tensor, spread: Tensor) -> None:
        """Let the first layer do what was done to its features."""
        self.up.weight.div_(spread)
        self.up.bias.sub_(self.up.weight @ mean)


def fit_heads(pictures: Pictures, seed: int) -> Heads:
    """Trained on all rows. Simulated and real pictures weigh the same."""
    torch.manual_seed(seed)
    x, y = torch.from_numpy(pictures.features), torch.from_numpy(pictures.facts)
    mean, spread = x.mean(0), x.std(0) + 1e-4
    heads = Heads(x.shape[1])
    optimiser = torch.optim.AdamW(heads.parameters(), RATE, weight_decay=DECAY)
    there = torch.from_numpy(pictures.real)
    weight = torch.where(there, 0.5 / there.float().mean().clamp(min=0.1), torch.tensor(1.0))
    heads.train()
    for _ in range(EPOCHS):
        for rows in torch.split(torch.randperm(len(x)), BATCH):
            logits, wanted = heads((x[rows] - mean) / spread), y[rows]
            known = ~wanted.isnan()
            loss = functional.binary_cross_entropy_with_logits(
                logits[known],
                wanted[known],
                weight[rows][:, None].expand_as(wanted)[known],
            )
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    heads.take_in(mean, spread)
    return heads.eval()


@torch.no_grad()
def scores_of(heads: Heads, pictures: Pictures) -> Floats:
    """(N, facts) 0..1."""
    found: Floats = heads(torch.from_numpy(pictures.features)).sigmoid().numpy()
    return found


def crossed(pictures: Pictures, seed: int) -> Floats:
    """Scores of each row by heads that saw no picture of its place, (N, facts)."""
    fold = np.array([_fold(place) for place in pictures.places])
    found = np.empty_like(pictures.facts)
    for number in range(FOLDS):
        heads = fit_heads(pictures.part(fold != number), seed + number)
        found[fold == number] = scores_of(heads, pictures.part(fold == number))
    return found


def _fold(place: str) -> int:
    return hashlib.sha256(place.encode()).digest()[0] % FOLDS
