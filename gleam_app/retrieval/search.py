"""Nearest tiles of a query over one or several tile sets."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gleam_app.jobs.work import Work
from gleam_app.retrieval.index_file import open_index
from gleam_app.retrieval.regions import Region
from gleam_app.retrieval.tileset import TileSet

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
        self._index = open_index(tile_set.folder, tile_set.vectors, work)

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
        rows = None if region is None else region.rows(self.tile_set)
        scores, rows_found = self._index.search(vectors, DEPTH, rows)
        return best_per_tile(self.tile_set, scores, rows_found, turns)


def best_per_tile(
    tile_set: TileSet,
    scores: NDArray[np.float32],
    rows: NDArray[np.int64],
    turns: NDArray[np.float64],
) -> list[Match]:
    """Fold (turns, K) scores and rows into one match a tile, best first."""
    flat_turns = np.repeat(turns, rows.shape[1])
    flat_rows, flat_scores = rows.ravel(), scores.ravel()
    order = np.lexsort((flat_turns, flat_rows, -flat_scores))
    order = order[flat_rows[order] >= 0]
    _, first = np.unique(flat_rows[order], return_index=True)
    return [
        Match(tile_set, int(flat_rows[i]), float(flat_scores[i]), float(flat_turns[i]))
        for i in order[np.sort(first)]
    ]


def distinct_places(matches: list[Match], limit: int) -> list[Match]:
    """The best match of each place: overlapping tiles of any scale count once."""
    chosen: list[Match] = []
    where: list[tuple[int, float, float, float]] = []
    for match in matches:
        if len(chosen) == limit:
            break
        position = match.tile_set.position(match.row)
        if position is None:
            chosen.append(match)
            continue
        scale = float(match.tile_set.table[match.row]["scale_m"])
        lat, lon = position
        if not any(
            (lat - other_lat) ** 2 + ((lon - other_lon) * np.cos(np.deg2rad(lat))) ** 2
            < (SAME_PLACE * max(scale, other_scale) / 111_000.0) ** 2
            for _, other_lat, other_lon, other_scale in where
        ):
            chosen.append(match)
            where.append((match.row, lat, lon, scale))
    return chosen
