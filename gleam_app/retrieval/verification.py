"""Geometric verification: does the query really lie on this ground, and exactly where?

The query, turned as the encoder liked it best, and a north-up window around the tile are brought to
one ground sampling; local features are paired; RANSAC keeps what agrees on one transform. A second look,
centred on the first estimate and turned by the measured heading, sharpens it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gleam_app.geo.frame import LocalFrame
from gleam_app.geo.measure import turn_between
from gleam_app.imagery.query import Query
from gleam_app.imagery.sources import Picture
from gleam_app.retrieval.matcher import Features, Matcher
from gleam_app.retrieval.results import Alignment
from gleam_app.retrieval.search import Match
from gleam_app.retrieval.turning import SQUARE_SHARE, turn_matrix

MIN_SQUARE_PX = 128
EDGE_PX = 12  # no features this near to the edge of the imagery
MAX_WINDOW_PX = 1024
WINDOW_SIDES = 2.0  # first window, in tile sides: the query may be centred off the tile
RANSAC_PX = 5.0
MIN_MATCHES = 6
SECOND_LOOK = 8  # inliers that earn a second look
# A correct transform agrees with what retrieval already knows about turn and scale.
MAX_TURN_ERROR_DEG = 50.0
MAX_SCALE_ERROR = 2.2
RADIUS_FLOOR_M = 1.0
RADIUS_SAFETY = 1.5  # for what the plane leaves out: relief, and the lens


@dataclass(frozen=True, eq=False)
class GroundFix:
    """Where the query lies: see ``Candidate`` for the fields."""

    lat: float | None
    lon: float | None
    radius_m: float | None
    heading_deg: float
    footprint: tuple[tuple[float, float], ...]
    inliers: int
    alignment: Alignment


@dataclass(frozen=True)
class Effort:
    """How hard to look: working size of the query's middle square (pixels), points a picture."""

    square_px: int
    points: int


QUICK = Effort(288, 512)  # a third of the time; enough to notice most right places
THOROUGH = Effort(400, 1024)


class QueryFeatures:
    """Features of one query, computed once for each turn, working size and effort."""

    def __init__(self, query: Query, matcher: Matcher) -> None:
        self.query = query
        self.matcher = matcher
        self._known: dict[tuple[int, int, int], tuple[Features, NDArray[np.float64]]] = {}

    def at(
        self, turn_deg: float, square_px: int, points: int
    ) -> tuple[Features, NDArray[np.float64]]:
        """Features of the turned query and the affine (2, 3) query pixel -> turned pixel."""
        key = (round(turn_deg), square_px, points)
        if key not in self._known:
            picture, inside, matrix = turned_whole(self.query.pixels, float(key[0]), square_px)
            self._known[key] = self.matcher.features(picture, inside, points), matrix
        return self._known[key]


def turned_whole(
    pixels: NDArray[np.uint8], turn_deg: float, square_px: int
) -> tuple[NDArray[np.uint8], NDArray[np.bool_], NDArray[np.float64]]:
    """The whole query turned clockwise on a canvas that holds it; its middle square is ``square_px``.

    Returns the canvas, where it shows the query (a little inside its edge), and query pixel -> canvas.
    """
    import cv2

    height, width = pixels.shape[:2]
    scale = square_px / (SQUARE_SHARE * min(width, height))
    if scale < 0.7:
        shrunk = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = cv2.resize(pixels, shrunk, interpolation=cv2.INTER_AREA).astype(np.uint8)
    else:
        small = pixels
    ratio = small.shape[1] / width
    size = int(np.ceil(np.hypot(width, height) * scale)) + 2
    matrix = turn_matrix(small.shape[1], small.shape[0], turn_deg, scale / ratio, size)
    corners = np.array(
        [[0, 0], [small.shape[1], 0], small.shape[1::-1], [0, small.shape[0]]], float
    )
    outline = corners @ matrix[:, :2].T + matrix[:, 2]
    low = np.floor(np.maximum(outline.min(0), 0)).astype(int)
    high = np.ceil(np.minimum(outline.max(0), size)).astype(int)
    matrix[:, 2] -= low
    canvas = (int(high[0] - low[0]), int(high[1] - low[1]))
    # mirrored, not black, beyond its edge: two black frames would be found to match
    picture = cv2.warpAffine(
        small, matrix, canvas, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    inside = cv2.warpAffine(np.full(small.shape[:2], 255, np.uint8), matrix, canvas)
    inside = cv2.erode(inside, np.ones((9, 9), np.uint8), borderValue=0)
    # small pixel centres sit at (x + 0.5) * ratio - 0.5 of the full picture's
    to_small = np.array([[ratio, 0, 0.5 * ratio - 0.5], [0, ratio, 0.5 * ratio - 0.5], [0, 0, 1]])
    whole = (np.vstack([matrix, [0, 0, 1]]) @ to_small)[:2]
    return np.asarray(picture, np.uint8), inside > 127, whole


def verify(features: QueryFeatures, match: Match, effort: Effort = THOROUGH) -> GroundFix | None:
    """Look for the query around one tile; None where nothing agrees.

    A first look that finds enough earns a second, thorough one around what it found. Deterministic:
    OpenCV seeds RANSAC anew in every call.
    """
    if match.tile_set.pictures:
        return _verify_picture(features, match, effort)
    tile = match.tile_set.table[match.row]
    scale_m = float(tile["scale_m"])
    centre = float(tile["lat"]), float(tile["lon"])
    belief = _Belief(centre, WINDOW_SIDES * scale_m, match.turn_deg, scale_m)
    first = _look(features, match, belief, effort)
    if first is None or first.inliers < SECOND_LOOK or first.lat is None or first.lon is None:
        return first
    metres = first.alignment.metres_per_pixel
    width, height = features.query.size
    belief = _Belief(
        centre=(first.lat, first.lon),
        side_m=1.3 * float(np.hypot(width, height)) * metres,
        turn_deg=first.heading_deg,
        square_m=SQUARE_SHARE * min(width, height) * metres,
    )
    second = _look(features, match, belief, THOROUGH)
    return second if second is not None and second.inliers >= first.inliers else first


@dataclass(frozen=True)
class _Belief:
    """Where to look: window centre (lat, lon) and side (m), turn (degrees), ground side of the query's
    middle square (m)."""

    centre: tuple[float, float]
    side_m: float
    turn_deg: float
    square_m: float


def _look(
    features: QueryFeatures, match: Match, belief: _Belief, effort: Effort
) -> GroundFix | None:
    """Match the query against the window that ``belief`` names, both at the same ground sampling."""
    source = match.tile_set.sources[int(match.tile_set.table[match.row]["source"])]
    # finer than the source would only invent pixels
    finest_px = max(MIN_SQUARE_PX, int(belief.square_m / source.resolution_m))
    square_px = min(effort.square_px, finest_px)
    window_px = min(MAX_WINDOW_PX, round(belief.side_m / belief.square_m * square_px))
    window = source.read_square(*belief.centre, belief.side_m, window_px)
    turned, matrix = features.at(belief.turn_deg, square_px, effort.points)
    fitted = _fit(features.matcher, turned, matrix, window, effort.points)
    scale = square_px / (SQUARE_SHARE * min(features.query.size))
    if fitted is None or not plausible(
        fitted.homography, features.query.size, belief.turn_deg, scale
    ):
        return None
    return _ground_fix(features.query, window, belief.centre, belief.side_m, fitted)


def _verify_picture(features: QueryFeatures, match: Match, effort: Effort) -> GroundFix | None:
    """A tile that is a picture of unknown ground size: evidence and alignment, but no position."""
    window = match.tile_set.read_window(match.row, 0.0, 2 * effort.square_px)
    turned, matrix = features.at(match.turn_deg, effort.square_px, effort.points)
    fitted = _fit(features.matcher, turned, matrix, window, effort.points)
    scale = window.rgb.shape[1] / (SQUARE_SHARE * min(features.query.size))
    if fitted is None or not plausible(
        fitted.homography, features.query.size, match.turn_deg, scale
    ):
        return None
    return _ground_fix(features.query, window, None, 0.0, fitted)


@dataclass(frozen=True, eq=False)
class _Fitted:
    """A transform query pixel -> window pixel and the pairs that agree with it."""

    homography: NDArray[np.float64]
    query_points: NDArray[np.float32]
    window_points: NDArray[np.float32]
    matches: int
    residual_px: float


def _fit(
    matcher: Matcher, turned: Features, matrix: NDArray[np.float64], window: Picture, points: int
) -> _Fitted | None:
    """Pair features and fit query pixel -> window pixel; None with too few that agree.

    ``matrix`` is query pixel -> turned pixel. A similarity (4 unknowns) must hold first: it is hard to
    satisfy by chance. A homography replaces it where the camera's tilt makes it explain at least as many.
    """
    import cv2

    there = matcher.features(*_without_edges(window), points)
    turned_points, window_points = matcher.match(turned, there)
    if len(turned_points) < MIN_MATCHES:
        return None
    inverse = cv2.invertAffineTransform(matrix)
    query_points = (turned_points @ inverse[:, :2].T + inverse[:, 2]).astype(np.float32)
    similarity, agree = cv2.estimateAffinePartial2D(
        query_points,
        window_points,
        method=cv2.RANSAC,
        ransacReprojThreshold=RANSAC_PX,
        maxIters=4000,
        confidence=0.999,
    )
    if similarity is None or agree.sum() < MIN_MATCHES:
        return None
    model = np.vstack([similarity, [0.0, 0.0, 1.0]])
    kept = agree.ravel().astype(bool)
    if kept.sum() >= 2 * MIN_MATCHES:
        homography, agree = cv2.findHomography(
            query_points,
            window_points,
            cv2.USAC_MAGSAC,
            RANSAC_PX * 0.6,
            maxIters=4000,
            confidence=0.999,
        )
        if homography is not None and agree.sum() >= kept.sum():
            model, kept = np.asarray(homography, np.float64), agree.ravel().astype(bool)
    error = np.linalg.norm(apply(model, query_points[kept]) - window_points[kept], axis=1)
    return _Fitted(
        model,
        query_points[kept],
        window_points[kept],
        len(turned_points),
        float(np.median(error)),
    )


def _without_edges(window: Picture) -> tuple[NDArray[np.uint8], NDArray[np.bool_] | None]:
    """The window with quiet grey where there is no imagery, and where features may lie.

    A hard edge of the imagery is itself a feature that fits every other straight edge.
    """
    import cv2

    if window.mask.all():
        return window.rgb, None
    rgb = window.rgb.copy()
    rgb[~window.mask] = window.rgb[window.mask].mean(axis=0) if window.mask.any() else 128
    kernel = np.ones((2 * EDGE_PX + 1, 2 * EDGE_PX + 1), np.uint8)
    inside = cv2.erode(window.mask.astype(np.uint8), kernel, borderValue=1)
    return rgb, inside.astype(bool)


def apply(homography: NDArray[np.float64], points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Map (N, 2) points by a (3, 3) homography."""
    lifted = np.hstack([points, np.ones((len(points), 1))]) @ homography.T
    return np.asarray(lifted[:, :2] / lifted[:, 2:], np.float64)


def picture_corners(width: int, height: int) -> NDArray[np.float64]:
    """Corner points of a picture, clockwise from the top left, on its outer edge."""
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], float) - 0.5


def plausible(
    homography: NDArray[np.float64], size: tuple[int, int], turn_deg: float, scale: float
) -> bool:
    """Could a camera looking roughly down have made this? ``scale``: expected window px per query px.

    The outline must stay convex and unmirrored with limited perspective, and turn and scale must be near
    what retrieval believed.
    """
    width, height = size
    corners = picture_corners(width, height)
    depth = np.hstack([corners, np.ones((4, 1))]) @ homography[2]
    if np.any(depth * depth[0] <= 0) or depth.max() / depth.min() > 2.5:
        return False
    mapped = apply(homography, corners)
    edges = np.roll(mapped, -1, axis=0) - mapped
    following = np.roll(edges, -1, axis=0)
    cross = edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0]
    if np.any(cross <= 0):  # clockwise on screen, as the corners are: positive
        return False
    ratio = np.sqrt(ring_area(mapped) / (width * height)) / scale
    error = abs(turn_between(turn_deg, up_bearing(homography, size)))
    return bool(1 / MAX_SCALE_ERROR < ratio < MAX_SCALE_ERROR and error < MAX_TURN_ERROR_DEG)


def up_bearing(homography: NDArray[np.float64], size: tuple[int, int]) -> float:
    """Bearing (degrees clockwise from the window's up) of the picture's up direction at its centre."""
    centre = np.array([(size[0] - 1) / 2, (size[1] - 1) / 2])
    start, end = apply(homography, np.array([centre, centre - [0, size[1] / 8]]))
    return float(np.rad2deg(np.arctan2(end[0] - start[0], start[1] - end[1])) % 360.0)


def _ground_fix(
    query: Query,
    window: Picture,
    centre: tuple[float, float] | None,
    side_m: float,
    fitted: _Fitted,
) -> GroundFix:
    """What a transform means on the ground; ``centre`` None where the window has no place."""
    import cv2

    width, height = query.size
    size_px = window.rgb.shape[1]
    metres = side_m / size_px
    corners = apply(fitted.homography, picture_corners(width, height))
    scale = float(np.sqrt(ring_area(corners) / (width * height)))  # window px per query px
    hull = cv2.convexHull(fitted.query_points)
    alignment = Alignment(
        query_points=fitted.query_points,
        window_points=fitted.window_points,
        window_rgb=window.shown,
        window_lat=centre[0] if centre else None,
        window_lon=centre[1] if centre else None,
        window_side_m=side_m,
        homography=fitted.homography,
        matches=fitted.matches,
        residual_px=fitted.residual_px,
        coverage=float(cv2.contourArea(hull) / (width * height)),
        metres_per_pixel=scale * metres,
    )
    heading = up_bearing(fitted.homography, query.size)
    inliers = len(fitted.query_points)
    if centre is None:
        return GroundFix(None, None, None, heading, (), inliers, alignment)
    middle = apply(fitted.homography, np.array([[(width - 1) / 2, (height - 1) / 2]]))
    lats, lons = window_to_degrees(np.vstack([middle, corners]), centre, side_m, size_px)
    spread_px = centre_spread(fitted.query_points, fitted.window_points, query.size)
    return GroundFix(
        lat=float(lats[0]),
        lon=float(lons[0]),
        radius_m=max(RADIUS_FLOOR_M, RADIUS_SAFETY * spread_px * metres),
        heading_deg=heading,
        footprint=tuple((float(a), float(b)) for a, b in zip(lats[1:], lons[1:], strict=True)),
        inliers=inliers,
        alignment=alignment,
    )


def ring_area(corners: NDArray[np.float64]) -> float:
    """Area of a polygon (N, 2) in the units of its corners, squared (shoelace formula)."""
    x, y = corners.T
    return float(0.5 * abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))))


def window_to_degrees(
    points: NDArray[np.float64], centre: tuple[float, float], side_m: float, size_px: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Window pixels (N, 2) -> (lats, lons) degrees; ``centre`` = (lat, lon) of the window's middle."""
    metres = side_m / size_px
    east = (points[:, 0] + 0.5) * metres - side_m / 2
    north = side_m / 2 - (points[:, 1] + 0.5) * metres
    return LocalFrame(*centre).to_degrees(east, north)


def centre_spread(
    query_points: NDArray[np.float32],
    window_points: NDArray[np.float32],
    size: tuple[int, int],
    rounds: int = 16,
) -> float:
    """How far (window px, 90 %) the mapped picture centre strays when half of the inliers are left out.

    Fits to random halves scatter about as much as the whole fit does about the truth (delete-half
    jackknife; Shao & Wu 1989). A plane through the ground is assumed: relief is not in it.
    """
    import cv2

    rng = np.random.default_rng(0)
    middle = np.array([[(size[0] - 1) / 2, (size[1] - 1) / 2]])
    landed = []
    for _ in range(rounds):
        half = rng.permutation(len(query_points))[: max(3, len(query_points) // 2)]
        if len(half) >= 10:
            part, _ = cv2.findHomography(query_points[half], window_points[half], 0)
        else:
            affine, _ = cv2.estimateAffinePartial2D(query_points[half], window_points[half])
            part = None if affine is None else np.vstack([affine, [0.0, 0.0, 1.0]])
        if part is not None:
            landed.append(apply(np.asarray(part, np.float64), middle)[0])
    if not landed:
        return 0.0
    strayed = np.linalg.norm(np.array(landed) - np.median(landed, axis=0), axis=1)
    return float(np.quantile(strayed, 0.9))
