"""Embedding a map's tiles, block by block, against one tile at a time in floating point."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from gleam_app.home import resources_dir
from gleam_app.imagery.sources import MapSource, open_source
from gleam_app.packs.manifest import Pack
from gleam_app.packs.store import PackStore
from gleam_app.retrieval.encoder import Encoder
from gleam_app.retrieval.tiles.blocks import Steps
from gleam_app.retrieval.tiles.embedding import Embedder
from gleam_app.retrieval.tiles.plan import Plan, plan_maps
from tests.benchmarks.harness import Bench, machine_load

SCALES_M = [36.0, 48.0, 72.0]
PLAIN_BATCH = 32
DEPTHS = (9, 12, 15)  # of the network's blocks that tiles share; all of them at 16 pixels a cell
ROUNDS = 3
SAMPLED = 8  # of the tiles embedded by themselves, one in so many is
TURNS = 24  # of a query whose heading is not known


@dataclass(frozen=True)
class Work:
    """A map's plan, and the ways to embed it."""

    source: MapSource
    plan: Plan

    def in_blocks(self, encoder: Encoder) -> None:
        embedder = Embedder(self.plan, [self.source], Path(), encoder)
        for part in range(len(embedder.bounds) - 1):
            embedder.embed(part)

    def one_at_a_time(self, encoder: Encoder, one_in: int = 1) -> None:
        tiles = self.plan.table[::one_in]
        for start in range(0, len(tiles), PLAIN_BATCH):
            pictures = [
                self.source.read_square(
                    float(tile["lat"]), float(tile["lon"]), float(tile["scale_m"]), encoder.input_px
                ).rgb
                for tile in tiles[start : start + PLAIN_BATCH]
            ]
            encoder.embed(np.stack(pictures))


@contextmanager
def work_on(encoder: Encoder) -> Iterator[Work]:
    source = open_source(resources_dir() / "demo" / "map.tif")
    try:
        steps = Steps.of(encoder.input_px, encoder.cell_px)
        yield Work(source, plan_maps([source], SCALES_M, steps))
    finally:
        source.close()


@contextmanager
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def starter(home: Path) -> Pack:
    return PackStore(home, resources_dir() / "packs").default("gleam-c")


def sharing(pack: Pack, blocks: int) -> Pack:
    """The pack as if it named another number of blocks to share."""
    architecture = {**pack.manifest.architecture, "shared_blocks": blocks}
    return Pack(pack.manifest.model_copy(update={"architecture": architecture}), pack.folder)


def test_embedding_a_map(bench: Bench, tmp_path: Path) -> None:
    pack = starter(tmp_path)
    encoder, exact = Encoder(pack), Encoder(pack, exact=True)
    with work_on(encoder) as work:
        bench.compare(
            f"embedding {len(work.plan.table):,} tiles of 3 scales, overlap 0.75",
            lambda: work.in_blocks(encoder),
            lambda: work.one_at_a_time(exact),
            "each tile read and embedded by itself, 32 at a time, in floating point",
        )


def test_embedding_the_turns_of_a_query(bench: Bench, tmp_path: Path) -> None:
    pack = starter(tmp_path)
    encoder, exact = Encoder(pack), Encoder(pack, exact=True)
    side = encoder.input_px
    turns = np.random.default_rng(0).integers(0, 256, (TURNS, side, side, 3), np.uint8)
    bench.compare(
        f"embedding the {TURNS} turns of a query",
        lambda: encoder.embed(turns),
        lambda: exact.embed(turns),
        "in floating point",
    )


def test_the_frontier(tmp_path: Path) -> None:
    """What each number of shared blocks and each arithmetic costs; their recall: docs/performance.md.

    Processor time on one core, so that other work on the machine hardly counts.
    """
    pack = starter(tmp_path)
    with work_on(Encoder(pack)) as work, one_thread():
        tiles, some = len(work.plan.table), len(work.plan.table[::SAMPLED])
        ways: dict[str, tuple[Callable[[Encoder], None], Encoder, int]] = {}
        for words, exact in (("floating point", True), ("integers", False)):
            alone = partial(work.one_at_a_time, one_in=SAMPLED)
            ways[f"each tile by itself, {words}"] = alone, Encoder(pack, exact), some
            for depth in DEPTHS:
                encoder = Encoder(sharing(pack, depth), exact)
                ways[f"{depth} blocks shared, {words}"] = work.in_blocks, encoder, tiles
        found: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, (way, encoder, count) in ways.items():
                began = time.process_time()
                way(encoder)
                found[name].append((time.process_time() - began) * 1000 / count)
    plain = next(iter(found.values()))
    print(f"\ncore-ms a tile, best and worst of {ROUNDS} rounds; load {machine_load():.1f} a core")
    for name, ms in found.items():
        times = np.median(np.array(plain) / np.array(ms))
        print(f"  {name:38s} {min(ms):6.2f} .. {max(ms):6.2f}   {times:5.1f} times as fast")
