"""The window of the pack manager: the list, and the pages behind a pack."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gleam_app.packs.connections import Connections
from gleam_app.ui.buttons import link_button, tool_button
from gleam_app.ui.incoming import dialog_filter, local_files
from gleam_app.ui.packs.library import PackLibrary
from gleam_app.ui.packs.pages import LicencePage, MeasuredPage
from gleam_app.ui.packs.progress import PackProgress
from gleam_app.ui.packs.row import PackRow
from gleam_app.ui.panels.frame import ElidedLabel, Panel, rows_and_scroller
from gleam_app.ui.panels.notice import Notice
from gleam_app.ui.strings import bind_text, language, tr
from gleam_app.ui.theme import SPACE_1, SPACE_2, SPACE_3, theme
from gleam_app.ui.tile_sets.entries import size_text
from gleam_app.ui.tile_sets.sign import caption

SIZE = (880, 680)
PACK_SUFFIXES = (".gleampack", ".gguf", ".safetensors", ".zip")


class PacksWindow(QDialog):
    """Shows the library's packs; not modal. ``tile_sets_wanted``: the manager of tile sets is asked for."""

    tile_sets_wanted = Signal()

    def __init__(self, library: PackLibrary, parent: QWidget) -> None:
        super().__init__(parent)
        self._library = library
        self._unfolded = ""
        self._fetch_when_listed = ""
        self.rows: dict[str, PackRow] = {}
        bind_text(self, self.setWindowTitle, "packs.title")
        self.setAcceptDrops(True)
        self.resize(*SIZE)
        self.panel = Panel("packs.title", "packs")
        self._build_header()
        self.installing = PackProgress()
        self.installing.asked.connect(lambda _: library.stop())
        self._column, self.list = rows_and_scroller()
        self.licence, self.measured = LicencePage(), MeasuredPage()
        self.stack = QStackedWidget()
        for page in (self.list, self.licence, self.measured):
            self.stack.addWidget(page)
        self.panel.body.addWidget(self.installing)
        self.panel.body.addWidget(self.stack, 1)
        self.panel.body.addWidget(self._build_footer())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.panel)
        library.listed.connect(self.refresh)
        library.changed.connect(self._changed)
        library.planned.connect(self._planned)
        library.failed.connect(lambda place, error: self.notice_of(place).show_error(error))
        library.begun.connect(lambda place: self.notice_of(place).clear())
        for changed in (language.changed, theme.changed):
            changed.connect(self.refresh)
        self.refresh()

    def _build_header(self) -> None:
        self.back = tool_button("arrow-left", "packs.back")
        self.back.clicked.connect(self.show_list)
        self.back.hide()
        self.install = tool_button("plus", "packs.install", "text")
        self.install.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        bind_text(self.install, self.install.setText, "packs.install")
        bind_text(self.install, self.install.setToolTip, "packs.install.hint")
        self.install.setPopupMode(self.install.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.install)
        for key, ask in (
            ("packs.install.file", self.ask_for_file),
            ("packs.install.folder", self.ask_for_folder),
        ):
            action = menu.addAction("")
            bind_text(action, action.setText, key)
            action.triggered.connect(ask)
        self.install.setMenu(menu)
        self.panel.header.insertWidget(0, self.back)
        self.panel.header.addWidget(self.install)

    def _build_footer(self) -> QWidget:
        self.space = caption()
        self.folder = ElidedLabel(Qt.TextElideMode.ElideMiddle)
        self.folder.setProperty("role", "caption")
        sets, change = link_button("packs.space.tile_sets"), link_button("packs.folder.change")
        sets.clicked.connect(self.tile_sets_wanted)
        change.clicked.connect(self.ask_for_place)
        footer = QWidget()
        footer.setProperty("role", "strip")
        footer.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(footer)
        column.setContentsMargins(SPACE_3, SPACE_2, SPACE_3, SPACE_2)
        column.setSpacing(SPACE_1)
        for words, link in ((self.space, sets), (self.folder, change)):
            link.setProperty("type", "caption")
            line = QHBoxLayout()
            line.addWidget(words, 1)
            line.addWidget(link)
            column.addLayout(line)
        return footer

    # ---- what is shown --------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the packs as they are now."""
        overview = self._library.overview
        if overview is None:
            return
        known = {entry.id for entry in overview.entries}
        for pack_id in self.rows.keys() - known:
            row = self.rows.pop(pack_id)
            row.hide()
            row.deleteLater()
        for place, entry in enumerate(overview.entries):
            row = self._row(entry.id)
            if self._column.indexOf(row) != place:
                self._column.insertWidget(place, row)
            self._show_row(entry.id)
        self.space.setText(
            tr(
                "packs.space",
                packs=size_text(overview.packs_bytes),
                tiles=size_text(overview.tiles_bytes),
                free=size_text(overview.free_bytes),
            )
        )
        self.folder.setText(tr("packs.folder", folder=overview.folder))
        wanted, self._fetch_when_listed = self._fetch_when_listed, ""
        if wanted:
            self._library.plan(wanted)

    def offer_fetch(self, pack_id: str) -> None:
        """Show the pack with what fetching it would connect to."""
        self.show_list()
        self._fetch_when_listed = pack_id

    def show_list(self) -> None:
        """Back from a page to the packs."""
        self.back.hide()
        self.panel.detail.setText("")
        self.stack.setCurrentWidget(self.list)

    def notice_of(self, pack_id: str) -> Notice:
        """Where to say what is wrong with a pack; at the top where it is about none of the list."""
        row = self.rows.get(pack_id)
        return row.notice if row is not None else self.panel.notice

    def _row(self, pack_id: str) -> PackRow:
        row = self.rows.get(pack_id)
        if row is None:
            row = self.rows[pack_id] = PackRow(pack_id)
            row.asked.connect(lambda what: self._asked(what, pack_id))
        return row

    def _show_row(self, pack_id: str) -> None:
        entry, row = self._library.entry(pack_id), self.rows.get(pack_id)
        if entry is not None and row is not None:
            row.show_state(entry, self._library.doing(pack_id), self._unfolded == pack_id)

    def _changed(self, pack_id: str) -> None:
        self._show_row(pack_id)
        task = self._library.installing
        self.installing.setVisible(task is not None)
        if task is not None:
            self.installing.show_task(task, task.title, False, False)

    def _planned(self, pack_id: str, plan: Connections) -> None:
        row = self.rows.get(pack_id)
        if row is not None:
            row.offer_fetch(plan)
            self.list.ensureWidgetVisible(row)

    # ---- what the rows ask ----------------------------------------------------------------------

    def _asked(self, what: str, pack_id: str) -> None:
        library = self._library
        if what == "unfold":
            self.unfold("" if self._unfolded == pack_id else pack_id)
        elif what in ("licence", "measured"):
            self._show_page(what, pack_id)
        else:
            actions = {
                "plan": library.plan,
                "fetch": library.fetch,
                "pause": library.pause,
                "go_on": lambda one: library.pause(one, False),
                "stop": library.stop,
                "verify": library.verify,
                "prefer": library.prefer,
                "remove": library.remove,
            }
            actions[what](pack_id)

    def unfold(self, pack_id: str) -> None:
        """Show the details of one pack, of none if empty."""
        before, self._unfolded = self._unfolded, pack_id
        for one in (before, pack_id):
            self._show_row(one)

    def _show_page(self, name: str, pack_id: str) -> None:
        entry = self._library.entry(pack_id)
        if entry is None:
            return
        page = self.licence if name == "licence" else self.measured
        page.show_pack(entry.status)
        self.panel.detail.setText(entry.status.title)
        self.back.show()
        self.stack.setCurrentWidget(page)
        self.back.setFocus()

    # ---- asking and taking ----------------------------------------------------------------------

    def ask_for_file(self) -> None:
        wanted = dialog_filter(tr("packs.install.filter"), PACK_SUFFIXES)
        names, _ = QFileDialog.getOpenFileNames(self, tr("packs.install.title"), "", wanted)
        self._library.install([Path(name) for name in names])

    def ask_for_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, tr("packs.install.title"))
        if name:
            self._library.install([Path(name)])

    def ask_for_place(self) -> None:
        """Where new packs go from now on."""
        name = QFileDialog.getExistingDirectory(self, tr("packs.folder.title"))
        if name:
            self._library.choose_folder(Path(name))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if local_files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self._library.install(local_files(event.mimeData()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.stack.currentWidget() is not self.list:
            self.show_list()
        else:
            super().keyPressEvent(event)
