"""Web map tiles (z/x/y pictures) seen as one raster with overviews, whatever archive holds them."""

import io
import itertools
import logging
import math
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import Bounds
from gleam_app.geo.mercator import HALF_WORLD_M, MAX_LAT, to_mercator
from gleam_app.imagery.dates import Days
from gleam_app.imagery.exif import clean_text
from gleam_app.imagery.grid_source import GridSource
from gleam_app.imagery.projections import read_crs
from gleam_app.imagery.sources import Fingerprint

log = logging.getLogger(__name__)
Rgba = NDArray[np.uint8]
PICTURES = ("PNG", "JPEG", "WEBP", "AVIF")
MAX_ZOOM = 24
MAX_TILE_PX = 4096
_CACHE_BYTES = 64 << 20
_SAMPLES = 8  # a side: tiles looked at where a coarse level has to be made from a much finer one


class Range(NamedTuple):
    """Tiles of one zoom, both ends included; ``right`` may pass the antimeridian (right >= 2**zoom)."""

    left: int
    top: int
    right: int
    bottom: int


class TileArchive(Protocol):
    """Where the encoded pictures come from. Safe to use from several threads."""

    @property
    def path(self) -> Path: ...

    @property
    def zooms(self) -> Sequence[int]:
        """The levels there are, ascending; at least one."""
        ...

    @property
    def range(self) -> Range:
        """Where there are tiles at the finest level."""
        ...

    @property
    def declared(self) -> Bounds | None:
        """The box outside which the archive says it has no imagery."""
        ...

    @property
    def acquired(self) -> Days | None:
        """When the imagery was taken, where the archive says so."""
        ...

    def tile(self, zoom: int, x: int, y: int) -> bytes | None:
        """The encoded picture (XYZ numbering), None where there is none. Raises GleamError if unreadable."""
        ...

    def fingerprint(self) -> Fingerprint: ...

    def close(self) -> None: ...


class PyramidSource(GridSource):
    """A MapSource over an archive of Web Mercator tiles."""

    def __init__(self, archive: TileArchive) -> None:
        self._archive = archive
        try:
            pixels = TilePixels(archive)
            pixel_m = 2 * HALF_WORLD_M / (pixels.tile_px << archive.zooms[-1])
            to_ground = np.array(
                [
                    [pixel_m, 0.0, pixels.left * pixel_m - HALF_WORLD_M],
                    [0.0, -pixel_m, HALF_WORLD_M - pixels.top * pixel_m],
                ]
            )
            super().__init__(
                archive.path, pixels, read_crs("EPSG:3857"), to_ground, archive.acquired
            )
        except BaseException:
            archive.close()
            raise
        self._pixels = pixels

    @property
    def notes(self) -> tuple[str, ...]:
        return self._pixels.notes

    def fingerprint(self) -> Fingerprint:
        return self._archive.fingerprint()


class TilePixels:
    """The finest level as a grid of pixels; coarser levels serve as its overviews.

    Levels that are missing below the finest are made from the next finer one: from all its tiles where
    those are few, from a sample of them otherwise. Nothing finer is made up where a level has a hole.
    """

    def __init__(self, archive: TileArchive) -> None:
        self._archive = archive
        self._finest = archive.zooms[-1]
        self._cache: OrderedDict[tuple[int, int, int], Rgba | None] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()
        self._bad = 0
        self._first_bad = ""
        self.tile_px = self._measure_tile()
        self.left, self.top, right, bottom = self._extent()
        self.width, self.height = right - self.left, bottom - self.top

    @property
    def notes(self) -> tuple[str, ...]:
        if not self._bad:
            return ()
        name = clean_text(self._archive.path.name)
        return (f"{name}: {self._bad} tiles cannot be read (first: {self._first_bad}).",)

    def read(
        self, column: int, row: int, width: int, height: int, out_width: int, out_height: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """As ``Pixels.read``."""
        shrink = min(width / out_width, height / out_height)
        zoom = max(0, self._finest - max(0, math.floor(math.log2(shrink) + 1e-6)))
        scale = 2.0 ** (zoom - self._finest)
        left, top = (self.left + column) * scale, (self.top + row) * scale
        right, bottom = left + width * scale, top + height * scale
        first_x, first_y = math.floor(left), math.floor(top)
        window = self._assemble(zoom, first_x, first_y, math.ceil(right), math.ceil(bottom))
        box = (left - first_x, top - first_y, width * scale, height * scale)
        return _resampled(window, box, out_width, out_height)

    glance = read  # levels are made from samples where that is slow

    def blank(self, column: int, row: int, width: int, height: int) -> bool:
        return False

    def close(self) -> None:
        """Forget the decoded tiles and release the archive; a later read opens it again."""
        with self._lock:
            self._cache.clear()
            self._held = 0
        self._archive.close()

    def _assemble(self, zoom: int, left: int, top: int, right: int, bottom: int) -> Rgba:
        """A window of one level in its pixels, counted from 180° W and the map's north edge."""
        side = self.tile_px
        out = np.zeros((bottom - top, right - left, 4), np.uint8)
        for tile_x in range(left // side, (right - 1) // side + 1):
            for tile_y in range(max(0, top // side), min(1 << zoom, (bottom - 1) // side + 1)):
                picture = self._tile(zoom, tile_x % (1 << zoom), tile_y)
                if picture is None:
                    continue
                x, y = tile_x * side - left, tile_y * side - top
                part = out[max(0, y) : y + side, max(0, x) : x + side]
                part[:] = picture[max(0, -y) :, max(0, -x) :][: part.shape[0], : part.shape[1]]
        return out

    def _tile(self, zoom: int, x: int, y: int) -> Rgba | None:
        """The decoded tile, uint8 (side, side, 4), from the cache if it is there."""
        key = (zoom, x, y)
        with self._lock:
            if key in self._cache:
                self._cache.move_to_end(key)
                return self._cache[key]
        picture = self._decoded(*key) if zoom in self._archive.zooms else self._made(*key)
        with self._lock:
            if key not in self._cache:
                self._cache[key] = picture
                self._held += _weight(picture)
            while self._held > _CACHE_BYTES and len(self._cache) > 1:
                _, old = self._cache.popitem(last=False)
                self._held -= _weight(old)
        return picture

    def _decoded(self, zoom: int, x: int, y: int) -> Rgba | None:
        data = self._archive.tile(zoom, x, y)
        if data is None:
            return None
        picture = decode_tile(data)
        if picture is None:
            with self._lock:
                self._bad += 1
                if self._bad > 1:
                    return None
                self._first_bad = f"{zoom}/{x}/{y}"
            log.warning("%s Their places stay empty.", self.notes[0])
            return None
        return _sized(picture, self.tile_px, self.tile_px)

    def _made(self, zoom: int, x: int, y: int) -> Rgba | None:
        """A tile of a level that is missing, from the next finer one.

        All its tiles that may exist are drawn where they are few; else some stand for their neighbours.
        """
        finer = next(level for level in self._archive.zooms if level > zoom)
        each, side = 1 << (finer - zoom), self.tile_px
        out = np.zeros((side, side, 4), np.uint8)
        around = self._range_at(finer)
        top, bottom = max(around.top, y * each), min(around.bottom + 1, (y + 1) * each)
        for start in (x * each, x * each + (1 << finer)):  # the range may pass the antimeridian
            left, right = max(around.left, start), min(around.right + 1, start + each)
            for x0, x1 in _shares(left, right):
                for y0, y1 in _shares(top, bottom):
                    part = self._tile(finer, (x0 + x1) // 2 % (1 << finer), (y0 + y1) // 2)
                    if part is not None:
                        across = _pixels(x0 - start, x1 - start, each, side)
                        down = _pixels(y0 - y * each, y1 - y * each, each, side)
                        shape = (across.stop - across.start, down.stop - down.start)
                        out[down, across] = _sized(part, *shape)
        return out if out[..., 3].any() else None

    def _range_at(self, zoom: int) -> Range:
        """Where there can be tiles at a level: those that hold tiles of the finest."""
        left, top, right, bottom = (edge >> (self._finest - zoom) for edge in self._archive.range)
        return Range(left, top, right, bottom)

    def _measure_tile(self) -> int:
        """The side of the first finest tile that can be read, in pixels."""
        around = self._archive.range
        tried = 0
        for y in range(around.top, around.bottom + 1):
            for x in range(around.left, around.right + 1):
                data = self._archive.tile(self._finest, x % (1 << self._finest), y)
                picture = None if data is None else decode_tile(data)
                if picture is not None:
                    return max(64, int(picture.shape[0]))
                tried += 1
                if tried > 4096:
                    return 256
        raise GleamError(
            f"{clean_text(self._archive.path.name)} holds no picture that can be read.",
            "It needs raster tiles: PNG, JPEG or WebP.",
        )

    def _extent(self) -> tuple[int, int, int, int]:
        """(left, top, right, bottom) in finest pixels: the tiles, cut to what the archive declares."""
        around, side = self._archive.range, self.tile_px
        found = (around.left * side, around.top * side, (around.right + 1) * side, (around.bottom + 1) * side)  # fmt: skip
        if self._archive.declared is None:
            return found
        world = side << self._finest
        west, south, east, north = self._archive.declared
        width = (east - west) % 360.0 or 360.0
        left = (west + 180.0) / 360.0 * world
        left += round((found[0] - left) / world) * world if left > found[2] or left < 0 else 0
        top, bottom = (_row(lat, world) for lat in (north, south))
        cut = (
            max(found[0], math.floor(left + 0.01)),
            max(found[1], math.floor(top + 0.01)),
            min(found[2], math.ceil(left + width / 360.0 * world - 0.01)),
            min(found[3], math.ceil(bottom - 0.01)),
        )
        return cut if cut[2] > cut[0] and cut[3] > cut[1] else found


def decode_tile(data: bytes) -> Rgba | None:
    """An encoded picture as uint8 (height, width, 4); None for what is none, or is damaged."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=PICTURES) as picture:
            if not 1 <= max(picture.size) <= MAX_TILE_PX or picture.width != picture.height:
                return None
            if picture.mode in ("I;16", "I", "F"):
                return None  # heights, not imagery
            return np.asarray(picture.convert("RGBA"))
    except Exception:  # Pillow raises all sorts for damaged files
        return None


def around_the_world(columns: Sequence[int], zoom: int) -> tuple[int, int]:
    """The shortest run (left, right) that holds the columns, through the antimeridian if need be."""
    known = sorted(set(columns))
    world = 1 << zoom
    gaps = [
        (after - before, after)
        for before, after in zip(known, [*known[1:], known[0] + world], strict=True)
    ]
    widest, after = max(gaps)
    left = after % world
    return left, left + world - widest


def _row(lat: float, world: int) -> float:
    _, northing = to_mercator(max(-MAX_LAT, min(MAX_LAT, lat)), 0.0)
    return (HALF_WORLD_M - northing) / (2 * HALF_WORLD_M) * world


def _weight(picture: Rgba | None) -> int:
    return 256 if picture is None else picture.nbytes


def _shares(first: int, end: int) -> list[tuple[int, int]]:
    """Runs (first, end) of tiles that one of them stands for: single ones where there are few."""
    count = min(max(end - first, 0), _SAMPLES)
    edges = [first + (end - first) * i // count for i in range(count)] + [end]
    return list(itertools.pairwise(edges)) if count else []


def _pixels(first: int, end: int, each: int, side: int) -> slice:
    """The pixels, at least one, that tiles ``first`` .. ``end - 1`` of ``each`` cover."""
    start = min(first * side // each, side - 1)
    return slice(start, max(start + 1, end * side // each))


def _sized(picture: Rgba, width: int, height: int) -> Rgba:
    import cv2

    if picture.shape[:2] == (height, width):
        return picture
    way = cv2.INTER_AREA if width < picture.shape[1] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (width, height), interpolation=way), np.uint8)


def _resampled(
    window: Rgba, box: tuple[float, float, float, float], out_width: int, out_height: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The part ``box`` (left, top, width, height; fractions of pixels) averaged to a size; what is
    transparent does not count."""
    import cv2

    left, top, width, height = box
    height_px, width_px = window.shape[:2]
    if (out_width, out_height) == (width_px, height_px) == (width, height):
        return window[..., :3], np.where(window[..., 3] > 127, 255, 0).astype(np.uint8)
    opaque = bool((window[..., 3] == 255).all())
    values = window if opaque else _premultiplied(window)
    finer = 2 if width > out_width or height > out_height else 1  # enlarged twice, then averaged
    step_x, step_y = width / (out_width * finer), height / (out_height * finer)
    matrix = np.array(
        [[step_x, 0.0, left + step_x / 2 - 0.5], [0.0, step_y, top + step_y / 2 - 0.5]]
    )
    found = cv2.warpAffine(
        values, matrix, (out_width * finer, out_height * finer),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    if finer > 1:
        found = cv2.resize(found, (out_width, out_height), interpolation=cv2.INTER_AREA)
    if opaque:
        return np.ascontiguousarray(found[..., :3]), np.full((out_height, out_width), 255, np.uint8)
    alpha = found[..., 3:]
    rgb = np.where(alpha > 0, found[..., :3] / np.maximum(alpha, 1e-3), 0.0)
    valid = np.where(alpha[..., 0] > 0.5, 255, 0).astype(np.uint8)
    return np.rint(np.clip(rgb, 0, 255)).astype(np.uint8), valid


def _premultiplied(window: Rgba) -> NDArray[np.float32]:
    """Colours times alpha, and alpha 0..1, float32."""
    values = window.astype(np.float32)
    values[..., 3] /= 255.0
    values[..., :3] *= values[..., 3:]
    return values
