"""Vectors as a tile set's: neighbours alike, kinds of ground that recur, few dimensions that matter."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

STRIPS = 1024
ALIKE = 0.87  # of a tile's own part with that of the next


def landscape(path: Path, count: int, dimension: int, seed: int = 0) -> NDArray[np.float16]:
    """Write ``count`` unit vectors float16 (N, D) to ``path`` and map them; needs little memory.

    Strips of tiles change slowly along their way and now and then come upon another of 256 kinds of
    ground. Shares of variance fall off as in the starter pack's vectors of real imagery: about 37
    effective dimensions, a common mean of half a length, 0.94 between neighbours, 0.2 between strangers.
    """
    rng = np.random.default_rng(seed)
    spread = (np.arange(dimension) + 1.0) ** -0.45
    spread /= np.linalg.norm(spread)
    turned = np.linalg.qr(rng.normal(size=(dimension, dimension)))[0] * spread[:, None]
    common = rng.normal(size=dimension)
    common *= 0.5 / np.linalg.norm(common)
    strips = min(STRIPS, count)
    kinds, kind = rng.normal(size=(256, dimension)), rng.integers(0, 256, strips)
    own: Any = rng.normal(size=(strips, dimension))
    with path.open("wb") as file:
        for start in range(0, count, strips):
            elsewhere = rng.random(strips) < 0.03
            kind[elsewhere] = rng.integers(0, 256, elsewhere.sum())
            own = ALIKE * own + np.sqrt(1 - ALIKE**2) * rng.normal(size=own.shape)
            found = (np.sqrt(0.4) * kinds[kind] + np.sqrt(0.6) * own) @ turned + common
            found /= np.linalg.norm(found, axis=1, keepdims=True)
            file.write(found[: count - start].astype(np.float16).tobytes())
    return np.memmap(path, np.float16, "r", shape=(count, dimension))
