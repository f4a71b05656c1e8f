"""Small rasters for tests, whose soft content shows a shift of a fraction of a pixel."""

from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import rasterio
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.transform import Affine


def smooth(height: int, width: int, bands: int = 3, seed: int = 0) -> NDArray[np.float64]:
    """Soft waves 0..1 (bands, height, width), some 40 to 90 pixels long."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    layers = []
    for _ in range(bands):
        waves = [
            np.sin(
                x / rng.uniform(6, 14)
                + y / rng.uniform(6, 14) * rng.choice([-1, 1])
                + rng.uniform(0, 6)
            )
            for _ in range(4)
        ]
        layers.append(np.clip(0.5 + 0.15 * np.sum(waves, axis=0), 0, 1))
    return np.stack(layers)


def soft_rgb(height: int = 400, width: int = 400, bands: int = 3) -> NDArray[np.uint8]:
    return np.rint(smooth(height, width, bands) * 200 + 20).astype(np.uint8)


def transform_at(
    crs: str,
    lat: float,
    lon: float,
    pixel: float,
    size: tuple[int, int] = (400, 400),
    turn: float = 0.0,
) -> Affine:
    """The geotransform of a raster of ``size`` (width, height) with (lat, lon) in its middle."""
    x, y = pyproj.Transformer.from_crs(4326, crs, always_xy=True).transform(lon, lat)
    angle = np.radians(turn)
    right = pixel * np.array([np.cos(angle), np.sin(angle)])
    down = pixel * np.array([np.sin(angle), -np.cos(angle)])
    corner = np.array([x, y]) - right * size[0] / 2 - down * size[1] / 2
    return Affine(right[0], down[0], corner[0], right[1], down[1], corner[1])


def north_up(west: float, north: float, pixel: float) -> Affine:
    return Affine(pixel, 0.0, west, 0.0, -pixel, north)


def shifted(place: Affine, columns: float, rows: float) -> Affine:
    """The geotransform of a part that begins at that pixel."""
    a, b, c, d, e, f = tuple(place)[:6]
    return Affine(a, b, a * columns + b * rows + c, d, e, d * columns + e * rows + f)


def write_raster(
    path: Path, data: NDArray[Any], crs: str | None, transform: Affine, *,
    mask: NDArray[Any] | None = None, colorinterp: Any = None,
    colormap: dict[int, tuple[int, int, int]] | None = None, overviews: bool = False, **profile: Any,
) -> Path:  # fmt: skip
    """A raster of ``data`` (bands, height, width)."""
    profile = {"driver": "GTiff", **profile}
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(
            path, "w", count=data.shape[0], height=data.shape[1], width=data.shape[2],
            dtype=data.dtype, crs=crs, transform=transform, **profile,
        ) as file,
    ):  # fmt: skip
        if colorinterp:
            file.colorinterp = colorinterp
        if colormap:
            file.write_colormap(1, colormap)
        file.write(data)
        if mask is not None:
            file.write_mask(mask)
    if overviews:
        with rasterio.open(path, "r+") as file:
            file.build_overviews([2, 4, 8], Resampling.average)
    return path
