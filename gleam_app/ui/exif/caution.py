"""The line under the picture that speaks up where the file contradicts the candidate."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from gleam_app.ui.exif.facts import FileFacts
from gleam_app.ui.exif.sentences import check_sentence
from gleam_app.ui.icons import bind_icon
from gleam_app.ui.strings import language
from gleam_app.ui.theme import SPACE_2


class Contradiction(QWidget):
    """Hidden while file and candidate fit, nothing can be compared, or ``told`` is checked: the page tells it."""

    def __init__(self, facts: FileFacts, told: QAction) -> None:
        super().__init__()
        self._facts, self._told = facts, told
        self._sign, self.words = QLabel(), QLabel()
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setProperty("role", "caption")
        self.words.setProperty("tone", "bad")
        self.words.setWordWrap(True)
        self._sign.setFixedWidth(18)
        self._sign.setContentsMargins(0, 1, 0, 0)
        bind_icon(
            self,
            lambda icon: self._sign.setPixmap(icon.pixmap(14, 14)),
            "triangle-alert",
            "contradicted",
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_2)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.words, 1)
        facts.changed.connect(self.refresh)
        told.toggled.connect(self.refresh)
        language.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Speak up, or hide."""
        check = self._facts.check
        self.setVisible(self._facts.contradicts and not self._told.isChecked())
        if check is not None and not check.agrees:
            self.words.setText(check_sentence(check, self._facts.rank, self._facts.units))
