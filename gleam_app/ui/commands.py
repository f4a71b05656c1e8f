"""Every command of the window in one table; menus, toolbar, shortcuts and their list come from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from gleam_app.geo.coordinates import POSITION_STYLES
from gleam_app.ui import conditions as needs
from gleam_app.ui.conditions import Missing, nothing
from gleam_app.ui.icons import bind_icon
from gleam_app.ui.session import Session
from gleam_app.ui.strings import bind_text, tr


@dataclass(frozen=True)
class Command:
    """``id`` names the text ``command.<id>``; ``menu`` is one of ``MENUS`` or ``SUB_MENUS``.

    ``keys`` are those it has until the person chooses others. ``missing`` tells why it cannot be used.
    """

    id: str
    menu: str
    keys: str = ""
    icon: str = ""
    missing: Missing = nothing
    checkable: bool = False
    starts_group: bool = False


COMMANDS: tuple[Command, ...] = (
    Command("new_case", "file", "Ctrl+N"),
    Command("open_case", "file", "Ctrl+Shift+O"),
    Command("save_case", "file", "Ctrl+S", "save"),
    Command("save_case_as", "file", "Ctrl+Shift+S", "", needs.queries),
    Command("open", "file", "Ctrl+O", "folder-open", starts_group=True),
    Command("add_pictures", "file", "Ctrl+Shift+A", "images"),
    Command("add_picture_folder", "file", "Ctrl+Shift+D"),
    Command("paste", "file", "Ctrl+V", "image-plus"),
    Command("add_imagery", "file", "Ctrl+I", "file-plus", starts_group=True),
    Command("add_folder", "file", "Ctrl+Shift+I", "folder-plus"),
    Command("export", "file", "Ctrl+Shift+E", "file-output", needs.queries, starts_group=True),
    Command("save_report", "file", "Ctrl+Shift+R", "", needs.a_candidate),
    Command("settings", "file", "Ctrl+,", "settings", starts_group=True),
    Command("packs", "file", "Ctrl+Shift+P", starts_group=True),
    Command("quit", "file", "Ctrl+Q", starts_group=True),
    Command("locate", "analysis", "Ctrl+L", "crosshair", needs.can_locate),
    Command("explain", "analysis", "Ctrl+E", "message-square-text", needs.can_explain),
    Command("stop", "analysis", "Esc", "square", needs.work),
    Command("next_candidate", "analysis", "Ctrl+Down", "", needs.a_candidate, starts_group=True),
    Command("previous_candidate", "analysis", "Ctrl+Up", "", needs.a_candidate),
    Command("show_on_map", "analysis", "Ctrl+Shift+M", "map-pin", needs.a_place),
    Command("swipe", "analysis", "S", "square-split-horizontal", needs.an_alignment),
    Command(
        "copy_coordinates", "analysis", "Ctrl+Shift+C", "copy", needs.a_place, starts_group=True
    ),
    *(Command(f"copy_{style}", "copy_as", "", "", needs.a_place) for style in POSITION_STYLES),
    Command("copy_geo", "copy_as", "", "", needs.a_place, starts_group=True),
    Command("open_elsewhere", "analysis", "", "external-link", needs.a_place),
    Command("go_to", "map", "Ctrl+G", "map-pinned"),
    Command("measure", "map", "M", "ruler", checkable=True),
    Command("all_queries", "map", "Q", "", needs.queries, checkable=True),
    Command("file_facts", "map", "I", "info", needs.a_query, checkable=True, starts_group=True),
    Command("copy_cursor", "map", "C", starts_group=True),
    Command("copy_gps", "map", "Shift+C", "", needs.a_gps_position),
    Command("undo", "query", "Ctrl+Z", "undo-2", needs.a_step_back),
    Command("redo", "query", "Ctrl+Shift+Z", "", needs.a_step_forward),
    Command("accept", "query", "A", "check", needs.can_accept, starts_group=True),
    Command("reject", "query", "R", "circle-x", needs.can_edit),
    Command("reopen", "query", "Shift+R", "", needs.can_reopen),
    Command("note", "query", "N", "notebook-pen", needs.can_edit),
    Command("tags", "query", "T", "", needs.can_edit),
    Command("next_query", "query", "Ctrl+PgDown", "", needs.queries, starts_group=True),
    Command("previous_query", "query", "Ctrl+PgUp", "", needs.queries),
    Command("batch", "query", "Ctrl+B", "play", needs.queries_waiting),
    Command("locate_again", "query", "Ctrl+Shift+B", "", needs.can_edit),
    Command("remove_query", "query", "Ctrl+Del", "trash-2", needs.can_edit, starts_group=True),
    Command("show_queries", "view", "Ctrl+6", checkable=True),
    Command("show_query", "view", "Ctrl+1", checkable=True),
    Command("show_candidates", "view", "Ctrl+2", checkable=True),
    Command("show_compare", "view", "Ctrl+3", checkable=True),
    Command("show_explanation", "view", "Ctrl+4", checkable=True),
    Command("show_tile_sets", "view", "Ctrl+5", "layers", checkable=True),
    Command("reset_layout", "view", "Ctrl+0"),
    Command("switch_language", "view", "Ctrl+Shift+L", "languages", starts_group=True),
    Command("switch_theme", "view", "Ctrl+Shift+T", "sun-moon"),
    Command("palette", "help", "Ctrl+K", "search"),
    Command("shortcuts", "help", "Ctrl+F1", "keyboard"),
    Command("guide", "help", "F1", "circle-help", starts_group=True),
    Command("tour", "help", "", "compass"),
    Command("demo", "help", "Ctrl+D", "map"),
    Command("about", "help", starts_group=True),
)
MENUS = ("file", "query", "analysis", "map", "view", "help")
SUB_MENUS = {"copy_as": "copy_coordinates"}
"""Menus inside another, and the command that they stand behind."""

CONTEXT_MENUS: dict[str, tuple[str, ...]] = {
    "candidate": (
        "accept", "reject", "", "explain", "show_on_map", "swipe", "", "copy_coordinates", "copy_as",
        "open_elsewhere",
    ),
    "query": ("locate_again", "", "reject", "reopen", "note", "tags", "", "export", "", "remove_query"),
}  # fmt: skip
"""What the right mouse button offers, by what it is pressed on: commands and sub-menus; "" is a line."""


class Commands(QObject):
    """The actions made from the table, enabled as the session allows.

    ``keys_changed``: the person chose other shortcuts.
    """

    keys_changed = Signal()

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
        """Add the group's commands to ``menu``, with its hairlines and the menus inside it."""
        for command in COMMANDS:
            if command.menu == group:
                if command.starts_group:
                    menu.addSeparator()
                menu.addAction(self.actions[command.id])
                for name, behind in SUB_MENUS.items():
                    if behind == command.id:
                        self._add_sub_menu(menu, name)

    def context_menu(self, name: str, parent: QWidget) -> QMenu:
        """One of ``CONTEXT_MENUS``, made anew; it goes when it closes."""
        menu = QMenu(parent)
        menu.aboutToHide.connect(menu.deleteLater)
        for entry in CONTEXT_MENUS[name]:
            if not entry:
                menu.addSeparator()
            elif entry in SUB_MENUS:
                self._add_sub_menu(menu, entry)
            else:
                menu.addAction(self.actions[entry])
        return menu

    def _add_sub_menu(self, menu: QMenu, name: str) -> None:
        inside = menu.addMenu("")
        bind_text(inside, inside.setTitle, f"menu.{name}")
        self.fill(inside, name)

    def refresh(self) -> None:
        for command in COMMANDS:
            self.actions[command.id].setEnabled(not command.missing(self._session))

    def why_not(self, command: Command) -> str:
        """What is missing for a command, in words; empty: it can be used."""
        missing = command.missing(self._session)
        return tr(missing) if missing else ""

    def set_keys(self, chosen: Mapping[str, str]) -> None:
        """Shortcuts by command where they are not those of the table; an empty one takes it away."""
        for command in COMMANDS:
            keys = chosen.get(command.id, command.keys)
            self.actions[command.id].setShortcut(QKeySequence(keys))
        self.keys_changed.emit()
