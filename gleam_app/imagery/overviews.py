"""Smaller copies of a large raster that has none of its own, kept in the home's cache for the map.

The base map asks for them when it looks from afar; until they are made, what it shows is sampled. They
are made in the background, one raster at a time, in pieces, and never serve what is embedded: whether a
copy is there already must not change a tile set.
"""

import hashlib
import json
import logging
import os
import shutil
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gleam_app.errors import Cancelled, GleamError
from gleam_app.home import gleam_home
from gleam_app.imagery.background import BACKGROUND, check
from gleam_app.imagery.exif import clean_text
from gleam_app.imagery.raster_file import AVERAGED_PX, RasterFile
from gleam_app.jobs.work import Work

log = logging.getLogger(__name__)
FINEST = 8  # times smaller than the raster: what lies between is read from the raster itself
CACHE_BYTES = 4 << 30
_FORMAT = 1  # of the cache; older ones are made anew
_SMALLEST_PX = 512  # a side: smaller copies serve nobody
_BAND_PX = 512  # rows of a copy made at a time: whole blocks of its file
_PIECE_PX = 1 << 24  # pixels of the raster read at a time
_BLOCK_PX = 256
_JPEG_QUALITY = "85"


class Overviews:
    """The smaller copies of one raster. Safe to use from several threads."""

    def __init__(self, file: RasterFile) -> None:
        self._file = file
        first = max(FINEST, 2 * file.coarsest)
        small = file.width * file.height <= AVERAGED_PX * file.coarsest**2
        longest = max(file.width, file.height)
        # each half the one before it
        self.factors: list[int] = []
        while not small and longest // first >= _SMALLEST_PX:
            self.factors.append(first)
            first *= 2
        self._levels: dict[int, RasterFile] = {}
        self._lock = threading.Lock()
        self._work: Work | None = None
        self._given_up = not self.factors

    @property
    def being_made(self) -> bool:
        """Whether better pictures than now are to be expected."""
        return self._work is not None

    def nearest(self, shrink: float) -> tuple[int, RasterFile] | None:
        """The smallest copy that still shows all that is wanted of the raster seen ``shrink`` times
        smaller, and how many times smaller it is. None where the raster itself must do for now."""
        if not self.factors or shrink < self.factors[0]:
            return None
        with self._lock:
            if not self._levels and self._work is None and not self._given_up:
                self._find_or_make()
        levels = self._levels
        fitting = [factor for factor in levels if factor <= shrink]
        return (max(fitting), levels[max(fitting)]) if fitting else None

    def forget(self) -> None:
        """The copies turned out to be damaged: throw them away; they are made anew when asked for."""
        self.release()
        self._levels = {}
        shutil.rmtree(self._folder(), ignore_errors=True)

    def release(self) -> None:
        """Close the copies' files; a later look opens them again."""
        for level in list(self._levels.values()):
            level.close()

    def close(self) -> None:
        """As ``release``; what is being made is given up."""
        if self._work is not None:
            self._work.cancel()
            self._work = None
        self.release()

    def _find_or_make(self) -> None:
        try:
            folder = self._folder()
            if folder.is_dir():
                self._open(folder)
        except GleamError:  # damaged: made anew
            self.forget()
        except OSError:
            self._levels = {}
        if not self._levels:
            self._work = work = Work()
            BACKGROUND.add(lambda: self._make(work))

    def _open(self, folder: Path) -> None:
        levels = {factor: RasterFile(folder / f"{factor}.tif") for factor in self.factors}
        os.utime(folder)  # used last now
        self._levels = levels

    def _make(self, work: Work) -> None:
        """Make all copies, in a folder of their own until they are whole."""
        try:
            work.check()
            folder = self._folder()
            if not folder.is_dir():
                make_room(folder.parent)
                draft = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}")
                draft.mkdir(parents=True)
                try:
                    self._write(draft, work)
                    draft.replace(folder)
                finally:
                    shutil.rmtree(draft, ignore_errors=True)
            self._open(folder)
        except Cancelled:
            raise
        except Exception as error:  # a full disk, a file that is gone: the map goes on without
            self._given_up = True
            name = clean_text(self._file.path.name)
            log.warning("%s is shown coarsely from afar: %s", name, error)
        if self._work is work:
            self._work = None

    def _write(self, folder: Path, work: Work) -> None:
        source, smaller = RasterFile(self._file.path), 1
        source.stretch = self._file.stretch
        for factor in self.factors:
            target = folder / f"{factor}.tif"
            try:
                write_smaller(source, factor // smaller, target, work)
            finally:
                source.close()
            source, smaller = RasterFile(target), factor
        source.close()

    def _folder(self) -> Path:
        """Where the copies lie: named by the files, as they are now, and the contrast."""
        with self._file.inspect() as dataset:
            files = [Path(name) for name in dataset.files]
        facts = [(str(file.resolve()), *_size_and_time(file)) for file in files]
        text = json.dumps([_FORMAT, facts, self._file.stretch, self.factors])
        return cache_folder() / hashlib.sha256(text.encode()).hexdigest()[:32]


def cache_folder() -> Path:
    return gleam_home() / "cache" / "overviews"


def write_smaller(source: RasterFile, factor: int, target: Path, work: Work) -> None:
    """Write ``source``, averaged down ``factor`` times, as a JPEG-compressed GeoTIFF with a mask.

    A rest of less than ``factor`` pixels at the right and lower edge is left out. The memory it takes
    does not grow with the raster's height. Raises Cancelled.
    """
    import rasterio
    from rasterio.windows import Window

    width, height = max(1, source.width // factor), max(1, source.height // factor)
    profile = {
        "driver": "GTiff", "width": width, "height": height, "count": 3, "dtype": "uint8",
        "tiled": True, "blockxsize": _BLOCK_PX, "blockysize": _BLOCK_PX, "compress": "JPEG",
        "transform": rasterio.Affine.scale(factor), "photometric": "YCBCR", "JPEG_QUALITY": _JPEG_QUALITY, "BIGTIFF": "YES", "SPARSE_OK": "TRUE",
    }  # fmt: skip
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(target, "w", **profile) as file:
        for top in range(0, height, _BAND_PX):
            rows = min(_BAND_PX, height - top)
            rgb = np.zeros((rows, width, 3), np.uint8)
            valid = np.zeros((rows, width), np.uint8)
            for y, x, down, across in _pieces(source.block, factor, rows, width):
                check(work)
                began = time.perf_counter()
                window = (x * factor, (top + y) * factor, across * factor, down * factor)
                if source.blank(*window):
                    continue
                part = source.read(*window, across, down)
                rgb[y : y + down, x : x + across], valid[y : y + down, x : x + across] = part
                _rest(time.perf_counter() - began)
            if valid.any():
                place = Window(0, top, width, rows)
                file.write(np.moveaxis(rgb, 2, 0), window=place)
                file.write_mask(valid, window=place)


def _pieces(
    block: tuple[int, int], factor: int, rows: int, width: int
) -> Iterator[tuple[int, int, int, int]]:
    """(top, left, height, width), in pixels of the copy, of parts of a band that are read at once.

    Strips are read in their full width: each would be decoded again for every part beside.
    """
    most = max(1, _PIECE_PX // factor**2)
    across = width if block[1] >= width * factor else min(width, max(1, int(most**0.5)))
    down = max(1, min(rows, most // across))
    for top in range(0, rows, down):
        for left in range(0, width, across):
            yield top, left, min(down, rows - top), min(across, width - left)


def _rest(seconds: float) -> None:
    """Leave half of the time to whoever else needs the processor."""
    time.sleep(min(seconds, 0.5))


def make_room(cache: Path, limit: int | None = None) -> None:
    """Delete the copies used longest ago, and left-overs, until what stays takes less than ``limit`` bytes."""
    limit = CACHE_BYTES if limit is None else limit
    kept = 0
    folders = [(place.stat().st_mtime, place) for place in cache.glob("*") if place.is_dir()]
    for used, folder in sorted(folders, reverse=True):
        kept += sum(file.stat().st_size for file in folder.iterdir())
        left_over = folder.name.startswith(".") and time.time() - used > 24 * 3600
        if kept > limit or left_over:
            shutil.rmtree(folder, ignore_errors=True)


def _size_and_time(file: Path) -> tuple[int, int]:
    try:
        status = file.stat()
    except OSError:  # a VRT may name what is gone
        return 0, 0
    return status.st_size, status.st_mtime_ns
