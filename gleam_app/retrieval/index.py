"""The index of a tile set's vectors: how the nearest are found without comparing all.

Up to ``EXACT_VALUES`` numbers every vector is compared. Above, the vectors are put in lists around
k-means centres and shortened (FAISS): first to 4 bits for some dimensions each (product quantisation,
Jégou et al., TPAMI 2011; scanned as André et al., "Quicker ADC", TPAMI 2021), and where that does not
do, to 8 bits for every dimension. A search reads the lists nearest to the query and compares the best
of what it finds exactly, from the float16 vectors. How many lists, and how many of the best, is measured
on the set itself: the fewest with which ``RECALL`` of the exact ``AT`` nearest are found.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam_app.jobs.work import Work
from gleam_app.retrieval.exact import nearest, widened

EXACT_VALUES = 1 << 25  # vectors times dimension: 131,072 of 256
RECALL, AT = 0.99, 50
QUERIES = 256  # on which recall is measured
AGREEMENT = 0.7  # cosine of such a query with the vector that it was made from
CENTRES = 8192  # at most
TRAINED_ON = 40  # vectors for each centre
ROUNDS = 6  # of k-means
BATCH = 1 << 16
# lists read, and the best of them compared exactly, in rising cost
LADDER = (
    (16, 400), (32, 400), (64, 400), (128, 400), (256, 400),
    (256, 600), (256, 800), (512, 800), (512, 1600), (1024, 1600),
)  # fmt: skip
KINDS = ("ivf-pq", "ivf-sq8")  # in rising cost; "exact" is what remains


def is_small(count: int, dimension: int) -> bool:
    """Whether so many vectors are compared one and all faster than one notices."""
    return count * dimension <= EXACT_VALUES


@dataclass(frozen=True)
class Description:
    """``index.json``: what the index is, of which vectors, and what was measured when it was built.

    Times are milliseconds for 24 queries at once, and seconds for building. ``vectors`` and ``sha256``
    (of ``index.faiss``) bind it to its files.
    """

    kind: str
    lists: int
    probes: int
    candidates: int
    recall_at_50: float
    queries: int
    exact_ms: float
    index_ms: float
    seconds: float
    vectors: str = ""
    sha256: str = ""


class VectorIndex:
    """Nearest vectors of one tile set. Use from one thread at a time."""

    def __init__(
        self,
        vectors: NDArray[np.float16],
        lists: Any = None,
        description: Description | None = None,
    ) -> None:
        self.vectors, self.description = vectors, description
        self._lists = lists

    @property
    def kind(self) -> str:
        return "exact" if self._lists is None or self.description is None else self.description.kind

    def search(
        self,
        queries: NDArray[np.float32],
        depth: int,
        rows: NDArray[np.int64] | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Exact scores of the ``depth`` nearest vectors: as ``nearest``, which defines it.

        Without an index, or with few ``rows`` to choose from, it is ``nearest``.
        """
        found = self.description
        few = rows is not None and is_small(len(rows), self.vectors.shape[1])
        if self._lists is None or found is None or few:
            return nearest(self.vectors, queries, depth, rows)
        probes = found.probes
        if rows is not None:  # what is wanted lies farther away the fewer may be chosen
            probes = min(found.lists, -(-probes * len(self.vectors) // len(rows)))
        proposed = propose(self._lists, queries, probes, max(found.candidates, depth), rows)
        # each query may choose from what was found for all of them
        chosen = np.unique(proposed)
        chosen = chosen[(chosen >= 0) & (chosen < len(self.vectors))]
        return nearest(self.vectors, queries, depth, chosen)


def propose(
    lists: Any,
    queries: NDArray[np.float32],
    probes: int,
    candidates: int,
    rows: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Rows (Q, ``candidates``) that the shortened vectors hold for nearest; -1 where there are fewer."""
    import faiss

    chosen: dict[str, Any] = {}
    if rows is not None:
        bits = np.zeros(lists.ntotal, bool)
        bits[rows] = True
        packed: Any = np.packbits(bits, bitorder="little")
        chosen["sel"] = faiss.IDSelectorBitmap(packed)  # type: ignore[call-arg]
    parameters = faiss.SearchParametersIVF(nprobe=probes, **chosen)  # type: ignore[call-arg]
    found: NDArray[np.int64] = lists.search(queries, candidates, params=parameters)[1]
    return found


def choose(vectors: NDArray[np.float16], work: Work) -> tuple[Description, Any]:
    """The first kind and setting that finds enough, and the lists; None for them if none does."""
    began = time.perf_counter()
    centres = _centres(vectors, work)
    queries = sample_queries(vectors)
    work.report("Measuring the index")
    truth = nearest(vectors, queries, AT, work=work)[1]
    exact_ms = _milliseconds(partial(nearest, vectors, queries[:24], AT))
    for kind in KINDS:
        lists = _fill(_empty_lists(kind, centres), vectors, work)
        for probes, candidates in LADDER:
            if probes > len(centres) // 2:
                break  # comparing all is hardly slower
            work.report("Measuring the index")
            proposed = propose(lists, queries, probes, candidates)
            recall = recall_of(vectors, queries, proposed, truth)
            if recall < RECALL:
                continue
            found = Description(
                kind, len(centres), probes, candidates, round(recall, 4), len(queries),
                exact_ms, 0.0, 0.0,
            )  # fmt: skip
            trial = VectorIndex(vectors, lists, found)
            index_ms = _milliseconds(partial(trial.search, queries[:24], AT))
            return replace(found, index_ms=index_ms, seconds=_since(began)), lists
    exact = Description(
        "exact", 0, 0, 0, 1.0, len(queries), exact_ms, exact_ms, _since(began),
    )  # fmt: skip
    return exact, None


def sample_queries(vectors: NDArray[np.float16], seed: int = 0) -> NDArray[np.float32]:
    """``QUERIES`` made-up queries, float32 (Q, D) of length 1, as other views of places in the set.

    Each is a vector of the set turned away from itself to a cosine of ``AGREEMENT``, in a direction in
    which two others of the set differ: real queries stray where tiles vary, not evenly in all dimensions.
    """
    rng = np.random.default_rng(seed)
    count = min(QUERIES, len(vectors))
    own = widened(vectors[np.sort(rng.choice(len(vectors), count, replace=False))])
    one, other = (widened(vectors[rng.integers(0, len(vectors), count)]) for _ in range(2))
    away = one - other
    away -= (away * own).sum(axis=1, keepdims=True) * own
    away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-6)
    queries = AGREEMENT * own + np.sqrt(1 - AGREEMENT**2) * away
    queries /= np.maximum(np.linalg.norm(queries, axis=1, keepdims=True), 1e-6)
    return np.asarray(queries, np.float32)


def recall_of(
    vectors: NDArray[np.float16],
    queries: NDArray[np.float32],
    proposed: NDArray[np.int64],
    truth: NDArray[np.int64],
) -> float:
    """Share of the ``truth`` (Q, K) found when each query chooses from its own proposals alone."""
    found = 0
    for number in range(len(queries)):
        rows = np.unique(proposed[number])
        rows = rows[rows >= 0]
        best = nearest(vectors, queries[number : number + 1], truth.shape[1], rows)[1]
        found += len(np.intersect1d(best, truth[number]))
    return found / truth.size


def _centres(vectors: NDArray[np.float16], work: Work) -> NDArray[np.float32]:
    """k-means on a sample of the vectors: float32 (lists, D) of length 1."""
    import faiss

    count = min(CENTRES, 1 << round(np.log2(4 * np.sqrt(len(vectors)))))
    sample = _sample(vectors, count * TRAINED_ON)
    centres = None
    for step in range(ROUNDS):  # one by one, to be stopped in between
        work.report("Arranging the vectors", step, ROUNDS)
        means = faiss.Kmeans(
            vectors.shape[1], count, niter=1, spherical=True, seed=step,
            min_points_per_centroid=1, max_points_per_centroid=TRAINED_ON,
        )  # fmt: skip
        means.train(sample, init_centroids=centres)
        centres = means.centroids
    return np.asarray(centres, np.float32)


def _sample(vectors: NDArray[np.float16], count: int) -> NDArray[np.float32]:
    rows = np.random.default_rng(1).choice(len(vectors), min(count, len(vectors)), replace=False)
    return widened(vectors[np.sort(rows)])


def _empty_lists(kind: str, centres: NDArray[np.float32]) -> Any:
    import faiss

    lists, dimension = centres.shape
    middle = faiss.IndexFlatIP(dimension)
    middle.add(centres)
    metric = faiss.METRIC_INNER_PRODUCT
    if kind == "ivf-sq8":
        eight = faiss.ScalarQuantizer.QT_8bit
        return faiss.IndexIVFScalarQuantizer(middle, dimension, lists, eight, metric)
    return faiss.IndexIVFPQFastScan(middle, dimension, lists, _parts(dimension), 4, metric)


def _parts(dimension: int) -> int:
    """Into how many parts a vector is cut, each kept in 4 bits: at most 256, of 2 dimensions or more."""
    return max(n for n in range(1, min(256, dimension // 2) + 1) if dimension % n == 0)


def _fill(lists: Any, vectors: NDArray[np.float16], work: Work) -> Any:
    lists.train(_sample(vectors, BATCH // 2))
    for start in range(0, len(vectors), BATCH):
        work.report("Indexing the vectors", start, len(vectors))
        lists.add(widened(vectors[start : start + BATCH]))
    return lists


def _milliseconds(search: Callable[[], object]) -> float:
    """Median of three, after one to warm up."""
    search()
    times = []
    for _ in range(3):
        clock = time.perf_counter()
        search()
        times.append((time.perf_counter() - clock) * 1000.0)
    return round(sorted(times)[1], 2)


def _since(began: float) -> float:
    return round(time.perf_counter() - began, 1)
