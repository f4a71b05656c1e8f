"""Where the tiles of a tile set lie."""

import math

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import Bounds
from gleam_app.geo.footprint import Ring, points_in_ring, ring_bounds, wrap_lon
from gleam_app.geo.frame import LocalFrame, wgs84

MAX_TILES = 20_000_000  # beyond this a set could not be built nor searched on a desktop


def tile_centres(
    area: Bounds | Ring, side_m: float, stride_m: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres of square tiles of ``side_m`` metres that cover ``area``, ``stride_m`` metres apart.

    ``area`` is a box, or a ring of (lat, lon) corners, of which the tiles that touch it are kept.
    Returns (lats, lons), float64 (N,), degrees. Tiles stand in rows of constant latitude, rows from
    north to south and each from west to east; the steps are metre-true on the ellipsoid, along the
    meridian between rows and along the parallel within one. Rows are centred on the area, so what
    sticks out (less than a stride) does so equally at both ends.
    Raises GleamError where the area would need more than ``MAX_TILES`` tiles.
    """
    if not (side_m > 0 and stride_m > 0):
        raise ValueError("side_m and stride_m must be positive")
    ring = None if isinstance(area, Bounds) else area
    west, south, east, north = area if isinstance(area, Bounds) else ring_bounds(area)
    width_deg = east - west if east >= west else east - west + 360.0
    row_lats = _row_latitudes(south, north, side_m, stride_m)
    widths_m = np.radians(width_deg) * _parallel_radius_m(row_lats)
    counts = _steps(widths_m, side_m, stride_m)
    if counts.sum() > MAX_TILES:
        raise GleamError(
            f"The map is too large for tiles of {side_m:,.0f} m.",
            "Choose larger tiles, or add a smaller part of the map.",
        )
    lats = np.repeat(row_lats, counts)
    column = np.arange(lats.size) - np.repeat(np.cumsum(counts) - counts, counts)
    offset_m = (column - (np.repeat(counts, counts) - 1) / 2) * stride_m
    lons = wrap_lon(west + width_deg / 2 + np.degrees(offset_m / _parallel_radius_m(lats)))
    if ring is not None:
        keep = tiles_touching(ring, lats, lons, side_m)
        lats, lons = lats[keep], lons[keep]
    return lats, lons


def _steps(length_m: NDArray[np.float64], side_m: float, stride_m: float) -> NDArray[np.int64]:
    """How many tiles at ``stride_m`` cover a length; one covers all that is no longer than itself."""
    gaps = np.ceil((length_m - side_m) / stride_m - 1e-6)
    return np.maximum(gaps, 0).astype(np.int64) + 1


def _row_latitudes(
    south: float, north: float, side_m: float, stride_m: float
) -> NDArray[np.float64]:
    """Latitudes of the rows, from north to south, ``stride_m`` apart along the meridian."""
    height_m = float(wgs84().inv(0.0, south, 0.0, north)[2])
    rows = int(_steps(np.array([height_m]), side_m, stride_m)[0])
    if rows > MAX_TILES:
        raise GleamError(
            f"Tiles of {side_m:g} m are too small for this map.", "Choose larger tiles."
        )
    from_south = height_m / 2 + (np.arange(rows) - (rows - 1) / 2) * stride_m
    lats, _ = LocalFrame(south, 0.0).to_degrees(np.zeros(rows), from_south)
    return lats[::-1]


def _parallel_radius_m(lats: NDArray[np.float64]) -> NDArray[np.float64]:
    """Radius of the circle of latitude on the ellipsoid (prime vertical radius times cosine)."""
    geod = wgs84()
    sine = np.sin(np.radians(lats))
    radius: NDArray[np.float64] = geod.a * np.cos(np.radians(lats)) / np.sqrt(1 - geod.es * sine**2)
    return np.maximum(radius, 1e-3)


def tiles_touching(
    ring: Ring, lats: NDArray[np.float64], lons: NDArray[np.float64], side_m: float
) -> NDArray[np.bool_]:
    """Bool (N,): tiles of which the centre, a corner or the middle of a side lies inside the ring."""
    half_lat = math.degrees(side_m / 2 / wgs84().a)
    half_lon = np.degrees(side_m / 2 / _parallel_radius_m(lats))
    keep = np.zeros(lats.shape, bool)
    for up in (0, 1, -1):
        for right in (0, 1, -1):
            rest = np.flatnonzero(~keep)
            rest_lats = np.clip(lats[rest] + up * half_lat, -90, 90)
            keep[rest] = points_in_ring(ring, rest_lats, lons[rest] + right * half_lon[rest])
    return keep


def away_from_edge(
    ring: Ring, lats: NDArray[np.float64], lons: NDArray[np.float64], side_m: float
) -> NDArray[np.bool_]:
    """Bool (N,): squares that no side of the ring comes near, so wholly inside it or wholly outside.

    Compares boxes in degrees, with room to spare: squares may be missed, none is wrongly named.
    """
    corners = np.array([*ring, ring[0]], float)
    d_lat, d_lon = np.diff(corners[:, 0]), wrap_lon(np.diff(corners[:, 1]))
    middle_lat, middle_lon = corners[:-1, 0] + d_lat / 2, corners[:-1, 1] + d_lon / 2
    shrink = np.maximum(np.cos(np.radians(middle_lat)), 1e-3)
    # a side is straight on the ground, not in degrees: over its length it strays by length ** 2 / 8 R
    # from the meridian, and by that times tan(lat) from the parallel; twice that is allowed for
    length = np.radians(np.hypot(d_lat, d_lon * shrink))
    bulge = np.degrees(length**2 / 4 * (1 + 1 / shrink))
    half_lat = 1.1 * math.degrees(side_m / 2 / wgs84().a)
    half_lon = 1.1 * np.degrees(side_m / 2 / _parallel_radius_m(lats))
    off_lat = np.abs(lats[:, None] - middle_lat)
    off_lon = np.abs(wrap_lon(lons[:, None] - middle_lon))
    apart = (off_lat > half_lat + np.abs(d_lat) / 2 + bulge) | (
        off_lon > half_lon[:, None] + np.abs(d_lon) / 2 + bulge / shrink
    )
    return np.asarray(apart.all(axis=1))


def share_inside(
    ring: Ring, lats: NDArray[np.float64], lons: NDArray[np.float64], side_m: float, points: int = 4
) -> NDArray[np.float64]:
    """About which share of each square lies inside the ring, float64 (N,): ``points`` a side are asked."""
    at = (np.arange(points) + 0.5) / points - 0.5
    up, right = (axis.ravel() for axis in np.meshgrid(at, at, indexing="ij"))
    point_lats = lats[:, None] + up * math.degrees(side_m / wgs84().a)
    step = np.degrees(side_m / _parallel_radius_m(lats))
    point_lons = lons[:, None] + right * step[:, None]
    inside = points_in_ring(ring, np.clip(point_lats, -90, 90), point_lons)
    return np.asarray(inside.mean(axis=1))
