"""The small buttons that panels share."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QToolButton

from gleam_app.ui.icons import bind_icon, icon_size
from gleam_app.ui.strings import bind_text


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
