"""Map sources that GDAL reads: GeoTIFF, COG, VRT, BigTIFF, pictures with a world file.

A square or a map tile is cut in three steps: a coarse grid of the wanted picture is projected to
source pixels, one window is read (averaged down through overviews where the picture is coarser than
the source), and that window is warped once. Projecting every pixel would cost most of the time.
"""

import hashlib
import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import Bounds, LatLon
from gleam_app.geo.footprint import distance_m, ring_bounds
from gleam_app.geo.frame import LocalFrame
from gleam_app.geo.mercator import HALF_WORLD_M, tile_bounds, tile_extent_m
from gleam_app.imagery.exif import clean_text
from gleam_app.imagery.raster_file import RasterFile
from gleam_app.imagery.sources import Fingerprint, Picture

if TYPE_CHECKING:
    import pyproj

Points = NDArray[np.float64]
_EDGE_POINTS = 21  # along each side of the outline
_MIN_NODES = 9
_NODE_STEP_M = 500.0  # the ground's curve over this distance is 5 mm
_FAR = -1e6  # source pixel of what cannot be projected
_MIB = 1024 * 1024


class RasterSource:
    """A MapSource over one georeferenced raster file."""

    def __init__(self, path: Path) -> None:
        self._path = Path(path)
        self._file = RasterFile(self._path)
        self._local = threading.local()
        try:
            with self._file.inspect() as dataset:
                self._projection = _projection(dataset, self._path)
                self._to_ground = np.array(dataset.transform, float)[:6].reshape(2, 3)
            self._to_pixel = _inverted(self._to_ground, self._path)
            self._crs = _short_name(self._projection)
            self._outline = self._measure_outline()
            self._bounds = ring_bounds(self._outline)
            self._resolution_m = self._measure_resolution()
        except BaseException:
            self._file.close()
            raise

    @property
    def path(self) -> Path:
        return self._path

    @property
    def bounds(self) -> Bounds:
        return self._bounds

    @property
    def outline(self) -> tuple[LatLon, ...]:
        return self._outline

    @property
    def resolution_m(self) -> float:
        return self._resolution_m

    @property
    def crs(self) -> str:
        return self._crs

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in source pixels."""
        return self._file.width, self._file.height

    def fingerprint(self) -> Fingerprint:
        status = self._path.stat()
        digest = hashlib.sha256(str(status.st_size).encode())
        with self._path.open("rb") as file:
            digest.update(file.read(_MIB))
            file.seek(max(0, status.st_size - _MIB))
            digest.update(file.read(_MIB))
        return Fingerprint(status.st_size, status.st_mtime_ns, digest.hexdigest())

    def read_square(self, lat: float, lon: float, side_m: float, size_px: int) -> Picture:
        """The square in a metric frame around its centre, its sides along north and east at the centre.

        What lies outside the source is black, and False in the mask.
        """
        frame, to_source = LocalFrame(lat, lon), self._transformer("EPSG:4326")

        def project(x: Points, y: Points) -> tuple[Points, Points]:
            lats, lons = frame.to_degrees((x - 0.5) * side_m, (0.5 - y) * side_m)
            return to_source.transform(lons, lats)

        rgb, mask = self._warp(project, side_m, size_px)
        return Picture(rgb, mask)

    def read_map_tile(self, zoom: int, x: int, y: int, size_px: int = 256) -> NDArray[np.uint8]:
        rgba = np.zeros((size_px, size_px, 4), np.uint8)
        if not _overlap(self._bounds, tile_bounds(zoom, x, y)):
            return rgba
        west, south, east, north = tile_extent_m(zoom, x, y)
        to_source = self._transformer("EPSG:3857")

        def project(across: Points, down: Points) -> tuple[Points, Points]:
            return to_source.transform(
                west + across * (east - west), north - down * (north - south)
            )

        rgb, mask = self._warp(project, east - west, size_px)
        rgba[..., :3] = rgb
        rgba[..., 3] = np.where(mask, 255, 0)
        return rgba

    def close(self) -> None:
        self._file.close()

    def _warp(
        self,
        project: Callable[[Points, Points], tuple[Points, Points]],
        side_m: float,
        size_px: int,
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Fill a picture whose point (x, y), both 0..1 from its top left, ``project`` sends to the source's CRS."""
        import cv2

        columns, rows = self._source_grid(project, side_m, size_px)
        seen = (
            (columns > -1)
            & (columns < self._file.width + 1)
            & (rows > -1)
            & (rows < self._file.height + 1)
        )
        rgb = np.zeros((size_px, size_px, 3), np.uint8)
        mask = np.zeros((size_px, size_px), bool)
        if not seen.any():
            return rgb, mask
        step = _source_pixels_per_pixel(columns, rows, seen)
        left, right = _span(columns[seen], step, self._file.width)
        top, bottom = _span(rows[seen], step, self._file.height)
        if right <= left or bottom <= top:
            return rgb, mask
        width, height = right - left, bottom - top
        shrink = max(1.0, step)
        out_width, out_height = max(1, round(width / shrink)), max(1, round(height / shrink))
        window, valid = self._file.read(left, top, width, height, out_width, out_height)
        map_x = ((columns - left) * (out_width / width) - 0.5).astype(np.float32)
        map_y = ((rows - top) * (out_height / height) - 0.5).astype(np.float32)
        cv2.remap(window, map_x, map_y, cv2.INTER_LINEAR, dst=rgb, borderMode=cv2.BORDER_REPLICATE)
        inside = (
            (columns >= 0)
            & (columns <= self._file.width)
            & (rows >= 0)
            & (rows <= self._file.height)
        )
        if valid.all():
            mask = inside
        else:
            nearest = cv2.remap(
                valid, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
            mask = inside & (nearest > 127)
        rgb[~mask] = 0
        return rgb, mask

    def _source_grid(
        self,
        project: Callable[[Points, Points], tuple[Points, Points]],
        side_m: float,
        size_px: int,
    ) -> tuple[Points, Points]:
        """Source (columns, rows), float64 (size, size), of the centres of the picture's pixels."""
        nodes = min(size_px, max(_MIN_NODES, math.ceil(side_m / _NODE_STEP_M) + 1))
        centres = (np.arange(size_px) + 0.5) / size_px
        if nodes < size_px:
            at = np.linspace(0.0, 1.0, nodes)
            columns, rows = self._to_source(project, at)
            if np.isfinite(columns).all() and np.isfinite(rows).all():
                return _interpolated(columns, centres), _interpolated(rows, centres)
        columns, rows = self._to_source(project, centres)
        lost = ~(np.isfinite(columns) & np.isfinite(rows))
        columns[lost], rows[lost] = _FAR, _FAR
        return columns, rows

    def _to_source(
        self, project: Callable[[Points, Points], tuple[Points, Points]], at: Points
    ) -> tuple[Points, Points]:
        """Source (columns, rows) of the picture's points at all pairs of the fractions ``at``."""
        across, down = np.meshgrid(at, at)
        x, y = project(across, down)
        x = self._wrapped(np.asarray(x))
        (a, b, c), (d, e, f) = self._to_pixel
        with np.errstate(invalid="ignore"):
            return a * x + b * y + c, d * x + e * y + f

    def _wrapped(self, x: Points) -> Points:
        """Eastings brought within half a world of the source's middle, where the CRS goes around the world."""
        if self._projection.is_geographic:
            world = 360.0
        elif self._crs == "EPSG:3857":
            world = 2 * HALF_WORLD_M
        else:
            return x
        middle = self._to_ground[0] @ (self._file.width / 2, self._file.height / 2, 1.0)
        with np.errstate(invalid="ignore"):
            wrapped: Points = (x - middle + world / 2) % world - world / 2 + middle
        return wrapped

    def _transformer(self, crs: str) -> "pyproj.Transformer":
        """From ``crs`` to the source's, (x, y) order; one a thread, for PROJ contexts are not shared."""
        cache: dict[str, Any] | None = getattr(self._local, "transformers", None)
        if cache is None:
            cache = self._local.transformers = {}
        if crs not in cache:
            import pyproj

            cache[crs] = pyproj.Transformer.from_crs(crs, self._projection, always_xy=True)
        found: pyproj.Transformer = cache[crs]
        return found

    def _positions(self, columns: Points, rows: Points) -> list[LatLon]:
        """Positions of source pixels' coordinates. Raises GleamError where they are not on Earth."""
        pixels = np.stack([columns, rows, np.ones_like(columns)])
        x, y = self._to_ground @ pixels
        lons, lats = self._transformer("EPSG:4326").transform(x, y, direction="INVERSE")
        if not (np.isfinite(lons).all() and np.isfinite(lats).all() and np.abs(lats).max() <= 90.0):
            raise GleamError(
                f"{clean_text(self._path.name)} lies nowhere on Earth in its CRS ({self._crs}).",
                "Its coordinates and its CRS do not belong together; correct the CRS in QGIS.",
            )
        return [LatLon(float(lat), float(lon)) for lat, lon in zip(lats, lons, strict=True)]

    def _measure_outline(self) -> tuple[LatLon, ...]:
        at = np.linspace(0.0, 1.0, _EDGE_POINTS)[:-1]
        zero, one = np.zeros_like(at), np.ones_like(at)
        columns = np.concatenate([at, one, 1 - at, zero]) * self._file.width
        rows = np.concatenate([zero, at, one, 1 - at]) * self._file.height
        return tuple(self._positions(columns, rows))

    def _measure_resolution(self) -> float:
        """Geometric mean of a pixel's two sides on the ground, at the middle."""
        x, y = self._file.width / 2, self._file.height / 2
        west, east, north, south = self._positions(
            np.array([x - 0.5, x + 0.5, x, x]), np.array([y, y, y - 0.5, y + 0.5])
        )
        return math.sqrt(distance_m(west, east) * distance_m(north, south))


def _projection(dataset: Any, path: Path) -> "pyproj.CRS":
    """The dataset's CRS, or the one in a .prj file beside it. Raises GleamError without georeference."""
    import pyproj
    from pyproj.exceptions import CRSError

    name = clean_text(path.name)
    if dataset.transform.is_identity:
        raise GleamError(
            f"{name} has no georeference: where it lies is not written in it.",
            "Georeference it in QGIS (Layer > Georeferencer) or add its world file (.tfw, .jgw, .pgw) and .prj.",
        )
    try:
        if dataset.crs:
            return pyproj.CRS.from_wkt(dataset.crs.to_wkt())
        beside = path.with_suffix(".prj")
        if beside.is_file() and beside.stat().st_size < _MIB:
            return pyproj.CRS.from_user_input(beside.read_text("utf-8", "replace").strip())
    except CRSError:
        raise GleamError(
            f"{name} has a CRS this program does not understand.",
            "Set its CRS in QGIS and export it again.",
        ) from None
    raise GleamError(
        f"{name} has a position but no CRS.",
        "Put the CRS into a .prj file of the same name, or export it from QGIS as a GeoTIFF.",
    )


def _inverted(to_ground: Points, path: Path) -> Points:
    """Ground to pixel, (2, 3), of pixel to ground, (2, 3)."""
    square = np.vstack([to_ground, [0.0, 0.0, 1.0]])
    if not np.isfinite(square).all() or abs(np.linalg.det(square)) < 1e-300:
        raise GleamError(
            f"{clean_text(path.name)} has a georeference of no size.",
            "Georeference it again in QGIS.",
        )
    return np.linalg.inv(square)[:2]


def _short_name(projection: "pyproj.CRS") -> str:
    code = projection.to_epsg()
    return f"EPSG:{code}" if code else clean_text(projection.name, 60)


def _interpolated(grid: Points, at: Points) -> Points:
    """Values at all pairs of the fractions ``at``, linear between the nodes of an even grid over 0..1."""
    last = len(grid) - 1
    lower = np.minimum((at * last).astype(int), last - 1)
    part = at * last - lower
    rows = grid[lower] * (1 - part)[:, None] + grid[lower + 1] * part[:, None]
    result: Points = rows[:, lower] * (1 - part) + rows[:, lower + 1] * part
    return result


def _source_pixels_per_pixel(columns: Points, rows: Points, seen: NDArray[np.bool_]) -> float:
    """How many source pixels a step of one picture pixel spans (the longer of both directions, median)."""
    for every in (max(1, len(columns) // 16), 1):  # a sample does, unless little is seen
        x, y, known = columns[::every, ::every], rows[::every, ::every], seen[::every, ::every]
        across = np.hypot(np.diff(x, axis=1), np.diff(y, axis=1))[known[:, 1:] & known[:, :-1]]
        down = np.hypot(np.diff(x, axis=0), np.diff(y, axis=0))[known[1:] & known[:-1]]
        steps = [float(np.median(part)) / every for part in (across, down) if part.size]
        if steps:
            return max(steps)
    return 1.0


def _span(values: Points, margin: float, limit: int) -> tuple[int, int]:
    """Whole source pixels that hold the values and a margin, cut to 0..limit."""
    low, high = math.floor(values.min() - margin - 1), math.ceil(values.max() + margin + 1)
    return max(0, low), min(limit, high)


def _overlap(a: Bounds, b: Bounds) -> bool:
    """Whether two boxes meet; ``a`` may cross the antimeridian."""
    if a.south > b.north or a.north < b.south:
        return False
    if a.west > a.east:
        return b.east >= a.west or b.west <= a.east
    return a.west <= b.east and b.west <= a.east
