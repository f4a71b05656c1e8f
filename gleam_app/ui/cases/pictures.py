"""Which of the things that were dropped are pictures to be located, and which may be imagery."""

import os
from collections.abc import Iterable
from pathlib import Path

from gleam_app.jobs.work import Work
from gleam_app.ui.incoming import PICTURE_SUFFIXES

_MOST = 20_000  # entries of a folder that are looked at
_PLAIN = frozenset(PICTURE_SUFFIXES) - {".tif", ".tiff"}
_MAP_SIGNS = frozenset(
    {".tif", ".tiff", ".vrt", ".mbtiles", ".pmtiles", ".jp2", ".img", ".jgw", ".jpgw", ".pgw",
     ".pngw", ".wld", ".tfw", ".gpkg"}
)  # fmt: skip


def pictures_of(folder: Path, work: Work) -> list[Path]:
    """The pictures in a folder and below, by name; none where anything in it may be imagery.

    A folder that numbers everything, as map tiles are kept, is imagery. Raises Cancelled.
    """
    found: list[Path] = []
    for number, path in enumerate(_walk(folder)):
        work.check()
        suffix = path.suffix.lower()
        if suffix in _MAP_SIGNS or number >= _MOST:
            return []
        if suffix in _PLAIN and not path.name.startswith("."):
            found.append(path)
    numbered = found and all(one.stem.isdigit() and one.parent.name.isdigit() for one in found)
    return [] if numbered else sorted(found, key=lambda one: str(one).casefold())


def _walk(folder: Path) -> Iterable[Path]:
    """Files below a folder; links to folders are not followed."""
    for root, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            yield Path(root, name)
