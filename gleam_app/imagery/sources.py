"""Map sources: georeferenced imagery as the user has it, behind one small protocol."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import Bounds, LatLon
from gleam_app.imagery.dates import Days
from gleam_app.imagery.exif import clean_text

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
        """The edge of the imagery as an open ring (lat, lon), dense enough for straight sides."""
        ...

    @property
    def outlines(self) -> tuple[tuple[LatLon, ...], ...]:
        """A ring for each part of the imagery that lies by itself; one for a single raster."""
        ...

    @property
    def resolution_m(self) -> float:
        """Ground size of the finest source pixels in metres, at the middle of the source."""
        ...

    @property
    def crs(self) -> str:
        """The source's own CRS, as a short name ("EPSG:32617")."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out or could not be read so far: a line each, for people; mostly none."""
        ...

    @property
    def acquired(self) -> Days | None:
        """When the imagery was taken, where that is written with it; never a file's time of change."""
        ...

    @property
    def settled(self) -> bool:
        """False while better map tiles are being prepared than can be had now."""
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


def open_source(path: Path, crs: str | None = None) -> MapSource:
    """Open georeferenced imagery, whatever holds it.

    A raster (GeoTIFF, COG, BigTIFF, VRT, JPEG 2000, a picture with a world file), an MBTiles or PMTiles
    archive, a folder of z/x/y tiles, a folder of rasters, or a pattern such as ``maps/*.tif``.
    ``crs`` ("EPSG:28992", PROJ or WKT text) is the CRS of rasters that name none themselves.
    Raises GleamError, one line, for anything else.
    """
    path = Path(path)
    if path.is_dir():
        return _open_folder(path, crs)
    if is_pattern(path):
        from gleam_app.imagery.folders import matching_files
        from gleam_app.imagery.mosaic import MosaicSource

        return MosaicSource(path, matching_files(path), crs)
    start = _first_bytes(path)
    if start.startswith(b"SQLite format 3\0") or path.suffix.lower() == ".mbtiles":
        from gleam_app.imagery.mbtiles import open_mbtiles

        return open_mbtiles(path)
    if start.startswith(b"PMTiles") or path.suffix.lower() == ".pmtiles":
        from gleam_app.imagery.pmtiles import open_pmtiles

        return open_pmtiles(path)
    from gleam_app.imagery.geotiff import RasterSource

    return RasterSource(path, crs)


def is_pattern(path: Path) -> bool:
    """Whether a path that names nothing is meant for several files (``maps/*.tif``)."""
    return any(sign in path.name for sign in "*?[") and not path.exists()


def source_exists(path: Path) -> bool:
    """Whether there is anything at the path, or in the folder of the pattern."""
    return path.parent.exists() if is_pattern(path) else path.exists()


def boxes_meet(a: Bounds, b: Bounds) -> bool:
    """Whether two boxes meet; either may cross the antimeridian."""
    if a.south > b.north or a.north < b.south:
        return False
    pieces_a, pieces_b = _pieces(a), _pieces(b)
    return any(w <= e2 and w2 <= e for w, e in pieces_a for w2, e2 in pieces_b)


def _pieces(box: Bounds) -> list[tuple[float, float]]:
    if box.west <= box.east:
        return [(box.west, box.east)]
    return [(box.west, 180.0), (-180.0, box.east)]


def _open_folder(path: Path, crs: str | None) -> MapSource:
    from gleam_app.imagery.folders import folder_kind, raster_files

    kind = folder_kind(path)
    if kind == "tiles":
        from gleam_app.imagery.tile_folder import open_tile_folder

        return open_tile_folder(path)
    if kind == "rasters":
        from gleam_app.imagery.mosaic import MosaicSource

        return MosaicSource(path, raster_files(path), crs)
    raise GleamError(
        f"{clean_text(path.name)} is a folder without georeferenced imagery.",
        "Choose a folder of GeoTIFFs or map tiles, or add it by itself as a folder of plain pictures.",
    )


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(16)
    except OSError:
        return b""  # the opener says what is wrong
