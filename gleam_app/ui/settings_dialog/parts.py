"""What the pages are built of: titled rows of a label, its hint and a control."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from gleam_app.ui.buttons import ChoiceBox
from gleam_app.ui.strings import bind_text, language, tr
from gleam_app.ui.theme import SPACE_1, SPACE_2, SPACE_3, SPACE_4, SPACE_5

CONTROL_PX = 230


class Page(QScrollArea):
    """One page. ``refresh`` is called each time it comes up."""

    def __init__(self, title_key: str) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        inside.setObjectName("page")
        self.column = QVBoxLayout(inside)
        self.column.setContentsMargins(SPACE_5, SPACE_4, SPACE_5, SPACE_5)
        self.column.setSpacing(SPACE_3)
        title = text_label(title_key, "empty-title")
        self.column.addWidget(title)
        self.setWidget(inside)
        bind_text(self, self.setAccessibleName, title_key)

    def refresh(self) -> None:
        """What may have changed meanwhile."""

    def end(self) -> None:
        """No more rows."""
        self.column.addStretch(1)

    def add_heading(self, key: str) -> QLabel:
        label = text_label(key, "heading")
        label.setContentsMargins(0, SPACE_2, 0, 0)
        self.column.addWidget(label)
        return label

    def add_text(self, key: str) -> QLabel:
        label = text_label(key, "secondary")
        self.column.addWidget(label)
        return label

    def add_row(self, key: str, control: QWidget, hint: QLabel | None = None) -> None:
        """``key``'s words at the left, with ``hint`` under them, and the control at the right."""
        name = text_label(key)
        name.setBuddy(control)
        bind_text(control, control.setAccessibleName, key)
        words = QVBoxLayout()
        words.setSpacing(SPACE_1 // 2)
        words.addWidget(name)
        if hint is not None:
            words.addWidget(hint)
        row = QHBoxLayout()
        row.setSpacing(SPACE_4)
        row.addLayout(words, 1)
        row.addWidget(control, 0, Qt.AlignmentFlag.AlignTop)
        self.column.addLayout(row)


def text_label(key: str = "", role: str = "", **values: object) -> QLabel:
    """A label of plain text that wraps; bound to ``key`` if it is given."""
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    if role:
        label.setProperty("role", role)
    if key:
        bind_text(label, label.setText, key)
    return label


class Choice(ChoiceBox):
    """One of several values; words given by key, or as they are where they hold no dot."""

    def __init__(self, options: Mapping[str, str], chosen: Callable[[str], None]) -> None:
        super().__init__()
        self._options = dict(options)
        self.setFixedWidth(CONTROL_PX)
        for value in self._options:
            self.addItem("", value)
        _Rewording(self, self._name_items)
        self.activated.connect(lambda row: chosen(str(self.itemData(row))))

    def show_value(self, value: str) -> None:
        self.setCurrentIndex(max(0, self.findData(value)))

    def _name_items(self) -> None:
        for row, words in enumerate(self._options.values()):
            self.setItemText(row, tr(words) if "." in words else words)


class _Rewording(QObject):
    """Calls ``apply`` now and whenever the language changes; goes with its parent."""

    def __init__(self, owner: QObject, apply: Callable[[], None]) -> None:
        super().__init__(owner)
        self._apply = apply
        language.changed.connect(self._reword)
        apply()

    def _reword(self) -> None:
        self._apply()


def reword(owner: QObject, apply: Callable[[], None]) -> None:
    """Keep what ``apply`` writes in the language in use."""
    _Rewording(owner, apply)
