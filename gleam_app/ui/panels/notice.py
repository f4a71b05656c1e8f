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
from gleam_app.ui.strings import tr
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
        self._details.setFont(mono_font(11))
        self._details.setMaximumHeight(120)
        self._fold = link_button("notice.details")
        self._fold.clicked.connect(self._toggle)
        self._copy = link_button("notice.copy")
        self._copy.clicked.connect(self._copy_all)

        self._remedy: Callable[[], None] | None = None
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
        self.hide()

    def show_error(
        self, error: BaseException, remedy: tuple[str, Callable[[], None]] | None = None
    ) -> None:
        """Say what is wrong and what to do; a defect shows its traceback under Details.

        ``remedy``: the key of its words, and what does it.
        """
        self._remedy = remedy[1] if remedy is not None else None
        self.remedy.setVisible(remedy is not None)
        if remedy is not None:
            self.remedy.setText(tr(remedy[0]))
        if isinstance(error, GleamError):
            self.message.setText(str(error))
            self.hint.setText(error.hint)
            details = ""
        else:
            known = disk_trouble(error) if isinstance(error, OSError) else None
            self.message.setText(str(known) if known else tr("notice.unexpected"))
            self.hint.setText(known.hint if known else tr("notice.unexpected.hint"))
            details = "".join(traceback.format_exception(error))
        self.hint.setVisible(bool(self.hint.text()))
        self._details.setPlainText(details)
        self._details.hide()
        self._fold.setVisible(bool(details))
        self.show()

    def clear(self) -> None:
        self.hide()

    def _do_remedy(self) -> None:
        if self._remedy is not None:
            self._remedy()

    def _toggle(self) -> None:
        self._details.setVisible(self._details.isHidden())

    def _copy_all(self) -> None:
        parts = (self.message.text(), self.hint.text(), self._details.toPlainText())
        QGuiApplication.clipboard().setText("\n".join(part for part in parts if part))


def _selectable() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)  # messages quote file names: never markup
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
