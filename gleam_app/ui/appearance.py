"""Theme, language and other choices, carried to the parts that do not take them on by themselves."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from gleam_app.jobs import threads
from gleam_app.ui.lengths import lengths
from gleam_app.ui.strings import language
from gleam_app.ui.theme import theme

if TYPE_CHECKING:
    from gleam_app.ui.window import MainWindow


class Appearance(QObject):
    """Belongs to the window, and goes before its parts do: theme and language outlive every window."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        theme.changed.connect(self._take_theme)
        language.changed.connect(self._take_language)
        window.preferences.changed.connect(self._take_choices)
        lengths.changed.connect(self._take_lengths)
        for take in (self._take_theme, self._take_language, self._take_lengths, self._take_choices):
            take()

    def _take_theme(self) -> None:
        self._window.map.set_theme(theme.dark)
        self._window.compare.set_theme(theme.dark)

    def _take_language(self) -> None:
        if self._window.isVisible():
            theme.take_font()
        self._window.map.set_language(language.code)
        self._window.compare.set_language(language.code)

    def _take_lengths(self) -> None:
        self._window.map.set_units(lengths.units)
        self._window.map.set_language(language.code)
        self._window.compare.set_language(language.code)

    def _take_choices(self) -> None:
        choices = self._window.preferences.settings.choices
        lengths.choose(choices.units)
        self._window.candidates.set_coordinate_style(choices.coordinates)
        self._window.map_tools.take(choices)
        self._window.status.style_of_coordinates = choices.coordinates
        self._window.menus.check(choices, language.code)
        self._window.commands.set_keys(choices.shortcuts)
        threads.choose(choices.threads)
