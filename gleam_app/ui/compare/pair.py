"""A query and a candidate made ready for painting. The slow part; runs off the GUI thread."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from gleam_app.imagery.query import Query
from gleam_app.imagery.sources import Picture
from gleam_app.imagery.views import PLANAR_VIEWS
from gleam_app.retrieval.results import Alignment, Candidate, TileRef
from gleam_app.ui.compare.geometry import Matrix, Points, link, local_frame, outline, spread_order
from gleam_app.ui.images import Pyramid, make_pyramid

TileReader = Callable[[TileRef, int], Picture]
TILE_PX = 768
WARPED_PX = 2048  # longest side of the query laid on the window


@dataclass(frozen=True, eq=False)
class Pair:
    """What the canvas paints. Points and outline are float64 (N, 2) pixels (x, y).

    ``matrix`` takes query pixels to tile pixels; ``measured`` tells that it is verified geometry.
    ``warped`` is the query laid on the tile, at ``warped_scale`` of its pixels a tile pixel.
    ``tile`` is None when the tile cannot be read.
    """

    query: Query
    candidate: Candidate
    query_picture: Pyramid
    tile_picture: Pyramid | None
    matrix: Matrix
    measured: bool
    query_points: Points
    tile_points: Points
    outline: Points | None
    warped: QImage | None
    warped_scale: float


def prepare(
    query: Query,
    candidate: Candidate,
    read_tile: TileReader | None = None,
    known: Pyramid | None = None,
) -> Pair:
    """Everything about the pair that takes time. ``known`` is the query's pyramid, if made before."""
    query_picture = known or make_pyramid(query.pixels)
    pixels = _tile_pixels(candidate, read_tile)
    none = np.empty((0, 2))
    if pixels is None:
        return Pair(
            query, candidate, query_picture, None, np.eye(3), False, none, none, None, None, 1.0
        )
    tile_size = (pixels.shape[1], pixels.shape[0])
    matrix, measured = link(candidate, query.size, tile_size, query.view in PLANAR_VIEWS)
    alignment = candidate.alignment
    query_points = tile_points = none
    if alignment is not None:
        order = spread_order(alignment.query_points.astype(np.float64))
        query_points = alignment.query_points[order].astype(np.float64)
        tile_points = alignment.window_points[order].astype(np.float64)
    warped, warped_scale = _warp(query, matrix, alignment, tile_size)
    return Pair(
        query,
        candidate,
        query_picture,
        make_pyramid(pixels),
        matrix,
        measured,
        query_points,
        tile_points,
        outline(matrix, query.size) if measured else None,
        warped,
        warped_scale,
    )


def _tile_pixels(candidate: Candidate, read_tile: TileReader | None) -> NDArray[np.uint8] | None:
    if candidate.alignment is not None:
        return candidate.alignment.window_rgb
    if read_tile is not None:
        return read_tile(candidate.tile, TILE_PX).rgb
    return candidate.thumbnail


def _warp(
    query: Query, matrix: Matrix, alignment: Alignment | None, tile_size: tuple[int, int]
) -> tuple[QImage | None, float]:
    """The query laid on the window (premultiplied ARGB) at about the sharpness it has, and its scale."""
    if alignment is None:
        return None, 1.0
    import cv2

    shrink, _ = local_frame(matrix, (query.size[0] / 2, query.size[1] / 2))
    scale = min(max(1.0, 1 / max(shrink, 1e-6)), max(1.0, WARPED_PX / max(tile_size)))
    source: NDArray[np.uint8] = query.pixels
    to_source = np.eye(3)
    if shrink * scale < 0.7:  # a smaller query first, or the warp would sparkle
        factor = max(shrink * scale, 16 / min(query.size))
        size = (round(query.size[0] * factor), round(query.size[1] * factor))
        source = cv2.resize(source, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        to_source = np.diag([source.shape[1] / query.size[0], source.shape[0] / query.size[1], 1.0])
    full = np.diag([scale, scale, 1.0]) @ matrix @ np.linalg.inv(to_source)
    size = (round(tile_size[0] * scale), round(tile_size[1] * scale))
    opaque = np.dstack([source, np.full(source.shape[:2], 255, np.uint8)])
    laid = np.ascontiguousarray(cv2.warpPerspective(opaque, full, size, flags=cv2.INTER_LINEAR))
    image = QImage(laid.data, *size, 4 * size[0], QImage.Format.Format_RGBA8888_Premultiplied)
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied), scale
