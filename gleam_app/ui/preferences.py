"""What the person prefers, taken on at once and kept."""

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal

from gleam_app.ui.settings import Settings
from gleam_app.ui.strings import language
from gleam_app.ui.theme import theme


class Preferences(QObject):
    """Writes the choices of ``settings`` and puts them into effect. ``changed``: something was chosen."""

    changed = Signal()

    def __init__(self, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self.settings = settings

    def choose_theme(self, choice: str) -> None:
        self.settings.change(theme=choice)
        theme.choose(self.settings.choices.theme)
        self.changed.emit()

    def switch_theme(self) -> None:
        """Between light and dark."""
        self.choose_theme("light" if theme.dark else "dark")

    def choose_language(self, code: str) -> None:
        self.settings.change(language=code)
        language.choose(code)
        self.changed.emit()

    def switch_language(self) -> None:
        """Between English and Chinese."""
        self.choose_language("en" if language.code == "zh" else "zh")

    def choose_coordinates(self, style: str) -> None:
        if style != self.settings.choices.coordinates:
            self.settings.change(coordinates=style)
        self.changed.emit()

    def choose_units(self, units: str) -> None:
        self.settings.change(units=units)
        self.changed.emit()

    def choose_threads(self, threads: int) -> None:
        """How many threads compute; 0: as the program thinks best."""
        self.settings.change(threads=threads)
        self.changed.emit()

    def choose_keys(self, shortcuts: Mapping[str, str]) -> None:
        """Shortcuts by command, where they are not those of the table."""
        self.settings.change(shortcuts=dict(shortcuts))
        self.changed.emit()
