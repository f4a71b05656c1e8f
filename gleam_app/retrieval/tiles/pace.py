"""How fast this computer reads and embeds tiles: measured, and remembered between builds.

Embedding takes as long whatever the map, so its pace is kept in ``<home>/pace.json`` for each pack and
number of threads. Reading differs by source and scale, and is always tried on the source itself.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gleam_app.geo.coordinates import Bounds
from gleam_app.imagery.sources import MapSource, Picture
from gleam_app.packs.files import write_whole
from gleam_app.retrieval.encoder import Encoder
from gleam_app.retrieval.tiles.blocks import Blocks
from gleam_app.retrieval.tiles.embedding import MARGIN_PX, MIN_COVERAGE, Embedder
from gleam_app.retrieval.tiles.plan import Steps, plan_of

SCHEMA = "gleam.pace/1"
LEAST_TILES = 1000  # of a build whose pace is worth remembering
TRIES = 3  # blocks looked at for one that is not mostly empty


@dataclass(frozen=True)
class Pace:
    """Seconds a tile: for embedding it, and for reading its share of a block."""

    embed_s: float
    read_s: float


def remember_pace(home: Path, encoder: Encoder, timings: Mapping[str, float], tiles: int) -> None:
    """Keep how fast a build was: ``timings`` in seconds for ``tiles`` embedded. Never fails a build."""
    if tiles < LEAST_TILES or not timings.get("embed", 0.0) > 0.0:
        return
    known = _known(home)
    known[_key(encoder)] = timings["embed"] / tiles
    try:
        home.mkdir(parents=True, exist_ok=True)
        write_whole(_file(home), json.dumps({"schema": SCHEMA, "embed_s": known}, indent=1))
    except OSError:
        return  # the next estimate measures it again


def remembered(home: Path, encoder: Encoder) -> float | None:
    """Seconds for embedding a tile with this pack in the last build here; None before the first."""
    return _known(home).get(_key(encoder))


def measure(
    source: MapSource, blocks: Blocks, encoder: Encoder, embed_s: float | None
) -> Pace | None:
    """Read a block of a source, and embed it unless the pace of that is known; None: all is empty."""
    if not blocks.counts.any():
        return None
    steps = Steps.of(encoder.input_px, encoder.cell_px)
    fullest = np.flatnonzero(blocks.counts == blocks.counts.max())
    thirds = np.linspace(0, len(fullest) - 1, 2 * min(TRIES, len(fullest)) + 1).astype(int)
    best: tuple[float, Blocks, float] | None = None
    for index in fullest[thirds[1::2]]:
        block = blocks.some(np.array([index]))
        source.read_square(float(block.lats[0]), float(block.lons[0]), block.scale_m, 64)
        clock = time.perf_counter()
        coverage = _read(source, block, steps).coverage
        seconds = time.perf_counter() - clock
        if coverage > (best[0] if best else 0.0):
            best = coverage, block, seconds / int(block.counts[0])
        if coverage >= MIN_COVERAGE:
            break
    if best is None:
        return None
    _, block, read_s = best
    return Pace(embed_s or _embedding(source, block, encoder), read_s)


def _read(source: MapSource, block: Blocks, steps: Steps) -> Picture:
    side_px = (block.across - 1) * steps.step_px + steps.tile_px + 2 * MARGIN_PX
    side_m = block.scale_m * side_px / steps.tile_px
    return source.read_square(float(block.lats[0]), float(block.lons[0]), side_m, side_px)


def _embedding(source: MapSource, block: Blocks, encoder: Encoder) -> float:
    """Seconds a tile of one block, after a first picture to warm up."""
    encoder.embed(np.zeros((1, encoder.input_px, encoder.input_px, 3), np.uint8))
    plan = plan_of([(0, block)], [block.scale_m], 0.0, Bounds(0.0, 0.0, 0.0, 0.0))
    embedder = Embedder(plan, [source], Path(), encoder)
    found = embedder.embed(0)
    return embedder.timings["embed"] / max(1, int((found.coverage >= MIN_COVERAGE).sum()))


def _known(home: Path) -> dict[str, float]:
    try:
        document = json.loads(_file(home).read_text("utf-8"))
        if document["schema"] != SCHEMA:
            return {}
        return {str(k): float(v) for k, v in document["embed_s"].items() if 0.0 < float(v) < 60.0}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # none, or not ours: measured anew


def _key(encoder: Encoder) -> str:
    import torch

    return f"{encoder.pack.hash} {torch.get_num_threads()} threads"


def _file(home: Path) -> Path:
    return home / "pace.json"
