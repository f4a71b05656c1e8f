"""What the analyst decides, writes and sorts: each step can be undone and redone, after reopening too.

A step is a list of columns with their values before and after; undoing puts the former back. A new
step after some were undone drops these, as editors do; the history keeps all of it.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from gleam_app.cases.codec import safe_text
from gleam_app.cases.database import Database
from gleam_app.cases.journal import Journal
from gleam_app.cases.model import OPEN, REJECTED, Decision
from gleam_app.errors import GleamError
from gleam_app.imagery.views import View

_OF_CASE = ("title", "note")
_OF_QUERY = ("position", "view", "heading_deg", "decision", "note", "tags", "removed")
MAX_TEXT = 100_000
MAX_TAG = 60


class Edits:
    """The edits of one open case. ``name`` of a step is one of: title, case_note, note, tags, accept,
    reject, reopen, order, view, heading, remove."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database, self._journal = database, journal

    # ---- the case -------------------------------------------------------------------------------

    def set_title(self, title: str) -> None:
        title = _text(title, 200)
        self._step("title", [(None, "title", title)], value=title)

    def set_case_note(self, note: str) -> None:
        self._step("case_note", [(None, "note", _text(note))], value=note[:200])

    # ---- queries --------------------------------------------------------------------------------

    def set_note(self, query: int, note: str) -> None:
        self._step("note", [(query, "note", _text(note))], value=note[:200])

    def tag(
        self, queries: Sequence[int], add: Iterable[str] = (), remove: Iterable[str] = ()
    ) -> None:
        """Add and remove tags of several queries in one step; they are kept sorted, each once."""
        more = {tag for tag in (_text(one, MAX_TAG).strip() for one in add) if tag}
        less = set(remove)
        with self._database.held:
            changes = []
            for query in queries:
                tags = (set(json.loads(self._value(query, "tags"))) | more) - less
                changes.append((query, "tags", json.dumps(sorted(tags))))
            self._step("tags", changes, add=sorted(more), remove=sorted(less))

    def accept(self, query: int, rank: int) -> None:
        """Accept a candidate of the query's last run. Raises GleamError if it has none of that rank."""
        row = self._database.row(
            "SELECT run, rank, lat, lon, radius_m FROM candidate"
            " WHERE rank = ? AND run = (SELECT run FROM query WHERE id = ?)",
            (rank, query),
        )
        if row is None:
            raise GleamError(f"The query has no candidate {rank}.", "Locate it first.")
        self._decide("accept", [query], Decision("accepted", *row))

    def accept_point(
        self, query: int, lat: float, lon: float, radius_m: float | None = None
    ) -> None:
        """Accept a place that no candidate names, in degrees WGS 84. Raises GleamError off the globe."""
        if not (abs(lat) <= 90.0 and abs(lon) <= 180.0):
            raise GleamError("That is not a position.", "Latitude first, both in degrees.")
        self._decide("accept", [query], Decision("accepted", None, None, lat, lon, radius_m))

    def reject(self, queries: Sequence[int]) -> None:
        """None of the candidates is the place."""
        self._decide("reject", queries, REJECTED)

    def reopen(self, queries: Sequence[int]) -> None:
        """Nothing is decided after all."""
        self._decide("reopen", queries, OPEN)

    def set_view(self, queries: Sequence[int], view: View | None) -> None:
        """What kind of pictures they are; None: to be guessed. Holds from the next locating on."""
        self._step("view", [(query, "view", view) for query in queries], value=view)

    def set_heading(self, query: int, heading_deg: float | None) -> None:
        """The bearing of the picture's up direction, degrees clockwise from north, if known."""
        value = None if heading_deg is None else float(heading_deg) % 360.0
        self._step("heading", [(query, "heading_deg", value)], value=value)

    def remove(self, queries: Sequence[int]) -> None:
        """Take queries off the list; what was found stays in the file, and undoing brings it back."""
        self._step("remove", [(query, "removed", 1) for query in queries])

    def reorder(self, queries: Sequence[int]) -> None:
        """Put these queries, all of the list or some, into this order, in the places they hold."""
        with self._database.held:
            places = sorted(self._value(query, "position") for query in queries)
            self._step("order", [(q, "position", p) for q, p in zip(queries, places, strict=True)])

    # ---- undo and redo --------------------------------------------------------------------------

    @property
    def undo_name(self) -> str:
        """Name of the step that ``undo`` would take back; empty if there is none."""
        row = self._next_undo()
        return row["name"] if row else ""

    @property
    def redo_name(self) -> str:
        """Name of the step that ``redo`` would do again; empty if there is none."""
        row = self._next_redo()
        return row["name"] if row else ""

    def undo(self) -> str:
        """Take the last step back; its name, or empty if there was none."""
        with self._database.held:
            return self._move(self._next_undo(), "before", undone=1)

    def redo(self) -> str:
        """Do the step again that was taken back last; its name, or empty if there was none."""
        with self._database.held:
            return self._move(self._next_redo(), "after", undone=0)

    def _next_undo(self) -> sqlite3.Row | None:
        return self._database.row(
            "SELECT id, name FROM action WHERE undone = 0 ORDER BY id DESC LIMIT 1"
        )

    def _next_redo(self) -> sqlite3.Row | None:
        return self._database.row(
            "SELECT id, name FROM action WHERE undone = 1 ORDER BY id LIMIT 1"
        )

    def _move(self, action: sqlite3.Row | None, side: str, undone: int) -> str:
        if action is None:
            return ""
        what = "undo" if undone else "redo"
        edits = self._database.rows("SELECT * FROM edit WHERE action = ?", (action["id"],))
        queries = sorted({edit["query"] for edit in edits if edit["query"] is not None})
        with self._journal.change(what, queries, step=action["name"]) as connection:
            for edit in edits:
                _put(connection, edit["query"], edit["field"], edit[side])
            connection.execute("UPDATE action SET undone = ? WHERE id = ?", (undone, action["id"]))
        return str(action["name"])

    # ---- one step -------------------------------------------------------------------------------

    def _decide(self, name: str, queries: Sequence[int], decision: Decision) -> None:
        document = decision_json(decision)
        changes = [(query, "decision", document) for query in queries]
        self._step(name, changes, **json.loads(document))

    def _step(
        self, name: str, changes: Sequence[tuple[int | None, str, Any]], **parameters: Any
    ) -> None:
        """Change the columns and remember what was there; nothing where nothing would change.

        ``parameters`` tell the history what the step was.
        """
        with self._database.held:
            edits = [
                (query, field, before, after)
                for query, field, after in changes
                if (before := self._value(query, field)) != after
            ]
            if edits:
                self._write(name, edits, parameters)

    def _write(
        self, name: str, edits: list[tuple[int | None, str, Any, Any]], parameters: dict[str, Any]
    ) -> None:
        queries = [query for query, *_ in edits if query is not None]
        with self._journal.change(name, queries, **parameters) as connection:
            connection.execute("DELETE FROM action WHERE undone = 1")
            action = connection.execute("INSERT INTO action (name) VALUES (?)", (name,)).lastrowid
            for query, field, before, after in edits:
                connection.execute(
                    "INSERT INTO edit VALUES (?, ?, ?, ?, ?)", (action, query, field, before, after)
                )
                _put(connection, query, field, after)

    def _value(self, query: int | None, field: str) -> Any:
        if query is None:
            row = self._database.row(f"SELECT {field} FROM facts")
        else:
            row = self._database.row(f"SELECT {field} FROM query WHERE id = ?", (query,))
        if row is None:
            raise GleamError("That query is not in the case.")
        return row[0]


def _put(connection: sqlite3.Connection, query: int | None, field: str, value: Any) -> None:
    """Set one editable column. The name comes from the file on undo, so it is held against the list."""
    if field not in (_OF_CASE if query is None else _OF_QUERY):
        raise sqlite3.DatabaseError(f"no such field: {field}")
    if query is None:
        connection.execute(f"UPDATE facts SET {field} = ?", (value,))
    else:
        connection.execute(f"UPDATE query SET {field} = ? WHERE id = ?", (value, query))


def decision_json(decision: Decision) -> str:
    """A decision as it is kept."""
    return json.dumps({k: v for k, v in asdict(decision).items() if v is not None})


def decision_of(document: str) -> Decision:
    """A kept decision."""
    return Decision(**json.loads(document))


def _text(text: str, limit: int = MAX_TEXT) -> str:
    return safe_text(text)[:limit]
