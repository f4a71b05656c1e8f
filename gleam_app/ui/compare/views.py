"""Where the two pictures stand on the canvas: zoom, pan and turn, linked by the pair's geometry."""

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QTransform

from gleam_app.ui.compare.geometry import Matrix, local_frame, project
from gleam_app.ui.compare.pair import Pair

SMALLEST, LARGEST = 0.02, 40.0  # screen pixels a query pixel


class LinkedViews:
    """One place looked at through two pictures.

    Truth is the query pixel in the middle of its pane, the scale (screen pixels a query pixel) and
    whether the query is turned north up; the tile's view follows through the pair's matrix.
    """

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self._width, self._height = pair.query.size
        self._inverse: Matrix = np.linalg.inv(pair.matrix).astype(np.float64)
        self.north_up = True
        self.centre = (self._width / 2, self._height / 2)
        self.scale = 1.0

    def fit(self, pane: QRectF) -> None:
        """The whole query in its pane, and its outline in the tile's unless perspective stretches it far."""
        self.centre = (self._width / 2, self._height / 2)
        turn = math.radians(self.turn_deg)
        cos, sin = abs(math.cos(turn)), abs(math.sin(turn))
        across = self._width * cos + self._height * sin
        down = self._width * sin + self._height * cos
        whole = min(pane.width() / across, pane.height() / down) * 0.96
        self.scale = whole
        if self._pair.outline is not None:
            shrink, _ = self._frame()
            middle = project(self._pair.matrix, np.array([self.centre]))[0]
            reach = 2 * np.abs(self._pair.outline - middle).max(axis=0) / max(shrink, 1e-9)
            seen = min(pane.width() / reach[0], pane.height() / reach[1]) * 0.96
            self.scale = max(0.6 * whole, min(whole, float(seen)))

    @property
    def turn_deg(self) -> float:
        """How far clockwise the query is turned on the screen."""
        return self._frame()[1] if self.north_up else 0.0

    def query_transform(self, pane: QRectF) -> QTransform:
        """Query pixel -> canvas."""
        return _look(pane.center(), self.turn_deg, self.scale, self.centre)

    def tile_transform(self, pane: QRectF) -> QTransform:
        """Tile pixel -> canvas, at the same ground scale as the query."""
        shrink, _ = self._frame()
        x, y = project(self._pair.matrix, np.array([self.centre]))[0]
        return _look(pane.center(), 0.0, self.scale / max(shrink, 1e-9), (float(x), float(y)))

    def pan(self, pane: QRectF, over_tile: bool, move: QPointF) -> None:
        """Drag the picture under the mouse by ``move`` canvas pixels."""
        transform = self.tile_transform(pane) if over_tile else self.query_transform(pane)
        inverse, _ = transform.inverted()
        middle = inverse.map(pane.center() - move)
        self._centre_on((middle.x(), middle.y()), over_tile)

    def zoom(self, pane: QRectF, over_tile: bool, at: QPointF, factor: float) -> None:
        """Zoom so that the point under the mouse stays there."""
        factor = max(SMALLEST / self.scale, min(LARGEST / self.scale, factor))
        self.pan(pane, over_tile, (pane.center() - at) * (1 - 1 / factor))
        self.scale *= factor

    def _centre_on(self, point: tuple[float, float], over_tile: bool) -> None:
        if over_tile:
            x, y = project(self._inverse, np.array([point]))[0]
            point = (float(x), float(y))
        if not all(math.isfinite(value) for value in point):
            return
        # Half a picture beyond the border at most, so that nobody gets lost.
        self.centre = (
            max(-self._width / 2, min(1.5 * self._width, point[0])),
            max(-self._height / 2, min(1.5 * self._height, point[1])),
        )

    def _frame(self) -> tuple[float, float]:
        return local_frame(self._pair.matrix, (self._width / 2, self._height / 2))


def _look(at: QPointF, turn: float, scale: float, centre: tuple[float, float]) -> QTransform:
    transform = QTransform()
    transform.translate(at.x(), at.y())
    transform.rotate(turn)
    transform.scale(scale, scale)
    transform.translate(-centre[0], -centre[1])
    return transform
