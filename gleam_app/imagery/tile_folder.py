"""A folder of map tiles: ``zoom/column/row.png`` (or .jpg, .webp).

Rows count from the north (XYZ) unless a ``tilemapresource.xml`` lies in the folder: then it is TMS,
and they count from the south. Nothing else tells the two apart, and nothing is guessed.
"""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import Bounds
from gleam_app.imagery.dates import Days
from gleam_app.imagery.exif import clean_text
from gleam_app.imagery.fingerprints import files_fingerprint
from gleam_app.imagery.folders import TMS_DESCRIPTION, numbered_folders, tile_names
from gleam_app.imagery.pyramid import MAX_ZOOM, PyramidSource, Range, around_the_world
from gleam_app.imagery.sources import Fingerprint

_MAX_DESCRIPTION = 1 << 20
_MAX_TILE = 64 << 20
_HASHED_TILES = 500
_MERCATOR = ("3857", "900913", "3785", "41001", "102100", "102113")


def open_tile_folder(path: Path) -> PyramidSource:
    """Raises GleamError, one line, for tiles that are not in Web Mercator."""
    return PyramidSource(TileFolder(path))


class TileFolder:
    """A TileArchive over the files."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._from_south = _is_tms(path)
        self.zooms = [zoom for zoom in numbered_folders(path) if zoom <= MAX_ZOOM]
        self.declared: Bounds | None = None
        self.acquired: Days | None = None  # nothing in such a folder tells
        columns: set[int] = set()
        rows: set[int] = set()
        self._suffixes: set[str] = set()
        while self.zooms:  # an empty folder is no level
            for x, y, suffix in self._tiles(self.zooms[-1]):
                columns.add(x)
                rows.add(y)
                self._suffixes.add(suffix)
            if columns:
                break
            self.zooms.pop()
        else:
            raise GleamError(
                f"{clean_text(path.name)} holds no map tiles.",
                "It needs files such as 17/70846/54689.png.",
            )
        left, right = around_the_world(sorted(columns), self.zooms[-1])
        self.range = Range(left, min(rows), right, max(rows))

    @property
    def path(self) -> Path:
        return self._path

    def tile(self, zoom: int, x: int, y: int) -> bytes | None:
        row = (1 << zoom) - 1 - y if self._from_south else y
        for suffix in self._suffixes:
            try:
                with (self._path / str(zoom) / str(x) / f"{row}{suffix}").open("rb") as file:
                    return file.read(_MAX_TILE)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError:
                return b""  # told as a tile that cannot be read
        return None

    def fingerprint(self) -> Fingerprint:
        """Of the names of all tiles at the finest level, and of the contents of some of them."""
        zoom = self.zooms[-1]
        names = sorted(f"{zoom}/{x}/{self._row(zoom, y)}{s}" for x, y, s in self._tiles(zoom))
        some = names[:: max(1, len(names) // _HASHED_TILES)]
        also = f"{self._from_south} {list(self.zooms)} {chr(0).join(names)}"
        return files_fingerprint(self._path, [self._path / name for name in some], also)

    def close(self) -> None:
        """Nothing is held open."""

    def _row(self, zoom: int, y: int) -> int:
        return (1 << zoom) - 1 - y if self._from_south else y

    def _tiles(self, zoom: int) -> Iterator[tuple[int, int, str]]:
        """(x, y, suffix) of the tiles of a level, XYZ numbering; strange files are passed over."""
        world = 1 << zoom
        level = self._path / str(zoom)
        for x in numbered_folders(level):
            if x >= world:
                continue
            for row, suffix in tile_names(level / str(x)):
                y = self._row(zoom, row)
                if 0 <= y < world:
                    yield x, y, suffix


def _is_tms(folder: Path) -> bool:
    """Whether the folder has a TMS description. Raises GleamError if it is not Web Mercator's."""
    description = folder / TMS_DESCRIPTION
    if not description.is_file():
        return False
    name = f"{clean_text(folder.name)}/{TMS_DESCRIPTION}"
    try:
        text = description.read_bytes()[:_MAX_DESCRIPTION]
        if b"<!ENTITY" in text:
            raise ValueError
        system = ElementTree.fromstring(text).findtext("SRS") or ""
    except (OSError, ValueError, ElementTree.ParseError):
        raise GleamError(f"{name} cannot be understood.", "Make the tiles again.") from None
    if not any(code in system for code in _MERCATOR):
        raise GleamError(
            f"{name} says {clean_text(system, 40) or 'no CRS'}; only Web Mercator tiles can be read.",
            "Make them with gdal2tiles --profile=mercator, or add the map they were made from.",
        )
    return True
