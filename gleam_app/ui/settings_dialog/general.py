"""Language, theme, how positions and lengths are written."""

from typing import get_args

from gleam_app.geo.coordinates import POSITION_STYLES, LatLon, format_position
from gleam_app.geo.measure import UNITS, format_area, format_length
from gleam_app.ui.preferences import Preferences
from gleam_app.ui.settings_dialog.parts import Choice, Page, reword, text_label
from gleam_app.ui.strings import tr
from gleam_app.ui.theme import ThemeChoice, mono_font

EXAMPLE = LatLon(28.04125, -82.69847)  # in the imagery of the demo
EXAMPLE_LENGTHS_M = (85.0, 4_200.0)
EXAMPLE_AREA_M2 = 130_000.0


class GeneralPage(Page):
    def __init__(self, preferences: Preferences) -> None:
        super().__init__("settings.general")
        self._preferences = preferences
        self.language = Choice(
            {"": "settings.language.system", "en": "English", "zh": "中文"},
            preferences.choose_language,
        )
        self.theme = Choice(
            {name: f"theme.{name}" for name in get_args(ThemeChoice)}, preferences.choose_theme
        )
        self.coordinates = Choice(
            {style: f"coordinates.{style}" for style in POSITION_STYLES},
            preferences.choose_coordinates,
        )
        self.units = Choice({name: f"units.{name}" for name in UNITS}, preferences.choose_units)
        self.position_example = text_label(role="secondary")
        self.position_example.setFont(mono_font())
        self.length_example = text_label(role="secondary")
        self.add_row("menu.language", self.language)
        self.add_row("menu.theme", self.theme)
        self.add_row("menu.coordinates", self.coordinates, self.position_example)
        self.add_row("settings.units", self.units, self.length_example)
        self.end()
        preferences.changed.connect(self.refresh)
        reword(self, self.refresh)

    def refresh(self) -> None:
        choices = self._preferences.settings.choices
        self.language.show_value(choices.language)
        self.theme.show_value(choices.theme)
        self.coordinates.show_value(choices.coordinates)
        self.units.show_value(choices.units)
        self.position_example.setText(format_position(*EXAMPLE, choices.coordinates))
        lengths = [format_length(length, choices.units) for length in EXAMPLE_LENGTHS_M]
        examples = [*lengths, format_area(EXAMPLE_AREA_M2, choices.units)]
        self.length_example.setText(tr("settings.units.example", examples=" · ".join(examples)))
