"""The line under the toolbar: work to go on with, or that the case cannot be changed."""

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton

from gleam_app.ui.buttons import tool_button
from gleam_app.ui.icons import bind_icon
from gleam_app.ui.panels.frame import ElidedLabel
from gleam_app.ui.strings import tr
from gleam_app.ui.theme import SPACE_1, SPACE_2, SPACE_3


class CaseBar(QFrame):
    """One sentence and what can be done about it; hidden while there is nothing to say."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "notice")
        self._icon = QLabel()
        self.words = ElidedLabel()
        self.button = QPushButton()
        self.button.clicked.connect(self._press)
        self._act: Callable[[], object] = self.hide
        self.close_button = tool_button("x", "case.close")
        self.close_button.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE_3, SPACE_1, SPACE_2, SPACE_1)
        row.setSpacing(SPACE_2)
        row.addWidget(self._icon)
        row.addWidget(self.words, 1)
        row.addWidget(self.button)
        row.addWidget(self.close_button)
        self.hide()

    def say(self, icon: str, words: str, button_key: str, act: Callable[[], object]) -> None:
        """``words`` may quote titles: they are shown as plain text."""
        bind_icon(
            self._icon, lambda made: self._icon.setPixmap(made.pixmap(16, 16)), icon, "secondary"
        )
        self.words.setText(words)
        self.button.setText(tr(button_key))
        self._act = act
        self.show()

    def _press(self) -> None:
        self.hide()
        self._act()
