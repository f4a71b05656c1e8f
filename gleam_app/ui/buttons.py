"""The small buttons that panels share."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QPushButton, QToolButton

from gleam_app.ui.icons import bind_icon, icon_size, paint_icon
from gleam_app.ui.strings import bind_text
from gleam_app.ui.theme import SPACE_2, theme


class ChoiceBox(QComboBox):
    """A combo box whose arrow is one of our icons, in the theme's colour."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        x, y = self.width() - 14 - SPACE_2, (self.height() - 14) / 2
        paint_icon(painter, "chevron-down", theme.tokens.secondary, x, y, 14)


def tool_button(icon: str, tip_key: str, role: str = "secondary") -> QToolButton:
    """A flat button with an icon, named for screen readers by its tooltip."""
    button = QToolButton()
    button.setAutoRaise(True)
    button.setIconSize(icon_size() * 0.8)
    bind_icon(button, button.setIcon, icon, role)
    bind_text(button, button.setToolTip, tip_key)
    bind_text(button, button.setAccessibleName, tip_key)
    return button


def link_button(key: str) -> QPushButton:
    """A button that looks like a link."""
    button = QPushButton()
    button.setProperty("role", "link")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    bind_text(button, button.setText, key)
    return button
