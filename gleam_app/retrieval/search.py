"""Nearest tiles of a query over one or several tile sets."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam_app.geo.frame import LocalFrame
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
    """Exact inner-product search over a tile set's unit vectors (FAISS)."""

    def __init__(self, tile_set: TileSet) -> None:
        import faiss

        self.tile_set = tile_set
        self._index: Any = faiss.IndexFlatIP(tile_set.info.dimension)
        for start in range(0, tile_set.info.tiles, 65536):
            self._index.add(np.asarray(tile_set.vectors[start : start + 65536], np.float32))

    def search(
        self,
        vectors: NDArray[np.float32],
        turns: NDArray[np.float64],
        near: tuple[float, float, float] | None = None,
    ) -> list[Match]:
        """Best matches over all turns, each tile once at its best turn, best first.

        ``vectors`` float32 (turns, D); ``near`` = (lat, lon, radius in metres) restricts the search
        before it is made. Ties keep the lower row, then the smaller turn.
        """
        import faiss

        parameters: Any = None
        count = self.tile_set.info.tiles
        if near is not None:
            rows = self._rows_near(*near)
            if not len(rows):
                return []
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBatch(rows))  # type: ignore[call-arg]
            count = len(rows)
        scores, rows_found = self._index.search(vectors, min(DEPTH, count), params=parameters)
        return best_per_tile(self.tile_set, scores, rows_found, turns)

    def _rows_near(self, lat: float, lon: float, radius_m: float) -> NDArray[np.int64]:
        table = self.tile_set.table
        east, north = LocalFrame(lat, lon).to_metres(
            np.asarray(table["lat"]), np.asarray(table["lon"])
        )
        with np.errstate(invalid="ignore"):
            return np.flatnonzero(np.hypot(east, north) <= radius_m).astype(np.int64)


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
