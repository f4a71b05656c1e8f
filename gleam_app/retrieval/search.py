"""Nearest tiles of a query over one or several tile sets."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gleam_app.geo.measure import turn_between
from gleam_app.jobs.work import Work
from gleam_app.retrieval.index_file import open_index
from gleam_app.retrieval.regions import Region
from gleam_app.retrieval.tiles.tileset import TileSet

DEPTH = 200  # nearest tiles taken for each turn of the query
SAME_PLACE = 0.5  # tiles nearer than this share of the larger side show one place


@dataclass(frozen=True)
class Match:
    """One tile and the turn of the query (degrees clockwise) at which it agrees best."""

    tile_set: TileSet
    row: int
    score: float
    turn_deg: float


class TileIndex:
    """Inner-product search over a tile set's unit vectors; use from one thread at a time.

    Opening one builds the index of a large set that has none, watched by ``work``.
    """

    def __init__(self, tile_set: TileSet, work: Work | None = None) -> None:
        self.tile_set = tile_set
        self._index = open_index(tile_set.folder, tile_set.vectors, work, tile_set.root)

    def search(
        self,
        vectors: NDArray[np.float32],
        turns: NDArray[np.float64],
        region: Region | None = None,
    ) -> list[Match]:
        """Best matches over all turns, each tile once at its best turn, best first.

        ``vectors`` float32 (turns, D); ``region`` restricts the search before it is made. Ties keep
        the lower row, then the smaller turn.
        """
        return best_of_tiles(self.search_turns(vectors, turns, region))

    def search_turns(
        self,
        vectors: NDArray[np.float32],
        turns: NDArray[np.float64],
        region: Region | None = None,
        scales_m: Collection[float] | None = None,
    ) -> list[Match]:
        """As ``search``, but each tile at every turn at which it was near; of ``scales_m`` alone, if given."""
        rows = None if region is None else region.rows(self.tile_set)
        if scales_m is not None:
            table = self.tile_set.table
            rows = np.arange(len(table)) if rows is None else rows
            rows = rows[np.isin(table["scale_m"][rows], np.array([*scales_m], np.float32))]
        scores, rows_found = self._index.search(vectors, DEPTH, rows)
        return matches_of(self.tile_set, scores, rows_found, turns)


def matches_of(
    tile_set: TileSet,
    scores: NDArray[np.float32],
    rows: NDArray[np.int64],
    turns: NDArray[np.float64],
) -> list[Match]:
    """(turns, K) scores and rows as matches, best first; row -1 stands for none."""
    flat_turns = np.repeat(turns, rows.shape[1])
    flat_rows, flat_scores = rows.ravel(), scores.ravel()
    order = np.lexsort((flat_turns, flat_rows, -flat_scores))
    return [
        Match(tile_set, int(flat_rows[i]), float(flat_scores[i]), float(flat_turns[i]))
        for i in order[flat_rows[order] >= 0]
    ]


def best_of_tiles(matches: list[Match]) -> list[Match]:
    """Of matches, best first, the first of each tile."""
    first: dict[tuple[int, int], Match] = {}
    for match in matches:
        first.setdefault((id(match.tile_set), match.row), match)
    return list(first.values())


def distinct_places(
    matches: list[Match], limit: int, turns_apart_deg: float | None = None
) -> list[Match]:
    """The best match of each place: overlapping tiles of any scale count once.

    With ``turns_apart_deg`` a place counts again at a turn so far from those it is there with: which
    way the query looks may be wrong though the place is right.
    """
    chosen: list[Match] = []
    spots: list[_Spot] = []
    for match in matches:
        if len(chosen) == limit:
            break
        spot = _Spot.of(match)
        if not any(
            _turned_alike(match, other, turns_apart_deg) and spot.near(there)
            for other, there in zip(chosen, spots, strict=True)
        ):
            chosen.append(match)
            spots.append(spot)
    return chosen


def same_place(a: Match, b: Match) -> bool:
    """Whether two tiles overlap enough to show one place; without coordinates only a tile itself does."""
    return _Spot.of(a).near(_Spot.of(b))


class _Spot(NamedTuple):
    """Where a tile lies, read once: comparing is asked for thousands of times."""

    tile: tuple[int, int]
    position: tuple[float, float] | None
    side_m: float
    shrink: float  # of a degree of longitude

    @classmethod
    def of(cls, match: Match) -> "_Spot":
        position = match.tile_set.position(match.row)
        tile = id(match.tile_set), match.row
        if position is None:
            return cls(tile, None, 0.0, 0.0)
        side_m = float(match.tile_set.table[match.row]["scale_m"])
        return cls(tile, position, side_m, math.cos(math.radians(position[0])))

    def near(self, other: "_Spot") -> bool:
        if self.position is None or other.position is None:
            return self.tile == other.tile
        north = self.position[0] - other.position[0]
        east = (self.position[1] - other.position[1]) * self.shrink
        reach = SAME_PLACE * max(self.side_m, other.side_m) / 111_000.0
        return north**2 + east**2 < reach**2


def _turned_alike(a: Match, b: Match, apart_deg: float | None) -> bool:
    return apart_deg is None or abs(turn_between(a.turn_deg, b.turn_deg)) < apart_deg
