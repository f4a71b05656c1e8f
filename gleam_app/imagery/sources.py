"""Map sources: georeferenced imagery as the user has it, behind one small protocol."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gleam_app.geo.coordinates import Bounds


@dataclass(frozen=True)
class Picture:
    """A window of imagery: ``rgb`` uint8 (height, width, 3) and ``mask`` bool (height, width), True where there is imagery."""

    rgb: NDArray[np.uint8]
    mask: NDArray[np.bool_]

    @property
    def coverage(self) -> float:
        """Share of the window that holds imagery, 0..1."""
        return float(self.mask.mean()) if self.mask.size else 0.0


class MapSource(Protocol):
    """Imagery one can cut squares out of. Safe to use from several threads."""

    @property
    def path(self) -> Path: ...

    @property
    def bounds(self) -> Bounds:
        """Smallest WGS 84 box around the imagery (degrees)."""
        ...

    @property
    def resolution_m(self) -> float:
        """Ground size of a source pixel in metres, at the middle of the source."""
        ...

    @property
    def crs(self) -> str:
        """The source's own CRS, as a short name ("EPSG:32617")."""
        ...

    def read_square(self, lat: float, lon: float, side_m: float, size_px: int) -> Picture:
        """Cut the square of ``side_m`` metres centred at (lat, lon), north up, as ``size_px`` pixels."""
        ...

    def read_map_tile(self, zoom: int, x: int, y: int, size_px: int = 256) -> NDArray[np.uint8]:
        """One Web Mercator tile (XYZ numbering) as uint8 (size, size, 4) RGBA; transparent where empty."""
        ...

    def close(self) -> None: ...
