"""The queries of the case as the panels show them, kept up to date with its changes."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from gleam_app.ui.cases.desk import Desk

if TYPE_CHECKING:
    from gleam_app.cases.case import Case
    from gleam_app.cases.model import Change, QueryRecord

SOON_MS = 30  # changes that come together are read together
FEW = 50
_OF_THE_LIST = frozenset({"add", "remove", "order", "undo", "redo", "queue", "create"})


class Queries(QObject):
    """``listed``: ``records`` (in the analyst's order) and the names of the next undo and redo are new."""

    listed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self.records: tuple[QueryRecord, ...] = ()
        self.by_id: dict[int, QueryRecord] = {}
        self.gone: frozenset[int] = frozenset()  # listed before and no longer
        self.title = ""
        self.undo_name = self.redo_name = ""
        self._stale: set[int] = set()
        self._all_stale = False
        self._reading = False
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self._read)
        desk.changed.connect(self._changed)
        desk.opened.connect(self._opened)

    @property
    def waiting(self) -> int:
        """How many are to be located."""
        return sum(one.state in ("waiting", "locating") for one in self.records)

    def _opened(self) -> None:
        self._all_stale = True
        if self._desk.case is None:  # a new one, not made yet
            self._stale.clear()
            self._take(([], "", "", ""), whole=True)
        else:
            self._soon.start()

    def _changed(self, change: "Change") -> None:
        self._stale.update(change.queries)
        self._all_stale |= change.what in _OF_THE_LIST or len(self._stale) > FEW
        if not self._soon.isActive():
            self._soon.start()

    def _read(self) -> None:
        if self._reading or self._desk.case is None:
            return
        whole, some = self._all_stale, sorted(self._stale)
        self._all_stale, self._stale = False, set()
        self._reading = True

        def read(case: "Case") -> "tuple[list[QueryRecord], str, str, str]":
            records = case.queries() if whole else [case.query(one) for one in some]
            return records, case.edits.undo_name, case.edits.redo_name, case.facts.title

        self._desk.run(read, lambda found: self._take(found, whole), ended=self._read_ended)

    def _read_ended(self) -> None:
        self._reading = False
        if self._stale or self._all_stale:
            self._soon.start()

    def _take(self, found: "tuple[list[QueryRecord], str, str, str]", whole: bool) -> None:
        records, self.undo_name, self.redo_name, self.title = found
        if whole:
            self.records = tuple(records)
        else:
            fresh = {one.id: one for one in records}
            self.records = tuple(fresh.get(one.id, one) for one in self.records)
        before, self.by_id = self.by_id, {one.id: one for one in self.records}
        self.gone = frozenset(before) - frozenset(self.by_id)
        self.listed.emit()
