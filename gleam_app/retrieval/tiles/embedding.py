"""Embedding the tiles of a plan, part by part: a block of a map, or some plain pictures."""

import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gleam_app.imagery.sources import MapSource, Picture
from gleam_app.retrieval.encoder import Encoder
from gleam_app.retrieval.tiles.plan import Plan, Steps

MIN_COVERAGE = 0.4  # share of a tile that must hold imagery
MARGIN_PX = 32  # context around a block's outer tiles: whole cells of whatever tiles share
PICTURES = 64  # plain ones at a time


@dataclass(frozen=True)
class Embedded:
    """Tiles in the plan's order: vectors float16 (n, D), zero where ``coverage`` is too low."""

    vectors: NDArray[np.float16]
    coverage: NDArray[np.float32]


class Embedder:
    """Reads and embeds what a plan names. ``timings`` counts the seconds spent on both.

    ``share``: overlapping tiles share what the pack allows; without it every tile is embedded alone,
    which is what sharing is measured against.
    """

    def __init__(
        self,
        plan: Plan,
        opened: list[MapSource],
        folder: Path,
        encoder: Encoder,
        share: bool = True,
    ) -> None:
        self.plan, self.opened, self.folder = plan, opened, folder
        self.encoder, self.share = encoder, share
        self.steps = Steps.of(encoder.input_px, encoder.cell_px)
        self.timings = {"read": 0.0, "embed": 0.0}

    @cached_property
    def bounds(self) -> NDArray[np.int64]:
        """Rows of the tile table at which parts begin, and behind them its length."""
        total = len(self.plan.table)
        if self.plan.pictures:
            return np.append(np.arange(0, total, PICTURES), total)
        return np.append(self.plan.blocks["first"], total)

    def embed(self, part: int) -> Embedded:
        """All tiles of one part, from row ``bounds[part]`` on."""
        first, end = self.bounds[part : part + 2].tolist()
        return self._pictures(first, end) if self.plan.pictures else self._block(part, first, end)

    def _pictures(self, first: int, end: int) -> Embedded:
        from gleam_app.imagery.pictures import read_picture

        clock = time.perf_counter()
        size = self.encoder.input_px
        read = [read_picture(self.folder / name, size) for name in self.plan.pictures[first:end]]
        coverage = np.array([picture.coverage for picture in read], np.float32)
        self._spent("read", clock)
        clock = time.perf_counter()
        kept = np.flatnonzero(coverage >= MIN_COVERAGE)
        found = self._empty(end - first)
        if len(kept):
            found[kept] = self.encoder.embed(np.stack([read[i].rgb for i in kept]))
        self._spent("embed", clock)
        return Embedded(found, coverage)

    def _block(self, part: int, first: int, end: int) -> Embedded:
        clock = time.perf_counter()
        picture = self._read_block(part)
        columns, rows = (of[first:end].astype(int) for of in (self.plan.column, self.plan.row))
        # only the part of the block that its tiles need
        left, top = columns.min(), rows.min()
        x, y = ((at * self.steps.step_px) for at in (columns - left, rows - top))
        width, height = (int(at.max()) + self.steps.tile_px + 2 * MARGIN_PX for at in (x, y))
        from_x, from_y = int(left) * self.steps.step_px, int(top) * self.steps.step_px
        rgb = picture.rgb[from_y : from_y + height, from_x : from_x + width]
        mask = picture.mask[from_y : from_y + height, from_x : from_x + width]
        x, y = x + MARGIN_PX, y + MARGIN_PX
        coverage = shares(mask, x, y, self.steps.tile_px)
        self._spent("read", clock)
        clock = time.perf_counter()
        kept = np.flatnonzero(coverage >= MIN_COVERAGE)
        found = self._empty(end - first)
        if len(kept):
            corners = list(zip(x[kept].tolist(), y[kept].tolist(), strict=True))
            found[kept] = self.encoder.embed_tiles(rgb, corners, self.share)
        self._spent("embed", clock)
        return Embedded(found, coverage)

    def _read_block(self, part: int) -> Picture:
        block = self.plan.blocks[part]
        across, scale_m = int(block["across"]), float(block["scale_m"])
        side_px = (across - 1) * self.steps.step_px + self.steps.tile_px + 2 * MARGIN_PX
        return self.opened[int(block["source"])].read_square(
            float(block["lat"]),
            float(block["lon"]),
            scale_m * side_px / self.steps.tile_px,
            side_px,
        )

    def _empty(self, tiles: int) -> NDArray[np.float16]:
        return np.zeros((tiles, self.encoder.dimension), np.float16)

    def _spent(self, what: str, since: float) -> None:
        self.timings[what] += time.perf_counter() - since


def shares(
    mask: NDArray[np.bool_], x: NDArray[np.int64], y: NDArray[np.int64], side: int
) -> NDArray[np.float32]:
    """Share of imagery in the squares of ``side`` pixels whose upper left corners are (x, y): float32 (N,)."""
    summed = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1), np.int64)
    summed[1:, 1:] = mask.cumsum(0).cumsum(1)  # Crow, "Summed-area tables" (1984)
    total = summed[y + side, x + side] - summed[y, x + side] - summed[y + side, x] + summed[y, x]
    return (total / side**2).astype(np.float32)
