"""MBTiles: map tiles in an SQLite file (specification 1.3, raster kinds)."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import Bounds
from gleam_app.imagery.dates import days_of_notes
from gleam_app.imagery.exif import clean_text
from gleam_app.imagery.fingerprints import file_fingerprint
from gleam_app.imagery.pyramid import MAX_ZOOM, PyramidSource, Range, around_the_world
from gleam_app.imagery.sources import Fingerprint

_VECTOR = ("pbf", "mvt", "mlt", "application/vnd.mapbox-vector-tile")
_MAX_BLOB = 64 << 20


def open_mbtiles(path: Path) -> PyramidSource:
    """Raises GleamError, one line, for vector tiles and for what is no MBTiles file."""
    return PyramidSource(MBTiles(path))


class MBTiles:
    """A TileArchive over the file, which is opened read-only and left untouched.

    One connection serves all threads: a look-up takes far less time than decoding what it brings.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        if not path.is_file():
            raise GleamError(f"There is no file {clean_text(path)}.", "Check the name and folder.")
        _refuse_unmerged(path)
        try:
            self._inspect()
        except BaseException:
            self.close()
            raise

    def _inspect(self) -> None:
        name = clean_text(self._path.name)
        tables = {row[0] for row in self._ask("SELECT name FROM sqlite_master")}
        if "tiles" not in tables:
            raise GleamError(
                f"{name} is a database without map tiles.", "Choose an MBTiles file of imagery."
            )
        about = {}
        if "metadata" in tables:
            about = {str(k): str(v) for k, v in self._ask("SELECT name, value FROM metadata")}
        if about.get("format", "").lower() in _VECTOR:
            raise vector_tiles(name)
        self.zooms = self._find_zooms()
        if not self.zooms:
            raise GleamError(f"{name} holds no tiles.", "Export the imagery again.")
        self.range = self._find_range(self.zooms[-1])
        self.declared = read_bounds(about.get("bounds", ""))
        self.acquired = days_of_notes(about)

    @property
    def path(self) -> Path:
        return self._path

    def tile(self, zoom: int, x: int, y: int) -> bytes | None:
        found = self._ask(
            "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?",
            zoom, x, (1 << zoom) - 1 - y,
        )  # fmt: skip
        if not found or found[0][0] is None:
            return None
        data = found[0][0]
        return data if isinstance(data, bytes) else b""  # text is no picture

    def fingerprint(self) -> Fingerprint:
        return file_fingerprint(self._path)

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _ask(self, question: str, *values: int) -> list[Any]:
        try:
            with self._lock, closing(self._connected().execute(question, values)) as answer:
                return answer.fetchall()
        except (sqlite3.Error, OverflowError) as error:
            raise GleamError(
                f"{clean_text(self._path.name)} cannot be read ({clean_text(error, 80).rstrip('.')}).",
                "The file is damaged, was replaced, or its disk is gone: copy it again.",
            ) from None

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            address = f"{self._path.resolve().as_uri()}?mode=ro&immutable=1"
            connection = sqlite3.connect(address, uri=True, check_same_thread=False)
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_BLOB)
            connection.execute("PRAGMA trusted_schema = OFF")
            self._connection = connection
        return self._connection

    def _find_zooms(self) -> list[int]:
        """The levels there are, by steps: a look at each through the index, not at each tile."""
        zooms: list[int] = []
        while True:
            ((zoom,),) = self._ask(
                "SELECT MIN(zoom_level) FROM tiles WHERE zoom_level > ? AND zoom_level <= ?",
                zooms[-1] if zooms else -1, MAX_ZOOM,
            )  # fmt: skip
            if not isinstance(zoom, int):
                return zooms
            zooms.append(zoom)

    def _find_range(self, zoom: int) -> Range:
        world = 1 << zoom
        (found,) = self._ask(
            "SELECT MIN(tile_column), MAX(tile_column), MIN(tile_row), MAX(tile_row) FROM tiles "
            "WHERE zoom_level = ? AND tile_column BETWEEN 0 AND ? AND tile_row BETWEEN 0 AND ?",
            zoom, world - 1, world - 1,
        )  # fmt: skip
        if not all(isinstance(value, int) for value in found):
            raise GleamError(
                f"{clean_text(self._path.name)} has tiles outside the map.", "Export it again."
            )
        left, right, low, high = found
        if right - left >= world // 2:  # perhaps through the antimeridian
            columns = self._ask("SELECT DISTINCT tile_column FROM tiles WHERE zoom_level = ?", zoom)
            inside = [c for (c,) in columns if isinstance(c, int) and 0 <= c < world]
            left, right = around_the_world(inside, zoom)
        return Range(left, world - 1 - high, right, world - 1 - low)


def vector_tiles(name: str) -> GleamError:
    """Tiles of lines and names cannot be matched against pictures."""
    return GleamError(
        f"{name} holds vector tiles, not imagery.",
        "Choose raster tiles (PNG, JPEG or WebP), or render the vector map to a GeoTIFF in QGIS.",
    )


def read_bounds(text: str) -> Bounds | None:
    """``west,south,east,north`` in degrees; None for anything doubtful."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        return None
    if not (-90 <= south < north <= 90 and abs(west) <= 360 and abs(east) <= 360 and west != east):
        return None
    return Bounds(west, south, east, north)


def _refuse_unmerged(path: Path) -> None:
    log = path.with_name(path.name + "-wal")
    if log.is_file() and log.stat().st_size:
        raise GleamError(
            f"{clean_text(path.name)} is still being written ({clean_text(log.name)} lies beside it).",
            "Close the program that writes it, then add it again.",
        )
