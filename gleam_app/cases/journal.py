"""Every change of a case: one transaction, one line of history, one call to who listens."""

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from gleam_app.cases.codec import plain
from gleam_app.cases.database import Database
from gleam_app.cases.model import Change, HistoryEntry

log = logging.getLogger(__name__)


def now() -> str:
    """This moment: UTC, ISO 8601, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Journal:
    """Writes changes. Listeners are called after the commit, on the thread that made the change; they
    return at once (a window queues the call to its own thread)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.listeners: list[Callable[[Change], None]] = []

    @contextmanager
    def change(
        self, what: str, queries: Sequence[int] = (), **parameters: Any
    ) -> Iterator[sqlite3.Connection]:
        """The transaction of one change; ``queries`` may be a list that is filled inside."""
        with self._database.transaction() as connection:
            yield connection
            self._write(connection, what, queries, parameters)
        self.tell(Change(what, tuple(queries)))

    def record(self, what: str, query: int | None = None, **parameters: Any) -> None:
        """Note an action that changes nothing in the case: an export, a search that was stopped."""
        with self._database.transaction() as connection:
            self._write(connection, what, [] if query is None else [query], parameters)

    def tell(self, change: Change) -> None:
        """Tell the listeners; one that fails must not undo what is committed."""
        for listener in list(self.listeners):
            try:
                listener(change)
            except Exception:
                log.exception("a listener of the case failed")

    def entries(self, query: int | None = None, limit: int | None = None) -> list[HistoryEntry]:
        """The history, oldest first; of one query, or the newest ``limit`` entries."""
        where, values = ("", []) if query is None else ("WHERE query = ?", [query])
        rows = self._database.rows(
            f"SELECT * FROM history {where} ORDER BY id DESC LIMIT ?",
            [*values, -1 if limit is None else limit],
        )
        return [
            HistoryEntry(
                row["id"], row["at"], row["what"], row["query"], json.loads(row["document"])
            )
            for row in reversed(rows)
        ]

    def _write(
        self,
        connection: sqlite3.Connection,
        what: str,
        queries: Sequence[int],
        parameters: dict[str, Any],
    ) -> None:
        if len(queries) > 1:
            parameters = {**parameters, "queries": list(queries)}
        connection.execute(
            "INSERT INTO history (at, what, query, document) VALUES (?, ?, ?, ?)",
            (
                now(),
                what,
                queries[0] if len(queries) == 1 else None,
                json.dumps(plain(parameters)),
            ),
        )
