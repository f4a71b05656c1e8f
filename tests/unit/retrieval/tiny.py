"""An encoder of a few numbers and small maps: what is built of them is built in moments."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam_app.retrieval.tiles import blocks
from gleam_app.retrieval.tiles.tileset import TileSetStore
from tests.unit.imagery.rasters import smooth, transform_at, write_raster

SCALES_M = [40.0, 80.0]


class TinyPack:
    def __init__(self, version: str = "1") -> None:
        self.label, self.hash = f"tiny {version}", f"tiny-{version}"


class TinyEncoder:
    """Mean colours of a picture's quarters; ``version`` turns their signs, as another pack would."""

    input_px, cell_px, dimension = 32, 8, 12
    pause_s = 0.0  # for each block

    def __init__(self, version: str = "1") -> None:
        self.pack = TinyPack(version)
        self._sign = 1.0 if version == "1" else -1.0

    def embed(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        half = self.input_px // 2
        count = len(pictures)
        quarters = pictures.reshape(count, 2, half, 2, half, 3).astype(np.float32).mean((2, 4))
        found = quarters.reshape(count, 12) - 100.0
        return self._sign * found / np.linalg.norm(found, axis=1, keepdims=True)

    def embed_tiles(
        self, picture: NDArray[np.uint8], corners: Sequence[tuple[int, int]], share: bool = True
    ) -> NDArray[np.float32]:
        time.sleep(self.pause_s)
        side = self.input_px
        return self.embed(np.stack([picture[y : y + side, x : x + side] for x, y in corners]))


def tiny_encoder(version: str = "1") -> Any:
    """In an encoder's place."""
    return TinyEncoder(version)


def small_blocks() -> None:
    """So that small maps have many parts, and take a moment each; for processes of their own."""
    blocks.BLOCK_TILES = 4
    TinyEncoder.pause_s = 0.02


def tiny_map(path: Path, lat: float = 41.0, seed: int = 0, side_px: int = 200) -> Path:
    """A GeoTIFF of ``side_px`` metres with soft shapes."""
    place = transform_at("EPSG:32631", lat, 3.0, 1.0, (side_px, side_px))
    rgb = np.rint(smooth(side_px, side_px, 3, seed) * 200 + 20).astype(np.uint8)
    write_raster(path, rgb, "EPSG:32631", place)
    return path


def same_set(a: TileSetStore, b: TileSetStore, name: str) -> bool:
    """Whether two finished sets hold the same tiles and vectors, to the bit."""
    one, other = a.open(name), b.open(name)
    return bool(
        np.array_equal(one.table, other.table)
        and np.asarray(one.vectors).tobytes() == np.asarray(other.vectors).tobytes()
    )
