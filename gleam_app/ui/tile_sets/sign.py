"""Small parts that the rooms of the manager share."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from gleam_app.ui.icons import bind_icon, icon_size
from gleam_app.ui.strings import bind_text
from gleam_app.ui.theme import SPACE_1


class Sign(QWidget):
    """An icon and its word, in one colour of the theme."""

    def __init__(self) -> None:
        super().__init__()
        self._icon, self.word = QLabel(), QLabel()
        self.word.setTextFormat(Qt.TextFormat.PlainText)
        self.word.setProperty("role", "caption")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_1)
        row.addWidget(self._icon)
        row.addWidget(self.word)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_sign(self, word: str, icon: str, token: str) -> None:
        """``token`` names the colour of the icon; the word stays readable in the text's."""
        bind_icon(self, lambda made: self._icon.setPixmap(made.pixmap(14, 14)), icon, token)
        self.word.setText(word)


def action_button(icon: str, key: str) -> QPushButton:
    """A quiet button with an icon and a word."""
    button = QPushButton()
    button.setProperty("role", "quiet")
    button.setIconSize(icon_size() * 0.75)
    bind_icon(button, button.setIcon, icon, "secondary")
    bind_text(button, button.setText, key)
    return button


def caption(text: str = "") -> QLabel:
    """A small secondary line of plain text."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", "caption")
    label.setWordWrap(True)
    return label
