"""Map sources: georeferenced imagery as the user has it, behind one small protocol."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from gleam_app.geo.coordinates import Bounds, LatLon

NO_IMAGERY_GREY = 128


@dataclass(frozen=True)
class Picture:
    """A window of imagery: ``rgb`` uint8 (height, width, 3) and ``mask`` bool (height, width), True where there is imagery."""

    rgb: NDArray[np.uint8]
    mask: NDArray[np.bool_]

    @property
    def coverage(self) -> float:
        """Share of the window that holds imagery, 0..1."""
        return float(self.mask.mean()) if self.mask.size else 0.0

    @property
    def shown(self) -> NDArray[np.uint8]:
        """The pixels for people: neutral grey, not black, where there is no imagery."""
        return np.where(self.mask[..., None], self.rgb, NO_IMAGERY_GREY).astype(np.uint8)


class Fingerprint(NamedTuple):
    """Tells cheaply whether a file is still the same: ``sha256`` is of its first and last MiB and its size."""

    size: int
    mtime_ns: int
    sha256: str


class MapSource(Protocol):
    """Imagery one can cut squares out of. Safe to use from several threads."""

    @property
    def path(self) -> Path: ...

    @property
    def bounds(self) -> Bounds:
        """Smallest WGS 84 box around the imagery (degrees)."""
        ...

    @property
    def outline(self) -> tuple[LatLon, ...]:
        """The edge of the imagery's rectangle as an open ring (lat, lon), dense enough for straight sides."""
        ...

    @property
    def resolution_m(self) -> float:
        """Ground size of a source pixel in metres, at the middle of the source."""
        ...

    @property
    def crs(self) -> str:
        """The source's own CRS, as a short name ("EPSG:32617")."""
        ...

    def fingerprint(self) -> Fingerprint:
        """Size, time of change and a hash of parts of the file."""
        ...

    def read_square(self, lat: float, lon: float, side_m: float, size_px: int) -> Picture:
        """Cut the square of ``side_m`` metres centred at (lat, lon), north up, as ``size_px`` pixels."""
        ...

    def read_map_tile(self, zoom: int, x: int, y: int, size_px: int = 256) -> NDArray[np.uint8]:
        """One Web Mercator tile (XYZ numbering) as uint8 (size, size, 4) RGBA; transparent where empty."""
        ...

    def close(self) -> None: ...


def open_source(path: Path) -> MapSource:
    """Open georeferenced imagery: GeoTIFF, COG, BigTIFF, VRT, JPEG 2000, or a picture with a world
    file and a CRS (.prj). Raises GleamError, one line, for anything else."""
    from gleam_app.imagery.geotiff import RasterSource

    return RasterSource(Path(path))
