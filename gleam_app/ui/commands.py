"""Every command of the window in one table; menus, toolbar, shortcuts and their list come from it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from gleam_app.ui.icons import bind_icon
from gleam_app.ui.session import Session
from gleam_app.ui.strings import bind_text


def _always(_: Session) -> bool:
    return True


def _has_query(session: Session) -> bool:
    return session.query is not None


def _can_locate(session: Session) -> bool:
    return session.query is not None and bool(session.tile_sets) and not session.locating


def _is_busy(session: Session) -> bool:
    return session.locating or session.explain.running


def _has_candidate(session: Session) -> bool:
    return session.candidate is not None


def _can_explain(session: Session) -> bool:
    return _has_candidate(session) and not session.locating and not session.explain.running


def _has_queries(session: Session) -> bool:
    return session.query_count > 0


def _can_edit(session: Session) -> bool:
    return session.record is not None and not session.read_only


def _can_accept(session: Session) -> bool:
    """What is shown must be the answer that the case holds."""
    record = session.record
    known = record is not None and session.run is not None and record.run == session.run
    return known and _can_edit(session) and _has_candidate(session)


def _can_reopen(session: Session) -> bool:
    return (
        _can_edit(session)
        and session.record is not None
        and (session.record.decision.state != "open" or session.query_count > 1)
    )


@dataclass(frozen=True)
class Command:
    """``id`` names the text ``command.<id>``; an empty ``menu`` keeps it out of the menus."""

    id: str
    menu: str
    keys: str = ""
    icon: str = ""
    enabled_when: Callable[[Session], bool] = _always
    checkable: bool = False
    starts_group: bool = False


COMMANDS: tuple[Command, ...] = (
    Command("new_case", "file", "Ctrl+N"),
    Command("open_case", "file", "Ctrl+Shift+O"),
    Command("save_case", "file", "Ctrl+S", "save"),
    Command("save_case_as", "file", "Ctrl+Shift+S", "", _has_queries),
    Command("open", "file", "Ctrl+O", "folder-open", starts_group=True),
    Command("add_pictures", "file", "Ctrl+Shift+A", "images"),
    Command("add_picture_folder", "file", "Ctrl+Shift+D"),
    Command("paste", "file", "Ctrl+V", "image-plus"),
    Command("add_imagery", "file", "Ctrl+I", "file-plus", starts_group=True),
    Command("add_folder", "file", "Ctrl+Shift+I", "folder-plus"),
    Command("export", "file", "Ctrl+Shift+E", "file-output", _has_queries, starts_group=True),
    Command("save_report", "file", "Ctrl+Shift+R", "", _has_candidate),
    Command("packs", "file", "Ctrl+Shift+P", starts_group=True),
    Command("quit", "file", "Ctrl+Q", starts_group=True),
    Command("locate", "analysis", "Ctrl+L", "crosshair", _can_locate),
    Command("explain", "analysis", "Ctrl+E", "message-square-text", _can_explain),
    Command("stop", "analysis", "Esc", "square", _is_busy),
    Command("next_candidate", "analysis", "Ctrl+Down", "", _has_candidate, starts_group=True),
    Command("previous_candidate", "analysis", "Ctrl+Up", "", _has_candidate),
    Command("copy_coordinates", "analysis", "Ctrl+Shift+C", "copy", _has_candidate),
    Command("undo", "query", "Ctrl+Z", "undo-2", lambda session: bool(session.undo_name)),
    Command("redo", "query", "Ctrl+Shift+Z", "", lambda session: bool(session.redo_name)),
    Command("accept", "query", "A", "check", _can_accept, starts_group=True),
    Command("reject", "query", "R", "circle-x", _can_edit),
    Command("reopen", "query", "Shift+R", "", _can_reopen),
    Command("note", "query", "N", "notebook-pen", _can_edit),
    Command("tags", "query", "T", "", _can_edit),
    Command("next_query", "query", "Ctrl+PgDown", "", _has_queries, starts_group=True),
    Command("previous_query", "query", "Ctrl+PgUp", "", _has_queries),
    Command("batch", "query", "Ctrl+B", "play", lambda session: session.can_batch),
    Command("locate_again", "query", "Ctrl+Shift+B", "", _can_edit),
    Command("remove_query", "query", "Ctrl+Del", "trash-2", _can_edit, starts_group=True),
    Command("show_queries", "view", "Ctrl+6", checkable=True),
    Command("show_query", "view", "Ctrl+1", checkable=True),
    Command("show_candidates", "view", "Ctrl+2", checkable=True),
    Command("show_compare", "view", "Ctrl+3", checkable=True),
    Command("show_explanation", "view", "Ctrl+4", checkable=True),
    Command("show_tile_sets", "view", "Ctrl+5", "layers", checkable=True),
    Command("reset_layout", "view", "Ctrl+0"),
    Command("switch_language", "view", "Ctrl+Shift+L", "languages", starts_group=True),
    Command("switch_theme", "view", "Ctrl+Shift+T", "sun-moon"),
    Command("shortcuts", "help", "Ctrl+F1"),
    Command("guide", "help", "F1", "circle-help", starts_group=True),
    Command("tour", "help", "", "compass"),
    Command("demo", "help", "Ctrl+D", "map"),
)
MENUS = ("file", "query", "analysis", "view", "help")


class Commands(QObject):
    """The actions made from the table, enabled as the session allows."""

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self.actions: dict[str, QAction] = {}
        for command in COMMANDS:
            action = QAction(window)
            action.setObjectName(command.id)
            action.setShortcut(QKeySequence(command.keys))
            action.setCheckable(command.checkable)
            bind_text(action, action.setText, f"command.{command.id}")
            if command.icon:
                bind_icon(action, action.setIcon, command.icon)
                action.setIconVisibleInMenu(False)
            window.addAction(action)
            self.actions[command.id] = action
        session.activity_changed.connect(self.refresh)
        self.refresh()

    def __getitem__(self, command_id: str) -> QAction:
        return self.actions[command_id]

    def connect_all(self, handlers: dict[str, Callable[[], object]]) -> None:
        """Give every command what it does; one without a handler is a mistake.

        Commands that are checked and unchecked are bound to what they show.
        """
        wanted = {command.id for command in COMMANDS if not command.checkable}
        missing = wanted ^ handlers.keys()
        if missing:
            raise ValueError(f"commands and handlers differ: {sorted(missing)}")
        for command_id, handler in handlers.items():
            self.actions[command_id].triggered.connect(lambda *_, handler=handler: handler())

    def fill(self, menu: QMenu, group: str) -> None:
        """Add the group's commands to ``menu``, with its hairlines."""
        for command in COMMANDS:
            if command.menu == group:
                if command.starts_group:
                    menu.addSeparator()
                menu.addAction(self.actions[command.id])

    def refresh(self) -> None:
        for command in COMMANDS:
            self.actions[command.id].setEnabled(command.enabled_when(self._session))


def shortcut_rows(actions: Iterable[QAction]) -> list[tuple[str, str]]:
    """(title, keys) of every action that has keys, for the list of shortcuts."""
    native = QKeySequence.SequenceFormat.NativeText
    return [
        (action.text().rstrip("…"), action.shortcut().toString(native))
        for action in actions
        if not action.shortcut().isEmpty()
    ]
