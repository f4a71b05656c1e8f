"""A folder of georeferenced rasters seen as one map source: the first that has a pixel gives it."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import Bounds, LatLon
from gleam_app.geo.footprint import ring_bounds
from gleam_app.geo.frame import LocalFrame
from gleam_app.geo.mercator import tile_bounds, tile_extent_m
from gleam_app.imagery.dates import Days, span
from gleam_app.imagery.exif import clean_text
from gleam_app.imagery.fingerprints import files_fingerprint
from gleam_app.imagery.geotiff import NoGeoreference, RasterSource
from gleam_app.imagery.raster_opening import Unreadable
from gleam_app.imagery.sources import Fingerprint, Picture, is_pattern
from gleam_app.imagery.thumbnails import Thumbnails

log = logging.getLogger(__name__)
_MOST_OPEN = 32
_STRETCH_PARTS = 16  # rasters whose contrast is measured for all
_GAP_SHARE = 0.02  # parts no further apart than this of their size count as one piece of ground
Ring = tuple[LatLon, ...]


class MosaicSource:
    """A MapSource over many rasters, each in its own CRS, in the order of their names.

    Every file is opened once to learn where it lies; those that cannot be read or lie nowhere are left
    out, and ``notes`` say so. After that at most ``_MOST_OPEN`` stay open.
    Rasters of the same type are shown with one contrast. ``path`` is the folder, or the pattern.
    """

    def __init__(self, path: Path, files: Sequence[Path], crs: str | None = None) -> None:
        self._path = path
        self._root = path.parent if is_pattern(path) else path
        self._open: OrderedDict[int, RasterSource] = OrderedDict()
        self._lock = threading.Lock()
        self._parts: list[RasterSource] = []
        unplaced: list[str] = []
        broken: list[Unreadable] = []
        for file in files:
            try:
                part = RasterSource(file, crs)
            except NoGeoreference:
                unplaced.append(clean_text(file.name))
                continue
            except Unreadable as error:
                broken.append(error)
                continue
            part.close()
            self._parts.append(part)
        if not self._parts:
            if broken:
                raise broken[0]
            raise GleamError(
                f"{clean_text(path.name)} holds no georeferenced imagery.",
                "Choose a folder of GeoTIFFs, or georeference them in QGIS.",
            )
        self._notes = _left_out(clean_text(path.name), unplaced, broken)
        boxes = np.array([part.bounds for part in self._parts])
        self._west, self._south, self._east, self._north = boxes.T
        self._outlines = tuple(_hull([p.outline for p in group]) for group in self._groups())
        self._outline = _hull(self._outlines)
        self._bounds = ring_bounds(self._outline)
        self._thumbnails = Thumbnails([part.bounds for part in self._parts], self._at_hand)
        self._shared_contrast = False

    @property
    def path(self) -> Path:
        return self._path

    @property
    def bounds(self) -> Bounds:
        return self._bounds

    @property
    def outline(self) -> Ring:
        return self._outline

    @property
    def outlines(self) -> tuple[Ring, ...]:
        return self._outlines

    @property
    def resolution_m(self) -> float:
        return min(part.resolution_m for part in self._parts)

    @property
    def crs(self) -> str:
        names = sorted({part.crs for part in self._parts})
        return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")

    @property
    def notes(self) -> tuple[str, ...]:
        return self._notes

    @property
    def acquired(self) -> Days | None:
        return span(part.acquired for part in self._parts)

    @property
    def settled(self) -> bool:
        return all(part.settled for part in self._parts)

    def fingerprint(self) -> Fingerprint:
        return files_fingerprint(self._root, [part.path for part in self._parts])

    def read_square(self, lat: float, lon: float, side_m: float, size_px: int) -> Picture:
        half = side_m / 2
        corners = LocalFrame(lat, lon).to_degrees(
            np.array([-half, half, half, -half, 0, 0, -half, half]),
            np.array([half, half, -half, -half, half, -half, 0, 0]),
        )
        ring = list(zip(corners[0][:4].tolist(), corners[1][:4].tolist(), strict=True))
        box = ring_bounds(ring)
        south, north = float(corners[0].min()), float(corners[0].max())
        box = Bounds(box.west, min(box.south, south), box.east, max(box.north, north))
        rgb = np.zeros((size_px, size_px, 3), np.uint8)
        mask = np.zeros((size_px, size_px), bool)
        for index in self._meeting(box):
            picture = self._at_hand(index).read_square(lat, lon, side_m, size_px)
            fresh = picture.mask & ~mask
            rgb[fresh] = picture.rgb[fresh]
            mask |= fresh
            if mask.all():
                break
        return Picture(rgb, mask)

    def read_map_tile(self, zoom: int, x: int, y: int, size_px: int = 256) -> NDArray[np.uint8]:
        rgba = np.zeros((size_px, size_px, 4), np.uint8)
        west, _, east, north = tile_extent_m(zoom, x, y)
        for index in self._meeting(tile_bounds(zoom, x, y)):
            if self._thumbnails.fits(index, (east - west) / size_px):
                self._thumbnails.draw(index, rgba, west, north, east - west)
                continue
            below = self._at_hand(index).read_map_tile(zoom, x, y, size_px)
            fresh = rgba[..., 3] == 0
            rgba[fresh] = below[fresh]
            if rgba[..., 3].all():
                break
        return rgba

    def close(self) -> None:
        with self._lock:
            self._open.clear()
        for part in self._parts:
            part.close()

    def _meeting(self, box: Bounds) -> list[int]:
        """The parts that may hold pixels of the box, in order."""
        self._share_contrast()
        return [int(index) for index in np.flatnonzero(self._touching(box))]

    def _at_hand(self, index: int) -> RasterSource:
        """The part, noted as open; the one unused for longest is closed."""
        with self._lock:
            self._open[index] = self._parts[index]
            self._open.move_to_end(index)
            oldest = self._open.popitem(last=False)[1] if len(self._open) > _MOST_OPEN else None
        if oldest is not None:
            oldest.release()  # waits for whoever reads it; a later read opens it again
        return self._parts[index]

    def _touching(self, box: Bounds) -> NDArray[np.bool_]:
        """Which parts' boxes meet the box; all may cross the antimeridian."""
        west, south, east, north = box
        rows = (self._south <= north) & (self._north >= south)
        span = (east - west) % 360.0 if east - west < 360.0 else 360.0
        widths = np.where(
            self._east - self._west >= 360.0, 360.0, (self._east - self._west) % 360.0
        )
        begins_inside = (self._west - west) % 360.0 <= span
        holds_west = (west - self._west) % 360.0 <= widths
        met: NDArray[np.bool_] = rows & (begins_inside | holds_west)
        return met

    def _groups(self) -> list[list[RasterSource]]:
        """The parts that lie by themselves: those whose boxes meet, or nearly, go together."""
        waiting = np.ones(len(self._parts), bool)
        groups: list[list[RasterSource]] = []
        while waiting.any():
            found: list[int] = []
            edge = [int(np.argmax(waiting))]
            waiting[edge] = False
            while edge:
                index = edge.pop()
                found.append(index)
                near = np.flatnonzero(self._touching(_grown(self._parts[index].bounds)) & waiting)
                waiting[near] = False
                edge += near.tolist()
            groups.append([self._parts[index] for index in sorted(found)])
        return groups

    def _share_contrast(self) -> None:
        """Give all parts of one type the same stretch: the middle one of those of some parts."""
        if self._shared_contrast:
            return
        kinds: dict[str, list[RasterSource]] = {}
        for part in self._parts:
            kinds.setdefault(part.raster.kind, []).append(part)
        for parts in kinds.values():
            some = parts[:: max(1, -(-len(parts) // _STRETCH_PARTS))]
            known = [part.raster.stretch for part in some]
            limits = [stretch for stretch in known if stretch is not None]
            for part in some:
                part.close()
            if limits:
                middle = np.median(np.array(limits), axis=0)
                shared = [(float(low), float(high)) for low, high in middle]
                for part in parts:
                    part.raster.stretch = shared
        self._shared_contrast = True


def _left_out(name: str, unplaced: list[str], broken: list[Unreadable]) -> tuple[str, ...]:
    notes = []
    if unplaced:
        count = len(unplaced)
        notes.append(
            f"{name}: {count} files without georeference are left out (first: {unplaced[0]})."
        )
    if broken:
        count = len(broken)
        notes.append(f"{name}: {count} files that cannot be read are left out (first: {broken[0]})")
    for note in notes:
        log.warning("%s", note)
    return tuple(notes)


def _grown(box: Bounds) -> Bounds:
    width = (box.east - box.west) % 360.0
    if width == 0.0 or width > 350.0:
        return Bounds(-180.0, box.south, 180.0, box.north)
    more_x, more_y = width * _GAP_SHARE, (box.north - box.south) * _GAP_SHARE
    return Bounds(box.west - more_x, box.south - more_y, box.east + more_x, box.north + more_y)


def _hull(rings: Sequence[Ring]) -> Ring:
    """The ring itself if there is one; else the convex hull of all, in a frame around their middle."""
    if len(rings) == 1:
        return rings[0]
    points = [point for ring in rings for point in ring]
    phi, lam = np.radians(np.array(points)).T
    middle = np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)]).mean(
        axis=1
    )
    lat = float(np.degrees(np.arctan2(middle[2], np.hypot(middle[0], middle[1]))))
    lon = float(np.degrees(np.arctan2(middle[1], middle[0])))
    frame = LocalFrame(lat, lon)
    east, north = frame.to_metres([p[0] for p in points], [p[1] for p in points])
    order = np.lexsort((north, east)).tolist()
    flat = list(zip(east.tolist(), north.tolist(), strict=True))
    kept = _half_hull(order, flat)[:-1] + _half_hull(order[::-1], flat)[:-1]
    return tuple(points[index] for index in kept)


def _half_hull(order: list[int], flat: list[tuple[float, float]]) -> list[int]:
    """One side of the hull (Andrew's monotone chain)."""
    chain: list[int] = []
    for index in order:
        while len(chain) > 1 and _turn(flat[chain[-2]], flat[chain[-1]], flat[index]) <= 0:
            chain.pop()
        chain.append(index)
    return chain


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
