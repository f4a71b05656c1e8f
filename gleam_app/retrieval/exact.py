"""Nearest vectors without an index: every one is compared, a block at a time.

Vectors stay float16 on disk (memory-mapped); only one block is float32 at any moment.
"""

import numpy as np
from numpy.typing import NDArray

from gleam_app.jobs.work import Work

BLOCK = 8192
ONE_BLOCK = 4 * BLOCK  # so few are compared at once: choosing takes longer than comparing


def widened(vectors: NDArray[np.float16]) -> NDArray[np.float32]:
    """The same as float32 (N, D), by FAISS: several times as fast as numpy's own conversion."""
    import faiss

    if not len(vectors):
        return np.zeros(vectors.shape, np.float32)
    dimension = vectors.shape[1]
    reader = faiss.ScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16)
    codes = np.ascontiguousarray(vectors, np.float16).view(np.uint8)
    found: NDArray[np.float32] = reader.decode(codes.reshape(-1, dimension * 2))
    return found


def nearest(
    vectors: NDArray[np.float16],
    queries: NDArray[np.float32],
    depth: int,
    rows: NDArray[np.int64] | None = None,
    work: Work | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The ``depth`` largest inner products of each query: scores float32 and rows int64 (Q, K).

    ``vectors`` (N, D), ``queries`` (Q, D); K is ``depth``, or less where there are fewer vectors.
    ``rows``, ascending, restricts the search. Largest first, of equal ones the lower row.
    """
    total = len(vectors) if rows is None else len(rows)
    kept = min(depth, total)
    best = np.full((len(queries), kept), -np.inf, np.float32)
    where = np.full((len(queries), kept), -1, np.int64)
    step = BLOCK if total > ONE_BLOCK else ONE_BLOCK
    for start in range(0, total if kept else 0, step):
        if work is not None:
            work.check()
        here = (
            np.arange(start, min(start + step, total))
            if rows is None
            else rows[start : start + step]
        )
        block = vectors[start : start + step] if rows is None else vectors[here]
        scores = queries @ widened(block).T
        for number in np.flatnonzero((scores > best[:, -1:]).any(axis=1)):
            floor = best[number, -1]
            if here.size > 4 * kept:  # spares sorting the many that do not stay
                floor = max(floor, np.nextafter(_largest(scores[number], kept), -np.inf))
            better = np.flatnonzero(scores[number] > floor)
            both = np.concatenate([best[number], scores[number, better]])
            order = np.argsort(-both, kind="stable")[:kept]
            best[number] = both[order]
            where[number] = np.concatenate([where[number], here[better]])[order]
    return best, where


def _largest(values: NDArray[np.float32], kept: int) -> np.float32:
    """The smallest of the ``kept`` largest."""
    found: np.float32 = np.partition(values, -kept)[-kept]
    return found
