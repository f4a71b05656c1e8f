"""Query and tile as one picture of four panels, for models that compare them while they look.

A model that is shown two pictures one after the other meets them as two lists of tokens, and only its
language part can compare. On one picture, the part that sees compares.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

SIDE = 256
PANEL = SIDE // 2
DETAIL = 0.5  # of a picture's side is what the lower panel shows


def montage(query: Picture, tile: Picture) -> Picture:
    """uint8 (256, 256, 3) RGB: the query left, the tile right, each whole above and its middle below.

    ``query`` lies as it is believed to lie on the tile, which is square. A panorama, wider than high, has
    its left half above and its right half below.
    """
    canvas = np.empty((SIDE, SIDE, 3), np.uint8)
    for column, (above, below) in enumerate((_panels(query), _panels(tile))):
        across = slice(column * PANEL, (column + 1) * PANEL)
        canvas[:PANEL, across], canvas[PANEL:, across] = _shrunk(above), _shrunk(below)
    return canvas


def _panels(picture: Picture) -> tuple[Picture, Picture]:
    height, width = picture.shape[:2]
    if width > 1.5 * height:
        return picture[:, : width // 2], picture[:, width // 2 :]
    top, left = round(height * (1 - DETAIL) / 2), round(width * (1 - DETAIL) / 2)
    return picture, picture[top : height - top, left : width - left]


def _shrunk(picture: Picture) -> Any:
    import cv2

    shrinks = min(picture.shape[:2]) >= PANEL
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(np.ascontiguousarray(picture), (PANEL, PANEL), interpolation=method)
