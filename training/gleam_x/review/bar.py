"""The bar below the texts: every answer as a button that shows its key, and the note."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from gleam_app.explain.wording import Lang
from gleam_app.ui.buttons import ChoiceBox
from gleam_app.ui.strings import TEXT, bind_text, tr
from gleam_app.ui.theme import SPACE_1, SPACE_2, SPACE_3
from training.gleam_x.review.keys import shown_key

_JUDGE = ("match", "different")
_MOVE = ("skip", "undo", "previous", "next")
_WRITE = ("edit_en", "edit_zh", "restore")
Scope = tuple[Lang, ...]


class NoteEdit(QLineEdit):
    """One line of free text; Enter is its own, and does not accept the pair."""

    def event(self, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            and not event.modifiers() & Qt.KeyboardModifier.ControlModifier
        ):
            event.accept()
            return True
        return super().event(event)


class AnswerBar(QWidget):
    """Buttons for the commands, the choice of texts they are about, the note."""

    scope_changed = Signal()

    def __init__(self, actions: dict[str, QAction], langs: tuple[Lang, ...]) -> None:
        super().__init__()
        self.setProperty("role", "strip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        rejects = [name for name in actions if name.startswith("reject_")]
        shown = ("accept", *rejects, "label", *_JUDGE, *_MOVE, *_WRITE)
        self.buttons = {name: _button(actions[name]) for name in shown}
        self.buttons["accept"].setProperty("role", "primary")
        self._scopes: list[Scope] = [()]
        if len(langs) > 1:
            self._scopes += [(lang,) for lang in langs]
        self._scope = ChoiceBox()
        for _ in self._scopes:
            self._scope.addItem("")
        self._scope.setVisible(len(self._scopes) > 1)
        self._scope.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._scope.currentIndexChanged.connect(lambda _: self.scope_changed.emit())
        self.note = NoteEdit()
        self.note.setMaxLength(500)
        bind_text(
            self.note,
            self.note.setPlaceholderText,
            "review.note.hint",
            lambda text: f"{text}  ({shown_key(actions['note'])})",
        )
        bind_text(self.note, self.note.setAccessibleName, "review.note")
        self._reject = QLabel()
        self._reject.setProperty("role", "secondary")
        bind_text(self._reject, self._reject.setText, "review.reject")
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_3, SPACE_2, SPACE_3, SPACE_2)
        column.setSpacing(SPACE_2)
        column.addLayout(
            self._row(
                [self.buttons[name] for name in ("accept", *_JUDGE)],
                [self._reject, *(self.buttons[name] for name in rejects)],
                [self._scope],
                [self.note],
            )
        )
        column.addLayout(
            self._row(
                [self.buttons[name] for name in _MOVE],
                [self.buttons["label"]],
                [None],
                [self.buttons[name] for name in _WRITE],
            )
        )
        self.refresh()

    @property
    def scope(self) -> Scope:
        """The languages that answers are about; none named: all."""
        return self._scopes[self._scope.currentIndex()]

    def cycle_scope(self) -> None:
        self._scope.setCurrentIndex((self._scope.currentIndex() + 1) % len(self._scopes))

    def reset_scope(self) -> None:
        self._scope.setCurrentIndex(0)

    def show_judging(self, judging: bool) -> None:
        """Either what is asked before the texts are shown, or what is asked of them."""
        for name, button in self.buttons.items():
            if name in _JUDGE:
                button.setVisible(judging)
            elif name not in _MOVE:
                button.setVisible(not judging)
        self._reject.setVisible(not judging)
        self._scope.setVisible(not judging and len(self._scopes) > 1)
        self.note.setVisible(not judging)

    def refresh(self) -> None:
        """The language changed."""
        for at, scope in enumerate(self._scopes):
            self._scope.setItemText(at, tr(f"review.only.{scope[0]}" if scope else "review.both"))

    def _row(self, *groups: Sequence[QWidget | None]) -> QHBoxLayout:
        """Groups of widgets with a gap between them; None stretches, as the note does."""
        row = QHBoxLayout()
        row.setSpacing(SPACE_1)
        for number, group in enumerate(groups):
            if number:
                row.addSpacing(SPACE_2)
            for widget in group:
                if widget is None:
                    row.addStretch(1)
                else:
                    row.addWidget(widget, int(widget is self.note))
        row.addStretch(0)  # takes the room of the note when that is hidden
        return row


def _button(action: QAction) -> QPushButton:
    button = QPushButton()
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    name = f"review.{action.objectName()}"
    key = shown_key(action)
    bind_text(button, button.setText, name, lambda text: f"{text}  {key}")
    bind_text(button, button.setAccessibleName, name)
    if f"{name}.hint" in TEXT:
        bind_text(button, button.setToolTip, f"{name}.hint")
    button.clicked.connect(action.trigger)
    action.enabledChanged.connect(button.setEnabled)
    return button
