"""The bar in which one writes or pastes a position, with what was understood beside it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from gleam_app.ui.buttons import link_button, tool_button
from gleam_app.ui.goto.reading import Inside, Reading, read
from gleam_app.ui.panels.frame import ElidedLabel
from gleam_app.ui.strings import bind_text, language
from gleam_app.ui.theme import SPACE_1, SPACE_2

BAR_PX, FIELD_PX, MOST_CHARACTERS = 36, 232, 200


class GoToBar(QWidget):
    """``wanted``: lat and lon; ``emptied``: Enter in an empty field."""

    wanted = Signal(float, float)
    emptied = Signal()
    closed = Signal()

    def __init__(self, inside: Inside) -> None:
        super().__init__()
        self._inside = inside
        self.setObjectName("goto")
        self.setProperty("role", "strip-below")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(BAR_PX)
        bind_text(self, self.setAccessibleName, "goto.title")
        self.field = QLineEdit()
        self.field.setMaxLength(MOST_CHARACTERS)
        self.field.setMinimumWidth(FIELD_PX)
        bind_text(self.field, self.field.setPlaceholderText, "goto.placeholder")
        bind_text(self.field, self.field.setAccessibleName, "goto.title")
        self.words = ElidedLabel()
        self.words.setProperty("role", "secondary")
        self.swap = link_button("goto.swap")
        self.go = QPushButton()
        bind_text(self.go, self.go.setText, "goto.go")
        close = tool_button("x", "goto.close")
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE_2, 0, SPACE_1, 0)
        row.setSpacing(SPACE_2)
        row.addWidget(self.field)
        row.addWidget(self.words, 1)
        for part in (self.swap, self.go, close):
            row.addWidget(part)
        self.field.textChanged.connect(self.refresh)
        self.field.returnPressed.connect(self._enter)
        self.go.clicked.connect(self._enter)
        self.swap.clicked.connect(self._swap)
        close.clicked.connect(self.closed)
        language.changed.connect(self.refresh)
        self.reading = Reading()
        self.refresh()
        self.hide()

    def open(self) -> None:
        """Ready to paste over what was there."""
        self.show()
        self.field.setFocus()
        self.field.selectAll()
        self.refresh()

    def refresh(self) -> None:
        """Say what the text means."""
        self.reading = read(self.field.text(), self._inside)
        bad = bool(self.reading.trouble)
        self.words.setText(self.reading.trouble or self.reading.words)
        self.words.setProperty("tone", "bad" if bad else "")
        self.field.setProperty("bad", bad)
        for widget in (self.words, self.field):
            widget.style().polish(widget)
        self.field.setAccessibleDescription(self.words.text())
        self.swap.setVisible(self.reading.other is not None)
        self.go.setEnabled(self.reading.position is not None)

    def _enter(self) -> None:
        if self.reading.position is not None:
            self.wanted.emit(*self.reading.position)
        elif not self.field.text().strip():
            self.emptied.emit()

    def _swap(self) -> None:
        if self.reading.other is not None:
            lat, lon = self.reading.other
            self.field.setText(f"{lat:.9g}, {lon:.9g}")
            self._enter()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)
