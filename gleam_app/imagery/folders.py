"""What a folder is: map tiles, georeferenced rasters, or plain pictures."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from gleam_app.errors import GleamError
from gleam_app.imagery.exif import clean_text

FolderKind = Literal["tiles", "rasters", "pictures"]
TMS_DESCRIPTION = "tilemapresource.xml"
TILE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp"})
# Formats that can say by themselves where they lie; others need a file beside them.
RASTER_SUFFIXES = frozenset(
    {".tif", ".tiff", ".vrt", ".jp2", ".j2k", ".img", ".ecw", ".ntf", ".mrf"}
)
PLACED_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
ARCHIVE_SUFFIXES = frozenset({".mbtiles", ".pmtiles"})
_LOOKED_AT = 200  # rasters opened, at most, to find one with a georeference


def folder_kind(path: Path) -> FolderKind:
    """``tiles`` (z/x/y pictures), ``rasters`` (at least one georeferenced) or ``pictures``.

    Raises GleamError for what is no folder or cannot be read.
    """
    path = Path(path)
    if not path.is_dir():
        raise GleamError(f"There is no folder {clean_text(path)}.", "Check the name.")
    if _holds_tiles(path):
        return "tiles"
    from gleam_app.imagery.geotiff import has_georeference

    likely = _likely_rasters(files_below(path))
    some = likely[:: max(1, -(-len(likely) // _LOOKED_AT))]
    return "rasters" if any(has_georeference(file) for file in some) else "pictures"


def may_be_map(path: Path) -> bool:
    """Whether a file or folder may be georeferenced, by its name and what lies beside it."""
    if path.is_dir() or path.suffix.lower() in ARCHIVE_SUFFIXES:
        return True
    known = {str(beside).lower() for beside in _beside(path) if beside.is_file()}
    return _may_be_placed(path, known)


def raster_files(folder: Path) -> list[Path]:
    """The files of a folder and its subfolders that may be georeferenced, sorted by their path in it."""
    return _likely_rasters(files_below(folder))


def matching_files(pattern: Path) -> list[Path]:
    """The files that a pattern such as ``maps/*.tif`` names, sorted. Raises GleamError if there are none."""
    try:
        found = sorted(path for path in pattern.parent.glob(pattern.name) if path.is_file())
    except OSError as error:
        raise unreadable(pattern.parent, error) from None
    if not found:
        raise GleamError(f"No file is named like {clean_text(pattern)}.", "Check the name.")
    return found


def files_below(folder: Path) -> list[Path]:
    """All files in a folder and its subfolders, sorted by their path in it; hidden ones left out.

    Links to folders are not followed, so that none leads in a circle.
    Raises GleamError for a folder that cannot be read.
    """

    def refuse(error: OSError) -> None:
        raise unreadable(Path(error.filename or folder), error)

    found: list[Path] = []
    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place, name) for name in names if not name.startswith(".")]
    files = (path for path in found if path.is_file())
    return sorted(files, key=lambda path: path.relative_to(folder).as_posix())


def numbered_folders(folder: Path) -> list[int]:
    """The subfolders whose names are plain numbers, ascending."""
    try:
        return sorted(set(_numbered(folder)))
    except OSError as error:
        raise unreadable(folder, error) from None


def tile_names(folder: Path) -> list[tuple[int, str]]:
    """(row, suffix) of the tiles in a column's folder, such as (54689, ".png"), in any order."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                stem, dot, ending = entry.name.rpartition(".")
                if stem.isascii() and stem.isdecimal() and (dot + ending).lower() in TILE_SUFFIXES:
                    found.append((int(stem), dot + ending))
    except OSError as error:
        raise unreadable(folder, error) from None
    return found


def unreadable(folder: Path, error: OSError) -> GleamError:
    """The error for a folder that the operating system does not let us read."""
    reason = clean_text(error.strerror or error)
    return GleamError(
        f"The folder {clean_text(folder.name or folder)} cannot be read: {reason}.",
        "Check that you may open it.",
    )


def _numbered(folder: Path) -> Iterator[int]:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            number = name.isascii() and name.isdecimal() and len(name) < 10
            if number and str(int(name)) == name and Path(entry.path).is_dir():
                yield int(name)


def _holds_tiles(folder: Path) -> bool:
    """Whether there are files such as ``17/70846/54689.png``."""
    if (folder / TMS_DESCRIPTION).is_file():
        return True
    for zoom in numbered_folders(folder):
        for column in numbered_folders(folder / str(zoom))[:8]:
            if tile_names(folder / str(zoom) / str(column)):
                return True
    return False


def _likely_rasters(files: list[Path]) -> list[Path]:
    known = {str(path).lower() for path in files}
    return [path for path in files if _may_be_placed(path, known)]


def _may_be_placed(path: Path, known: set[str]) -> bool:
    suffix = path.suffix.lower()
    if suffix in RASTER_SUFFIXES:
        return True
    if suffix not in PLACED_SUFFIXES:
        return False
    return any(str(beside).lower() in known for beside in _beside(path))


def world_file(path: Path) -> Path | None:
    """The world file beside a raster (.tfw, .jgw, .pgw, .wld), whatever is in it."""
    return next((beside for beside in _world_files(path) if beside.is_file()), None)


def _beside(path: Path) -> list[Path]:
    """Where a picture's position may be written: its world file, or GDAL's notes."""
    return [*_world_files(path), path.with_name(f"{path.name}.aux.xml")]


def _world_files(path: Path) -> list[Path]:
    letters = path.suffix[1:].lower()
    world = [f".{letters[:1]}{letters[-1:]}w", f".{letters}w", ".wld"]
    return [path.with_suffix(form) for suffix in world for form in (suffix, suffix.upper())]
