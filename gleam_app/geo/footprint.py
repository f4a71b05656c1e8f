"""Distances, bearings, areas and outlines on the WGS 84 ellipsoid.

A ring is a sequence of (lat, lon) corners, open or closed, in either direction.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gleam_app.geo.coordinates import Bounds, LatLon
from gleam_app.geo.frame import wgs84

Ring = Sequence[tuple[float, float]]


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Metres along the geodesic from ``a`` to ``b``, both (lat, lon)."""
    return float(wgs84().inv(a[1], a[0], b[1], b[0])[2])


def bearing_deg(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Bearing at ``a`` of the geodesic to ``b``: degrees clockwise from north, 0 <= bearing < 360."""
    return float(wgs84().inv(a[1], a[0], b[1], b[0])[0]) % 360.0 % 360.0


def destination(lat: float, lon: float, bearing: float, metres: float) -> LatLon:
    """Where one arrives who leaves (lat, lon) at ``bearing`` degrees and goes ``metres``."""
    lon2, lat2, _ = wgs84().fwd(lon, lat, bearing, metres)
    return LatLon(float(lat2), float(lon2))


def area_m2(ring: Ring) -> float:
    """Area of the ring in square metres, never negative; 0 for fewer than three corners."""
    if len(ring) < 3:
        return 0.0
    area, _ = wgs84().polygon_area_perimeter([p[1] for p in ring], [p[0] for p in ring])
    return abs(float(area))


def bounds_ring(bounds: Bounds) -> list[LatLon]:
    """The box as a ring of its four corners, clockwise from north-west."""
    west, south, east, north = bounds
    return [LatLon(north, west), LatLon(north, east), LatLon(south, east), LatLon(south, west)]


def wrap_lon(lon: ArrayLike) -> NDArray[np.float64]:
    """Longitudes brought to -180 <= lon < 180."""
    return (np.asarray(lon, float) + 180.0) % 360.0 - 180.0


def ring_bounds(ring: Ring) -> Bounds:
    """Smallest box around a ring, through the antimeridian or around a pole where the ring is.

    Neighbouring corners must be less than 180 degrees of longitude apart.
    """
    lats, lons = (np.array(axis, float) for axis in zip(*ring, strict=True))
    unwrapped = np.unwrap(np.append(lons, lons[0]), period=360.0)
    south, north = float(lats.min()), float(lats.max())
    if abs(unwrapped[-1] - unwrapped[0]) > 180.0:  # it goes once around: a pole is inside
        return (
            Bounds(-180.0, south, 180.0, 90.0)
            if lats.mean() > 0
            else Bounds(-180.0, -90.0, 180.0, north)
        )
    west, east = float(unwrapped.min()), float(unwrapped.max())
    if east - west >= 360.0:
        return Bounds(-180.0, south, 180.0, north)
    if west < -180.0 or east > 180.0:
        west, east = float(wrap_lon(west)), float(wrap_lon(east))
        east = 180.0 if east == -180.0 else east
    return Bounds(west, south, east, north)


def points_in_ring(ring: Ring, lats: ArrayLike, lons: ArrayLike) -> NDArray[np.bool_]:
    """Which points lie inside the ring (even-odd rule); result has the shape of ``lats``.

    Sides are straight lines in a spherical equal-area picture (Lambert) around the ring's middle, so
    rings at a pole or across the antimeridian need no care; long sides should be densified.
    """
    lats, lons = np.broadcast_arrays(np.asarray(lats, float), np.asarray(lons, float))
    ring_lats, ring_lons = (np.array(axis, float) for axis in zip(*ring, strict=True))
    centre = _unit_vectors(ring_lats, ring_lons).mean(axis=0)
    pole = (
        np.array([0.0, 0.0, 1.0])
        if abs(centre[2]) < 0.9 * np.linalg.norm(centre)
        else np.array([1.0, 0.0, 0.0])
    )
    up = centre / np.linalg.norm(centre)
    right = np.cross(pole, up)
    right /= np.linalg.norm(right)
    ahead = np.cross(up, right)

    def flat(
        lat: NDArray[np.float64], lon: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        vectors = _unit_vectors(lat, lon)
        scale = np.sqrt(2.0 / np.maximum(1.0 + vectors @ up, 1e-12))
        return scale * (vectors @ right), scale * (vectors @ ahead)

    corner_x, corner_y = flat(ring_lats, ring_lons)
    x, y = flat(lats.ravel(), lons.ravel())
    inside = np.zeros(x.shape, bool)
    for i in range(len(corner_x)):
        x1, y1, x2, y2 = corner_x[i - 1], corner_y[i - 1], corner_x[i], corner_y[i]
        if y1 != y2:
            crosses = (y1 > y) != (y2 > y)
            inside ^= crosses & (x < x1 + (y - y1) * (x2 - x1) / (y2 - y1))
    return inside.reshape(lats.shape)


def point_in_ring(ring: Ring, lat: float, lon: float) -> bool:
    """Whether (lat, lon) lies inside the ring."""
    return bool(points_in_ring(ring, lat, lon))


def _unit_vectors(lats: NDArray[np.float64], lons: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors (N, 3) of positions on the sphere."""
    phi, lam = np.radians(lats), np.radians(lons)
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)
