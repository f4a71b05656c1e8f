"""Colours, spacing and type as tokens, light and dark, and the switch between them.

No widget names a colour: it takes the token from ``theme.tokens`` when it paints, or gets it from
the stylesheet built from the same tokens.
"""

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from gleam_app.ui.strings import language

ThemeChoice = Literal["system", "light", "dark"]

SPACE_1, SPACE_2, SPACE_3, SPACE_4, SPACE_5 = 4, 8, 12, 16, 24
RADIUS = 6
CAPTION_PX, BASE_PX, TITLE_PX = 11, 13, 15

# Shown where the desktop names no font of its own; the last ones cover Chinese everywhere.
_PLAIN_FAMILIES = ("Inter", "Cantarell", "Ubuntu", "Noto Sans", "Noto Sans CJK SC", "DejaVu Sans")
_CHINESE_FAMILIES = ("PingFang SC", "Microsoft YaHei UI", "Noto Sans CJK SC", "Source Han Sans SC")


@dataclass(frozen=True)
class Tokens:
    """One theme's colours, as "#RRGGBB"."""

    window: str
    panel: str
    raised: str
    hover: str
    selected: str
    text: str
    secondary: str
    disabled: str
    line: str
    accent: str
    accent_hover: str
    on_accent: str
    verified: str
    strong: str
    possible: str
    unverified: str
    not_found: str
    contradicted: str
    notice: str


LIGHT = Tokens(
    window="#F6F7F8",
    panel="#FFFFFF",
    raised="#FFFFFF",
    hover="#EEF1F4",
    selected="#E6F0FA",
    text="#1B1F24",
    secondary="#57606A",
    disabled="#A0A7AF",
    line="#DDE1E5",
    accent="#0B6BCB",
    accent_hover="#095BAE",
    on_accent="#FFFFFF",
    verified="#187733",
    strong="#0E737A",
    possible="#8A5C00",
    unverified="#656D76",
    not_found="#4F5B67",
    contradicted="#CF222E",
    notice="#FFF4E5",
)
DARK = Tokens(
    window="#16181B",
    panel="#1D2024",
    raised="#25292E",
    hover="#282D33",
    selected="#1F3349",
    text="#E7EAED",
    secondary="#9BA4AE",
    disabled="#5C646D",
    line="#30353B",
    accent="#4BA3F5",
    accent_hover="#6DB5F8",
    on_accent="#0B1825",
    verified="#3FB950",
    strong="#39B8C0",
    possible="#D29922",
    unverified="#8F98A2",
    not_found="#94A3B3",
    contradicted="#FF7B72",
    notice="#33291A",
)


class Theme(QObject):
    """The theme in use. ``changed`` comes after the application has taken it on."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.choice: ThemeChoice = "system"
        self.tokens: Tokens = LIGHT
        self._listening = False

    @property
    def dark(self) -> bool:
        return self.tokens is DARK

    def choose(self, choice: ThemeChoice) -> None:
        """Switch at once; ``system`` follows the desktop, also when it changes later."""
        self.choice = choice
        application = QApplication.instance()
        if not isinstance(application, QApplication):
            return
        schemes = {
            "system": Qt.ColorScheme.Unknown,
            "light": Qt.ColorScheme.Light,
            "dark": Qt.ColorScheme.Dark,
        }
        if not self._listening:
            application.styleHints().colorSchemeChanged.connect(self.follow_system)
            self._listening = True
        application.styleHints().setColorScheme(schemes[choice])
        self._apply(application)

    def follow_system(self) -> None:
        """The desktop changed its colours."""
        application = QApplication.instance()
        if self.choice == "system" and isinstance(application, QApplication):
            self._apply(application)

    def take_font(self) -> None:
        """The language changed, and with it the font: widgets take it on with the stylesheet set anew.

        Not emptied in between: Qt then crashes at the next one if widgets went meanwhile.
        """
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.setFont(ui_font())
            self._apply(application)

    def _apply(self, application: QApplication) -> None:
        from gleam_app.ui.stylesheet import stylesheet

        system_dark = application.styleHints().colorScheme() == Qt.ColorScheme.Dark
        dark = self.choice == "dark" or (self.choice == "system" and system_dark)
        self.tokens = DARK if dark else LIGHT
        application.setPalette(palette(self.tokens))
        application.setStyleSheet(stylesheet(self.tokens))
        self.changed.emit()


theme = Theme()


def palette(tokens: Tokens) -> QPalette:
    """Fusion's palette for what the stylesheet does not reach (menus of the platform, selections)."""
    colours = QPalette()
    roles = {
        QPalette.ColorRole.Window: tokens.window,
        QPalette.ColorRole.WindowText: tokens.text,
        QPalette.ColorRole.Base: tokens.panel,
        QPalette.ColorRole.AlternateBase: tokens.window,
        QPalette.ColorRole.Text: tokens.text,
        QPalette.ColorRole.PlaceholderText: tokens.secondary,
        QPalette.ColorRole.Button: tokens.raised,
        QPalette.ColorRole.ButtonText: tokens.text,
        QPalette.ColorRole.ToolTipBase: tokens.raised,
        QPalette.ColorRole.ToolTipText: tokens.text,
        QPalette.ColorRole.Highlight: tokens.accent,
        QPalette.ColorRole.HighlightedText: tokens.on_accent,
        QPalette.ColorRole.Link: tokens.accent,
        QPalette.ColorRole.Mid: tokens.line,
        QPalette.ColorRole.Accent: tokens.accent,
    }
    for role, colour in roles.items():
        colours.setColor(role, QColor(colour))
    for role in (
        QPalette.ColorRole.Text,
        QPalette.ColorRole.ButtonText,
        QPalette.ColorRole.WindowText,
    ):
        colours.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.disabled))
    return colours


def ui_font(pixels: int = BASE_PX, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The desktop's own font with Chinese behind it, figures of equal width."""
    font = QFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont))
    present = set(QFontDatabase.families())
    first = font.family()
    if first not in present:
        first = next((family for family in _PLAIN_FAMILIES if family in present), first)
    chinese = [family for family in _CHINESE_FAMILIES if family in present and family != first]
    font.setFamilies([first, *chinese])
    font.setPixelSize(pixels)
    font.setWeight(weight)
    font.setFeature(QFont.Tag("tnum"), 1)
    if language.code == "en":  # Chinese fonts set curly quotes full width otherwise
        font.setFeature(QFont.Tag("pwid"), 1)
    return font


def mono_font(pixels: int = CAPTION_PX + 1) -> QFont:
    """For coordinates and hashes."""
    font = QFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    font.setPixelSize(pixels)
    return font
