"""Trials: queries, a gallery, and which gallery squares are right for each query."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gleam_app.imagery.views import View
from gleam_app.retrieval.turning import query_pictures, turns_for
from training.gleam_c.report.bench import Bench, key_of
from training.gleam_c.report.cuts import Cut, Picture
from training.gleam_c.report.figures import Ranks, Row, Vectors, ranks, recalls

HEADINGS = ("heading known", "heading unknown")


@dataclass(frozen=True)
class Asked:
    """One query. ``right`` and ``left_out`` (neither right nor wrong) are rows of the gallery.

    ``place`` is the unit that intervals are resampled by; ``heading`` in degrees, None if not known.
    """

    place: str
    heading: float | None
    right: tuple[int, ...]
    left_out: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Trial:
    """``photo(i)`` gives the pixels of query i, always the same; ``made_of`` says of what it is made."""

    name: str
    measurement: str
    view: View
    asked: tuple[Asked, ...]
    photo: Callable[[int], Picture]
    tiles: tuple[Cut, ...]
    made_of: object

    @property
    def places(self) -> list[str]:
        return [asked.place for asked in self.asked]

    def rank(self, queries: Vectors, gallery: Vectors) -> Ranks:
        """Ranks of all queries among the tiles and whatever wrong squares follow them."""
        right = [asked.right for asked in self.asked]
        return ranks(queries, gallery, right, [asked.left_out for asked in self.asked])

    def row(self, condition: str, found: Ranks, gallery: int, measurement: str = "") -> Row:
        """A row of recalls."""
        figures = recalls(found, self.places)
        return Row(measurement or self.measurement, condition, len(found), gallery, figures)


def conditions(trial: Trial) -> Sequence[str]:
    """What can be asked of the trial's view: some views are not turned, some headings not known."""
    if len(turns_for(trial.view, None)) == 1:
        return ("no heading",)
    known = all(asked.heading is not None for asked in trial.asked)
    return HEADINGS if known else HEADINGS[1:]


def query_vectors(trial: Trial, bench: Bench, condition: str) -> Vectors:
    """float32 (Q, T, D), pictures made as the app makes them."""

    def turns(asked: Asked) -> NDArray[np.float64]:
        return turns_for(trial.view, asked.heading if condition == HEADINGS[0] else None)

    def pictures(number: int) -> Picture:
        photo = trial.photo(number)
        return query_pictures(photo, trial.view, turns(trial.asked[number]), bench.size)

    name = f"{trial.name} queries {condition}"
    headings = [asked.heading for asked in trial.asked]
    # how views are turned belongs to the key: it is the app's, and may change
    key = key_of(trial.name, trial.made_of, headings, turns_for(trial.view, None).tolist())
    return bench.vectors(name, key, len(trial.asked), len(turns(trial.asked[0])), pictures)


def thinned(trial: Trial, one_in: int) -> Trial:
    """The trial with all right tiles and one in ``one_in`` of the others; the queries stay."""
    right = {row for asked in trial.asked for row in asked.right}
    kept = [row for row in range(len(trial.tiles)) if row in right or row % one_in == 0]
    number = {row: i for i, row in enumerate(kept)}

    def renamed(rows: Sequence[int]) -> tuple[int, ...]:
        return tuple(number[row] for row in rows if row in number)

    asked = tuple(
        replace(one, right=renamed(one.right), left_out=renamed(one.left_out))
        for one in trial.asked
    )
    return replace(trial, asked=asked, tiles=tuple(trial.tiles[row] for row in kept))


def tile_vectors(trial: Trial, bench: Bench) -> Vectors:
    """float32 (R, D), one tile at a time."""
    return bench.tiles(f"{trial.name} tiles", trial.tiles)


def measure(trial: Trial, bench: Bench) -> list[Row]:
    """A row for each condition."""
    gallery = tile_vectors(trial, bench)
    return [
        trial.row(
            condition, trial.rank(query_vectors(trial, bench, condition), gallery), len(gallery)
        )
        for condition in conditions(trial)
    ]
