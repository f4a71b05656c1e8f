"""The parts of locating that are not the network itself."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from gleam_app.jobs.work import Work
from gleam_app.retrieval.index import AT, VectorIndex, sample_queries
from gleam_app.retrieval.index_file import build_index, open_index
from gleam_app.retrieval.search import DEPTH, TileIndex
from gleam_app.retrieval.tiles.tileset import TileSet
from tests.benchmarks.harness import Bench
from tests.landscape import landscape

TILES, DIMENSION, TURNS = 20_000, 256, 24
# 1,000,000 needs 0.5 GB on disk and minutes to build; 10,000,000 ten times as much
LARGE = [int(count) for count in os.environ.get("GLEAM_BENCH_VECTORS", "200000").split(",")]


def unit_vectors(count: int, seed: int) -> Any:
    vectors = np.random.default_rng(seed).normal(size=(count, DIMENSION)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_search(bench: Bench) -> None:
    vectors = unit_vectors(TILES, 0).astype(np.float16)
    info = SimpleNamespace(dimension=DIMENSION, tiles=TILES)
    index = TileIndex(
        cast(TileSet, SimpleNamespace(folder=Path(), root=Path(), info=info, vectors=vectors))
    )
    queries, turns = unit_vectors(TURNS, 1), np.arange(0.0, 360.0, 360.0 / TURNS)

    def one_turn_at_a_time() -> int:
        best: dict[int, float] = {}
        exact = vectors.astype(np.float32)
        for query in queries:
            for row, score in enumerate((exact @ query).tolist()):
                if score > best.get(row, -2.0):
                    best[row] = score
        return max(best, key=lambda row: best[row])

    assert index.search(queries, turns)[0].row == one_turn_at_a_time()
    bench.compare(
        f"search of {TILES:,} tiles at {TURNS} turns",
        lambda: index.search(queries, turns),
        one_turn_at_a_time,
        "a dot product a turn, best kept in a dictionary",
    )


MEMORY = """
import sys
from pathlib import Path
import faiss, numpy
from gleam_app.retrieval.index_file import open_index

def own() -> float:  # without mapped files
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024

folder, dimension = Path(sys.argv[1]), int(sys.argv[2])
vectors = numpy.memmap(folder / "vectors.f16", numpy.float16, "r").reshape(-1, dimension)
before = own()
index = open_index(folder, vectors)
index.search(numpy.array(vectors[:24], numpy.float32), 200)
print(round(own() - before))
"""


def memory_mb(folder: Path) -> str:
    """What an opened index holds, in a process of its own."""
    if not Path("/proc/self/status").exists():
        return "?"
    command = [sys.executable, "-c", MEMORY, str(folder), str(DIMENSION)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.timeout(0)  # an index of 10 million takes long to build
@pytest.mark.parametrize("count", LARGE)
def test_search_of_a_large_set(bench: Bench, tmp_path: Path, count: int) -> None:
    """24 queries of different places at once: no two turns of one picture are as unlike."""
    folder = tmp_path / "set"
    folder.mkdir()
    vectors = landscape(folder / "vectors.f16", count, DIMENSION)
    build_index(folder, vectors, tmp_path, Work())
    index, exact = open_index(folder, vectors), VectorIndex(vectors)
    found = index.description
    assert found is not None, "so few are compared one and all"
    queries = sample_queries(vectors, seed=1)
    truth = exact.search(queries, AT)[1]  # all at once: it reads the vectors once
    shares = [
        len(np.intersect1d(index.search(queries[n : n + 1], AT)[1], truth[n])) / AT
        for n in range(len(queries))
    ]
    about = (
        f"{index.kind}, {found.lists} lists of which {found.probes} are read, {found.candidates} "
        f"compared exactly: recall@{AT} {np.mean(shares):.4f} (when built {found.recall_at_50}), "
        f"{memory_mb(folder)} MB, built in {found.seconds:.0f} s"
    )
    for turns in (1, TURNS):
        bench.compare(
            f"{turns} of {count:,} vectors by {about}",
            lambda turns=turns: index.search(queries[:turns], DEPTH),  # type: ignore[misc]
            lambda turns=turns: exact.search(queries[:turns], DEPTH),  # type: ignore[misc]
            "comparing all",
        )
    assert np.mean(shares) >= 0.985
