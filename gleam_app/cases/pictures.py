"""Pictures on their way into a case, and back to them from its records."""

import hashlib
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from gleam_app.cases.answers import note_opened
from gleam_app.cases.codec import safe_text
from gleam_app.cases.database import Database
from gleam_app.cases.journal import now
from gleam_app.cases.model import QueryRecord
from gleam_app.errors import GleamError
from gleam_app.imagery.exif import clean_text
from gleam_app.imagery.query import MAX_FILE_BYTES, Query, View, load_query, query_from_bytes
from gleam_app.jobs.work import Work

_BLOCK = 1 << 20


@dataclass(frozen=True)
class NewPicture:
    """A picture to be added: a file, known by its hash, or one that is open already.

    ``data`` are its bytes where they are to be copied into the case.
    """

    name: str
    path: Path | None
    sha256: str
    view: View | None = None
    heading_deg: float | None = None
    data: bytes | None = None
    opened: Query | None = None

    @classmethod
    def from_file(cls, path: Path, copy: bool = False) -> Self:
        """A file, hashed but not decoded: hundreds can be dropped. Raises GleamError if unreadable."""
        path = Path(path).absolute()
        name = clean_text(path.name)
        copy = copy or not _is_text(path)  # a name that no file can hold: keep the picture instead
        digest = hashlib.sha256()
        kept: list[bytes] = []
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                raise GleamError(f"{name} is not a file.", "Choose a picture.")
            if status.st_size > MAX_FILE_BYTES:
                raise GleamError(f"{name} is too large.", "Save a smaller copy of the picture.")
            with path.open("rb") as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
                    if copy:
                        kept.append(block)
        except OSError as error:
            reason = clean_text(error.strerror or error)
            raise GleamError(f"{name} cannot be read: {reason}.", "Check the file.") from None
        data = b"".join(kept) if copy else None
        return cls(name, path if _is_text(path) else None, digest.hexdigest(), data=data)

    @classmethod
    def from_query(cls, query: Query, data: bytes | None = None) -> Self:
        """A picture that is open already; ``data`` its bytes, needed where it has no path."""
        path = None if query.path is None else query.path.absolute()
        view = None if query.view_guessed else query.view
        return cls(query.name, path, query.sha256, view, data=data, opened=query)

    def insert(self, connection: sqlite3.Connection, position: int) -> int:
        """Write it into the case; the id of its query."""
        path = None if self.path is None or not _is_text(self.path) else str(self.path)
        query = connection.execute(
            "INSERT INTO query (sha256, name, path, added, position, view, heading_deg)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                self.sha256, safe_text(self.name), path, now(), position, self.view,
                self.heading_deg,
            ),
        ).lastrowid  # fmt: skip
        assert query is not None
        if self.data is not None:
            connection.execute("INSERT INTO picture VALUES (?, 'original', ?)", (query, self.data))
        if self.opened is not None:
            note_opened(connection, query, self.opened)
        return query


def read_pictures(
    paths: Sequence[Path], copy: bool = False, work: Work | None = None
) -> tuple[list[NewPicture], list[GleamError]]:
    """Dropped files as pictures to add, and what is wrong with those that are none."""
    work = work or Work()
    pictures: list[NewPicture] = []
    errors: list[GleamError] = []
    for number, path in enumerate(paths):
        work.report("Reading pictures", number, len(paths))
        try:
            pictures.append(NewPicture.from_file(path, copy))
        except GleamError as error:
            errors.append(error)
    return pictures, errors


def find_original(database: Database, record: QueryRecord, beside: Path) -> Query:
    """The picture of a query: copied into the case, where it was, or in ``beside`` under its name.

    The hash decides. Raises GleamError where it is nowhere.
    """
    row = database.row(
        "SELECT bytes FROM picture WHERE query = ? AND kind = 'original'", (record.id,)
    )
    view = record.view or "auto"
    if row is not None:
        opened = query_from_bytes(row["bytes"], record.name, view)
        return replace(opened, path=record.path)
    changed = False
    for path in _places(record, beside):
        if path.is_file():
            opened = load_query(path, view)
            if opened.sha256 == record.sha256:
                return opened
            changed = True
    if changed:
        raise GleamError(
            f"The picture {record.name} has changed since it was added to the case.",
            "Put the picture back that was added, or add the new one.",
        )
    raise GleamError(
        f"The picture {record.name} is not where it was.",
        "Put it back, or into the folder of the case.",
    )


def _places(record: QueryRecord, beside: Path) -> Iterator[Path]:
    if record.path is not None:
        yield record.path
        yield beside / record.path.name


def _is_text(path: Path) -> bool:
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in str(path)
