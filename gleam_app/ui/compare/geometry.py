"""Plane geometry of a pair: how query pixels lie on the candidate's window. numpy only."""

import math

import numpy as np
from numpy.typing import NDArray

from gleam_app.retrieval.results import Candidate

Matrix = NDArray[np.float64]
Points = NDArray[np.float64]


def project(matrix: Matrix, points: Points) -> Points:
    """``points`` float64 (N, 2), pixel (x, y), through a homography (3, 3); inf beyond its horizon."""
    homogeneous = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    depth = homogeneous[:, 2:]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(depth > 1e-9, homogeneous[:, :2] / depth, np.inf)


def local_frame(matrix: Matrix, at: tuple[float, float]) -> tuple[float, float]:
    """(scale, clockwise turn in degrees) of a homography near a pixel (x, y).

    Scale is target pixels a source pixel: the root of the Jacobian's determinant.
    """
    x, y = at
    u, v, w = matrix @ np.array([x, y, 1.0])
    jacobian = (matrix[:2, :2] * w - np.outer([u, v], matrix[2, :2])) / (w * w)
    scale = math.sqrt(abs(float(np.linalg.det(jacobian))))
    return scale, math.degrees(math.atan2(jacobian[1, 0], jacobian[0, 0]))


def normalised(matrix: Matrix, size: tuple[int, int]) -> Matrix:
    """The same homography with the picture's middle on the positive side of the horizon."""
    depth = float(matrix[2] @ np.array([size[0] / 2, size[1] / 2, 1.0]))
    return matrix / depth


def link(
    candidate: Candidate,
    query_size: tuple[int, int],
    tile_size: tuple[int, int],
    planar: bool = True,
) -> tuple[Matrix, bool]:
    """(query pixel -> tile pixel, is it measured?) for moving two views together.

    Without verified geometry the pictures are linked middle to middle, turned as the encoder
    agreed best, the query's shorter side as long as the tile's. A picture that is not ``planar`` (a
    panorama) is never turned: its headings lie along its width.
    """
    if candidate.alignment is not None:
        return normalised(candidate.alignment.homography, query_size), True
    scale = min(tile_size) / min(query_size)
    turn = math.radians((candidate.turn_deg or 0.0) if planar else 0.0)
    cos, sin = scale * math.cos(turn), scale * math.sin(turn)
    (qx, qy), (tx, ty) = ((side / 2 for side in size) for size in (query_size, tile_size))
    return np.array(
        [
            [cos, -sin, tx - cos * qx + sin * qy],
            [sin, cos, ty - sin * qx - cos * qy],
            [0.0, 0.0, 1.0],
        ]
    ), False


def outline(matrix: Matrix, size: tuple[int, int]) -> Points | None:
    """The query's border in target pixels, (4, 2) from its top left clockwise; None if it reaches the horizon."""
    width, height = size
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    ring = project(matrix, corners)
    return ring if bool(np.isfinite(ring).all()) else None


def spread_order(points: Points, first: int = 400) -> NDArray[np.intp]:
    """Order in which points are best drawn when only some can be: each farthest from those before.

    Of N points, the ``first`` are ordered so (farthest point sampling); the rest follow as they are.
    """
    count = len(points)
    if count == 0:
        return np.empty(0, np.intp)
    chosen = [int(np.argmin(((points - points.mean(axis=0)) ** 2).sum(axis=1)))]
    nearest = ((points - points[chosen[0]]) ** 2).sum(axis=1)
    nearest[chosen[0]] = -1
    while len(chosen) < min(first, count):
        pick = int(np.argmax(nearest))
        chosen.append(pick)
        nearest = np.minimum(nearest, ((points - points[pick]) ** 2).sum(axis=1))
        nearest[pick] = -1
    rest = np.flatnonzero(nearest >= 0)
    return np.concatenate([np.array(chosen, np.intp), rest])
