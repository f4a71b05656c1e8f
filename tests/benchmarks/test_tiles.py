"""Embedding a map's tiles, block by block, against one tile at a time."""

from pathlib import Path

import numpy as np

from gleam_app.home import resources_dir
from gleam_app.imagery.sources import open_source
from gleam_app.packs.store import PackStore
from gleam_app.retrieval.embedding import Embedder
from gleam_app.retrieval.encoder import Encoder
from gleam_app.retrieval.plan import Steps, plan_maps
from tests.benchmarks.harness import Bench

SCALES_M = [36.0, 48.0, 72.0]
PLAIN_BATCH = 32


def test_embedding_a_map(bench: Bench, tmp_path: Path) -> None:
    encoder = Encoder(PackStore(tmp_path, resources_dir() / "packs").default("gleam-c"))
    source = open_source(resources_dir() / "demo" / "map.tif")
    plan = plan_maps([source], SCALES_M, Steps.of(encoder.input_px, encoder.cell_px))

    def in_blocks() -> None:
        embedder = Embedder(plan, [source], Path(), encoder)
        for part in range(len(embedder.bounds) - 1):
            embedder.embed(part)

    def one_at_a_time() -> None:
        for start in range(0, len(plan.table), PLAIN_BATCH):
            pictures = [
                source.read_square(
                    float(tile["lat"]), float(tile["lon"]), float(tile["scale_m"]), encoder.input_px
                ).rgb
                for tile in plan.table[start : start + PLAIN_BATCH]
            ]
            encoder.embed(np.stack(pictures))

    try:
        bench.compare(
            f"embedding {len(plan.table):,} tiles of 3 scales, overlap 0.75",
            in_blocks,
            one_at_a_time,
            "each tile read and embedded by itself, 32 at a time",
        )
    finally:
        source.close()
