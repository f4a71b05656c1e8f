"""How one query is drawn in the list, whole or folded to its thumbnail."""

from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from gleam_app.ui.cases.listing import IMAGE_ROLE, RECORD_ROLE
from gleam_app.ui.cases.signs import confidence, decision_sign, second_line, state_sign
from gleam_app.ui.icons import paint_icon
from gleam_app.ui.theme import CAPTION_PX, SPACE_1, SPACE_2, theme, ui_font

if TYPE_CHECKING:
    from gleam_app.cases.model import QueryRecord

Index = QModelIndex | QPersistentModelIndex
ROW_PX, FOLDED_PX, THUMB_PX = 56, 48, 40


class QueryRow(QStyledItemDelegate):
    """Thumbnail, name, verdict sign with confidence, the decision; one more line for what went wrong,
    the note and the tags."""

    folded = False

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(THUMB_PX, FOLDED_PX if self.folded else ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        record: QueryRecord = index.data(RECORD_ROLE)
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._background(painter, area, state)
        left = SPACE_1 + 2 if self.folded else SPACE_2
        thumb = QRect(
            area.x() + left, area.y() + (area.height() - THUMB_PX) // 2, THUMB_PX, THUMB_PX
        )
        self._thumb(painter, thumb, index.data(IMAGE_ROLE))
        if self.folded:
            self._badge(painter, thumb, record)
        else:
            x = thumb.right() + SPACE_2
            self._words(
                painter, QRect(x, area.y(), area.right() - x - SPACE_2, area.height()), record
            )
        painter.restore()

    def _background(self, painter: QPainter, area: QRect, state: QStyle.StateFlag) -> None:
        tokens = theme.tokens
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if selected or state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(tokens.selected if selected else tokens.hover))
        if selected:
            painter.fillRect(QRect(area.x(), area.y(), 3, area.height()), QColor(tokens.accent))
        painter.setPen(QPen(QColor(tokens.line), 1))
        y = area.bottom() + 0.5
        painter.drawLine(QPointF(area.x(), y), QPointF(area.right() + 1, y))

    def _thumb(self, painter: QPainter, box: QRect, image: QImage | None) -> None:
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(box), 4, 4)
        painter.fillPath(outline, QColor(theme.tokens.hover))
        if image is None:
            return
        if image.isNull():
            paint_icon(painter, "image", theme.tokens.disabled, box.x() + 12, box.y() + 12, 16)
            return
        painter.save()
        painter.setClipPath(outline)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(box, image)
        painter.restore()

    def _badge(self, painter: QPainter, thumb: QRect, record: "QueryRecord") -> None:
        """The sign in a corner of the thumbnail, the decision in the one above."""
        for shown, y in (
            (state_sign(record), thumb.bottom() - 13),
            (decision_sign(record), thumb.y() - 3),
        ):
            if shown is not None:
                disc = QRectF(thumb.right() - 12, y, 17, 17)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(theme.tokens.panel))
                painter.drawEllipse(disc)
                paint_icon(painter, shown.icon, shown.colour, disc.x() + 2, disc.y() + 2, 13)

    def _words(self, painter: QPainter, box: QRect, record: "QueryRecord") -> None:
        tokens = theme.tokens
        more = second_line(record)
        y = box.y() + (4 if more else 10)
        decision = decision_sign(record)
        width = box.width() - (20 if decision is not None else 0)
        strong = ui_font(weight=QFont.Weight.DemiBold)
        _text(painter, QRect(box.x(), y, width, 17), record.name, tokens.text, strong, middle=True)
        if decision is not None:
            paint_icon(painter, decision.icon, decision.colour, box.right() - 15, y + 1, 15)
        shown = state_sign(record)
        y += 18
        paint_icon(painter, shown.icon, shown.colour, box.x(), y + 1, 13)
        number = confidence(record)
        caption = ui_font(CAPTION_PX)
        space = 34 if number else 0
        line = QRect(box.x() + 13 + SPACE_1, y, box.width() - 17 - space, 15)
        _text(painter, line, shown.word, shown.colour, caption)
        if number:
            right = QRect(box.right() - space, y, space, 15)
            _text(painter, right, number, tokens.text, ui_font(CAPTION_PX), right=True)
        if more:
            failed = record.state == "failed"
            colour = tokens.contradicted if failed else tokens.secondary
            _text(painter, QRect(box.x(), y + 15, box.width(), 15), more, colour, caption)


def _text(
    painter: QPainter,
    box: QRect,
    text: str,
    colour: str,
    font: QFont,
    middle: bool = False,
    right: bool = False,
) -> None:
    """One line, elided at its end, or in the middle where both ends tell names apart."""
    painter.setFont(font)
    painter.setPen(QColor(colour))
    mode = Qt.TextElideMode.ElideMiddle if middle else Qt.TextElideMode.ElideRight
    shown = QFontMetrics(font).elidedText(" ".join(text.split()), mode, box.width())
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.drawText(box, int(side | Qt.AlignmentFlag.AlignVCenter), shown)
