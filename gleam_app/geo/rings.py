"""Outlines as the exchange formats want them: which way round, and cut at the antimeridian."""

import math

import numpy as np

from gleam_app.geo.coordinates import LatLon
from gleam_app.geo.footprint import Ring


def split_ring(ring: Ring) -> list[list[LatLon]]:
    """The ring as rings that do not cross the antimeridian, as RFC 7946 (3.1.9) asks for.

    ``ring`` is (lat, lon) corners, open or closed, neighbours less than 180 degrees of longitude apart;
    one that goes around a pole is closed over it. The parts are open, run counter-clockwise seen from
    above (3.1.6), and lie within -180..180. Fewer than three corners: no part.
    """
    corners = [(float(lat), float(lon)) for lat, lon in ring]
    if len(corners) > 1 and corners[0] == corners[-1]:
        corners.pop()
    if len(corners) < 3:
        return []
    corners = _unrolled(corners)
    west, east = min(lon for _, lon in corners), max(lon for _, lon in corners)
    parts = []
    for turn in range(math.floor((west + 180.0) / 360.0), math.ceil((east + 180.0) / 360.0)):
        part = _between(corners, 360.0 * turn - 180.0, 360.0 * turn + 180.0)
        moved = [LatLon(lat, lon - 360.0 * turn) for lat, lon in part]
        if len(moved) >= 3 and _twice_area(moved) != 0.0:
            parts.append(moved if _twice_area(moved) > 0.0 else moved[::-1])
    return parts


def _unrolled(corners: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Longitudes that run on across the antimeridian, and over the pole where the ring is around it."""
    lats = [lat for lat, _ in corners]
    lons = np.unwrap([lon for _, lon in corners] + [corners[0][1]], period=360.0)
    unrolled = [(lat, float(lon)) for lat, lon in zip(lats, lons, strict=False)]
    if abs(lons[-1] - lons[0]) > 180.0:
        pole = math.copysign(90.0, sum(lats))
        end = float(lons[-1])
        unrolled += [(lats[0], end), (pole, end), (pole, float(lons[0]))]
    return unrolled


def _between(
    corners: list[tuple[float, float]], west: float, east: float
) -> list[tuple[float, float]]:
    """What of the ring lies between two meridians (Sutherland and Hodgman's clipping)."""
    for limit, sign in ((west, 1.0), (east, -1.0)):
        kept: list[tuple[float, float]] = []
        for (lat1, lon1), (lat2, lon2) in zip(corners[-1:] + corners[:-1], corners, strict=True):
            inside1, inside2 = sign * (lon1 - limit) >= 0.0, sign * (lon2 - limit) >= 0.0
            if inside1 != inside2:
                share = (limit - lon1) / (lon2 - lon1)
                kept.append((lat1 + share * (lat2 - lat1), limit))
            if inside2:
                kept.append((lat2, lon2))
        corners = list(dict.fromkeys(kept))
        if not corners:
            break
    return corners


def _twice_area(ring: list[LatLon]) -> float:
    """Twice the signed area in square degrees; positive where it runs counter-clockwise."""
    return math.fsum(
        a.lon * b.lat - b.lon * a.lat for a, b in zip(ring, ring[1:] + ring[:1], strict=True)
    )
