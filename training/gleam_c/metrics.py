"""Retrieval metrics, in numpy alone, with the conventions of the published code stated.

A query's *rows* are the 0-based places of its right gallery images in the ranking, ascending; everything
here follows from them. They are counted from one block of scores at a time, so no matrix of all queries
against all references is ever held (Sample4Geo's VIGOR evaluation does, and needs more than 32 GB).

Ties (equal scores of a right and a wrong image) are decided by a rule one must name:

* ``pessimistic``: the wrong one comes first. The default: a collapsed encoder, for which all is equal,
  scores 0.
* ``optimistic``: the right one comes first. This is VIGOR's and Sample4Geo's "strictly greater"; there a
  collapsed encoder scores 100 %.
* ``stable``: the one earlier in the gallery comes first. (layumi's University-1652 code reverses an
  unstable argsort, so its order of ties is nobody's rule.)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Ties = Literal["pessimistic", "stable", "optimistic"]
OnePercent = Literal["university", "sample4geo", "vigor"]
Rows = NDArray[np.int64]
Vectors = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Ranking:
    """``rows`` of each query; whether it ``hit`` (VIGOR's hit rate); whether it was ``tied`` anywhere.

    ``top`` int64 (Q, K) are the gallery indices of the first K, equal ones in the gallery's order.
    """

    rows: tuple[Rows, ...]
    hit: NDArray[np.bool_]
    tied: NDArray[np.bool_]
    top: Rows


def rank(
    queries: Vectors,
    gallery: Vectors,
    gold: Sequence[Sequence[int]],
    semi_positives: Sequence[Sequence[int]] = (),
    ties: Ties = "pessimistic",
    block_bytes: int = 64 * 2**20,
    top: int = 0,
) -> Ranking:
    """Rank the gallery for every query by dot product.

    float32 (Q, D) and (R, D); ``gold[i]`` and ``semi_positives[i]`` are gallery indices of query i.
    Memory beyond the vectors: one block of scores of at most ``block_bytes`` (one row at least).

    A query hits if nothing but its semi-positives stands before its first right image (VIGOR's hit
    rate). In all other figures semi-positives count as wrong, as in VIGOR's and Sample4Geo's code.
    """
    count = len(queries)
    step = max(1, block_bytes // (4 * max(1, len(gallery))))
    rows: list[Rows] = []
    first = np.empty((count, min(top, len(gallery))), np.int64)
    hit, tied = np.zeros(count, bool), np.zeros(count, bool)
    for start in range(0, count, step):
        block = queries[start : start + step] @ gallery.T
        for i, scores in enumerate(block, start=start):
            right = np.asarray(gold[i], np.int64)
            found, tied[i] = _place(scores, right, ties)
            rows.append(found)
            if top:
                first[i] = _first(scores, first.shape[1])
            if len(semi_positives) and len(semi_positives[i]) and len(found) and found[0] > 0:
                scores[np.asarray(semi_positives[i], np.int64)] = -np.inf
                found = gold_rows(scores, right, ties)
            hit[i] = len(found) > 0 and found[0] == 0
    return Ranking(tuple(rows), hit, tied, first)


def gold_rows(scores: NDArray[np.float32], gold: Rows, ties: Ties = "pessimistic") -> Rows:
    """Rows of the ``gold`` indices when ``scores`` (R,) are ranked, highest first: int64, ascending.

    No sort of the gallery: a right image's row is the count of wrong and right ones before it.
    """
    return _place(scores, gold, ties)[0]


def _place(scores: NDArray[np.float32], gold: Rows, ties: Ties) -> tuple[Rows, bool]:
    """The rows, and whether a right and a wrong image are equal."""
    if not len(gold):
        return np.empty(0, np.int64), False
    order = gold[np.lexsort((gold, -scores[gold]))]  # best first, ties by place in the gallery
    right = scores[order]
    wrong = scores >= right[-1]  # what is below the last right one stands before none
    wrong[gold] = False
    others = scores[wrong]
    strict = np.array([np.count_nonzero(others > score) for score in right], np.int64)
    loose = np.array([np.count_nonzero(others >= score) for score in right], np.int64)
    tied = bool(np.any(strict != loose))
    above = loose if ties == "pessimistic" else strict
    if tied and ties == "stable":
        for k, index in enumerate(order):
            above[k] += np.count_nonzero(wrong[:index] & (scores[:index] == scores[index]))
    return above + np.arange(len(gold)), tied


def _first(scores: NDArray[np.float32], count: int) -> Rows:
    """Indices of the ``count`` highest scores, equal ones in order, without sorting the gallery."""
    least = np.partition(scores, len(scores) - count)[len(scores) - count]
    candidates = np.flatnonzero(scores >= least)
    return candidates[np.lexsort((candidates, -scores[candidates]))][:count]


def cmc(rows: Sequence[Rows], length: int) -> NDArray[np.float64]:
    """Cumulative matching curve, float64 (length,): share of queries with a right image by each row.

    As layumi's ``evaluate_gpu.py``: a query without a right image is never found and stays in the
    denominator.
    """
    firsts = [int(found[0]) for found in rows if len(found)]
    counts = np.bincount(np.array(firsts, np.int64), minlength=length)[:length]
    curve: NDArray[np.float64] = np.cumsum(counts) / max(1, len(rows))
    return curve


def recall_at(rows: Sequence[Rows], k: int) -> NDArray[np.float64]:
    """1.0 where a right image is among the first ``k``, else 0.0: float64 (Q,)."""
    return np.array([float(len(found) > 0 and found[0] < k) for found in rows])


def average_precision_trapezoid(rows: Rows) -> float:
    """Average precision by the trapezoid rule, as in layumi's ``evaluate_gpu.py`` and all who copied it.

    Each right image adds the mean of the precision at it and the precision just before it (1.0 where it
    is first of all), over the number of right images. 0 without any. With one right image
    R@1 <= AP <= R@1 + (1 - R@1) / 4 holds for the means.
    """
    if not len(rows):
        return 0.0
    found = np.arange(len(rows))
    at = (found + 1) / (rows + 1)
    before = np.where(rows > 0, found / np.maximum(rows, 1), 1.0)
    return float(np.mean((at + before) / 2))


def average_precision_plain(rows: Rows) -> float:
    """Non-interpolated average precision, the usual one (scikit-learn's; GTA-UAV's code). 0 without any."""
    if not len(rows):
        return 0.0
    return float(np.mean((np.arange(len(rows)) + 1) / (rows + 1)))


def one_percent_rank(convention: OnePercent, gallery: int) -> int:
    """The k of "R@1%" in a gallery of so many images.

    * ``university``: layumi's ``CMC[round(0.01 * N)]`` is an index, so k = round(0.01 N) + 1; N is the
      gallery before junk is removed.
    * ``sample4geo``: ``R // 100`` (VIGOR, CVUSA and CVACT there); 0, and so never found, below 100.
    * ``vigor``: ``int(0.01 * R) + 1``, the original VIGOR code.
    """
    if convention == "university":
        return round(0.01 * gallery) + 1  # Python's round, halves to even, as there
    if convention == "sample4geo":
        return gallery // 100
    return int(0.01 * gallery) + 1


def distances(
    top: Rows, query_m: NDArray[np.float64], gallery_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Metres from each query to its first candidates: (Q, K) of positions (Q, 2) and (R, 2)."""
    return np.asarray(np.linalg.norm(gallery_m[top] - query_m[:, None], axis=2), np.float64)


def mean_distance(metres: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """Dis@k of GTA-UAV's code: mean distance of the first k candidates, (Q, K) -> (Q,), metres."""
    return np.asarray(metres[:, :k].mean(axis=1), np.float64)


def spatial_distance_measure(metres: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """SDM@k of GTA-UAV's code: candidates weighted k, k-1 .. 1, each exp(-0.001 * metres): (Q,), 0..1.

    DenseUAV's SDM is the same with degrees and a factor of 5,000: not comparable.
    """
    weights = np.arange(k, 0, -1)[: metres.shape[1]]
    return np.asarray(np.exp(-0.001 * metres[:, :k]) @ weights / weights.sum(), np.float64)


def bootstrap_by_place(
    values: NDArray[np.float64], places: Sequence[str], resamples: int = 1000, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """95 % percentile intervals of the column means of ``values`` (Q, M): (low, high), each (M,).

    Whole places are drawn, with replacement: queries of one place are not independent (54 drone images
    of one building are not 54 samples).
    """
    _, number = np.unique(np.asarray(places), return_inverse=True)
    count = int(number.max()) + 1 if len(number) else 0
    if count == 0:
        raise ValueError("no queries to resample")
    sums = np.stack([np.bincount(number, column, count) for column in values.T], axis=1)
    sizes = np.bincount(number, minlength=count).astype(np.float64)
    rng = np.random.default_rng(seed)
    means = np.empty((resamples, values.shape[1]))
    for index in range(resamples):
        drawn = np.bincount(rng.integers(0, count, count), minlength=count).astype(np.float64)
        means[index] = drawn @ sums / (drawn @ sizes)
    low, high = np.quantile(means, [0.025, 0.975], axis=0)
    return low, high
