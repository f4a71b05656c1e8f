"""A plain list of the keys of some actions, for windows without settings of their own."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QWidget

from gleam_app.ui.strings import tr
from gleam_app.ui.theme import SPACE_2, SPACE_4, SPACE_5, mono_font


class ShortcutList(QDialog):
    """One line a command; made anew each time, so it is always true."""

    def __init__(self, actions: Iterable[QAction], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("shortcuts.title"))
        grid = QGridLayout(self)
        grid.setContentsMargins(SPACE_5, SPACE_4, SPACE_5, SPACE_4)
        grid.setHorizontalSpacing(SPACE_5)
        grid.setVerticalSpacing(SPACE_2)
        for row, action in enumerate(one for one in actions if not one.shortcut().isEmpty()):
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            pressed = QLabel(keys)
            pressed.setFont(mono_font())
            pressed.setProperty("role", "secondary")
            grid.addWidget(QLabel(action.text().rstrip("…")), row, 0)
            grid.addWidget(pressed, row, 1, Qt.AlignmentFlag.AlignRight)
