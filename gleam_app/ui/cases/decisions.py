"""What the analyst decides and writes, as steps of the case that can be undone."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from gleam_app.ui.cases.desk import Desk
from gleam_app.ui.session import Session
from gleam_app.ui.strings import tr

if TYPE_CHECKING:
    from gleam_app.cases.edits import Edits


class Decisions(QObject):
    """Each acts on the query that is shown, or on those ``chosen`` says. ``said``: what was undone."""

    said = Signal(str)

    def __init__(self, desk: Desk, session: Session, chosen: Callable[[], Sequence[int]]) -> None:
        super().__init__(desk)
        self._desk, self._session, self._chosen = desk, session, chosen

    def accept(self) -> None:
        """The selected candidate is the place."""
        query, rank = self._session.query_id, self._session.rank
        if query is not None and rank is not None:
            self._edit(lambda edits: edits.accept(query, rank))

    def reject(self) -> None:
        """None of the candidates is."""
        self._of_chosen(lambda edits, queries: edits.reject(queries))

    def reopen(self) -> None:
        """Nothing is decided after all."""
        self._of_chosen(lambda edits, queries: edits.reopen(queries))

    def remove(self) -> None:
        """Take the chosen queries off the list; undo brings them back."""
        self._of_chosen(lambda edits, queries: edits.remove(queries))

    def locate_again(self) -> None:
        """Let the chosen queries wait to be located once more."""
        queries = list(self._chosen())
        if queries:
            self._desk.run(lambda case: case.queue(queries))

    def write_note(self, query: int, note: str) -> None:
        self._edit(lambda edits: edits.set_note(query, note))

    def set_tags(self, query: int, before: Sequence[str], tags: Sequence[str]) -> None:
        """The tags of one query in place of those before."""
        self._edit(
            lambda edits: edits.tag([query], tags, [one for one in before if one not in tags])
        )

    def set_title(self, title: str) -> None:
        """Name the case."""
        self._edit(lambda edits: edits.set_title(title))

    def undo(self) -> None:
        self._desk.run(lambda case: case.edits.undo(), lambda name: self._say("undone", name))

    def redo(self) -> None:
        self._desk.run(lambda case: case.edits.redo(), lambda name: self._say("redone", name))

    def _say(self, what: str, name: str) -> None:
        if name:
            self.said.emit(tr(f"case.{what}", step=tr(f"step.{name}")))

    def _of_chosen(self, edit: "Callable[[Edits, Sequence[int]], None]") -> None:
        queries = list(self._chosen())
        if queries:
            self._edit(lambda edits: edit(edits, queries))

    def _edit(self, edit: "Callable[[Edits], None]") -> None:
        self._desk.run(lambda case: edit(case.edits))
