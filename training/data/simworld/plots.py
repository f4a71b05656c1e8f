"""Free ground: what may still be built on, kept as a mask; and the rectangles put on it."""

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_CELL = 0.5  # metres


class Ground:
    """Which cells of a square of ``side_m`` around the centre are taken."""

    def __init__(self, side_m: float) -> None:
        self._half = side_m / 2
        size = round(side_m / _CELL)
        self._taken = np.zeros((size, size), np.uint8)

    def take(self, ring: Floats) -> None:
        """Mark a polygon as taken."""
        cv2.fillPoly(self._taken, [self._cells(ring)], 1)

    def take_line(self, line: Floats, width_m: float) -> None:
        """Mark a band along a line as taken."""
        cv2.polylines(self._taken, [self._cells(line)], False, 1, max(1, round(width_m / _CELL)))

    def is_free(self, ring: Floats) -> bool:
        """Whether a polygon lies inside and on free ground."""
        cells = self._cells(ring)
        low, high = cells.min(axis=0), cells.max(axis=0) + 1
        if low.min() < 0 or high.max() > len(self._taken):
            return False
        mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
        cv2.fillPoly(mask, [(cells - low).astype(np.int32)], 1)
        return not (mask & self._taken[low[1] : high[1], low[0] : high[0]]).any()

    def taken_at(self, spots: Floats) -> NDArray[np.bool_]:
        """Whether each of (n, 2) spots is on taken ground or outside, (n,)."""
        cells = self._cells(spots)
        within = ((cells >= 0) & (cells < len(self._taken))).all(axis=1)
        cells = np.clip(cells, 0, len(self._taken) - 1)
        return np.asarray(~within | (self._taken[cells[:, 1], cells[:, 0]] > 0))

    def _cells(self, ring: Floats) -> NDArray[np.int32]:
        return np.round((ring + self._half) / _CELL).astype(np.int32)


def rectangle(centre: Floats, direction: Floats, length: float, width: float) -> Floats:
    """(4, 2) corners, clockwise seen from above; ``direction`` is the unit vector of the length."""
    along = direction * length / 2
    aside = np.array([direction[1], -direction[0]]) * width / 2
    return np.stack(
        [
            centre - along - aside,
            centre - along + aside,
            centre + along + aside,
            centre + along - aside,
        ]
    )[::-1]


def unit(vector: Floats) -> Floats:
    """The vector at length one."""
    return np.asarray(vector / max(float(np.hypot(*vector)), 1e-9), np.float64)


def walk(line: Floats, distances: Floats) -> tuple[Floats, Floats]:
    """Positions (n, 2) and unit tangents (n, 2) at ``distances`` metres along a line."""
    lengths = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])

    def at(metres: Floats) -> Floats:
        return np.stack([np.interp(metres, lengths, line[:, k]) for k in (0, 1)], axis=-1)

    tangent = at(distances + 0.5) - at(distances - 0.5)
    return at(distances), tangent / np.maximum(np.hypot(*tangent.T), 1e-9)[:, None]


def length_of(line: Floats) -> float:
    """Metres."""
    return float(np.hypot(*np.diff(line, axis=0).T).sum())


def band(line: Floats, width_m: float) -> Floats:
    """The ring (2 n, 2) around a line (n, 2) of evenly spaced points."""
    _, tangent = walk(line, np.linspace(0, length_of(line), len(line)))
    aside = np.column_stack([tangent[:, 1], -tangent[:, 0]]) * width_m / 2
    return np.concatenate([line + aside, (line - aside)[::-1]])


def inside(ring: Floats, spot: Floats) -> bool:
    """Whether a point lies in a polygon (ray casting)."""
    x, y = spot
    a, b = ring, np.roll(ring, -1, axis=0)
    crosses = (a[:, 1] > y) != (b[:, 1] > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = a[:, 0] + (y - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])
    return bool((crosses & (x < at)).sum() % 2)
