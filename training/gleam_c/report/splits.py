"""How deep overlapping tiles may share computation: recall and cost at several split depths.

A split after N blocks computes the stem and the first N blocks once over a large picture and the rest
for each tile. ``ALL``: everything is shared, only pooling is a tile's own.
"""

import time
from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gleam_app.errors import GleamError
from gleam_app.retrieval.efficientnet_int8 import IntegerLite
from gleam_app.retrieval.efficientnet_lite import EfficientNetLite
from gleam_app.retrieval.encoder import Encoder
from training.gleam_c.report.bench import Bench, key_of, say
from training.gleam_c.report.cuts import Cut
from training.gleam_c.report.figures import Figure, Vectors

ALL = -1
DEPTHS = (0, 9, 15, 20, ALL)
MARGIN_PX = 32  # context on each edge of a tile's window: one cell of the coarsest features
STEP_PX = 48  # three quarters of a tile of 192 overlap with the next one
WINDOWS_AT_A_TIME = 16
_TIMED_PX = 768


class SplitEncoder:
    """An encoder whose convolutional network is cut in two. Raises GleamError for other families."""

    def __init__(self, encoder: Encoder) -> None:
        if not isinstance(encoder.network, EfficientNetLite | IntegerLite):
            raise GleamError("Only convolutional encoders can be split.", "Leave out the part f.")
        self.encoder, self.network = encoder, encoder.network
        self.blocks = len(self.network.blocks)

    def depth(self, depth: int) -> int:
        """Blocks that are shared at a depth."""
        return self.blocks if depth == ALL else depth

    def stride(self, depth: int) -> int:
        """Pixels between two cells of what is shared; 1 where nothing is."""
        return self.network.stride(self.depth(depth)) if depth else 1

    def deepen(self, shared: Tensor, done: int, depth: int) -> Tensor:
        """What is shared at ``depth``, from what is at the shallower depth ``done``: (N, C, h, w).

        At depth 0 the prepared pictures themselves; at ``ALL`` behind the head.
        """
        if depth == done:
            return shared
        if done == 0:
            shared = self.network.first(shared, self.depth(depth))
        else:
            shared = self.network.between(shared, self.depth(done), self.depth(depth))
        return self.network.rest(shared, self.blocks) if depth == ALL else shared

    def finish(self, tiles: Tensor, depth: int) -> Vectors:
        """float32 (N, D) of the tiles' parts of what is shared."""
        if depth == 0:
            tiles = self.network(tiles)
        elif depth != ALL:
            tiles = self.network.rest(tiles, depth)
        return cast(Vectors, self.encoder.vectors_from(tiles).numpy())


def window_vectors(name: str, tiles: Sequence[Cut], bench: Bench) -> dict[int, Vectors]:
    """Depth -> float32 (R, D): each tile in a window of its own, as if cut from a large map."""
    split = SplitEncoder(bench.encoder)

    def make() -> Vectors:
        found: dict[int, list[Vectors]] = {depth: [] for depth in DEPTHS}
        for start in range(0, len(tiles), WINDOWS_AT_A_TIME):
            if start % (WINDOWS_AT_A_TIME * 20) == 0:
                say(f"  {name} at {len(DEPTHS)} depths: {start} of {len(tiles)}")
            part = [
                tile.window(bench.size, MARGIN_PX)
                for tile in tiles[start : start + WINDOWS_AT_A_TIME]
            ]
            inner = [(MARGIN_PX, MARGIN_PX)]
            for depth, vectors in cut_vectors(split, np.stack(part), bench.size, inner):
                found[depth].append(vectors)
        return np.stack([np.concatenate(found[depth]) for depth in DEPTHS])

    with torch.inference_mode():
        made = bench.kept(f"{name} windows", key_of(tiles, DEPTHS, MARGIN_PX), make)
    return dict(zip(DEPTHS, made, strict=True))


def cut_vectors(
    split: SplitEncoder,
    pictures: NDArray[np.uint8],
    size_px: int,
    corners: Sequence[tuple[int, int]],
    depths: Sequence[int] = DEPTHS,
) -> list[tuple[int, Vectors]]:
    """For each depth, ascending, the vectors of the tiles of (N, H, W, 3), by picture, then by corner.

    ``corners``: (x, y) of the tiles' upper left pixels, multiples of every depth's stride.
    """
    shared, done = split.encoder.prepared(pictures), 0
    found = []
    for depth in depths:
        shared, done = split.deepen(shared, done, depth), depth
        tiles = _cut(shared, corners, split.stride(depth), size_px)
        vectors = [split.finish(part, depth) for part in torch.split(tiles, 32)]
        found.append((depth, np.concatenate(vectors)))
    return found


def costs(bench: Bench) -> dict[int, Figure]:
    """Depth -> processor milliseconds a tile, three quarters of it overlapping with the next.

    Each scale of a map is computed over once, so a tile pays for ``STEP_PX`` squared pixels of what is
    shared, at any number of scales. The best of three measurements, the interval from best to worst.
    """
    split = SplitEncoder(bench.encoder)
    made = bench.kept("costs", key_of(DEPTHS, _TIMED_PX), lambda: _timed(split, bench.size))
    return {
        depth: Figure(*(round(float(x), 2) for x in (ms.min(), ms.min(), ms.max())))
        for depth, ms in zip(DEPTHS, made, strict=True)
    }


def _timed(split: SplitEncoder, size_px: int) -> Vectors:
    """(depths, 3) milliseconds; a round before them warms up."""
    picture = np.random.default_rng(0).integers(0, 256, (1, _TIMED_PX, _TIMED_PX, 3), np.uint8)
    places = range(0, _TIMED_PX - size_px, 96)
    corners = [(x, y) for x in places for y in places]
    found: dict[int, list[float]] = {depth: [] for depth in DEPTHS}
    with torch.inference_mode():
        prepared = split.encoder.prepared(picture)
        for depth in DEPTHS * 4:
            clock = time.process_time()
            shared = split.deepen(prepared, 0, depth)
            pixel_ms = (time.process_time() - clock) * 1000 / _TIMED_PX**2
            tiles = _cut(shared, corners, split.stride(depth), size_px)
            clock = time.process_time()
            split.finish(tiles, depth)
            tile_ms = (time.process_time() - clock) * 1000 / len(corners)
            found[depth].append(tile_ms + pixel_ms * STEP_PX**2)
    return np.array([found[depth][1:] for depth in DEPTHS], np.float32)


def _cut(shared: Tensor, corners: Sequence[tuple[int, int]], stride: int, size_px: int) -> Tensor:
    """Tiles of what is shared, picture by picture: (N * corners, C, cells, cells)."""
    cells = size_px // stride
    parts = [shared[..., y // stride :, x // stride :][..., :cells, :cells] for x, y in corners]
    return torch.stack(parts, dim=1).flatten(0, 1).contiguous(memory_format=torch.channels_last)


def label(depth: int) -> str:
    """Words for a depth."""
    alone = {0: "each tile by itself", ALL: "all shared, pooling alone"}
    return alone.get(depth, f"first {depth} blocks shared")
