"""The menu bar: the commands by group, and the choices that take effect at once."""

from collections.abc import Callable

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QMenuBar

from gleam_app.geo.coordinates import POSITION_STYLES
from gleam_app.ui.commands import MENUS, Commands
from gleam_app.ui.preferences import Preferences
from gleam_app.ui.settings import Choices
from gleam_app.ui.strings import bind_text


class Choice(QMenu):
    """A sub-menu of exclusive choices, one of them checked."""

    def __init__(
        self, title_key: str, options: dict[str, str], chosen: Callable[[str], None]
    ) -> None:
        super().__init__()
        bind_text(self, self.setTitle, title_key)
        group = QActionGroup(self)
        self._options: dict[str, QAction] = {}
        for value, text_key in options.items():
            action = QAction(self)
            action.setCheckable(True)
            if "." in text_key:
                bind_text(action, action.setText, text_key)
            else:
                action.setText(text_key)
            action.triggered.connect(lambda *_, value=value: chosen(value))
            group.addAction(action)
            self.addAction(action)
            self._options[value] = action

    def check(self, value: str) -> None:
        """Show what is chosen."""
        if value in self._options:
            self._options[value].setChecked(True)


class Menus:
    """Fills the menu bar. ``check`` puts the marks where the settings are."""

    def __init__(
        self,
        bar: QMenuBar,
        commands: Commands,
        preferences: Preferences,
        fill_recent: Callable[[QMenu], None],
    ) -> None:
        self.groups: dict[str, QMenu] = {}
        for name in MENUS:
            menu = bar.addMenu("")
            bind_text(menu, menu.setTitle, f"menu.{name}")
            commands.fill(menu, name)
            self.groups[name] = menu
        recent = QMenu(bar)
        bind_text(recent, recent.setTitle, "menu.recent")
        recent.aboutToShow.connect(lambda: fill_recent(recent))
        self.groups["file"].insertMenu(commands["save_case"], recent)
        styles: dict[str, str] = {style: f"coordinates.{style}" for style in POSITION_STYLES}
        themes = {name: f"theme.{name}" for name in ("system", "light", "dark")}
        self._choices = {
            "coordinates": Choice("menu.coordinates", styles, preferences.choose_coordinates),
            "theme": Choice("menu.theme", themes, preferences.choose_theme),
            "language": Choice(
                "menu.language", {"en": "English", "zh": "中文"}, preferences.choose_language
            ),
        }
        view = self.groups["view"]
        view.addSeparator()
        for choice in self._choices.values():
            choice.setParent(view, choice.windowFlags())
            view.addMenu(choice)

    def check(self, choices: Choices, lang: str) -> None:
        """Mark what is in use."""
        self._choices["coordinates"].check(choices.coordinates)
        self._choices["theme"].check(choices.theme)
        self._choices["language"].check(lang)
