"""Numbers as they are shown, and regions of pictures."""

import math

import numpy as np
from numpy.typing import NDArray

Region = tuple[tuple[float, float], ...]


def significant(value: float, digits: int) -> float:
    """``value`` rounded to ``digits`` significant digits."""
    if value == 0 or not math.isfinite(value):
        return value
    rounded = round(value, digits - 1 - math.floor(math.log10(abs(value))))
    return int(rounded) if float(rounded).is_integer() and abs(rounded) >= 10 else rounded


def shown_length(metres: float) -> tuple[float, str]:
    """A length with two significant digits and its unit, "m" or "km"; below a centimetre it is none."""
    if metres < 995:
        metres = metres if metres >= 0.01 else 0.0
        return significant(metres, 2), "m"
    return significant(metres / 1000, 2), "km"


def convex_hull(points: NDArray[np.float32]) -> Region:
    """Hull of (N, 2) points by Andrew's monotone chain, (x, y) with one decimal; empty below three points."""
    unique = sorted({(round(float(x), 1), round(float(y), 1)) for x, y in points})
    if len(unique) < 3:
        return ()

    def chain(ordered: list[tuple[float, float]]) -> list[tuple[float, float]]:
        hull: list[tuple[float, float]] = []
        for point in ordered:
            while len(hull) >= 2 and _cross(hull[-2], hull[-1], point) <= 0:
                hull.pop()
            hull.append(point)
        return hull[:-1]

    hull = chain(unique) + chain(unique[::-1])
    return tuple(hull) if len(hull) >= 3 else ()


def _cross(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def project(region: Region, homography: NDArray[np.float64]) -> Region:
    points = np.array([(x, y, 1.0) for x, y in region]) @ homography.T
    flat = points[:, :2] / points[:, 2:]
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in flat)


def place_in_picture(points: NDArray[np.float32], size: tuple[int, int]) -> str:
    """Where in a picture of ``size`` (width, height) the points lie: "throughout", or "upper left" and the like.

    "throughout" where at least seven of the nine cells of a 3 x 3 grid hold 3 % of the points each;
    else the cell of their mean.
    """
    cells = np.clip((points / np.array(size) * 3).astype(int), 0, 2)
    counts = np.zeros((3, 3))
    np.add.at(counts, (cells[:, 1], cells[:, 0]), 1)
    if int((counts >= 0.03 * len(points)).sum()) >= 7:
        return "throughout"
    column, row = np.clip((points.mean(axis=0) / np.array(size) * 3).astype(int), 0, 2)
    rows, columns = ("upper", "", "lower"), ("left", "", "right")
    return f"{rows[row]} {columns[column]}".strip() or "centre"
