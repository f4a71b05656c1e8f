"""The queries of the case: a list that sorts and filters, and folds into a strip of thumbnails."""

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtWidgets import QListView, QMenu, QStackedWidget, QWidget

from gleam_app.ui.buttons import tool_button
from gleam_app.ui.cases.batch import Batch
from gleam_app.ui.cases.batch_strip import BatchStrip
from gleam_app.ui.cases.list_menu import fill_list_menu, show_all
from gleam_app.ui.cases.listing import RECORD_ROLE, ListedQueries, QueryModel
from gleam_app.ui.cases.queries import Queries
from gleam_app.ui.cases.row import QueryRow
from gleam_app.ui.cases.thumbs import Thumbs
from gleam_app.ui.icons import bind_icon
from gleam_app.ui.panels.frame import EmptyState, Panel
from gleam_app.ui.session import Session
from gleam_app.ui.strings import bind_text, language, tr
from gleam_app.ui.theme import SPACE_2, SPACE_3, theme

FOLDED_PX = 54
LEAST_PX, MOST_PX = 188, 420


class QueriesPanel(Panel):
    """``query_chosen``: (id, name) is to be shown. ``fold_changed``: it is folded, or no longer."""

    query_chosen = Signal(int, str)
    fold_changed = Signal(bool)
    menu_wanted = Signal(QPoint)

    def __init__(self, queries: Queries, batch: Batch, thumbs: Thumbs, session: Session) -> None:
        super().__init__("queries.title", "queries")
        self._queries, self._session = queries, session
        self.folded = False
        self._touched = False
        self.model = QueryModel(queries, thumbs)
        self.listed = ListedQueries(self.model)
        self._build_header()
        self._row = QueryRow(self)
        self.list = self._build_list()
        self.strip = BatchStrip(batch, queries, session)
        self.empty = EmptyState("images", "queries.empty.title", "queries.empty.text", outline=True)
        self.none = EmptyState("list-filter", "queries.none_shown", "queries.all", "queries.all")
        self.none.text.hide()
        assert self.none.button is not None
        self.none.button.clicked.connect(lambda: show_all(self.listed, self._show_face))
        self.stack = QStackedWidget()
        for page in (self.empty, self.none, self.list):
            self.stack.addWidget(page)
        self.body.addWidget(self.strip)
        self.body.addWidget(self.stack, 1)
        session.query_changed.connect(self._show_current)
        session.tile_sets_changed.connect(self.strip.refresh)
        queries.listed.connect(self._take)
        for changed in (language.changed, theme.changed):
            changed.connect(self._show_face)
        self.fold(True)

    def _build_header(self) -> None:
        self._menu_button = tool_button("list-filter", "queries.menu")
        self._menu_button.setPopupMode(self._menu_button.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self._menu_button)
        menu.aboutToShow.connect(lambda: fill_list_menu(menu, self.listed, self._show_face))
        self._menu_button.setMenu(menu)
        self._fold = tool_button("panel-left-close", "queries.fold")
        self._fold.clicked.connect(lambda: self.fold(not self.folded, by_hand=True))
        self.header.addWidget(self._menu_button)
        self.header.addWidget(self._fold)

    def _build_list(self) -> QListView:
        view = QListView()
        view.setModel(self.listed)
        view.setItemDelegate(self._row)
        view.setMouseTracking(True)
        view.setUniformItemSizes(True)
        view.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(
            lambda at: self.menu_wanted.emit(view.viewport().mapToGlobal(at))
        )
        bind_text(view, view.setAccessibleName, "queries.title")
        view.selectionModel().currentChanged.connect(self._choose)
        return view

    # ---- folding --------------------------------------------------------------------------------

    def fold(self, folded: bool, by_hand: bool = False) -> None:
        """To a strip of thumbnails, or back. ``by_hand``: from now on it is not done unasked."""
        self._touched |= by_hand
        self.folded = self._row.folded = folded
        for part in (self.title, self.help, self.detail, self._menu_button):
            part.setVisible(not folded)
        self.notice.setVisible(self.notice.speaks and not folded)  # a strip has no room for it
        side = SPACE_3 if not folded else SPACE_2
        self.header.setContentsMargins(side, 0, SPACE_2, 0)
        self.setMinimumWidth(FOLDED_PX if folded else LEAST_PX)
        self.setMaximumWidth(FOLDED_PX if folded else MOST_PX)
        icon = "panel-left-open" if folded else "panel-left-close"
        bind_icon(self._fold, self._fold.setIcon, icon, "secondary")
        self.list.setUniformItemSizes(False)  # forget the height they had
        self.list.setUniformItemSizes(True)
        self.list.setVerticalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAlwaysOff
            if folded
            else Qt.ScrollBarPolicy.ScrollBarAsNeeded
        )
        self.list.scheduleDelayedItemsLayout()
        self._show_face()
        self.fold_changed.emit(folded)

    # ---- what is shown --------------------------------------------------------------------------

    def _take(self) -> None:
        several = len(self._queries.records) > 1
        if not self._touched and several == self.folded:
            self.fold(not several)
        self._show_face()
        self._show_current()

    def _show_face(self) -> None:
        count, shown = len(self._queries.records), self.listed.rowCount()
        page: QWidget = self.list
        if not self.folded and not count:
            page = self.empty
        elif not self.folded and not shown:
            page = self.none
        self.stack.setCurrentWidget(page)
        self.strip.refresh()
        self.strip.setVisible(not self.folded and self._queries.waiting > 0)
        filtered = self.listed.filter.active
        key = "queries.shown" if filtered else "queries.count"
        self.detail.setText(tr(key, shown=shown, count=count) if count else "")
        role = "accent" if filtered else "secondary"
        bind_icon(self._menu_button, self._menu_button.setIcon, "list-filter", role)
        tip = tr("queries.unfold" if self.folded else "queries.fold")
        self._fold.setToolTip(tip)
        self._fold.setAccessibleName(tip)
        self.list.viewport().update()

    def _show_current(self) -> None:
        """The row of the query that is shown; the others that are chosen stay so."""
        index = self.listed.index_of(self._session.query_id)
        selection = self.list.selectionModel()
        if index == self.list.currentIndex() and (
            selection.isSelected(index) or not index.isValid()
        ):
            return
        blocked = selection.blockSignals(True)
        self.list.clearSelection()
        self.list.setCurrentIndex(index)
        selection.blockSignals(blocked)
        if index.isValid():
            self.list.scrollTo(index)
        self.list.viewport().update()

    # ---- choosing -------------------------------------------------------------------------------

    def _choose(self, current: QModelIndex, _: QModelIndex) -> None:
        record = current.data(RECORD_ROLE) if current.isValid() else None
        if record is not None and record.id != self._session.query_id:
            self.query_chosen.emit(record.id, record.name)

    def choose_next(self, step: int) -> None:
        """The query ``step`` rows further down, staying inside the list."""
        rows = self.listed.rowCount()
        if rows:
            row = self.list.currentIndex().row() + step
            index = self.listed.index(max(0, min(row, rows - 1)), 0)
            self.list.selectionModel().setCurrentIndex(
                index, QItemSelectionModel.SelectionFlag.ClearAndSelect
            )
            self.list.scrollTo(index)

    def chosen(self) -> list[int]:
        """The queries that are selected, else the one that is shown."""
        several = [index.data(RECORD_ROLE).id for index in self.list.selectedIndexes()]
        shown = self._session.query_id
        if len(several) > 1:
            return several
        return [] if shown is None else [shown]
