"""Height models beside orthophotos: read, checked, and kept."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.imagery.exif import clean_text

Heights = NDArray[np.float32]  # (height, width) in metres
KEPT = 8  # models in memory


@lru_cache(maxsize=KEPT)
def kept_heights(path: Path, size: tuple[int, int]) -> Heights:
    """A height model for a picture of ``size`` (width, height): a ``.npy``, or a raster's only band.

    Where it has no value it gets its lowest. Raises GleamError where it cannot be read, has another
    size, or no values at all.
    """
    try:
        heights = np.load(path, allow_pickle=False) if path.suffix == ".npy" else _raster(path)
        heights = heights.astype(np.float32)
    except Exception as error:  # rasterio and numpy raise many kinds
        raise GleamError(
            f"The heights {clean_text(path.name)} cannot be read: {clean_text(error, 100)}."
        ) from None
    if heights.shape != size[::-1]:
        raise GleamError(
            f"The heights {clean_text(path.name)} are {heights.shape[::-1]}, their picture is {size}.",
            "Resample them to the picture's grid.",
        )
    known = np.isfinite(heights)
    if not known.any():
        raise GleamError(f"The heights {clean_text(path.name)} hold no values.")
    heights[~known] = heights[known].min()
    return heights


def _raster(path: Path) -> Heights:
    import rasterio

    with rasterio.open(path) as source:
        if source.count != 1:
            raise ValueError(f"{source.count} bands, not one")
        band = source.read(1, masked=True).astype(np.float32)
        return np.asarray(band.filled(np.nan), np.float32)
