"""PMTiles, version 3: map tiles in one file behind a sorted directory (raster kinds).

Read by this module and not by the ``pmtiles`` library, which inflates directories without a bound,
knows gzip only, and maps the file into memory, where a file that shrinks ends the program.
"""

import bisect
import functools
import json
import threading
import zlib
from pathlib import Path
from typing import BinaryIO, NamedTuple

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import Bounds
from gleam_app.geo.mercator import MAX_LAT, tile_at
from gleam_app.imagery.dates import days_of_notes
from gleam_app.imagery.exif import clean_text
from gleam_app.imagery.fingerprints import file_fingerprint
from gleam_app.imagery.mbtiles import vector_tiles
from gleam_app.imagery.pyramid import MAX_ZOOM, PyramidSource, Range
from gleam_app.imagery.sources import Fingerprint

_HEADER_BYTES = 127
_MAX_DIRECTORY = 64 << 20  # inflated
_MAX_TILE = 64 << 20
_PLAIN, _GZIP = 1, 2
_VECTOR_KINDS, _PICTURE_KINDS = (1, 6), (2, 3, 4, 5)
_DEPTH = 4  # of directories, by the specification


class Entry(NamedTuple):
    """Tiles ``first`` .. ``first + run - 1`` lie at ``offset``; ``run`` 0: a further directory does."""

    first: int
    run: int
    offset: int
    length: int


def open_pmtiles(path: Path) -> PyramidSource:
    """Raises GleamError, one line, for vector tiles and for what is no PMTiles file."""
    return PyramidSource(PMTiles(path))


class PMTiles:
    """A TileArchive over the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        name = clean_text(path.name)
        if not path.is_file():
            raise GleamError(f"There is no file {clean_text(path)}.", "Check the name and folder.")
        try:
            header = self._bytes(0, _HEADER_BYTES)
            if header[:7] != b"PMTiles" or header[7] != 3:
                raise GleamError(
                    f"{name} is not a PMTiles file of version 3.",
                    "Convert it with the pmtiles program.",
                )
            self._read_header(header, name)
            self._directory = functools.lru_cache(maxsize=64)(self._read_directory)
            self._directory(*self._root)
            self.acquired = days_of_notes(self.about())
        except BaseException:
            self.close()
            raise

    def _read_header(self, header: bytes, name: str) -> None:
        def number(at: int) -> int:
            return int.from_bytes(header[at : at + 8], "little")

        def degrees(at: int) -> float:
            return int.from_bytes(header[at : at + 4], "little", signed=True) / 1e7

        self._root = (number(8), number(16))
        self._leaves, self._data = number(40), number(56)
        self._packing = header[97]
        if header[99] in _VECTOR_KINDS:
            raise vector_tiles(name)
        if header[99] not in _PICTURE_KINDS or header[98] not in (0, _PLAIN):
            raise GleamError(f"{name} holds tiles of an unknown kind.", "Choose raster tiles.")
        coarsest, finest = header[100], header[101]
        if self._packing not in (_PLAIN, _GZIP) or not coarsest <= finest <= MAX_ZOOM:
            raise _damaged(name)
        self.zooms = range(coarsest, finest + 1)
        west, south, east, north = (degrees(at) for at in (102, 106, 110, 114))
        placed = -90 <= south < north <= 90 and max(abs(west), abs(east)) <= 180 and west != east
        box = Bounds(west, south, east, north) if placed else Bounds(-180, -MAX_LAT, 180, MAX_LAT)
        self.declared = box
        world = 1 << finest
        (left, top), (right, bottom) = (
            tile_at(box.north, box.west % 360.0 if box.west > 180 else box.west, finest),
            tile_at(box.south, min(box.east, 180.0 - 1e-9), finest),
        )
        self.range = Range(left, top, right + world if right < left else right, bottom)

    @property
    def path(self) -> Path:
        return self._path

    def tile(self, zoom: int, x: int, y: int) -> bytes | None:
        wanted, place = tile_number(zoom, x, y), self._root
        for _ in range(_DEPTH):
            firsts, entries = self._directory(*place)
            at = bisect.bisect_right(firsts, wanted) - 1
            if at < 0:
                return None
            entry = entries[at]
            if entry.run:
                if wanted >= entry.first + entry.run or entry.length > _MAX_TILE:
                    return None
                return self._bytes(self._data + entry.offset, entry.length)
            place = (self._leaves + entry.offset, entry.length)
        return None

    def fingerprint(self) -> Fingerprint:
        return file_fingerprint(self._path)

    def about(self) -> dict[str, object]:
        """The archive's own description; empty if it is damaged."""
        header = self._bytes(0, _HEADER_BYTES)
        place = [int.from_bytes(header[at : at + 8], "little") for at in (24, 32)]
        try:
            found = json.loads(self._unpacked(self._bytes(*place)))
        except (ValueError, GleamError):
            return {}
        return found if isinstance(found, dict) else {}

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _bytes(self, offset: int, length: int) -> bytes:
        name = clean_text(self._path.name)
        try:
            with self._lock:
                if self._file is None:
                    self._file = self._path.open("rb")
                if length > _MAX_DIRECTORY:
                    raise _damaged(name)
                self._file.seek(offset)
                data = self._file.read(length)
        except (OSError, OverflowError, ValueError):
            raise _damaged(name) from None
        if len(data) < length:
            raise _damaged(name)
        return data

    def _unpacked(self, data: bytes) -> bytes:
        if self._packing == _PLAIN:
            return data
        inflater = zlib.decompressobj(wbits=31)
        try:
            plain = inflater.decompress(data, _MAX_DIRECTORY)
        except zlib.error:
            raise _damaged(clean_text(self._path.name)) from None
        if not inflater.eof:
            raise _damaged(clean_text(self._path.name))
        return plain

    def _read_directory(self, offset: int, length: int) -> tuple[list[int], list[Entry]]:
        """The entries of a directory, ascending, and their first tiles for searching."""
        numbers = _varints(self._unpacked(self._bytes(offset, length)))
        count = numbers[0] if numbers else -1
        if count < 0 or len(numbers) != 1 + 4 * count:
            raise _damaged(clean_text(self._path.name))
        steps, runs, lengths, places = (
            numbers[1 + part * count : 1 + (part + 1) * count] for part in range(4)
        )
        entries: list[Entry] = []
        first = 0
        for step, run, size, place in zip(steps, runs, lengths, places, strict=True):
            first += step
            behind = entries[-1].offset + entries[-1].length if entries else 0
            entries.append(Entry(first, run, place - 1 if place else behind, size))
        return [entry.first for entry in entries], entries


def tile_number(zoom: int, x: int, y: int) -> int:
    """The place of a tile on the Hilbert curve through its level, behind all coarser levels."""
    number = ((1 << 2 * zoom) - 1) // 3
    for level in reversed(range(zoom)):
        half = 1 << level
        right, below = (x & half) >> level, (y & half) >> level
        number += ((3 * right) ^ below) << (2 * level)
        x, y = x & (half - 1), y & (half - 1)
        if not below:  # the curve turns in the two upper quarters
            if right:
                x, y = half - 1 - x, half - 1 - y
            x, y = y, x
    return number


def _varints(data: bytes) -> list[int]:
    """All numbers of a text of seven-bit groups, the lowest group first."""
    numbers, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 127) << shift
        if byte & 128:
            shift += 7
            if shift > 63:
                return []
        else:
            numbers.append(value)
            value, shift = 0, 0
    return [] if shift else numbers


def _damaged(name: str) -> GleamError:
    return GleamError(f"{name} is damaged or cut short.", "Copy or download the file again, whole.")
