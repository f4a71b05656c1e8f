"""A folder of plain pictures in which every picture is one tile, placed by a table or not at all."""

import csv
import io
from pathlib import Path

import numpy as np

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import LatLon
from gleam_app.imagery.exif import clean_text
from gleam_app.imagery.folders import files_below
from gleam_app.imagery.query import load_query
from gleam_app.imagery.sources import Picture

PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp", ".gif", ".jp2", ".heic", ".heif", ".avif"}
)  # fmt: skip
_COLUMNS = ("file", "lat", "lon")
_EXAMPLE = "The first line must be file,lat,lon; then one line a picture, such as a.jpg,28.04125,-82.69847."


def list_pictures(folder: Path) -> list[Path]:
    """The pictures in a folder and its subfolders, sorted by their path in it; hidden ones left out.

    Raises GleamError where there is no such folder, no picture in it, or a part that cannot be read.
    """
    folder = Path(folder)
    name = clean_text(folder.name or folder)
    if not folder.is_dir():
        raise GleamError(f"There is no folder {clean_text(folder)}.", "Check the name.")
    found = [path for path in files_below(folder) if path.suffix.lower() in PICTURE_SUFFIXES]
    if not found:
        raise GleamError(
            f"There are no pictures in {name}.", "Choose a folder of JPEG, PNG, TIFF or HEIC files."
        )
    return found


def read_picture(path: Path, size_px: int) -> Picture:
    """The largest square from the middle of a picture, upright, as ``size_px`` pixels, mask all True.

    Raises GleamError as ``load_query`` does.
    """
    import cv2

    pixels = load_query(path, view="uav").pixels  # the view does not matter: only pixels are used
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = pixels[top : top + side, left : left + side]
    way = cv2.INTER_AREA if size_px < side else cv2.INTER_LINEAR
    rgb = np.asarray(cv2.resize(square, (size_px, size_px), interpolation=way), np.uint8)
    return Picture(rgb, np.ones((size_px, size_px), bool))


def read_coords(path: Path) -> dict[str, LatLon]:
    """Positions of pictures from a CSV file with the columns ``file``, ``lat``, ``lon`` (degrees).

    Keys are the names as written, with forward slashes. Other columns are ignored; comma, semicolon
    or tab separate. Raises GleamError that names the line for anything doubtful, doubles included.
    """
    path = Path(path)
    name = clean_text(path.name)
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise GleamError(f"There is no file {clean_text(path)}.", "Check the name.") from None
    except UnicodeDecodeError:
        raise GleamError(f"{name} is not a text file in UTF-8.", "Save it as CSV UTF-8.") from None
    except OSError as error:
        reason = clean_text(error.strerror or error)
        raise GleamError(f"{name} cannot be read: {reason}.", "Choose a CSV file.") from None
    header, _, _ = text.partition("\n")
    separator = max(",;\t", key=header.count)
    table = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        return _positions(table, name)
    except csv.Error as error:
        raise GleamError(f"{name}, line {table.line_num}: {clean_text(error)}.", _EXAMPLE) from None


def _positions(table: "csv.DictReader[str]", name: str) -> dict[str, LatLon]:
    columns = [clean_text(column).lower() for column in table.fieldnames or []]
    missing = [column for column in _COLUMNS if column not in columns]
    if missing:
        raise GleamError(f"{name} lacks the column {' and '.join(missing)}.", _EXAMPLE)
    table.fieldnames = columns
    positions: dict[str, LatLon] = {}
    for row in table:
        where = f"{name}, line {table.line_num}"
        file = (row["file"] or "").strip().replace("\\", "/")
        if not file:
            raise GleamError(f"{where}: no file name.", _EXAMPLE)
        if file in positions:
            raise GleamError(
                f"{where}: {clean_text(file)} appears twice.", "Keep one of the lines."
            )
        lat = _degrees(row["lat"], 90.0, f"{where}: the latitude")
        lon = _degrees(row["lon"], 180.0, f"{where}: the longitude")
        positions[file] = LatLon(lat, lon)
    if not positions:
        raise GleamError(f"{name} holds no positions.", _EXAMPLE)
    return positions


def _degrees(text: str | None, limit: float, what: str) -> float:
    try:
        value = float(text or "")
    except ValueError:
        shown = clean_text(text or "", 40)
        raise GleamError(f"{what} “{shown}” is not a number.", _EXAMPLE) from None
    if not abs(value) <= limit:  # also catches nan
        raise GleamError(f"{what} {value:g} is not within ±{limit:.0f}°.", _EXAMPLE)
    return value
