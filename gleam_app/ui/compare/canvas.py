"""Paints the pair and lets the person move through it. Draws only what ``prepare`` made ready."""

from collections.abc import Sequence
from enum import Enum

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from gleam_app.ui.compare.geometry import Points
from gleam_app.ui.compare.pair import Pair
from gleam_app.ui.compare.views import LinkedViews
from gleam_app.ui.images import Pyramid
from gleam_app.ui.theme import LIGHT, SPACE_2, Tokens

MOST_LINES = 60
_GRIP_PX = 12


class Mode(Enum):
    SIDE = "side"
    SWIPE = "swipe"
    BLEND = "blend"


class CompareCanvas(QWidget):
    """Two linked pictures, or one over the other. Pans by drag, zooms by wheel; keys do both."""

    share_changed = Signal(float)  # the divider was dragged

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pair: Pair | None = None
        self._views: LinkedViews | None = None
        self._fitted = self._north_up = True
        self._regions: tuple[Points, Points] = (np.empty((0, 2)), np.empty((0, 2)))
        self._drag: QPointF | None = None
        self._dividing = False
        self.tokens: Tokens = LIGHT
        self.mode = Mode.SIDE
        self.share = 0.5  # of the width (swipe) or of the query (blend)
        self.lines = True
        self.missing = ""  # said in place of a tile without a picture
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(160, 90)

    # ---- what is shown ---------------------------------------------------------------------

    def show_pair(self, pair: Pair | None) -> None:
        """Show another pair; the view of the same query stays where it is."""
        same = self._pair and pair and self._pair.query is pair.query and not self._fitted
        before, self._pair, self._regions = self._views, pair, (np.empty((0, 2)), np.empty((0, 2)))
        self._views = LinkedViews(pair) if pair else None
        if self._views:
            self._views.north_up = self._north_up
        if self._views and before:
            self._views.centre, self._views.scale = before.centre, before.scale
        if not same:
            self.fit()
        self.update()

    def highlight(self, query_region: Points, tile_region: Points) -> None:
        """Light polygons (N, 2) of query and tile pixels; empty ones put it out."""
        self._regions = (query_region, tile_region)
        self.update()

    def set_north_up(self, on: bool) -> None:
        """Turn the query as the tile lies, or leave it as it was taken."""
        self._north_up = on
        if self._views:
            self._views.north_up = on
        self.fit()

    @property
    def query_turn_deg(self) -> float:
        """How far clockwise from how it was taken the query is shown."""
        return self._views.turn_deg if self._views else 0.0

    def fit(self) -> None:
        """The whole query in view; stays so while the panel is resized."""
        self._fitted = True
        if self._views:
            self._views.fit(self._panes()[0])
        self.update()

    def _over(self) -> bool:
        """Is the query laid over the tile now?"""
        return self.mode is not Mode.SIDE and self._pair is not None and self._pair.measured

    def _panes(self) -> tuple[QRectF, QRectF]:
        """Query pane and tile pane; the same rectangle when one lies over the other."""
        whole = QRectF(self.rect())
        if self._over():
            return whole, whole
        half = (whole.width() - SPACE_2) / 2
        size = QSizeF(half, whole.height())
        return QRectF(whole.topLeft(), size), QRectF(QPointF(half + SPACE_2, 0), size)

    # ---- painting --------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), QColor(self.tokens.panel))
        if self._pair is None or self._views is None:
            return
        if self._over():
            self._paint_over(painter, self._pair, self._views)
        else:
            self._paint_side(painter, self._pair, self._views)
        if self.hasFocus():
            painter.setPen(QPen(QColor(self.tokens.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def _paint_side(self, painter: QPainter, pair: Pair, views: LinkedViews) -> None:
        left, right = self._panes()
        on_query = views.query_transform(left)
        on_tile = views.tile_transform(right)
        self._paint_picture(painter, left, pair.query_picture, on_query)
        self._paint_region(painter, left, self._regions[0], on_query)
        if pair.tile_picture is None:
            painter.setPen(QColor(self.tokens.secondary))
            painter.drawText(right, int(Qt.AlignmentFlag.AlignCenter), self.missing)
            return
        self._paint_picture(painter, right, pair.tile_picture, on_tile)
        if pair.outline is not None:
            self._paint_outline(painter, right, on_tile.map(_polygon(pair.outline)))
        self._paint_region(painter, right, self._regions[1], on_tile)
        if self.lines:
            self._paint_lines(painter, pair, on_query, on_tile)

    def _paint_over(self, painter: QPainter, pair: Pair, views: LinkedViews) -> None:
        pane, _ = self._panes()
        on_tile = views.tile_transform(pane)
        if pair.tile_picture is not None:
            self._paint_picture(painter, pane, pair.tile_picture, on_tile)
        if pair.warped is not None:
            painter.save()
            if self.mode is Mode.BLEND:
                painter.setOpacity(self.share)
            else:
                painter.setClipRect(QRectF(pane.topLeft(), QSizeF(self._divider(), pane.height())))
            painter.setTransform(on_tile)
            painter.scale(1 / pair.warped_scale, 1 / pair.warped_scale)
            painter.drawImage(QPointF(), pair.warped)
            painter.restore()
        if pair.outline is not None:
            self._paint_outline(painter, pane, on_tile.map(_polygon(pair.outline)))
        self._paint_region(painter, pane, self._regions[1], on_tile)
        if self.mode is Mode.SWIPE:
            self._paint_divider(painter, pane)

    def _paint_picture(
        self, painter: QPainter, pane: QRectF, picture: Pyramid, transform: QTransform
    ) -> None:
        scale = (abs(transform.determinant()) ** 0.5) * self.devicePixelRatioF()
        image, relative = picture.level_for(scale)
        painter.save()
        painter.setClipRect(pane)
        painter.fillRect(pane, QColor(self.tokens.window))
        painter.setTransform(transform)
        if scale >= 3:  # show the pixels that were measured, not a blur
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        whole = QRectF(0, 0, picture.width, picture.height)
        seen = transform.inverted()[0].mapRect(pane).intersected(whole)
        if not seen.isEmpty():
            part = QRectF(seen.topLeft() * relative, seen.size() * relative)
            painter.drawImage(seen, image, part)
        painter.restore()

    def _paint_outline(self, painter: QPainter, pane: QRectF, ring: QPolygonF) -> None:
        painter.save()
        painter.setClipRect(pane)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((self._casing(), 4.0), (QColor(self._tone()), 2.0)):
            painter.setPen(QPen(colour, width, j=Qt.PenJoinStyle.RoundJoin))
            painter.drawPolygon(ring)
        painter.restore()

    def _paint_region(
        self, painter: QPainter, pane: QRectF, region: Points, transform: QTransform
    ) -> None:
        if len(region) < 3:
            return
        fill = QColor(self.tokens.accent)
        fill.setAlphaF(0.22)
        painter.save()
        painter.setClipRect(pane)
        painter.setPen(QPen(QColor(self.tokens.accent), 2))
        painter.setBrush(fill)
        painter.drawPolygon(transform.map(_polygon(region)))
        painter.restore()

    def visible_lines(
        self, pair: Pair, on_query: QTransform, on_tile: QTransform
    ) -> list[tuple[QPointF, QPointF]]:
        """Both ends of the matches to draw: the first, in spreading order, whose ends are in sight."""
        left, right = self._panes()
        lines = []
        for (qx, qy), (tx, ty) in zip(pair.query_points, pair.tile_points, strict=True):
            a, b = on_query.map(QPointF(qx, qy)), on_tile.map(QPointF(tx, ty))
            if left.contains(a) and right.contains(b):
                lines.append((a, b))
                if len(lines) == MOST_LINES:
                    break
        return lines

    def _paint_lines(
        self, painter: QPainter, pair: Pair, on_query: QTransform, on_tile: QTransform
    ) -> None:
        lines = self.visible_lines(pair, on_query, on_tile)
        tone = QColor(self._tone())
        thin = QColor(tone)
        thin.setAlphaF(0.75)
        painter.setPen(QPen(thin, 1))
        for a, b in lines:
            painter.drawLine(a, b)
        painter.setPen(QPen(self._casing(), 1))
        painter.setBrush(tone)
        for ends in lines:
            for end in ends:
                painter.drawEllipse(end, 2.5, 2.5)

    def _paint_divider(self, painter: QPainter, pane: QRectF) -> None:
        x = self._divider()
        middle = QPointF(x, pane.center().y())
        for colour, width in ((self._casing(), 4.0), (QColor(self.tokens.accent), 2.0)):
            painter.setPen(QPen(colour, width))
            painter.drawLine(QPointF(x, pane.top()), QPointF(x, pane.bottom()))
        painter.setPen(QPen(QColor(self.tokens.on_accent), 1.5))
        painter.setBrush(QColor(self.tokens.accent))
        painter.drawEllipse(middle, 11, 11)
        for side in (-1, 1):
            tip = middle + QPointF(side * 6, 0)
            painter.drawLine(tip, tip + QPointF(-side * 3, -3))
            painter.drawLine(tip, tip + QPointF(-side * 3, 3))

    def _tone(self) -> str:
        candidate = self._pair.candidate if self._pair else None
        colour: str = getattr(self.tokens, candidate.verdict if candidate else "secondary")
        return colour

    def _casing(self) -> QColor:
        colour = QColor(self.tokens.panel)
        colour.setAlphaF(0.8)
        return colour

    def _divider(self) -> float:
        return self.share * self.width()

    # ---- moving through it -----------------------------------------------------------------

    def _pane_at(self, at: QPointF) -> tuple[QRectF, bool]:
        """(pane under the mouse, is it the tile's?)"""
        left, right = self._panes()
        if self._over():
            return left, True
        return (right, True) if right.contains(at) else (left, False)

    def _near_divider(self, at: QPointF) -> bool:
        near = abs(at.x() - self._divider()) <= _GRIP_PX
        return self._over() and self.mode is Mode.SWIPE and near

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._zoom(event.position(), 1.0015 ** event.angleDelta().y())
        event.accept()

    def _zoom(self, at: QPointF, factor: float) -> None:
        if self._views is not None:
            pane, over_tile = self._pane_at(at)
            self._views.zoom(pane, over_tile, at, factor)
            self._fitted = False
            self.update()

    def _pan(self, at: QPointF, move: QPointF) -> None:
        if self._views is not None:
            pane, over_tile = self._pane_at(at)
            self._views.pan(pane, over_tile, move)
            self._fitted = False
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag = event.position()
            self._dividing = self._near_divider(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        shape = Qt.CursorShape
        self.setCursor(shape.SplitHCursor if self._near_divider(at) else shape.OpenHandCursor)
        if self._drag is None:
            return
        if self._dividing:
            self.share = max(0.0, min(1.0, at.x() / max(1, self.width())))
            self.share_changed.emit(self.share)
            self.update()
        else:
            self._pan(self._drag, at - self._drag)
            self._drag = at

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._drag, self._dividing = None, False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        middle = self._panes()[0].center()
        key = Qt.Key
        moves = {key.Key_Left: (40, 0), key.Key_Right: (-40, 0), key.Key_Up: (0, 40)}
        moves[key.Key_Down] = (0, -40)
        if event.key() in moves:
            self._pan(middle, QPointF(*moves[key(event.key())]))
        elif event.key() in (key.Key_Plus, key.Key_Equal):
            self._zoom(middle, 1.25)
        elif event.key() == key.Key_Minus:
            self._zoom(middle, 0.8)
        elif event.key() == key.Key_Home:
            self.fit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._fitted:
            self.fit()


def _polygon(points: Points | Sequence[Sequence[float]]) -> QPolygonF:
    return QPolygonF([QPointF(float(x), float(y)) for x, y in points])
