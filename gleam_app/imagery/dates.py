"""When imagery was taken, where that is written with it. A file's time of change says nothing of it."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

_DAY = re.compile(r"\s*(\d{4})([-:/.]?)(\d\d)\2(\d\d)(?:\s*$|[T\s]\d\d:?\d\d)", re.ASCII)
_FIRST = date(1900, 1, 1)  # before it there was no imagery from the air to speak of
_MOST_BYTES = 1 << 20
# in rising order of doubt: a TIFF's own time may be that of its making
_TAGS = (
    ("IMAGERY", "ACQUISITIONDATETIME"),
    ("EXIF", "EXIF_DateTimeOriginal"),
    ("", "EXIF_DateTimeOriginal"),
    ("", "ACQUISITIONDATETIME"),
    ("", "ACQUISITION_DATE"),
    ("", "ACQUISITIONDATE"),
    ("", "TIFFTAG_DATETIME"),
)
_KEYS = ("acquired", "acquisition_date", "datetime", "date")


class Days(NamedTuple):
    """The first and the last day, both included, on which imagery was taken."""

    first: date
    last: date

    @property
    def iso(self) -> str:
        """``2024-05-17``, or ``2024-05-17/2024-05-19``."""
        return self.first.isoformat() + ("" if self.first == self.last else f"/{self.last}")

    @classmethod
    def of_iso(cls, text: str) -> "Days | None":
        """What ``iso`` wrote; None for anything else."""
        try:
            days = [date.fromisoformat(part) for part in text.split("/", 2)]
        except ValueError:
            return None
        return cls(days[0], days[-1]) if len(days) < 3 and days[0] <= days[-1] else None

    def meets(self, other: "Days") -> bool:
        return self.first <= other.last and other.first <= self.last


def read_day(text: object) -> date | None:
    """The day that a time stamp begins with: ISO 8601, EXIF's with colons; None for anything doubtful."""
    found = _DAY.match(text) if isinstance(text, str) else None
    if found is None:
        return None
    try:
        day = date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError:
        return None
    return day if _FIRST <= day <= date.today() + timedelta(days=1) else None


def days_of_dataset(dataset: Any) -> Days | None:
    """What a rasterio dataset's tags say."""
    for domain, tag in _TAGS:
        tags = dataset.tags(ns=domain) if domain else dataset.tags()
        day = read_day(tags.get(tag))
        if day is not None:
            return Days(day, day)
    return None


def days_of_notes(notes: Mapping[str, object]) -> Days | None:
    """What an archive's own description says."""
    lowered = {str(key).lower(): value for key, value in notes.items()}
    days = (read_day(lowered.get(key)) for key in _KEYS)
    return next((Days(day, day) for day in days if day is not None), None)


def days_beside(path: Path) -> Days | None:
    """What a STAC item beside the imagery says (``map.json`` of ``map.tif``)."""
    item = path.with_suffix(".json")
    try:
        if not item.is_file() or item.stat().st_size > _MOST_BYTES:
            return None
        document = json.loads(item.read_text("utf-8"))
        if "stac_version" not in document:
            return None
        about = document["properties"]
        first, last = (about.get(key) for key in ("start_datetime", "end_datetime"))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    ends = (read_day(first), read_day(last))
    if ends[0] and ends[1] and ends[0] <= ends[1]:
        return Days(ends[0], ends[1])
    day = read_day(about.get("datetime"))
    return Days(day, day) if day else None


def span(all_days: Iterable[Days | None]) -> Days | None:
    """From the first to the last of all; None if one of them is not known."""
    known: list[Days] = []
    for days in all_days:
        if days is None:
            return None
        known.append(days)
    return Days(min(d.first for d in known), max(d.last for d in known)) if known else None
