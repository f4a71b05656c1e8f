"""The manager: every tile set with its sign and what can be done, or the card that adds imagery."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QMenu, QStackedWidget, QWidget

from gleam_app.ui.buttons import tool_button
from gleam_app.ui.lengths import lengths
from gleam_app.ui.panels.frame import EmptyState, Panel, rows_and_scroller
from gleam_app.ui.panels.notice import Notice
from gleam_app.ui.session import Session
from gleam_app.ui.strings import bind_text, language, tr
from gleam_app.ui.theme import theme
from gleam_app.ui.tile_sets.add_page import AddPage
from gleam_app.ui.tile_sets.adding import Adding
from gleam_app.ui.tile_sets.entries import Entry, size_text
from gleam_app.ui.tile_sets.library import TileSets
from gleam_app.ui.tile_sets.row import SetRow

ROWS_AT_ONCE = 4  # made in one turn of the event loop: a long list must not hold it up


class TileSetPanel(Panel):
    """Shows the library's entries. ``asked``: (what, name), as the rows say it.

    ``files_wanted`` and ``folder_wanted``: imagery is to be chosen, for the tile set named, or for a new
    one.
    """

    asked = Signal(str, str)
    files_wanted = Signal()
    folder_wanted = Signal()
    closed = Signal()

    def __init__(self, library: TileSets, adding: Adding, session: Session) -> None:
        super().__init__("sets.title", "tile_sets")
        self._library, self._session = library, session
        self._unfolded = ""
        self.on_map: frozenset[str] = frozenset()
        self.rows: dict[str, SetRow] = {}
        self._build_header()
        self.empty = EmptyState(
            "layers", "sets.empty.title", "sets.empty.text", "sets.add", outline=True
        )
        assert self.empty.button is not None
        self.empty.button.setMenu(self._source_menu(self.empty.button))
        self.card = AddPage(adding)
        self.card.closed.connect(self.show_list)
        self.card.more_files.connect(self.files_wanted)
        self.card.more_folders.connect(self.folder_wanted)
        self._column, self.list = rows_and_scroller()
        self.stack = QStackedWidget()
        for page in (self.empty, self.list, self.card):
            self.stack.addWidget(page)
        self.body.addWidget(self.stack, 1)
        library.listed.connect(self.refresh)
        library.failed.connect(lambda place, error: self.refresh())  # a box ticked in vain
        library.builds.changed.connect(self._refresh_row)
        library.builds.ended.connect(lambda name, outcome: self.refresh())
        session.tile_sets_changed.connect(self.refresh)
        for changed in (language.changed, theme.changed, lengths.changed):
            changed.connect(self.refresh)
        self.refresh()

    def _build_header(self) -> None:
        self.back = tool_button("arrow-left", "add.back")
        self.back.clicked.connect(self.show_list)
        self.back.hide()
        self.header.insertWidget(0, self.back)
        self.add = tool_button("plus", "sets.add", "text")
        self.add.setPopupMode(self.add.ToolButtonPopupMode.InstantPopup)
        self.add.setMenu(self._source_menu(self.add))
        self.header.addWidget(self.add)
        close = tool_button("x", "sets.close")
        close.clicked.connect(self.closed)
        self.header.addWidget(close)

    def _source_menu(self, owner: QWidget) -> QMenu:
        menu = QMenu(owner)
        for key, signal in (("add.files", self.files_wanted), ("add.folder", self.folder_wanted)):
            action = menu.addAction("")
            bind_text(action, action.setText, key)
            action.triggered.connect(signal)
        return menu

    # ---- the two faces --------------------------------------------------------------------------

    @property
    def adding(self) -> bool:
        """Whether the card is shown."""
        return self.stack.currentWidget() is self.card

    def show_card(self, join: str = "") -> None:
        """The card for the sources of ``Adding``."""
        if not self.adding:
            self.card.begin(join)
            self.stack.setCurrentWidget(self.card)
            self.card.scroller.verticalScrollBar().setValue(0)
        self._show_face()
        self.card.start.setFocus()

    def show_list(self) -> None:
        """The tile sets; what was to be added is forgotten."""
        was_adding = self.adding
        self.stack.setCurrentWidget(self.list)
        if was_adding:
            self.card.adding.clear()
        self.refresh()

    def unfold(self, name: str) -> None:
        """Show the details of one tile set, or of none."""
        self._unfolded = "" if name == self._unfolded else name
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._library.refresh(check=True)

    def notice_of(self, name: str) -> Notice:
        """Where to say what went wrong with a tile set: the panel's own place if nothing of it stays."""
        row = self.rows.get(name)
        stays = row is not None and self._library.entry(name) is not None
        return row.notice if row is not None and stays else self.notice

    # ---- rows -----------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Rows for what is there and what is being built."""
        entries = self._library.with_builds()
        self.card.show_entries(entries)
        names = [entry.name for entry in entries]
        for name in [name for name in self.rows if name not in names]:
            row = self.rows.pop(name)
            self._column.removeWidget(row)
            row.deleteLater()
        fresh = 0
        for place, entry in enumerate(entries):
            if entry.name not in self.rows:
                fresh += 1
                if fresh > ROWS_AT_ONCE:
                    QTimer.singleShot(0, self, self.refresh)
                    break
            row = self.rows.get(entry.name) or self._new_row(entry.name)
            if self._column.indexOf(row) != place:
                self._column.insertWidget(place, row)
            self._show_row(row, entry)
        if not self.adding:
            self.stack.setCurrentWidget(self.list if entries else self.empty)
        self._show_face()

    def _new_row(self, name: str) -> SetRow:
        row = self.rows[name] = SetRow(name)
        row.asked.connect(
            lambda what: self.unfold(name) if what == "unfold" else self.asked.emit(what, name)
        )
        return row

    def _refresh_row(self, name: str) -> None:
        row = self.rows.get(name)
        entry = next((one for one in self._library.with_builds() if one.name == name), None)
        if row is None or entry is None:
            self.refresh()
        else:
            self._show_row(row, entry)

    def _show_row(self, row: SetRow, entry: Entry) -> None:
        row.show_state(
            entry,
            self._library.builds.of(entry.name),
            in_use=entry.name in self._session.tile_set_names,
            on_map=entry.name in self.on_map,
            unfolded=entry.name == self._unfolded,
        )

    def show_on_map(self, names: frozenset[str]) -> None:
        """Which tile sets are outlined on the map."""
        self.on_map = names
        self.refresh()

    def _show_face(self) -> None:
        self.back.setVisible(self.adding)
        self.add.setVisible(not self.adding)
        self.title.setText(tr("add.title" if self.adding else "sets.title"))
        entries = self._library.entries
        total = sum(entry.disk_bytes for entry in entries)
        counted = tr("sets.count", count=len(entries), size=size_text(total))
        self.detail.setText(counted if total and not self.adding else "")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.adding:
            self.show_list()
        else:
            super().keyPressEvent(event)
