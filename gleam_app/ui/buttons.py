"""The small buttons that panels share."""

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QPushButton,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QToolButton,
)

from gleam_app.ui.icons import bind_icon, icon_size, paint_icon
from gleam_app.ui.strings import bind_text
from gleam_app.ui.theme import SPACE_2, theme

BOX_PX = 16


class ChoiceBox(QComboBox):
    """A combo box whose arrow is one of our icons, in the theme's colour; long words end in dots."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        x, y = self.width() - 14 - SPACE_2, (self.height() - 14) / 2
        room = x - 2 * SPACE_2
        elide = Qt.TextElideMode.ElideRight
        option.currentText = self.fontMetrics().elidedText(option.currentText, elide, int(room))
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        paint_icon(painter, "chevron-down", theme.tokens.secondary, x, y, 14)


class CheckBox(QCheckBox):
    """A check box whose mark is one of our icons, in the theme's colours."""

    def sizeHint(self) -> QSize:
        words = self.fontMetrics().horizontalAdvance(self.text()) + SPACE_2 if self.text() else 0
        return QSize(BOX_PX + 2 + words, max(BOX_PX + 4, self.fontMetrics().height()))

    def hitButton(self, pos: QPoint) -> bool:
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, tokens = QPainter(self), theme.tokens
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on, usable = self.isChecked(), self.isEnabled()
        edge = tokens.accent if self.hasFocus() or on or self.underMouse() else tokens.secondary
        top = (self.height() - BOX_PX) / 2
        painter.setPen(QPen(QColor(edge if usable else tokens.line), 1.2))
        filled = tokens.accent if usable else tokens.disabled
        painter.setBrush(QColor(filled if on else tokens.panel))
        painter.drawRoundedRect(QRectF(1, top, BOX_PX, BOX_PX), 4, 4)
        if self.hasFocus() and on:
            painter.setPen(QPen(QColor(tokens.on_accent), 1))
            painter.drawRoundedRect(QRectF(2.5, top + 1.5, BOX_PX - 3, BOX_PX - 3), 3, 3)
        if on:
            paint_icon(painter, "check", tokens.on_accent, 3, top + 2, BOX_PX - 4)
        painter.setPen(QColor(tokens.text if usable else tokens.disabled))
        left = BOX_PX + 2 + SPACE_2
        words = QRect(left, 0, self.width() - left, self.height())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self.text())


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
