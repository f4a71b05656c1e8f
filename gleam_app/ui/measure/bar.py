"""The bar above the map while one measures: what is measured, the figures, and what can be done."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QWidget

from gleam_app.ui.buttons import tool_button
from gleam_app.ui.measure.tape import Mode
from gleam_app.ui.panels.frame import ElidedLabel
from gleam_app.ui.strings import bind_text
from gleam_app.ui.theme import SPACE_1, SPACE_2, SPACE_3

BAR_PX = 36


class MeasureBar(QWidget):
    """Hidden until one measures."""

    mode_chosen = Signal(str)
    taken_back = Signal()
    cleared = Signal()
    copy_wanted = Signal()
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("measure")
        self.setProperty("role", "strip-below")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(BAR_PX)
        bind_text(self, self.setAccessibleName, "measure.title")
        self.readout = ElidedLabel()
        self.readout.setProperty("role", "strong")
        self._modes: dict[Mode, QToolButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE_2, 0, SPACE_1, 0)
        row.setSpacing(SPACE_1)
        group = QButtonGroup(self)
        for mode in ("distance", "area"):
            button = self._modes[mode] = self._mode_button(mode)
            group.addButton(button)
            row.addWidget(button)
        row.addSpacing(SPACE_3)
        row.addWidget(self.readout, 1)
        self.buttons: dict[str, QToolButton] = {}
        for name, icon, signal in (
            ("take_back", "undo-2", self.taken_back),
            ("clear", "refresh-cw", self.cleared),
            ("copy", "copy", self.copy_wanted),
            ("close", "x", self.closed),
        ):
            made = self.buttons[name] = tool_button(icon, f"measure.{name}")
            made.clicked.connect(signal)
            row.addWidget(made)
        self.hide()

    def _mode_button(self, mode: Mode) -> QToolButton:
        button = QToolButton()
        button.setCheckable(True)
        bind_text(button, button.setText, f"measure.{mode}_mode")
        button.clicked.connect(lambda: self.mode_chosen.emit(mode))
        return button

    def show_state(self, mode: Mode, text: str, points: int, measured: bool) -> None:
        """``text``: the figures, or what to do; ``measured``: whether there are any."""
        self._modes[mode].setChecked(True)
        self.readout.setText(text)
        self.buttons["take_back"].setEnabled(points > 0)
        self.buttons["clear"].setEnabled(points > 0)
        self.buttons["copy"].setEnabled(measured)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)
