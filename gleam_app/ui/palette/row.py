"""How one line of the palette is drawn."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from gleam_app.ui.icons import paint_icon
from gleam_app.ui.palette.entries import Found
from gleam_app.ui.theme import CAPTION_PX, SPACE_2, SPACE_3, theme, ui_font

ROW_PX = 34
ICON = 16
FOUND_ROLE = Qt.ItemDataRole.UserRole
Index = QModelIndex | QPersistentModelIndex


class PaletteRow(QStyledItemDelegate):
    """Icon, title with the letters that fit, then what it is or why it cannot be used, then its keys."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        found: Found = index.data(FOUND_ROLE)
        entry, tokens = found.entry, theme.tokens
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.selected))
            painter.drawRoundedRect(QRectF(area).adjusted(4, 1, -4, -1), 4, 4)
        usable = not entry.why
        ink = tokens.text if usable else tokens.disabled
        left, right = area.x() + SPACE_3, area.right() - SPACE_3
        if entry.icon:
            y = area.y() + (ROW_PX - ICON) / 2
            paint_icon(painter, entry.icon, tokens.secondary if usable else ink, left, y, ICON)
        left += ICON + SPACE_3
        right = self._keys(painter, entry.keys, right, area) if entry.keys else right
        note = ui_font(CAPTION_PX)
        words = entry.why or entry.kind
        taken = QFontMetrics(note).horizontalAdvance(words) + 4  # the last letter's overhang
        title_px = QFontMetrics(ui_font(weight=QFont.Weight.DemiBold)).horizontalAdvance(
            entry.title
        )
        room = right - left - SPACE_3
        taken = min(taken, max(room - title_px, room // 3))
        self._title(painter, QRect(left, area.y(), room - taken, ROW_PX), found, ink)
        painter.setFont(note)
        painter.setPen(QColor(tokens.secondary))
        shown = QFontMetrics(note).elidedText(words, Qt.TextElideMode.ElideRight, taken)
        box = QRect(right - taken, area.y(), taken, ROW_PX)
        painter.drawText(
            box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), shown
        )
        painter.restore()

    def _title(self, painter: QPainter, box: QRect, found: Found, ink: str) -> None:
        """Letter runs in two weights; cut off with "…" where they do not fit."""
        plain, strong = ui_font(), ui_font(weight=QFont.Weight.DemiBold)
        title, x = found.entry.title, box.x()
        for text, fits in runs(title, found.letters):
            font = strong if fits else plain
            metrics = QFontMetrics(font)
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.right() - x)
            painter.setFont(font)
            painter.setPen(QColor(theme.tokens.accent if fits and not found.entry.why else ink))
            room = QRect(x, box.y(), box.right() - x + 1, box.height())
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), shown)
            x += metrics.horizontalAdvance(shown)
            if shown != text:
                break

    def _keys(self, painter: QPainter, keys: str, right: int, area: QRect) -> int:
        """A small frame around them; returns where it begins."""
        font = ui_font(CAPTION_PX)
        width = QFontMetrics(font).horizontalAdvance(keys) + 2 * 6
        box = QRectF(right - width, area.y() + (ROW_PX - 20) / 2, width, 20)
        painter.setPen(QPen(QColor(theme.tokens.line), 1))
        painter.setBrush(QColor(theme.tokens.window))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setPen(QColor(theme.tokens.secondary))
        painter.setFont(font)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), keys)
        return int(box.left()) - SPACE_2


def runs(text: str, letters: tuple[int, ...]) -> list[tuple[str, bool]]:
    """``text`` in pieces, each either of letters that fit or of others."""
    chosen = set(letters)
    pieces: list[tuple[str, bool]] = []
    for place, letter in enumerate(text):
        fits = place in chosen
        if pieces and pieces[-1][1] is fits:
            pieces[-1] = (pieces[-1][0] + letter, fits)
        else:
            pieces.append((letter, fits))
    return pieces
