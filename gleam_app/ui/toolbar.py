"""The toolbar: the few commands of every minute, the tile set in use, language and theme."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMenu, QPushButton, QSizePolicy, QToolBar, QToolButton, QWidget

from gleam_app.ui.commands import Commands
from gleam_app.ui.icons import bind_icon, icon_size
from gleam_app.ui.plural import counted
from gleam_app.ui.session import Session, names_in_short
from gleam_app.ui.strings import TEXT, bind_text, language, tr


class Toolbar(QToolBar):
    """Built from the commands. ``tile_set_chosen``: the user picked a name from the menu, ready or not."""

    tile_set_chosen = Signal(str)
    language_chosen = Signal(str)

    def __init__(self, commands: Commands, session: Session) -> None:
        super().__init__()
        self.setObjectName("toolbar")
        self.setMovable(False)
        self.setIconSize(icon_size())
        self._commands, self._session = commands, session
        self._add_button("open", text_key="command.open.short")
        self.tile_sets = self._tile_set_button()
        self.addWidget(self.tile_sets)
        self.addSeparator()
        self.locate = self._locate_button()
        self.addWidget(self.locate)
        self._add_button("explain", text_key="command.explain")
        spacer = QWidget()
        spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(spacer)
        self._languages = {code: self._language_button(code) for code in ("en", "zh")}
        self._add_button("switch_theme")
        session.tile_sets_changed.connect(self._show_tile_set)
        session.activity_changed.connect(self._show_activity)
        language.changed.connect(self._show_tile_set)
        language.changed.connect(self._show_activity)
        language.changed.connect(self._show_language)
        self._show_language()
        self._show_tile_set()
        self._show_activity()

    def _add_button(self, command_id: str, text_key: str = "") -> None:
        button = QToolButton()
        button.setDefaultAction(self._commands[command_id])
        if text_key:
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            action = self._commands[command_id]
            bind_text(button, action.setIconText, text_key, shape=lambda text: f" {text}")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.addWidget(button)

    def _tile_set_button(self) -> QToolButton:
        button = QToolButton()
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        bind_icon(button, button.setIcon, "layers")
        bind_text(button, button.setToolTip, "menu.tile_set")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setMenu(QMenu(button))
        return button

    def _locate_button(self) -> QPushButton:
        button = QPushButton()
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setProperty("role", "primary")
        button.setMinimumWidth(96)
        button.clicked.connect(self._press)
        return button

    def _language_button(self, code: str) -> QToolButton:
        button = QToolButton()
        button.setText("EN" if code == "en" else "中文")
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self.language_chosen.emit(code))
        bind_text(button, button.setToolTip, "menu.language")
        self.addWidget(button)
        return button

    def _show_language(self) -> None:
        for code, button in self._languages.items():
            button.setChecked(code == language.code)

    def _press(self) -> None:
        self._commands["stop" if self._session.locating else "locate"].trigger()

    def _show_activity(self) -> None:
        busy = self._session.locating
        command = self._commands["stop" if busy else "locate"]
        self.locate.setText(tr("command.stop" if busy else "command.locate"))
        self.locate.setEnabled(busy or command.isEnabled())
        keys = command.shortcut().toString()
        self.locate.setToolTip(f"{self.locate.text()} ({keys})")
        bind_icon(
            self.locate,
            self.locate.setIcon,
            "square" if busy else "crosshair",
            "on_accent",
        )

    def _show_tile_set(self) -> None:
        chosen = self._session.tile_set_names
        self.tile_sets.setText(f" {names_in_short(chosen) or tr('tiles.none')}  ▾")
        menu = self.tile_sets.menu()
        menu.clear()
        for info in self._session.available:
            ready = info.state == "ready"
            count = counted("tiles.count", info.tiles)
            action = menu.addAction(f"{info.name}\t{count if ready else _state_words(info.state)}")
            action.setCheckable(True)
            action.setChecked(info.name in chosen)
            action.triggered.connect(lambda *_, name=info.name: self.tile_set_chosen.emit(name))
        if not self._session.available:
            menu.addAction(tr("tiles.no_sets")).setEnabled(False)
        menu.addSeparator()
        manager = self._commands["show_tile_sets"]
        menu.addAction(tr("sets.manage"), lambda: manager.setChecked(True))
        menu.addAction(self._commands["add_imagery"])


def _state_words(state: str) -> str:
    return tr(f"tiles.state.{state}") if f"tiles.state.{state}" in TEXT else state
