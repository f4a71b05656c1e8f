"""Which picture is set against which: matches, and the mistakes that GLEAM-C itself would make.

In a group (one source, split and view) every query and every tile stands in one match and in one
non-match. So neither picture alone tells the answer: a model must compare.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

QUARTERS: dict[str, tuple[int, ...]] = {"uav": (0, 1, 2, 3), "panorama": (0, 1, 2, 3)}
"""Quarter turns of a query that are tried against wrong tiles, as the app tries turns. Not of maps: their
lettering would tell that they are turned, without a look at the other picture."""
TURNED_SHARE = 1 / 3
"""Of the queries whose quarter turns are tried. Shadows tell a turned photo, so that all of them would
let a model guess without a look at the tile; none would teach it that wrong places come upright."""
RIVALS = 9  # other tiles whose similarity is kept
SAME_TOWN = 0.05  # added to the similarity of neighbours, so that some are among the non-matches
_NEVER = 1e3


@dataclass(frozen=True)
class Chosen:
    """A tile set against a query: both by number in the group. ``rank`` (1 is best) among all tiles of
    the group at their best turns; places neither right nor wrong do not count. ``quarters``: quarter
    turns of the query, clockwise, beyond north."""

    query: int
    tile: int
    rank: int
    similarity: float
    quarters: int = 0


def similarities(
    queries: NDArray[np.float32], tiles: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Best similarity over turns and the turn that gave it, (N, M) each, of unit vectors.

    ``queries`` float32 (N, T, D), ``tiles`` float32 (M, D).
    """
    scores = np.einsum("ntd,md->nmt", queries, tiles)
    return scores.max(axis=2).astype(np.float32), scores.argmax(axis=2)


def matches(
    queries: NDArray[np.float32], tiles: NDArray[np.float32], left_out: NDArray[np.bool_]
) -> list[Chosen]:
    """Each query with its own tile, at its true turn."""
    best, _ = similarities(queries, tiles)
    return [
        _chosen(best, left_out, i, i, float(queries[i, 0] @ tiles[i]), 0)
        for i in range(len(queries))
    ]


def mistakes(
    queries: NDArray[np.float32],
    tiles: NDArray[np.float32],
    left_out: NDArray[np.bool_],
    towns: Sequence[str],
    turnable: NDArray[np.bool_] | None = None,
) -> list[Chosen]:
    """Each query with one wrong tile, each tile once, so that their similarities add up to the most.

    ``left_out`` (N, N) bool: tiles that are neither right nor wrong for a query. ``turnable`` (N,) bool:
    queries whose other turns are tried, too. A query without a wrong tile is left out.
    """
    from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped]

    best, turns = similarities(queries, tiles)
    if turnable is not None:
        upright = (queries[:, 0] @ tiles.T).astype(np.float32)
        best = np.where(turnable[:, None], best, upright)
        turns = np.where(turnable[:, None], turns, 0)
    names = np.array(towns)
    gain = best + SAME_TOWN * (names[:, None] == names[None])
    gain[left_out | np.eye(len(queries), dtype=bool)] = -_NEVER
    rows, columns = linear_sum_assignment(gain, maximize=True)
    found = []
    for i, j in zip(rows.tolist(), columns.tolist(), strict=True):
        if gain[i, j] > -_NEVER / 2:
            found.append(_chosen(best, left_out, i, j, float(best[i, j]), int(turns[i, j])))
    return found


def rivals(
    best: NDArray[np.float32], left_out: NDArray[np.bool_], pair: Chosen
) -> tuple[float, ...]:
    """The similarities of the best other tiles of a query, best first."""
    counted = ~left_out[pair.query]
    counted[pair.tile] = False
    return tuple(np.sort(best[pair.query][counted])[::-1][:RIVALS].round(4).tolist())


def _chosen(
    best: NDArray[np.float32],
    left_out: NDArray[np.bool_],
    query: int,
    tile: int,
    similarity: float,
    quarters: int,
) -> Chosen:
    counted = ~left_out[query]
    counted[tile] = False
    rank = 1 + int(np.count_nonzero(best[query][counted] >= similarity))
    return Chosen(query, tile, rank, round(similarity, 4), quarters)
