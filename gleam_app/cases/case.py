"""A case: an analyst's work in one file. Every change is on disk before the call returns.

``case.edits`` is what the analyst decides and writes (undo, redo), ``case.answers`` what was found,
``case.journal`` the history and who listens; here are the case itself and its queries.
"""

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gleam_app import __version__
from gleam_app.cases import codec
from gleam_app.cases.answers import Answers, note_opened
from gleam_app.cases.database import Database, create
from gleam_app.cases.edits import Edits
from gleam_app.cases.journal import Journal, now
from gleam_app.cases.listing import LISTING, record_of
from gleam_app.cases.model import CaseFacts, Change, QueryRecord
from gleam_app.cases.pictures import NewPicture, find_original
from gleam_app.errors import GleamError
from gleam_app.imagery.query import Query
from gleam_app.retrieval.results import Location

_SOME = 500  # values in one statement; SQLite takes more, but not endlessly many


class Case:
    """An open case; use it from any thread. Made by ``create`` or ``open``; close it, or use ``with``.

    ``locating`` is the query that is being located just now. It is not kept: after a crash nothing is.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.journal = Journal(database)
        self.edits = Edits(database, self.journal)
        self.answers = Answers(database, self.journal)
        self.locating: int | None = None

    @classmethod
    def create(cls, path: Path, title: str = "") -> Self:
        """Make an empty case. Raises GleamError if the file is there already or cannot be written."""
        create(
            path,
            {
                "case_id": str(uuid.uuid4()),
                "created": now(),
                "software": __version__,
                "title": codec.safe_text(title or path.stem)[:200],
            },
        )
        case = cls(Database(path))
        case.journal.record("create", software=__version__)
        return case

    @classmethod
    def open(cls, path: Path, read_only: bool = False) -> Self:
        """Open a case; look at ``read_only``: it may be open elsewhere. Raises GleamError if it is none."""
        return cls(Database(path, read_only))

    @property
    def path(self) -> Path:
        return self._database.path

    @property
    def read_only(self) -> bool:
        """Whether nothing can be changed; ``why_read_only`` says why, in one sentence."""
        return self._database.read_only

    @property
    def why_read_only(self) -> str:
        return self._database.why_read_only

    @property
    def facts(self) -> CaseFacts:
        row = self._database.row(
            "SELECT *, (SELECT at FROM history WHERE what != 'export'"
            " ORDER BY id DESC LIMIT 1) AS changed FROM facts"
        )
        assert row is not None
        return CaseFacts(
            row["case_id"], row["title"], row["note"], row["created"],
            row["changed"] or row["created"], row["software"],
        )  # fmt: skip

    def save_copy(self, path: Path) -> None:
        """Write the case as it is now to another file, replacing one that is there; this one stays open."""
        self._database.copy_to(path)

    def close(self) -> None:
        """Leave one self-contained file behind, and let others write it."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # ---- queries --------------------------------------------------------------------------------

    def add(self, pictures: Iterable[NewPicture]) -> list[int]:
        """Add pictures to be located, in this order, as one change; the ids of their queries.

        A picture that is in the case already (the same bytes) is not added twice; one that had been
        removed comes back.
        """
        pictures = list(pictures)
        with self._database.held:
            known = self._known([one.sha256 for one in pictures])
            new = {one.sha256: one for one in pictures if one.sha256 not in known}
            back = [query for query, removed in known.values() if removed]
            if new or back:
                added = list(back)
                with self.journal.change("add", added) as connection:
                    row = connection.execute("SELECT max(position) FROM query").fetchone()
                    first = (row[0] or 0) + 1
                    for position, one in enumerate(new.values(), start=first):
                        known[one.sha256] = one.insert(connection, position), 0
                        added.append(known[one.sha256][0])
                    connection.executemany(
                        "UPDATE query SET removed = 0 WHERE id = ?", [(query,) for query in back]
                    )
            return [known[one.sha256][0] for one in pictures]

    def _known(self, hashes: Sequence[str]) -> dict[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        for start in range(0, len(hashes), _SOME):
            some = hashes[start : start + _SOME]
            rows = self._database.rows(
                f"SELECT sha256, id, removed FROM query WHERE sha256 IN ({_marks(some)})", some
            )
            found |= {row["sha256"]: (row["id"], row["removed"]) for row in rows}
        return found

    def queries(self, removed: bool = False) -> list[QueryRecord]:
        """Every query in the analyst's order; one statement, no pixels. ``removed`` lists those instead."""
        rows = self._database.rows(
            f"{LISTING} WHERE removed = ? ORDER BY query.position, query.id", (int(removed),)
        )
        return [record_of(row, self.locating) for row in rows]

    def query(self, query: int) -> QueryRecord:
        """One query. Raises GleamError if it is not in the case."""
        row = self._database.row(f"{LISTING} WHERE query.id = ?", (query,))
        if row is None:
            raise GleamError("That query is not in the case.")
        return record_of(row, self.locating)

    def waiting(self) -> list[int]:
        """The queries that are to be located, in the analyst's order."""
        rows = self._database.rows(
            "SELECT id FROM query WHERE queued AND NOT removed ORDER BY position, id"
        )
        return [row["id"] for row in rows]

    def queue(self, queries: Sequence[int]) -> None:
        """Have these located, again where they were; what was found stays until then."""
        with self.journal.change("queue", queries) as connection:
            connection.executemany(
                "UPDATE query SET queued = 1 WHERE id = ?", [(query,) for query in queries]
            )

    def record_failure(self, query: int, error: GleamError) -> None:
        """Note why a query could not be located; it is not tried again by itself."""
        message, hint = codec.safe_text(str(error)), codec.safe_text(error.hint)
        with self.journal.change("fail", [query], error=message) as connection:
            connection.execute(
                "UPDATE query SET queued = 0, error = ?, hint = ? WHERE id = ?",
                (message, hint, query),
            )

    def set_locating(self, query: int | None) -> None:
        """Which query is being located; listeners hear of it, the file does not."""
        before, self.locating = self.locating, query
        changed = tuple(one for one in (before, query) if one is not None)
        if changed:
            self.journal.tell(Change("locating", changed))

    # ---- pictures and answers -------------------------------------------------------------------

    def open_query(self, query: int) -> Query:
        """The picture, from the case or from its place, for the view and heading chosen.

        Raises GleamError where it is gone or is another one by now.
        """
        record = self.query(query)
        opened = find_original(self._database, record, self.path.parent)
        if not self.read_only and record.size is None:
            with self._database.transaction() as connection:
                note_opened(connection, query, opened)
        return opened

    def preview(self, query: int) -> bytes | None:
        """A JPEG of at most 1024 px a side; None until the picture was opened."""
        row = self._database.row(
            "SELECT bytes FROM picture WHERE query = ? AND kind = 'preview'", (query,)
        )
        return None if row is None else bytes(row["bytes"])

    def location(
        self, query: int, run: int | None = None, original: bool = True
    ) -> Location | None:
        """The answer that counts (or that of ``run``) as it was given; None if there is none.

        Where the picture is gone, or not ``original``, the preview stands for it, at its size.
        """
        record = self.query(query)
        run = run or record.run
        if run is None:
            return None
        picture = self._picture(record, original)
        picture = replace(picture, view=self.answers.view_of(run))
        return self.answers.location(run, picture)

    def _picture(self, record: QueryRecord, original: bool) -> Query:
        if original:
            try:
                return find_original(self._database, record, self.path.parent)
            except GleamError:
                pass
        data = self.preview(record.id)
        if data is None or record.size is None or record.exif is None:
            raise GleamError(
                f"There is no picture of {record.name} in the case.", "Locate it again."
            )
        pixels = codec.pixels_of(data, record.size)
        view = record.view or record.guessed_view or "uav"
        return Query(
            record.name, record.path, record.sha256, pixels, record.exif, view, record.view is None
        )

    # ---- where one left -------------------------------------------------------------------------

    def remember(self, name: str, value: Any) -> None:
        """Keep a JSON value for the next opening (selection, map, filters); no history, no undo.

        In a case that cannot be changed nothing happens.
        """
        if not self.read_only:
            with self._database.transaction() as connection:
                connection.execute(
                    "INSERT OR REPLACE INTO remembered VALUES (?, ?)", (name, json.dumps(value))
                )

    def recall(self, name: str, default: Any = None) -> Any:
        """What was remembered under that name."""
        row = self._database.row("SELECT document FROM remembered WHERE name = ?", (name,))
        return default if row is None else json.loads(row["document"])


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))
