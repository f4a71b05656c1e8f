"""One line on what happened, the report to look at, and a button that saves it."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gleam_app.ui.buttons import link_button
from gleam_app.ui.panels.notice import Notice
from gleam_app.ui.strings import bind_text, tr
from gleam_app.ui.theme import SPACE_3, SPACE_4, mono_font

FILE_NAME = "gleam-report.txt"
WIDTH, REPORT_HEIGHT = 560, 260


class CrashDialog(QDialog):
    """Not modal: work goes on behind it. ``save_wanted``: the report is to be written to this file."""

    save_wanted = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        bind_text(self, self.setWindowTitle, "crash.title")
        self.setMinimumWidth(WIDTH)
        self.message, self.hint = QLabel(), QLabel()
        self.message.setProperty("role", "strong")
        self.hint.setProperty("role", "secondary")
        bind_text(self.hint, self.hint.setText, "crash.hint")
        for label in (self.message, self.hint):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self.unfold = link_button("crash.show")
        self.unfold.clicked.connect(self._toggle)
        self.report = QPlainTextEdit()
        self.report.setReadOnly(True)
        self.report.setFont(mono_font())
        self.report.setMinimumHeight(REPORT_HEIGHT)
        bind_text(self.report, self.report.setAccessibleName, "crash.show")
        self.report.hide()
        self.notice = Notice()
        self.save, self.go_on = QPushButton(), QPushButton()
        bind_text(self.save, self.save.setText, "crash.save")
        bind_text(self.go_on, self.go_on.setText, "crash.go_on")
        self.save.clicked.connect(self.ask_where)
        self.go_on.clicked.connect(self.close)
        self.go_on.setProperty("role", "primary")
        self.go_on.setDefault(True)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.save)
        buttons.addWidget(self.go_on)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_4, SPACE_4, SPACE_4, SPACE_4)
        column.setSpacing(SPACE_3)
        for part in (self.message, self.hint, self.unfold, self.report, self.notice):
            column.addWidget(part)
        column.addLayout(buttons)

    def say(self, message: str) -> None:
        """What happened; its report comes a moment later."""
        self.message.setText(message)
        self.report.setPlainText(tr("crash.preparing"))
        self.save.setEnabled(False)
        self.notice.clear()

    def show_report(self, text: str) -> None:
        self.report.setPlainText(text)
        self.save.setEnabled(True)

    def _toggle(self) -> None:
        self.report.setVisible(self.report.isHidden())
        self.adjustSize()

    def ask_where(self) -> None:
        """A dialog for the report's file."""
        start = str(Path.home() / FILE_NAME)
        kind = f"{tr('crash.filter')} (*.txt)"
        name, _ = QFileDialog.getSaveFileName(self, tr("crash.save.title"), start, kind)
        if name:
            self.save_wanted.emit(name)
