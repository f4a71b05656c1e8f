"""The bar in which a panel says what went wrong and what to do."""

import traceback
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
)

from gleam_app.errors import GleamError, disk_trouble
from gleam_app.ui.buttons import link_button, tool_button
from gleam_app.ui.icons import bind_icon
from gleam_app.ui.messages.translate import in_words
from gleam_app.ui.strings import bind_text, language, tr
from gleam_app.ui.theme import SPACE_1, SPACE_2, SPACE_3, mono_font


class Notice(QFrame):
    """Hidden until there is something to say; stays until closed or cleared."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "notice")
        self.message = _selectable()
        self.hint = _selectable()
        self.hint.setProperty("role", "secondary")
        self._sign = QLabel()
        bind_icon(
            self._sign,
            lambda icon: self._sign.setPixmap(icon.pixmap(16, 16)),
            "triangle-alert",
            "contradicted",
        )
        close = tool_button("x", "notice.close")
        close.clicked.connect(self.clear)
        self._details = QPlainTextEdit()
        self._details.setReadOnly(True)
        self._details.setTabChangesFocus(True)
        bind_text(self._details, self._details.setAccessibleName, "notice.details")
        self._details.setFont(mono_font(11))
        self._details.setMaximumHeight(120)
        self._fold = link_button("notice.details")
        self._fold.clicked.connect(self._toggle)
        self._copy = link_button("notice.copy")
        self._copy.clicked.connect(self._copy_all)

        self._error: BaseException | None = None
        self._remedy: tuple[str, Callable[[], None]] | None = None
        self.remedy = QPushButton()
        self.remedy.clicked.connect(self._do_remedy)

        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.message)
        words.addWidget(self.hint)
        links = QHBoxLayout()
        links.setSpacing(SPACE_3)
        links.addWidget(self._fold)
        links.addWidget(self._copy)
        links.addStretch(1)
        words.addLayout(links)
        words.addWidget(self.remedy, 0, Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout()
        row.setSpacing(SPACE_2)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_3, SPACE_2, SPACE_1, SPACE_2)
        column.addLayout(row)
        column.addWidget(self._details)
        language.changed.connect(self._write)
        self.hide()

    def show_error(
        self, error: BaseException, remedy: tuple[str, Callable[[], None]] | None = None
    ) -> None:
        """Say what is wrong and what to do; a defect shows its traceback under Details.

        ``remedy``: the key of its words, and what does it.
        """
        self._error, self._remedy = error, remedy
        self.remedy.setVisible(remedy is not None)
        defect = not isinstance(error, GleamError)
        details = "".join(traceback.format_exception(error)) if defect else ""
        self._details.setPlainText(details)
        self._details.hide()
        self._fold.setVisible(bool(details))
        self._write()
        self.show()

    @property
    def speaks(self) -> bool:
        """Whether there is something to say, be it hidden just now or not."""
        return self._error is not None

    def clear(self) -> None:
        self._error = self._remedy = None
        self.hide()

    def _write(self) -> None:
        """The error's words in the language in use."""
        if self._error is None:
            return
        message, hint = _words(self._error)
        self.message.setText(message)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        if self._remedy is not None:
            self.remedy.setText(tr(self._remedy[0]))

    def _do_remedy(self) -> None:
        if self._remedy is not None:
            self._remedy[1]()

    def _toggle(self) -> None:
        self._details.setVisible(self._details.isHidden())

    def _copy_all(self) -> None:
        parts = (self.message.text(), self.hint.text(), self._details.toPlainText())
        QGuiApplication.clipboard().setText("\n".join(part for part in parts if part))


def _words(error: BaseException) -> tuple[str, str]:
    if isinstance(error, OSError):
        error = disk_trouble(error)
    if isinstance(error, GleamError):
        return in_words(error)
    return tr("notice.unexpected"), tr("notice.unexpected.hint")


def _selectable() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)  # messages quote file names: never markup
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
