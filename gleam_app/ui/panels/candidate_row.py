"""How one candidate is drawn in the ranked list."""

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPen,
)
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from gleam_app.retrieval.results import Candidate
from gleam_app.ui.icons import paint_icon
from gleam_app.ui.lengths import lengths
from gleam_app.ui.strings import tr
from gleam_app.ui.theme import CAPTION_PX, SPACE_1, SPACE_2, SPACE_3, mono_font, theme, ui_font
from gleam_app.ui.verdicts import candidate_sign, sign

ROW_HEIGHT = 66
THUMB_PX = 50
BAR_WIDTH, BAR_HEIGHT = 44, 3
CANDIDATE_ROLE = Qt.ItemDataRole.UserRole
THUMB_ROLE = Qt.ItemDataRole.UserRole + 1
POSITION_ROLE = Qt.ItemDataRole.UserRole + 2
CONFIDENCE_ROLE = Qt.ItemDataRole.UserRole + 3
Index = QModelIndex | QPersistentModelIndex


def detail_line(candidate: Candidate) -> str:
    """What backs the verdict: matched points, error radius, heading."""
    parts = []
    if candidate.inliers:
        parts.append(tr("candidates.matches", count=candidate.inliers))
    else:
        parts.append(tr("candidates.retrieval"))
    if candidate.radius_m is not None:
        parts.append(tr("candidates.radius", distance=lengths.about(candidate.radius_m)))
    if candidate.heading_deg is not None:
        parts.append(tr("candidates.heading", degrees=round(candidate.heading_deg) % 360))
    return " · ".join(parts)


class CandidateRow(QStyledItemDelegate):
    """Rank, thumbnail, verdict sign, confidence with a thin bar, coordinates, and a copy button."""

    copy_clicked = Signal(int)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        candidate: Candidate = index.data(CANDIDATE_ROLE)
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        selected = bool(state & QStyle.StateFlag.State_Selected)
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._background(painter, area, selected, hovered)
        rank = QRect(area.x() + SPACE_2, area.y(), 22, area.height())
        self._text(
            painter, rank, str(candidate.rank), theme.tokens.secondary, Qt.AlignmentFlag.AlignCenter
        )
        thumb = QRect(
            rank.right() + SPACE_2, area.y() + (ROW_HEIGHT - THUMB_PX) // 2, THUMB_PX, THUMB_PX
        )
        self._thumb(painter, thumb, index.data(THUMB_ROLE))
        words = QRect(
            thumb.right() + SPACE_3, thumb.y(), area.right() - thumb.right() - 2 * SPACE_3, THUMB_PX
        )
        self._sign(painter, words, candidate)
        confidence = str(index.data(CONFIDENCE_ROLE))
        if confidence:
            self._confidence(painter, words, candidate, confidence)
        self._place(painter, words, str(index.data(POSITION_ROLE)), candidate)
        if (selected or hovered) and candidate.lat is not None:
            box = copy_box(area)
            paint_icon(painter, "copy", theme.tokens.secondary, box.x() + 4, box.y() + 4, 16)
        painter.restore()

    def _background(self, painter: QPainter, area: QRect, selected: bool, hovered: bool) -> None:
        tokens = theme.tokens
        if selected or hovered:
            painter.fillRect(area, QColor(tokens.selected if selected else tokens.hover))
        if selected:
            painter.fillRect(QRect(area.x(), area.y(), 3, area.height()), QColor(tokens.accent))
        painter.setPen(QPen(QColor(tokens.line), 1))
        y = area.bottom() + 0.5
        painter.drawLine(QPointF(area.x(), y), QPointF(area.right() + 1, y))

    def _thumb(self, painter: QPainter, box: QRect, image: QImage | None) -> None:
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(box), 4, 4)
        if image is None:
            painter.fillPath(outline, QColor(theme.tokens.hover))
            return
        painter.save()
        painter.setClipPath(outline)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(box, image)
        painter.restore()

    def _sign(self, painter: QPainter, words: QRect, candidate: Candidate) -> None:
        shown = candidate_sign(candidate.verdict)
        paint_icon(painter, shown.icon, shown.colour, words.x(), words.y() + 1, 16)
        line = QRect(words.x() + 16 + SPACE_1 + 2, words.y(), words.width() - 80, 18)
        font = ui_font(weight=QFont.Weight.DemiBold)
        self._text(painter, line, shown.word, shown.colour, Qt.AlignmentFlag.AlignVCenter, font)

    def _confidence(self, painter: QPainter, words: QRect, candidate: Candidate, text: str) -> None:
        number = QRect(words.right() - BAR_WIDTH + 1, words.y(), BAR_WIDTH, 16)
        font = ui_font(weight=QFont.Weight.DemiBold)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        self._text(painter, number, text, theme.tokens.text, right, font)
        track = QRectF(number.x(), number.bottom() + 3, BAR_WIDTH, BAR_HEIGHT)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.tokens.line))
        painter.drawRoundedRect(track, 1.5, 1.5)
        track.setWidth(max(BAR_HEIGHT, BAR_WIDTH * candidate.confidence))
        painter.setBrush(QColor(sign(candidate.verdict).colour))
        painter.drawRoundedRect(track, 1.5, 1.5)

    def _place(self, painter: QPainter, words: QRect, position: str, candidate: Candidate) -> None:
        middle = Qt.AlignmentFlag.AlignVCenter
        width = words.width() - 28
        line = QRect(words.x(), words.y() + 19, width, 16)
        self._text(painter, line, position, theme.tokens.text, middle, mono_font())
        line = QRect(words.x(), words.y() + 35, width, 16)
        caption = ui_font(CAPTION_PX)
        self._text(painter, line, detail_line(candidate), theme.tokens.secondary, middle, caption)

    def _text(
        self,
        painter: QPainter,
        box: QRect,
        text: str,
        colour: str,
        alignment: Qt.AlignmentFlag,
        font: QFont | None = None,
    ) -> None:
        painter.setFont(font or ui_font())
        painter.setPen(QColor(colour))
        metrics = QFontMetrics(painter.font())
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, int(alignment), shown)

    def editorEvent(
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonRelease:
            area: QRect = option.rect
            if copy_box(area).contains(event.position().toPoint()):
                self.copy_clicked.emit(index.data(CANDIDATE_ROLE).rank)
                return True
        return False


def copy_box(area: QRect) -> QRect:
    """Where the copy button of a row lies."""
    return QRect(area.right() - SPACE_2 - 24, area.bottom() - SPACE_2 - 24, 24, 24)
