"""The palette itself: a field over the window with what it finds under it; keyboard first."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QListView, QVBoxLayout, QWidget

from gleam_app.ui.palette.entries import Entry, Found, find
from gleam_app.ui.palette.row import FOUND_ROLE, ROW_PX, Index, PaletteRow
from gleam_app.ui.panels.frame import ElidedLabel
from gleam_app.ui.strings import bind_text, tr
from gleam_app.ui.theme import SPACE_2, SPACE_3

WIDTH_PX, MOST_ROWS, TOP_PX = 600, 12, 56


class FoundModel(QAbstractListModel):
    """What was found, the best first."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.found: list[Found] = []

    def show(self, found: list[Found]) -> None:
        self.beginResetModel()
        self.found = found
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.found)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        one = self.found[index.row()]
        if role == FOUND_ROLE:
            return one
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            entry = one.entry
            return tr(
                "palette.accessible",
                title=entry.title,
                kind=entry.why or entry.kind,
                keys=entry.keys,
            )
        return None


class Palette(QFrame):
    """``entries(typed)`` gives what can be found; ``recent`` what was run lately, and ``remember`` keeps
    what is run now.
    """

    def __init__(
        self,
        window: QWidget,
        entries: Callable[[str], Sequence[Entry]],
        recent: Callable[[], Sequence[str]],
        remember: Callable[[str], None],
    ) -> None:
        super().__init__(window)
        self._window, self._entries = window, entries
        self._recent, self._remember = recent, remember
        self._before: QWidget | None = None
        self.setProperty("role", "palette")
        bind_text(self, self.setAccessibleName, "palette.title")
        self.field = QLineEdit()
        bind_text(self.field, self.field.setPlaceholderText, "palette.hint")
        bind_text(self.field, self.field.setAccessibleName, "palette.hint")
        self.field.textChanged.connect(self._search)
        self.field.installEventFilter(self)
        self.model = FoundModel(self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(PaletteRow(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        bind_text(self.list, self.list.setAccessibleName, "palette.title")
        self.list.entered.connect(self.list.setCurrentIndex)
        self.list.clicked.connect(lambda index: self._run(index))
        self.none = ElidedLabel()
        self.none.setProperty("role", "secondary")
        self.none.setContentsMargins(SPACE_3, SPACE_2, SPACE_3, SPACE_2)
        foot = QLabel()
        foot.setProperty("role", "caption")
        foot.setContentsMargins(SPACE_3, 6, SPACE_3, 6)
        bind_text(foot, foot.setText, "palette.keys")
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        for part in (self.field, self.list, self.none, foot):
            column.addWidget(part)
        self.hide()

    def open(self) -> None:
        """Come up empty, over the window; opened again, go away."""
        if self.isVisible():
            self.leave()
            return
        self._before = self._window.focusWidget()
        self._window.installEventFilter(self)
        self.field.clear()
        self._search("")
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def leave(self) -> None:
        """Go, and give the keyboard back to where it was."""
        self._window.removeEventFilter(self)
        self.hide()
        if self._before is not None:
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)
        self._before = None

    def _search(self, typed: str) -> None:
        found = find(typed, self._entries(typed), self._recent())
        self.model.show(found)
        self.list.setVisible(bool(found))
        self.none.setVisible(not found)
        self.none.setText(tr("palette.nothing", typed=typed.strip()))
        self.list.setFixedHeight(min(len(found), MOST_ROWS) * ROW_PX + SPACE_3)
        if found:
            self.list.setCurrentIndex(self.model.index(0))
            self.list.scrollToTop()
        self._place()

    def _place(self) -> None:
        width = min(WIDTH_PX, self._window.width() - 2 * SPACE_3)
        self.setFixedWidth(width)
        self.adjustSize()
        self.move((self._window.width() - width) // 2, TOP_PX)

    def _run(self, index: QModelIndex) -> None:
        if not index.isValid():
            return
        entry: Entry = index.data(FOUND_ROLE).entry
        if entry.why:
            return  # the line itself says what is missing
        self.leave()
        self._remember(entry.id)
        QTimer.singleShot(0, self, entry.run)  # not before the keyboard is back where it was

    # ---- keyboard -------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window:
            if event.type() == QEvent.Type.Resize:
                self._place()
            return False
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Escape, *_MOVES):
                event.accept()  # ours, not a command's
            return False
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._press(event)
        if event.type() == QEvent.Type.FocusOut and self.isVisible():
            QTimer.singleShot(0, self, self._leave_if_left)
        return False

    def _press(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            self.leave()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run(self.list.currentIndex())
        elif key in _MOVES:
            self._move(_MOVES[key])
        else:
            return False
        return True

    def _move(self, step: int) -> None:
        rows = self.model.rowCount()
        if rows:
            row = self.list.currentIndex().row() + step
            row = row % rows if abs(step) == 1 else max(0, min(row, rows - 1))
            self.list.setCurrentIndex(self.model.index(row))

    def _leave_if_left(self) -> None:
        """The person went on elsewhere."""
        focus = self._window.focusWidget()
        if self.isVisible() and focus is not self.field and self._window.isActiveWindow():
            self._before = None
            self.leave()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()  # not for what lies under it


_MOVES = {
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Tab: 1,
    Qt.Key.Key_Backtab: -1,
    Qt.Key.Key_PageDown: MOST_ROWS - 1,
    Qt.Key.Key_PageUp: 1 - MOST_ROWS,
}
