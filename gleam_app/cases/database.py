"""The file under a case: making, checking, opening and closing it; transactions; errors in words."""

import os
import sqlite3
import struct
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gleam_app.cases.lock import Busy, WriterLock
from gleam_app.cases.schema import APPLICATION_ID, TABLES, VERSION
from gleam_app.errors import GleamError, disk_trouble
from gleam_app.imagery.exif import clean_text

SUFFIX = ".gleamcase"
_MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100
_BUSY_S = 5.0


class Database:
    """An open case file. Safe to share between threads: one statement or transaction at a time.

    ``held`` keeps other threads out while a value is read, judged and written.
    ``why_read_only`` is empty where it can be written, else one sentence for people.
    """

    def __init__(self, path: Path, read_only: bool = False) -> None:
        """Open the case. Raises GleamError for what is no case, damaged or of a newer version."""
        self.path = path.resolve()
        check_header(self.path)
        self.why_read_only = "It was opened for reading only." if read_only else ""
        self._writer: WriterLock | None = None
        if not read_only:
            self._lock_or_say_why()
        self.held = threading.RLock()
        self._open = False
        try:
            self._connection = self._connect()
            self._open = True
            self._check()
        except BaseException:
            self.close()
            raise

    @property
    def read_only(self) -> bool:
        return bool(self.why_read_only)

    def _lock_or_say_why(self) -> None:
        if not os.access(self.path, os.W_OK):
            self.why_read_only = "The file may not be written."
            return
        try:
            self._writer = WriterLock(self.path)
        except Busy:
            self.why_read_only = "It is open in another window or on another computer."
        except OSError as error:
            self.why_read_only = f"It cannot be locked for writing there ({error.strerror})."

    def _connect(self) -> sqlite3.Connection:
        mode = "ro" if self.read_only else "rw"
        with self._in_words():
            connection = sqlite3.connect(
                f"{self.path.as_uri()}?mode={mode}",
                uri=True,
                timeout=_BUSY_S,
                isolation_level=None,
                check_same_thread=False,
            )
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            connection.execute("PRAGMA foreign_keys = ON")
            return connection

    def _check(self) -> None:
        """Is it whole, and laid out as ours? A stranger's file could carry triggers of its own."""
        with self._in_words():
            layout = self._connection.execute("SELECT sql FROM sqlite_schema WHERE sql NOT NULL")
            if sorted(row[0] for row in layout) != _expected_layout():
                raise _damaged(self.path)
            if not Path(f"{self.path}-wal").exists():
                pages = self._connection.execute("PRAGMA page_count").fetchone()[0]
                size = self._connection.execute("PRAGMA page_size").fetchone()[0]
                if self.path.stat().st_size < pages * size:
                    raise _damaged(self.path)
            if not self.read_only:
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = FULL")
            if self._connection.execute("SELECT count(*) FROM facts").fetchone()[0] != 1:
                raise _damaged(self.path)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """All rows of a SELECT."""
        with self.held, self._in_words():
            self._must_be_open()
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        """The first row of a SELECT."""
        found = self.rows(sql, values)
        return found[0] if found else None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside is written as one, or not at all. Raises GleamError if it cannot be."""
        with self.held, self._in_words():
            self._must_be_open()
            if self.read_only:
                raise GleamError(
                    f"The case {clean_text(self.path.name)} cannot be changed here.",
                    f"{self.why_read_only} Save a copy and work in that.",
                )
            if self._connection.in_transaction:  # part of a larger one
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # SQLite may have rolled back already
                    self._connection.execute("ROLLBACK")
                raise

    def copy_to(self, path: Path) -> None:
        """Write all of it, as it is now, to another file, whole or not at all."""
        with written_whole(path) as temporary, self.held, self._in_words():
            self._must_be_open()
            copy = sqlite3.connect(temporary, isolation_level=None)
            try:
                self._connection.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")
            finally:
                copy.close()

    def close(self) -> None:
        """Fold the journal into the one file and let others write it. Closing twice is fine."""
        try:
            if self._open:
                self._open = False
                with self.held:
                    if not self.read_only:
                        with suppress(sqlite3.Error):  # a reader is still there: the WAL file stays
                            self._connection.execute("PRAGMA busy_timeout = 200")
                            self._connection.execute("PRAGMA wal_checkpoint (TRUNCATE)")
                            self._connection.execute("PRAGMA journal_mode = DELETE")
                    self._connection.close()
        finally:
            if self._writer is not None:
                self._writer.release()
                self._writer = None

    def _must_be_open(self) -> None:
        if not self._open:
            raise GleamError("The case is closed.", "Open it again.")

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        name = clean_text(self.path.name)
        try:
            yield
        except sqlite3.Error as error:
            text = str(error)
            if "full" in text:
                raise GleamError(
                    f"The disk with the case {name} is full.",
                    "Free some space and do it again; what was there before is safe.",
                ) from error
            if "locked" in text or "busy" in text:
                raise GleamError(
                    f"Another program keeps the case {name} busy.", "Try again in a moment."
                ) from error
            if isinstance(error, sqlite3.OperationalError):
                raise GleamError(
                    f"The case {name} could not be used: {clean_text(text)}.",
                    "Check that its disk is there and may be written.",
                ) from error
            if isinstance(error, (sqlite3.IntegrityError, sqlite3.ProgrammingError)):
                raise  # a defect of ours
            raise _damaged(self.path) from error


def create(path: Path, facts: dict[str, Any]) -> None:
    """Make an empty case file, whole. Raises GleamError if there is a file already, or none can be."""
    if path.exists():
        raise GleamError(
            f"There is a file {clean_text(path.name)} already.", "Choose another name, or open it."
        )
    with written_whole(path) as temporary:
        connection = sqlite3.connect(temporary, isolation_level=None)
        try:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
            connection.executescript(f"BEGIN; {TABLES} COMMIT;")
            names, marks = ", ".join(facts), ", ".join("?" * len(facts))
            connection.execute(
                f"INSERT INTO facts (id, {names}) VALUES (1, {marks})", list(facts.values())
            )
        finally:
            connection.close()


def check_header(path: Path) -> None:
    """Raise GleamError unless the file says of itself that it is a case that we can read.

    Looked at before SQLite sees the file, so that no other database is ever opened.
    """
    name = clean_text(path.name)
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except FileNotFoundError:
        raise GleamError(f"There is no case {name}.", "Check the name and the folder.") from None
    except IsADirectoryError:
        raise GleamError(f"{name} is a folder, not a case.", "Choose a case file.") from None
    except OSError as error:
        raise disk_trouble(error) from None
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        raise GleamError(f"{name} is not a case.", f"Choose a file that ends in {SUFFIX}.")
    version, application = struct.unpack_from(">I4xI", header, 60)
    if application != APPLICATION_ID:
        raise GleamError(f"{name} is not a case.", f"Choose a file that ends in {SUFFIX}.")
    if version > VERSION:
        raise GleamError(
            f"The case {name} was made by a newer version of the program.",
            "Update the program, then open it again.",
        )
    if version != VERSION:
        raise _damaged(path)


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A temporary name in the same folder, swapped in at the end; removed if anything goes wrong."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".tmp")
    except OSError as error:
        raise _not_written(path, error.strerror or str(error)) from None
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        with temporary.open("r+b") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)  # noqa: PTH105
    except OSError as error:
        raise _not_written(path, error.strerror or str(error)) from None
    except sqlite3.Error as error:
        raise _not_written(path, str(error)) from None
    finally:
        temporary.unlink(missing_ok=True)


def _not_written(path: Path, reason: str) -> GleamError:
    return GleamError(
        f"{clean_text(path.name)} could not be written to {clean_text(path.parent)}: "
        f"{clean_text(reason)}.",
        "Choose another folder, or free some space.",
    )


def _damaged(path: Path) -> GleamError:
    return GleamError(
        f"The case {clean_text(path.name)} is damaged or incomplete.",
        "Copy it again from where it came, or open a copy made earlier.",
    )


def _expected_layout() -> list[str]:
    connection = sqlite3.connect(":memory:")
    try:
        connection.executescript(TABLES)
        rows = connection.execute("SELECT sql FROM sqlite_schema WHERE sql NOT NULL")
        return sorted(row[0] for row in rows)
    finally:
        connection.close()
