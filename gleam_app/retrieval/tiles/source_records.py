"""Sources as they were when embedded: recorded, found again, and opened only if they are still the same."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gleam_app.errors import GleamError
from gleam_app.imagery.exif import clean_text
from gleam_app.imagery.sources import Fingerprint, MapSource, open_source, source_exists


@dataclass(frozen=True)
class SourceRecord:
    """A source as it was when embedded.

    ``given`` is the path as the user wrote it, ``path`` the absolute one; ``kind`` is ``map``
    (georeferenced) or ``pictures`` (a folder of them). ``crs`` is the one the user named for rasters
    without one of their own, or empty. ``acquired`` is when the imagery was taken, as ISO 8601 text
    (``2024-05-17`` or ``2024-05-17/2024-05-19``), or empty where nothing says so.
    """

    given: str
    path: str
    kind: str
    size: int
    mtime_ns: int
    sha256: str
    crs: str = ""
    acquired: str = ""

    @property
    def name(self) -> str:
        """Its file name, safe to show."""
        return clean_text(Path(self.path).name)

    def moved_to(self, place: Path) -> "SourceRecord":
        """The same imagery at its new place."""
        return replace(self, given=str(place), path=str(place.resolve()))


class SourceGone(GleamError):
    """A source is not where it was."""


class SourceChanged(GleamError):
    """Where a source was, there is other imagery now."""


def record_map(path: Path, source: MapSource, crs: str | None) -> SourceRecord:
    """Identify a map source that was opened from ``path``."""
    acquired = source.acquired.iso if source.acquired else ""
    place = (str(path), str(path.resolve()), "map")
    return SourceRecord(*place, *source.fingerprint(), crs or "", acquired)


def record_pictures(folder: Path) -> SourceRecord:
    """Identify a folder of plain pictures by their names and sizes."""
    return SourceRecord(str(folder), str(folder.resolve()), "pictures", *_pictures(folder))


def open_recorded(record: SourceRecord) -> MapSource:
    """The map source, if it is still the one that was embedded: elsewhere the candidates would lie.

    Raises SourceGone, SourceChanged, or another GleamError where it cannot be opened.
    """
    path = Path(record.path)
    if not source_exists(path):
        raise _gone(record)
    source = open_source(path, record.crs or None)
    if source.fingerprint().sha256 != record.sha256:
        source.close()
        raise _changed(record)
    return source


def open_all(records: Sequence[SourceRecord]) -> list[MapSource]:
    """The georeferenced ones among the sources; raises as ``open_recorded``, leaving none open."""
    opened: list[MapSource] = []
    try:
        for record in records:
            if record.kind == "map":
                opened.append(open_recorded(record))
    except GleamError:
        for source in opened:
            source.close()
        raise
    return opened


def check_source(record: SourceRecord) -> None:
    """Raise GleamError if a source moved or changed since it was embedded."""
    if record.kind == "map":
        open_recorded(record).close()
    elif not Path(record.path).is_dir():
        raise _gone(record)
    elif _pictures(Path(record.path)).sha256 != record.sha256:
        raise _changed(record)


def confirm(records: Sequence[SourceRecord], opened: Sequence[MapSource]) -> None:
    """Raise GleamError if a source that was read is no longer there, or no longer the same.

    ``opened`` are those of kind ``map``, in order.
    """
    maps = iter(opened)
    for record in records:
        if record.kind != "map":
            check_source(record)
            continue
        try:
            now = next(maps).fingerprint()
        except (OSError, GleamError):
            raise _gone(record) from None
        if now.sha256 != record.sha256:
            raise _changed(record)


def as_now(records: Sequence[SourceRecord], opened: Sequence[MapSource]) -> list[SourceRecord]:
    """The same sources as they are now; ``opened`` are those of kind ``map``, in order."""
    maps = iter(opened)
    found = []
    for record in records:
        print_ = next(maps).fingerprint() if record.kind == "map" else _pictures(Path(record.path))
        found.append(replace(record, **print_._asdict()))
    return found


def is_at(record: SourceRecord, place: Path) -> bool:
    """Whether the imagery at ``place`` is that of the record."""
    try:
        check_source(record.moved_to(place))
    except (GleamError, OSError):
        return False
    return True


def _pictures(folder: Path) -> Fingerprint:
    from gleam_app.imagery.pictures import list_pictures

    digest = hashlib.sha256()
    total, latest = 0, 0
    for path in list_pictures(folder):
        status = path.stat()
        total, latest = total + status.st_size, max(latest, status.st_mtime_ns)
        name = path.relative_to(folder).as_posix()
        digest.update(f"{name}\0{status.st_size}\0".encode("utf-8", "surrogateescape"))
    return Fingerprint(total, latest, digest.hexdigest())


def _gone(record: SourceRecord) -> SourceGone:
    return SourceGone(
        f"The imagery {record.name} is not where it was ({clean_text(Path(record.path).parent)}).",
        "Put it back, or tell its new place: gleam tiles relink NAME PATH.",
    )


def _changed(record: SourceRecord) -> SourceChanged:
    return SourceChanged(
        f"The imagery {record.name} has changed since the tile set was made.",
        "Put it back as it was, or embed the set anew: gleam tiles reembed NAME.",
    )
