"""Every command of the review window in one table: actions, buttons and the list of keys come from it."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from gleam_app.ui.strings import bind_text


@dataclass(frozen=True)
class Command:
    """``keys`` are alternatives, the first is shown. ``when``: "always", or in a blind review before
    ("judging") or after ("reading") the reviewer has said match or not."""

    id: str
    keys: tuple[str, ...]
    when: str = "always"


COMMANDS: tuple[Command, ...] = (
    Command("accept", ("Return", "Enter", "Ctrl+Return", "Ctrl+Enter"), "reading"),
    *(Command(f"reject_{number}", (str(number),), "reading") for number in range(1, 7)),
    Command("label", ("L",), "reading"),
    Command("scope", ("O",), "reading"),
    Command("edit_en", ("E",), "reading"),
    Command("edit_zh", ("C",), "reading"),
    Command("restore", ("R",), "reading"),
    Command("note", ("T",), "reading"),
    Command("leave", ("Esc",)),
    Command("match", ("M",), "judging"),
    Command("different", ("D",), "judging"),
    Command("align", ("A",)),
    Command("skip", ("S",)),
    Command("undo", ("U",)),
    Command("previous", ("P", "Ctrl+PgUp")),
    Command("next", ("N", "Ctrl+PgDown")),
    Command("shortcuts", ("F1",)),
    Command("language", ("Ctrl+Shift+L",)),
    Command("theme", ("Ctrl+Shift+T",)),
)


def make_actions(window: QWidget, handlers: dict[str, Callable[[], object]]) -> dict[str, QAction]:
    """An action for every command, on the window. A command without a handler is a mistake.

    Keys without Ctrl do nothing while a text is being written: the text takes them.
    """
    if handlers.keys() != {command.id for command in COMMANDS}:
        raise ValueError("commands and handlers differ")
    actions = {}
    for command in COMMANDS:
        action = QAction(window)
        action.setObjectName(command.id)
        action.setShortcuts([QKeySequence(keys) for keys in command.keys])
        action.setAutoRepeat(False)
        bind_text(action, action.setText, f"review.{command.id}")
        handler = handlers[command.id]
        action.triggered.connect(lambda *_, handler=handler: handler())
        window.addAction(action)
        actions[command.id] = action
    return actions


def shown_key(action: QAction) -> str:
    """The key to write on a button."""
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    return "⏎" if keys == "Return" else keys
