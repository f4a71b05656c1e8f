"""A map source made of pixels on a georeferenced grid, whatever holds the pixels.

A square or a map tile is cut in three steps: a coarse grid of the wanted picture is projected to
source pixels, one window is read (averaged down through overviews where the picture is coarser than
the source), and that window is warped once. Projecting every pixel would cost most of the time.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import Bounds, LatLon
from gleam_app.geo.footprint import distance_m, ring_bounds
from gleam_app.geo.frame import LocalFrame
from gleam_app.geo.mercator import HALF_WORLD_M, tile_bounds, tile_extent_m
from gleam_app.imagery.dates import Days, days_beside
from gleam_app.imagery.exif import clean_text
from gleam_app.imagery.fingerprints import file_fingerprint
from gleam_app.imagery.projections import short_name, transformer
from gleam_app.imagery.sources import Fingerprint, Picture, boxes_meet

if TYPE_CHECKING:
    import pyproj

Points = NDArray[np.float64]
Projecting = Callable[[Points, Points], tuple[Points, Points]]
Reading = Callable[
    [int, int, int, int, int, int], tuple[NDArray[np.uint8], NDArray[np.uint8]]
]  # Pixels.read or Pixels.glance
_EDGE_POINTS = 21  # along each side of the outline
_MIN_NODES = 9
_NODE_STEP_M = 500.0  # the ground's curve over this distance is 5 mm
_FAR = -1e12  # source pixel of what cannot be projected
_READ_PER_PIXEL = 16  # a window holds no more pixels than this for each of the picture's


class Pixels(Protocol):
    """A grid of pixels, read in windows. Safe to use from several threads."""

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    def read(
        self, column: int, row: int, width: int, height: int, out_width: int, out_height: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """A window inside the grid, averaged down to ``out_width`` x ``out_height``.

        Returns RGB uint8 (out_height, out_width, 3) and validity uint8 (out_height, out_width), 0 or 255.
        """
        ...

    def glance(
        self, column: int, row: int, width: int, height: int, out_width: int, out_height: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """As ``read``, for the eye: quick, be it less exact."""
        ...

    def blank(self, column: int, row: int, width: int, height: int) -> bool:
        """Whether it is known without reading that a window holds nothing."""
        ...

    def close(self) -> None: ...


class GridSource:
    """A MapSource over ``pixels``; ``to_ground``, float64 (2, 3), sends (column, row, 1) to the CRS."""

    def __init__(
        self,
        path: Path,
        pixels: Pixels,
        projection: "pyproj.CRS",
        to_ground: Points,
        acquired: Days | None = None,
    ) -> None:
        self._path = path
        self._file = pixels
        self._acquired = acquired or days_beside(path)
        self._wkt = projection.to_wkt()
        self._crs = short_name(projection)
        self._world = _world_width(projection, self._crs)
        self._to_ground = to_ground
        self._to_pixel = _inverted(to_ground, path)
        # the same ground may lie in the source once more, a world further east or west
        self._around = (0, -1, 1) if self._world else (0,)
        self._world_px = self._to_pixel[:, 0] * self._world
        self._outline = self._measure_outline()
        self._bounds = ring_bounds(self._outline)
        self._resolution_m = self._measure_resolution()

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
    def outlines(self) -> tuple[tuple[LatLon, ...], ...]:
        return (self._outline,)

    @property
    def resolution_m(self) -> float:
        return self._resolution_m

    @property
    def crs(self) -> str:
        return self._crs

    @property
    def notes(self) -> tuple[str, ...]:
        return ()

    @property
    def acquired(self) -> Days | None:
        return self._acquired

    @property
    def settled(self) -> bool:
        return True

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in source pixels."""
        return self._file.width, self._file.height

    def fingerprint(self) -> Fingerprint:
        return file_fingerprint(self._path)

    def read_square(self, lat: float, lon: float, side_m: float, size_px: int) -> Picture:
        """The square in a metric frame around its centre, its sides along north and east at the centre.

        What lies outside the source is black, and False in the mask.
        """
        frame, to_source = LocalFrame(lat, lon), transformer("EPSG:4326", self._wkt)

        def project(x: Points, y: Points) -> tuple[Points, Points]:
            lats, lons = frame.to_degrees((x - 0.5) * side_m, (0.5 - y) * side_m)
            return to_source.transform(lons, lats)

        return Picture(*self._warp(project, side_m, size_px, self._file.read))

    def read_map_tile(self, zoom: int, x: int, y: int, size_px: int = 256) -> NDArray[np.uint8]:
        if not boxes_meet(self._bounds, tile_bounds(zoom, x, y)):
            return np.zeros((size_px, size_px, 4), np.uint8)
        west, _, east, north = tile_extent_m(zoom, x, y)
        return self.read_mercator(west, north, east - west, size_px)

    def read_mercator(
        self, west: float, north: float, side: float, size_px: int
    ) -> NDArray[np.uint8]:
        """Any square of the Web Mercator plane (EPSG:3857 metres), as ``read_map_tile``."""
        to_source = transformer("EPSG:3857", self._wkt)

        def project(across: Points, down: Points) -> tuple[Points, Points]:
            return to_source.transform(west + across * side, north - down * side)

        rgba = np.zeros((size_px, size_px, 4), np.uint8)
        rgb, mask = self._warp(project, side, size_px, self._file.glance)
        rgba[..., :3] = rgb
        rgba[..., 3] = np.where(mask, 255, 0)
        return rgba

    def close(self) -> None:
        self._file.close()

    def _warp(
        self, project: Projecting, side_m: float, size_px: int, read: Reading
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Fill a picture whose point (x, y), both 0..1 from its top left, ``project`` sends to the source's CRS."""
        rgb = np.zeros((size_px, size_px, 3), np.uint8)
        mask = np.zeros((size_px, size_px), bool)
        grid = self._source_grid(project, side_m, size_px)
        if grid is None:
            return rgb, mask
        columns, rows = grid
        for around in self._around:
            shift = self._world_px * around
            self._add_part(columns + shift[0], rows + shift[1], rgb, mask, read)
            if mask.all():
                break
        return rgb, mask

    def _add_part(
        self,
        columns: Points,
        rows: Points,
        rgb: NDArray[np.uint8],
        mask: NDArray[np.bool_],
        read: Reading,
    ) -> None:
        """Fill what lies at these source pixels and is not filled yet."""
        import cv2

        size_px, (full_width, full_height) = len(rgb), self.size
        seen = (columns > -1) & (columns < full_width + 1) & (rows > -1) & (rows < full_height + 1)
        if not seen.any():
            return
        step = _source_pixels_per_pixel(columns, rows, seen)
        left, right = _span(columns[seen], step, full_width)
        top, bottom = _span(rows[seen], step, full_height)
        if right <= left or bottom <= top:
            return
        width, height = right - left, bottom - top
        least = math.sqrt(width * height / (_READ_PER_PIXEL * size_px**2))
        shrink = max(1.0, step, least if least > 1.5 else 0.0)
        out_width, out_height = max(1, round(width / shrink)), max(1, round(height / shrink))
        window, valid = read(left, top, width, height, out_width, out_height)
        map_x = ((columns - left) * (out_width / width) - 0.5).astype(np.float32)
        map_y = ((rows - top) * (out_height / height) - 0.5).astype(np.float32)
        fresh = (columns >= 0) & (columns <= full_width) & (rows >= 0) & (rows <= full_height)
        fresh &= ~mask
        if not valid.any():
            return
        if valid.all():
            found = cv2.remap(
                window, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
        else:
            found, share = _remapped_where(valid, window, map_x, map_y)
            fresh &= share > 0.5
        rgb[fresh] = found[fresh]
        mask |= fresh

    def _source_grid(
        self, project: Projecting, side_m: float, size_px: int
    ) -> tuple[Points, Points] | None:
        """Source (columns, rows), float64 (size, size), of the centres of the picture's pixels.

        None where the source is known to hold nothing: empty parts cost next to nothing.
        """
        nodes = min(size_px, max(_MIN_NODES, math.ceil(side_m / _NODE_STEP_M) + 1))
        centres = (np.arange(size_px) + 0.5) / size_px
        if nodes < size_px:
            at = np.linspace(0.0, 1.0, nodes)
            columns, rows = self._to_source(project, at)
            if np.isfinite(columns).all() and np.isfinite(rows).all() and not self._torn(columns):
                if not any(self._may_hold(columns, rows, around) for around in self._around):
                    return None
                return _interpolated(columns, centres), _interpolated(rows, centres)
        columns, rows = self._to_source(project, centres)
        lost = ~(np.isfinite(columns) & np.isfinite(rows))
        columns[lost], rows[lost] = _FAR, _FAR
        return columns, rows

    def _may_hold(self, columns: Points, rows: Points, around: int) -> bool:
        """Whether there may be imagery between such nodes, moved ``around`` worlds."""
        shift = self._world_px * around
        step = max(np.ptp(columns), np.ptp(rows)) / (len(columns) - 1)  # more than their margin
        left, right = _span(columns + shift[0], step, self._file.width)
        top, bottom = _span(rows + shift[1], step, self._file.height)
        if right <= left or bottom <= top:
            return False
        return not self._file.blank(left, top, right - left, bottom - top)

    def _torn(self, columns: Points) -> bool:
        """Whether neighbouring nodes lie so far apart, around a pole, that no line joins them."""
        if not self._world:
            return False
        most = max(np.abs(np.diff(columns, axis=axis)).max() for axis in (0, 1))
        return bool(most > abs(self._to_pixel[0, 0] * self._world) / 64)

    def _to_source(self, project: Projecting, at: Points) -> tuple[Points, Points]:
        """Source (columns, rows) of the picture's points at all pairs of the fractions ``at``."""
        across, down = np.meshgrid(at, at)
        x, y = project(across, down)
        if self._world:
            x = self._wrapped(np.asarray(x), float(project(*np.full((2, 1), 0.5))[0][0]))
        (a, b, c), (d, e, f) = self._to_pixel
        with np.errstate(invalid="ignore"):
            return a * x + b * y + c, d * x + e * y + f

    def _wrapped(self, x: Points, centre: float) -> Points:
        """Eastings within half a world of the picture's centre, and that within half of the source's."""
        half = self._world / 2
        middle = float(self._to_ground[0] @ (self._file.width / 2, self._file.height / 2, 1.0))
        if math.isfinite(centre):
            middle += (centre - middle + half) % self._world - half
        with np.errstate(invalid="ignore"):
            wrapped: Points = (x - middle + half) % self._world - half + middle
        return wrapped

    def _positions(self, columns: Points, rows: Points) -> list[LatLon]:
        """Positions of source pixels' coordinates. Raises GleamError where they are not on Earth."""
        pixels = np.stack([columns, rows, np.ones_like(columns)])
        x, y = self._to_ground @ pixels
        lons, lats = transformer("EPSG:4326", self._wkt).transform(x, y, direction="INVERSE")
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


def _world_width(projection: "pyproj.CRS", name: str) -> float:
    """After how many units eastwards the CRS comes back to where it was; 0 where it does not."""
    if name == "EPSG:3857":
        return 2 * HALF_WORLD_M
    if not projection.is_geographic:
        return 0.0
    radians_per_unit = projection.axis_info[0].unit_conversion_factor
    return round(2 * math.pi / radians_per_unit, 6)


def _inverted(to_ground: Points, path: Path) -> Points:
    """Ground to pixel, (2, 3), of pixel to ground, (2, 3)."""
    square = np.vstack([to_ground, [0.0, 0.0, 1.0]])
    if not np.isfinite(square).all() or abs(np.linalg.det(square)) < 1e-300:
        raise GleamError(
            f"{clean_text(path.name)} has a georeference of no size.",
            "Georeference it again in QGIS.",
        )
    return np.linalg.inv(square)[:2]


def _remapped_where(
    valid: NDArray[np.uint8],
    window: NDArray[np.uint8],
    map_x: NDArray[np.float32],
    map_y: NDArray[np.float32],
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Colours of the valid pixels alone, so that no edge darkens, and the share of them, 0..1."""
    import cv2

    weighted = np.empty((*valid.shape, 4), np.float32)
    weighted[..., 3] = valid > 127
    weighted[..., :3] = window * weighted[..., 3:]
    found = cv2.remap(weighted, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    share = np.asarray(found[..., 3], np.float32)
    rgb = np.rint(found[..., :3] / np.maximum(share, 1e-3)[..., None])
    return np.clip(rgb, 0, 255).astype(np.uint8), share


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
