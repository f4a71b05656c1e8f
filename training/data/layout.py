"""Finding files of a published data set, and saying plainly which one is missing."""

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import LatLon
from gleam_app.imagery.exif import clean_text

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp"})


def missing(path: Path, holds: str) -> GleamError:
    """The error for a file or folder that is not there; ``holds`` says what should be."""
    return GleamError(f"There is no {clean_text(path, 400)}.", f"The data set should hold {holds}.")


def need_folder(path: Path, holds: str) -> Path:
    """The folder, or GleamError."""
    if not path.is_dir():
        raise missing(path, holds)
    return path


def need_file(path: Path, holds: str) -> Path:
    """The file, or GleamError."""
    if not path.is_file():
        raise missing(path, holds)
    return path


def subfolders(folder: Path, holds: str) -> list[Path]:
    """The folders in a folder, sorted by name. Raises GleamError where there are none."""
    need_folder(folder, holds)
    found = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[:1] != ".")
    if not found:
        raise GleamError(
            f"{clean_text(folder, 400)} has no folders in it.", f"The data set should hold {holds}."
        )
    return found


def pictures(folder: Path, holds: str) -> list[Path]:
    """The pictures in a folder, sorted by name. Raises GleamError where there are none."""
    need_folder(folder, holds)
    found = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in PICTURES and path.name[:1] != "." and path.is_file()
    )
    if not found:
        raise GleamError(
            f"{clean_text(folder, 400)} has no pictures in it.",
            f"The data set should hold {holds}.",
        )
    return found


def pictures_by_place(folder: Path, holds: str) -> tuple[list[Path], list[str]]:
    """``folder/<place>/<picture>``: all pictures, and the place of each."""
    found = [
        (picture, place.name)
        for place in subfolders(folder, holds)
        for picture in pictures(place, holds)
    ]
    return [picture for picture, _ in found], [place for _, place in found]


def beneath(root: Path, name: str) -> Path:
    """``root / name`` for a name read from a table; GleamError if it leads out of the data set."""
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise GleamError(
            f"A table names {clean_text(name)}, which lies outside {clean_text(root, 400)}.",
            "Names in the tables of a data set are relative to its folder.",
        )
    return root / name


def need_all(paths: Iterable[Path], holds: str) -> None:
    """GleamError naming the first file that is not there. One listing a folder, not one call a file."""
    listed: dict[Path, set[str]] = {}
    for path in paths:
        if path.parent not in listed:
            listed[path.parent] = names_in(path.parent, holds)
        if path.name not in listed[path.parent]:
            raise missing(path, holds)


def names_in(folder: Path, holds: str) -> set[str]:
    """Names of everything in a folder."""
    return {path.name for path in need_folder(folder, holds).iterdir()}


def read_lines(path: Path, holds: str) -> list[tuple[int, str]]:
    """(line number, text) of the lines that are not blank. Raises GleamError if it is not UTF-8 text."""
    need_file(path, holds)
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise GleamError(
            f"{clean_text(path, 400)} cannot be read as text.", f"It should be {holds}."
        ) from None
    lines = enumerate(text.splitlines(), start=1)
    return [(number, line.strip()) for number, line in lines if line.strip()]


def read_table(
    path: Path, columns: tuple[str, ...], holds: str
) -> Iterator[tuple[int, dict[str, str]]]:
    """(line number, row) of a CSV file with a header that has at least ``columns``, values stripped."""
    lines = read_lines(path, holds)
    rows = csv.DictReader((line for _, line in lines), skipinitialspace=True)
    try:
        header = [name.strip() for name in rows.fieldnames or []]
        found = list(rows)
    except csv.Error:
        raise GleamError(
            f"{clean_text(path, 400)} is not a CSV table.", f"It should be {holds}."
        ) from None
    lacking = [column for column in columns if column not in header]
    if lacking:
        raise GleamError(
            f"{clean_text(path, 400)} has no column {', '.join(lacking)}.",
            f"It should be {holds}.",
        )
    for (number, _), row in zip(lines[1:], found, strict=False):
        values = {
            str(name).strip(): value.strip()
            for name, value in row.items()
            if isinstance(value, str)
        }
        if any(column not in values for column in columns):
            raise bad_line(path, number, holds)
        yield number, values


def bad_line(path: Path, number: int, holds: str) -> GleamError:
    """The error for a line that does not fit the format."""
    return GleamError(
        f"Line {number} of {clean_text(path, 400)} is not usable.", f"It should be {holds}."
    )


def position(lat: str, lon: str) -> LatLon | None:
    """A position from two numbers in degrees, or None where they are not a place on Earth."""
    try:
        found = LatLon(float(lat), float(lon))
    except ValueError:
        return None
    return found if abs(found.lat) <= 90 and abs(found.lon) <= 180 else None


def unknown_split(data_set: str, split: str, known: Iterable[str]) -> GleamError:
    """The error for a split that the data set does not have."""
    return GleamError(
        f"{data_set} has no split {clean_text(split)!r}.", f"Choose one of: {', '.join(known)}."
    )


def natural(text: str) -> list[tuple[int, str]]:
    """Sort key by which 9 comes before 10."""
    return [
        (int(part), "") if part.isdecimal() else (0, part)
        for part in re.split(r"(\d+)", text)
        if part
    ]
