"""Fixed random textures that everything natural-looking is made from."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

SIZE = 512


@cache
def grain(kind: int = 0, finest: float = 1.0, roughness: float = 0.6) -> NDArray[np.float32]:
    """Seamless float32 (512, 512) noise, mean 0, spread 1: octaves from 128 pixels down to ``finest``."""
    rng = np.random.default_rng(1000 + kind)
    total = np.zeros((SIZE, SIZE), np.float32)
    step, weight = 128.0, 1.0
    while step >= finest:
        cells = int(SIZE / step)
        small = np.pad(rng.normal(size=(cells, cells)).astype(np.float32), 2, mode="wrap")
        size = round(SIZE / cells * (cells + 4))
        grown = cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC)
        margin = (size - SIZE) // 2
        total += weight * grown[margin : margin + SIZE, margin : margin + SIZE]
        step, weight = step / 2, weight * roughness
    total -= total.mean()
    return np.asarray(total / total.std(), np.float32)


def sample(
    field: NDArray[np.float32], x: NDArray[np.float32], y: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Nearest values of a seamless field at positions in its pixels (any size, wraps around)."""
    column = x.astype(np.int32) & (SIZE - 1)
    row = y.astype(np.int32) & (SIZE - 1)
    return np.asarray(field[row, column], np.float32)


def leaves(shape: tuple[int, ...], seed: int) -> NDArray[np.float32]:
    """A crown's leafy edge for a picture of it of any size: float32 of ``shape`` in 0..1."""
    field = _leafy()
    start_x, start_y = (seed * 37) % SIZE, (seed * 91) % SIZE
    rows = (start_y + np.arange(shape[0]) * 40 // max(shape[0], 1)) % SIZE
    columns = (start_x + np.arange(shape[1]) * 40 // max(shape[1], 1)) % SIZE
    return np.asarray(field[rows[:, None], columns[None, :]], np.float32)


@cache
def _leafy() -> NDArray[np.float32]:
    return np.asarray(np.clip(grain(7, 2.0, 1.1) * 0.3 + 0.5, 0, 1), np.float32)
