"""Which keys run which command: what the person chose in place of the table's, and who else has them."""

from typing import Any, cast

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeySequence

from gleam_app.ui.commands import COMMANDS
from gleam_app.ui.preferences import Preferences

_TABLE = {command.id: command.keys for command in COMMANDS}
# Without a modifier these move about, write and choose; taken away, the window could not be used.
_NEEDED = {
    Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Tab,
    Qt.Key.Key_Backtab, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_Backspace,
    Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown,
}  # fmt: skip


class Shortcuts:
    """Keys are written as Qt writes them for files ("Ctrl+Shift+L"); empty: none."""

    def __init__(self, preferences: Preferences) -> None:
        self._preferences = preferences

    @property
    def chosen(self) -> dict[str, str]:
        """By command, where they are not those of the table."""
        return dict(self._preferences.settings.choices.shortcuts)

    def keys(self, command: str) -> str:
        return self.chosen.get(command, _TABLE[command])

    def is_changed(self, command: str) -> bool:
        return command in self.chosen

    def holder(self, command: str, keys: str) -> str:
        """The other command that has these keys; empty: none."""
        wanted = QKeySequence(keys)
        if wanted.isEmpty():
            return ""
        others = (one for one in _TABLE if one != command)
        return next((one for one in others if QKeySequence(self.keys(one)) == wanted), "")

    def assign(self, command: str, keys: str) -> None:
        """Give it these keys; whoever had them has none any more."""
        chosen = self.chosen
        for other in [one for one in _TABLE if self.holder(command, keys) == one]:
            chosen[other] = ""
        chosen[command] = keys
        self._keep(chosen)

    def reset(self, command: str) -> None:
        """Back to the keys of the table."""
        self.assign(command, _TABLE[command])

    def reset_all(self) -> None:
        self._preferences.choose_keys({})

    def _keep(self, chosen: dict[str, str]) -> None:
        differing = {
            command: keys
            for command, keys in chosen.items()
            if command in _TABLE and QKeySequence(keys) != QKeySequence(_TABLE[command])
        }
        self._preferences.choose_keys(differing)


def is_needed(keys: str) -> bool:
    """Whether these keys must stay with lists and fields."""
    sequence = QKeySequence(keys)
    if sequence.isEmpty():
        return False
    first = cast(QKeyCombination, cast(Any, sequence)[0])
    plain = first.keyboardModifiers() in (
        Qt.KeyboardModifier.NoModifier,
        Qt.KeyboardModifier.ShiftModifier,
    )
    return plain and first.key() in _NEEDED


def native(keys: str) -> str:
    """As the desktop writes them."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
