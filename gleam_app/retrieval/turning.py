"""Turned copies of a query, because nobody knows which way it was looking.

Angles: a query turned by ``turn`` degrees clockwise has the picture's up direction point to bearing
``turn``; if it then looks like a north-up tile, the heading of the query is ``turn``. A panorama has no
up on the ground: it is rolled, so that one whose centre column looks to bearing ``turn`` gets north into
its centre column.
"""

import numpy as np
from numpy.typing import NDArray

from gleam_app.imagery.query import View

STEP_DEG = 15.0
# Share of the picture's shorter side that a turned square uses. The corners of larger squares would
# fall outside the picture at oblique turns; what still does is mirrored.
SQUARE_SHARE = 0.8
TURNED_VIEWS: tuple[View, ...] = ("uav", "map", "panorama")
"""Views whose heading is searched for. A ground photo shows one side only, and turns nowhere."""


def turns_for(view: View, heading_deg: float | None) -> NDArray[np.float64]:
    """The turns (degrees clockwise) to try for a view: one if the heading is known or means nothing."""
    if view not in TURNED_VIEWS:
        return np.zeros(1)
    if heading_deg is not None:
        return np.array([heading_deg % 360.0])
    return np.arange(0.0, 360.0, STEP_DEG)


def turn_matrix(
    width: int, height: int, turn_deg: float, scale: float, size: int
) -> NDArray[np.float64]:
    """Affine (2, 3): query pixel -> pixel of a ``size`` square, turned clockwise about the picture's
    centre and enlarged by ``scale``."""
    angle = np.deg2rad(turn_deg)
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    # image y points down, so this rotates clockwise as seen
    linear = np.array([[cos, -sin], [sin, cos]])
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    shift = np.array([(size - 1) / 2, (size - 1) / 2]) - linear @ centre
    return np.hstack([linear, shift[:, None]])


def turned_square(
    pixels: NDArray[np.uint8], turn_deg: float, size: int, share: float = SQUARE_SHARE
) -> NDArray[np.uint8]:
    """The middle square (``share`` of the shorter side) turned clockwise, as uint8 (size, size, 3)."""
    import cv2

    height, width = pixels.shape[:2]
    scale = size / (share * min(width, height))
    if scale < 0.5:  # shrink with area averaging first, so that warping does not alias
        factor = scale * 1.5
        shrunk = (max(1, round(width * factor)), max(1, round(height * factor)))
        pixels = cv2.resize(pixels, shrunk, interpolation=cv2.INTER_AREA).astype(np.uint8)
        height, width = pixels.shape[:2]
        scale = size / (share * min(width, height))
    matrix = turn_matrix(width, height, turn_deg, scale, size)
    warped = cv2.warpAffine(
        pixels, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(warped, np.uint8)


def rolled(panorama: NDArray[np.uint8], turn_deg: float) -> NDArray[np.uint8]:
    """A panorama (height, 360 degrees, 3) whose centre column looked to ``turn_deg``; now to north."""
    return np.roll(panorama, round(panorama.shape[1] * turn_deg / 360.0), axis=1)


def query_pictures(
    pixels: NDArray[np.uint8], view: View, turns: NDArray[np.float64], size: int
) -> NDArray[np.uint8]:
    """What the encoder sees of a query: uint8 (turns, size, size, 3), panoramas (turns, size, 2 size, 3).

    Views that are not turned give one picture, whatever ``turns`` says.
    """
    import cv2

    if view == "panorama":
        around = cv2.resize(pixels, (2 * size, size), interpolation=cv2.INTER_AREA).astype(np.uint8)
        return np.stack([rolled(around, float(turn)) for turn in turns])
    if view in TURNED_VIEWS:
        return np.stack([turned_square(pixels, float(turn), size) for turn in turns])
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = pixels[top : top + side, left : left + side]
    return np.asarray(cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA), np.uint8)[
        None
    ]
