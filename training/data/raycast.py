"""Where lines of sight meet a height field: what a camera sees of ground that is not flat.

Every line is followed downwards in steps of at most one cell sideways until it is below the field
(interpolated between cells), then the crossing is found by halving. So what stands in front hides what
is behind, and high things lean outwards. A wall, of which a field knows the edge alone, shows the
pixels of that edge drawn out.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

FLATTEST = 0.1  # cosine off straight down (84 degrees): lines at the horizon would never arrive
HALVINGS = 6
MARGIN = 2  # cells about what is looked at

Floats = NDArray[np.float64]


def meet(
    heights: NDArray[np.float32], cell_m: float, origin: Floats, directions: Floats
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Columns and rows (h, w) of ``heights`` where the lines arrive; beyond it lies its mirror image.

    ``heights``: (H, W) metres, cells ``cell_m`` apart. ``origin``: (3,) column and row of the eye in
    cells, its height in metres; ``directions``: (h, w, 3) along columns, rows and upwards, of any length.
    """
    along = np.linalg.norm(directions, axis=-1)
    down = np.maximum(-directions[..., 2] / along, FLATTEST)
    sideways = directions[..., :2] / (along * down * cell_m)[..., None]  # cells a metre down

    def at(level: Floats | float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        drop = origin[2] - level
        x, y = (origin[i] + sideways[..., i] * drop for i in range(2))
        return x.astype(np.float32), y.astype(np.float32)

    low, high = float(heights.min()), float(heights.max())
    for _ in range(2):  # the field's part in sight, by its bounds; then by the bounds of that part
        field, left, top = _part(heights, *at(low), *at(min(high, float(origin[2]))))
        low, high = float(field.min()), float(field.max())
    high = min(high, float(origin[2]))
    steps = max(1, int(np.ceil(np.abs(sideways).max() * (high - low))))
    above, below = np.full(down.shape, high), np.full(down.shape, low)
    seeking = np.ones(down.shape, bool)
    for level in np.linspace(high, low, steps + 1):
        hit = seeking & (_sampled(field, left, top, *at(level)) >= level)
        below[hit] = level
        seeking &= ~hit
        if not seeking.any():
            break
        above[seeking] = level
    for _ in range(HALVINGS):
        middle = (above + below) / 2
        hit = _sampled(field, left, top, *at(middle)) >= middle
        below, above = np.where(hit, middle, below), np.where(hit, above, middle)
    return at((above + below) / 2)


def _part(
    heights: NDArray[np.float32], *places: NDArray[np.float32]
) -> tuple[NDArray[np.float32], int, int]:
    """What the field holds about the places (columns, rows, columns, rows), and where it begins.

    The whole of it where they lie beyond: its mirror image will be looked at.
    """
    height, width = heights.shape
    columns, rows = np.stack(places[0::2]), np.stack(places[1::2])
    left, top = (int(np.floor(values.min())) - MARGIN for values in (columns, rows))
    right, bottom = (int(np.ceil(values.max())) + MARGIN + 1 for values in (columns, rows))
    if left < 0 or top < 0 or right > width or bottom > height:
        return heights, 0, 0
    return heights[top:bottom, left:right], left, top


def _sampled(
    field: NDArray[np.float32],
    left: int,
    top: int,
    x: NDArray[np.float32],
    y: NDArray[np.float32],
) -> NDArray[np.float32]:
    found = cv2.remap(field, x - left, y - top, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(found, np.float32)
