"""Where the keyboard is, drawn by widgets that paint themselves; the stylesheet does it for the rest."""

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from gleam_app.ui.theme import theme


def draw_focus(painter: QPainter, rect: QRect) -> None:
    """A ring just inside ``rect``: the accent with the window's colour within, to be seen on any picture."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for inset, token in ((1.0, theme.tokens.accent), (2.5, theme.tokens.window)):
        painter.setPen(QPen(QColor(token), 2 if inset == 1.0 else 1))
        painter.drawRect(QRectF(rect).adjusted(inset, inset, -inset, -inset))
