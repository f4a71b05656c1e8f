"""The parts of locating that are not the network itself."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from gleam_app.retrieval.search import TileIndex
from gleam_app.retrieval.tileset import TileSet
from tests.benchmarks.harness import Bench

TILES, DIMENSION, TURNS = 20_000, 256, 24


def unit_vectors(count: int, seed: int) -> Any:
    vectors = np.random.default_rng(seed).normal(size=(count, DIMENSION)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_search(bench: Bench) -> None:
    vectors = unit_vectors(TILES, 0).astype(np.float16)
    info = SimpleNamespace(dimension=DIMENSION, tiles=TILES)
    index = TileIndex(cast(TileSet, SimpleNamespace(info=info, vectors=vectors)))
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
