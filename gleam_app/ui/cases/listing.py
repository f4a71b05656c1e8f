"""The queries as a list that Qt shows, sorts and filters."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)

from gleam_app.ui.cases.queries import Queries
from gleam_app.ui.cases.signs import VERDICTS, confidence, second_line, state_sign
from gleam_app.ui.cases.thumbs import Thumbs
from gleam_app.ui.strings import tr

if TYPE_CHECKING:
    from gleam_app.cases.model import QueryRecord

Index = QModelIndex | QPersistentModelIndex
SortBy = Literal["order", "name", "confidence", "verdict"]
RECORD_ROLE = Qt.ItemDataRole.UserRole
IMAGE_ROLE = Qt.ItemDataRole.UserRole + 1
PLACE_ROLE = Qt.ItemDataRole.UserRole + 2


class QueryModel(QAbstractListModel):
    """A row a query, in the analyst's order."""

    def __init__(self, queries: Queries, thumbs: Thumbs) -> None:
        super().__init__(queries)
        self._thumbs = thumbs
        self._queries = queries
        self.records: tuple[QueryRecord, ...] = ()
        queries.listed.connect(self._take)
        thumbs.made.connect(self._show_images)

    def _take(self) -> None:
        before, now = self.records, self._queries.records
        if [one.id for one in before] != [one.id for one in now]:
            self.beginResetModel()
            self.records = now
            self.endResetModel()
            return
        self.records = now
        for row, (old, new) in enumerate(zip(before, now, strict=True)):
            if old != new:
                if old.size is None and new.size is not None:
                    self._thumbs.forget(new.id)
                self.dataChanged.emit(self.index(row), self.index(row))

    def _show_images(self, ids: list[int]) -> None:
        wanted = set(ids)
        for row, record in enumerate(self.records):
            if record.id in wanted:
                self.dataChanged.emit(self.index(row), self.index(row), [IMAGE_ROLE])

    def row_of(self, query: int | None) -> int:
        return next((row for row, one in enumerate(self.records) if one.id == query), -1)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.records)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        record = self.records[index.row()]
        if role == RECORD_ROLE:
            return record
        if role == IMAGE_ROLE:
            return self._thumbs.image(record.id, record.path)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            state = f"{state_sign(record).word} {confidence(record)}".strip()
            decision = tr(f"queries.decision.{record.decision.state}")
            return tr("queries.accessible", name=record.name, state=state, decision=decision)
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tip(record)
        return None


def _tip(record: "QueryRecord") -> str:
    from html import escape

    path: Path | None = record.path
    lines = [record.name, second_line(record), str(path.parent) if path is not None else ""]
    return "<br>".join(escape(line) for line in lines if line)


@dataclass(frozen=True)
class Filter:
    """Which queries are shown. Empty sets: any."""

    verdicts: frozenset[str] = frozenset()
    decisions: frozenset[str] = frozenset()
    least: float = 0.0

    @property
    def active(self) -> bool:
        return self != Filter()

    def lets_through(self, record: "QueryRecord") -> bool:
        """``verdicts`` are verdicts, or the states ``waiting`` and ``failed``."""
        if self.verdicts and kind_of(record) not in self.verdicts:
            return False
        if self.decisions and record.decision.state not in self.decisions:
            return False
        return self.least <= 0.0 or (record.confidence or 0.0) >= self.least


def kind_of(record: "QueryRecord") -> str:
    """Its verdict, or its state while it has none that counts."""
    if record.state == "done" and record.verdict is not None:
        return record.verdict
    return "waiting" if record.state == "locating" else record.state


class ListedQueries(QSortFilterProxyModel):
    """The queries in the order and with the filter chosen."""

    def __init__(self, model: QueryModel) -> None:
        super().__init__(model)
        self.filter = Filter()
        self.sort_by: SortBy = "order"
        self.setSourceModel(model)
        self.setDynamicSortFilter(True)
        self.sort(0)

    def choose_filter(self, **changes: Any) -> None:
        self.filter = replace(self.filter, **changes)
        self.invalidate()

    def choose_order(self, sort_by: SortBy) -> None:
        self.sort_by = sort_by
        self.invalidate()
        self.sort(0)

    def ids(self) -> list[int]:
        """The queries that are shown, from the top."""
        return [self.index(row, 0).data(RECORD_ROLE).id for row in range(self.rowCount())]

    def index_of(self, query: int | None) -> QModelIndex:
        """Where a query stands; an invalid index if it is not shown."""
        source = self.sourceModel()
        assert isinstance(source, QueryModel)
        row = source.row_of(query)
        return self.mapFromSource(source.index(row)) if row >= 0 else QModelIndex()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        source = self.sourceModel()
        assert isinstance(source, QueryModel)
        return self.filter.lets_through(source.records[row])

    def lessThan(self, left: Index, right: Index) -> bool:
        a, b = left.data(RECORD_ROLE), right.data(RECORD_ROLE)
        return bool((self._key(a), left.row()) < (self._key(b), right.row()))

    def _key(self, record: "QueryRecord") -> Any:
        """Those without a verdict come last."""
        located = kind_of(record) in VERDICTS
        if self.sort_by == "name":
            return record.name.casefold()
        if self.sort_by == "confidence":
            return -(record.confidence or 0.0) if located else 1.0
        if self.sort_by == "verdict":
            return VERDICTS.index(kind_of(record)) if located else len(VERDICTS)
        return 0
