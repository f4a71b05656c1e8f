"""Under the candidates: what is decided about the query, its note and its tags."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from gleam_app.ui.buttons import tool_button
from gleam_app.ui.cases.decisions import Decisions
from gleam_app.ui.cases.signs import decision_sign
from gleam_app.ui.commands import Commands
from gleam_app.ui.icons import bind_icon, icon_pixmap, icon_size
from gleam_app.ui.panels.frame import ElidedLabel
from gleam_app.ui.session import Session
from gleam_app.ui.strings import bind_text, language, tr
from gleam_app.ui.theme import SPACE_1, SPACE_2, SPACE_3, theme

if TYPE_CHECKING:
    from gleam_app.cases.model import QueryRecord


class Field(QLineEdit):
    """One line that is taken over with Enter or when left; Esc takes it back."""

    written = Signal(str)

    def __init__(self, key: str) -> None:
        super().__init__()
        self._before = ""
        bind_text(self, self.setPlaceholderText, key)
        bind_text(self, self.setAccessibleName, key)
        self.editingFinished.connect(self._finish)

    def show_text(self, text: str) -> None:
        """What is kept, unless something else is being written."""
        if self.text() == self._before or not self.hasFocus():
            self.setText(text)
            self.setCursorPosition(0)
        self._before = text

    def _finish(self) -> None:
        if self.text() != self._before:
            self._before = self.text()
            self.written.emit(self.text())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.setText(self._before)
            self.clearFocus()
        else:
            super().keyPressEvent(event)
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.clearFocus()


class DecisionBar(QWidget):
    """Follows the session's record; shown while there is one."""

    def __init__(self, session: Session, decisions: Decisions, commands: Commands) -> None:
        super().__init__()
        self.setProperty("role", "strip")
        self._session, self._decisions, self._commands = session, decisions, commands
        self._shown: int | None = None
        self._sign, self.word = QLabel(), ElidedLabel()
        self.accept = self._button("accept", "check")
        self.reject = self._button("reject", "circle-x")
        self.reopen = self._button("reopen", "undo-2")
        bind_text(self.reject, self.reject.setText, "decision.reject")
        bind_text(self.reopen, self.reopen.setText, "decision.reopen")
        self.note, self.tags = Field("decision.note"), Field("decision.tags")
        self.note.written.connect(self._write_note)
        self.tags.written.connect(self._write_tags)
        self.write = tool_button("notebook-pen", "decision.write")
        self.write.setCheckable(True)
        self.write.toggled.connect(self._unfold)
        self._fields = QWidget()
        first, second = QHBoxLayout(), QHBoxLayout(self._fields)
        second.setContentsMargins(0, 0, 0, 0)
        first.setSpacing(SPACE_1)
        for part in (self._sign, self.word):
            first.addWidget(part, int(part is self.word))
        for button in (self.accept, self.reject, self.reopen):
            first.addWidget(button)
        first.addWidget(self.write)
        second.setSpacing(SPACE_2)
        second.addWidget(self.note, 3)
        second.addWidget(self.tags, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_3, SPACE_2, SPACE_3, SPACE_2)
        column.setSpacing(SPACE_2)
        column.addLayout(first)
        column.addWidget(self._fields)
        session.record_changed.connect(self.refresh)
        session.candidate_selected.connect(self.refresh)
        session.activity_changed.connect(self.refresh)
        language.changed.connect(self.refresh)
        theme.changed.connect(self.refresh)
        self.refresh()

    def _button(self, command: str, icon: str) -> QPushButton:
        button = QPushButton()
        button.setIconSize(icon_size() * 0.75)
        bind_icon(button, button.setIcon, icon, "secondary")
        action = self._commands[command]
        button.clicked.connect(action.trigger)
        return button

    def write_in(self, field: Field) -> None:
        """Let the person write there."""
        self.write.setChecked(True)
        field.setFocus()
        field.selectAll()

    def _unfold(self, unfolded: bool) -> None:
        self._fields.setVisible(unfolded)
        if unfolded and self.isVisible():
            self.note.setFocus()

    def refresh(self) -> None:
        """Show what is decided, and what can be."""
        session, record = self._session, self._session.record
        self.setVisible(record is not None)
        if record is None:
            self._shown = None
            return
        if record.id != self._shown:  # what was being written belongs to the one before
            for field in (self.note, self.tags):
                field.clearFocus()
            self._shown = record.id
            self._unfold_for(record)
        decision = record.decision
        shown = decision_sign(record)
        self._sign.setVisible(shown is not None)
        if shown is not None:
            ratio = self.devicePixelRatioF()
            self._sign.setPixmap(icon_pixmap(shown.icon, shown.colour, 16, ratio))
        if decision.state == "rejected":
            words = tr("decision.rejected")
        elif decision.state == "accepted":
            same = decision.rank is not None and decision.run == record.run
            words = tr(
                "decision.accepted" if same else "decision.accepted_before", rank=decision.rank
            )
        else:
            words = ""
        self.word.setText(words)
        decided = decision.state != "open"
        this = decided and decision.rank == session.rank and decision.run == session.run
        self.accept.setText(tr("decision.accept", rank=session.rank or 1))
        self.accept.setVisible(not this)
        for name, button in (
            ("accept", self.accept),
            ("reject", self.reject),
            ("reopen", self.reopen),
        ):
            button.setEnabled(self._commands[name].isEnabled())
            keys = self._commands[name].shortcut().toString()
            words = self._commands[name].text()
            button.setToolTip(f"{words} ({keys})" if keys else words)
        self.reject.setVisible(decision.state == "open")
        self.reopen.setVisible(decided)
        self.note.show_text(record.note)
        self.tags.show_text(", ".join(record.tags))
        for field in (self.note, self.tags):
            field.setReadOnly(session.read_only)

    def _unfold_for(self, record: "QueryRecord") -> None:
        """The fields take room only where something is written."""
        blocked = self.write.blockSignals(True)
        self.write.setChecked(bool(record.note or record.tags))
        self.write.blockSignals(blocked)
        self._fields.setVisible(self.write.isChecked())

    def _write_note(self, text: str) -> None:
        if self._shown is not None:
            self._decisions.write_note(self._shown, text)

    def _write_tags(self, text: str) -> None:
        record = self._session.record
        if record is not None and record.id == self._shown:
            tags = [one.strip() for one in text.replace("，", ",").split(",") if one.strip()]
            self._decisions.set_tags(record.id, record.tags, tags)
