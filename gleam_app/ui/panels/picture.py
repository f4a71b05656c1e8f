"""The query's picture with zoom and pan."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from gleam_app.ui.focus import draw_focus
from gleam_app.ui.images import Pyramid
from gleam_app.ui.strings import bind_text
from gleam_app.ui.theme import theme

MAX_SCALE = 8.0
WHEEL_STEP = 1.2


class PictureView(QWidget):
    """Shows a picture fitted; the wheel zooms about the pointer, dragging pans, 0 fits again.

    ``scale`` is screen pixels (logical) a picture pixel; ``offset`` where the picture's top left
    corner lies in the widget.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(120, 90)
        bind_text(self, self.setAccessibleName, "query.picture")
        self._pyramid: Pyramid | None = None
        self._scale = 1.0
        self._offset = QPointF()
        self._fitted = True
        self._grip: QPointF | None = None
        theme.changed.connect(self.update)

    def show_picture(self, pyramid: Pyramid | None) -> None:
        self._pyramid = pyramid
        self.fit()

    def fit(self) -> None:
        """The whole picture, centred, never enlarged beyond its pixels."""
        self._fitted = True
        if self._pyramid is not None:
            room_x, room_y = (
                self.width() / self._pyramid.width,
                self.height() / self._pyramid.height,
            )
            self._scale = min(room_x, room_y)
            self._centre()
        self.update()

    def zoom(self, factor: float, at: QPointF) -> None:
        """Zoom about the point ``at`` of the widget."""
        if self._pyramid is None:
            return
        fitted = min(
            self.width() / self._pyramid.width, self.height() / self._pyramid.height, MAX_SCALE
        )
        scale = max(fitted, min(MAX_SCALE, self._scale * factor))
        self._fitted = scale <= fitted * 1.001
        if self._fitted:
            self.fit()
            return
        self._offset = at - (at - self._offset) * (scale / self._scale)
        self._scale = scale
        self._keep_inside()
        self.update()

    def _centre(self) -> None:
        assert self._pyramid is not None
        self._offset = QPointF(
            (self.width() - self._pyramid.width * self._scale) / 2,
            (self.height() - self._pyramid.height * self._scale) / 2,
        )

    def _keep_inside(self) -> None:
        """No gap at an edge that the picture could fill; centred where it is smaller."""
        assert self._pyramid is not None
        width, height = self._pyramid.width * self._scale, self._pyramid.height * self._scale

        def clamp(offset: float, room: int, size: float) -> float:
            return (room - size) / 2 if size <= room else min(0.0, max(room - size, offset))

        self._offset = QPointF(
            clamp(self._offset.x(), self.width(), width),
            clamp(self._offset.y(), self.height(), height),
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.tokens.window))
        if self._pyramid is None:
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        image, relative = self._pyramid.level_for(self._scale * self.devicePixelRatioF())
        visible = QRectF(self.rect()).intersected(
            QRectF(
                self._offset.x(),
                self._offset.y(),
                self._pyramid.width * self._scale,
                self._pyramid.height * self._scale,
            )
        )
        per_pixel = relative / self._scale
        source = QRectF(
            (visible.x() - self._offset.x()) * per_pixel,
            (visible.y() - self._offset.y()) * per_pixel,
            visible.width() * per_pixel,
            visible.height() * per_pixel,
        )
        painter.drawImage(visible, image, source)
        if self.hasFocus():
            draw_focus(painter, self.rect())

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._fitted:
            self.fit()
        elif self._pyramid is not None:
            self._keep_inside()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom(WHEEL_STEP ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        middle = QPointF(self.rect().center())
        if event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(WHEEL_STEP, middle)
        elif event.key() == Qt.Key.Key_Minus:
            self.zoom(1 / WHEEL_STEP, middle)
        elif event.key() == Qt.Key.Key_0:
            self.fit()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and not self._fitted:
            self._grip = event.position() - self._offset
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None and self._pyramid is not None:
            self._offset = event.position() - self._grip
            self._keep_inside()
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = None
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._fitted:
            self.zoom(1 / self._scale, event.position())
        else:
            self.fit()
