"""Where a camera looks: angles of view, the ground that it covers, the direction drawn on a map.

A pinhole camera above level ground; its roll and the lens's distortion are left out.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gleam_app.geo.coordinates import LatLon
from gleam_app.geo.footprint import destination
from gleam_app.geo.frame import LocalFrame

FULL_FRAME_DIAGONAL_MM = math.hypot(36.0, 24.0)
LOWEST_RAY_DEG = 8.0  # rays that meet the ground flatter than this tell nothing of where


class AngleOfView(NamedTuple):
    """Degrees from edge to edge."""

    across: float
    down: float


class Aim(NamedTuple):
    """A camera over (lat, lon): metres above ground, bearing and pitch in degrees (-90: straight down)."""

    lat: float
    lon: float
    height_m: float
    bearing_deg: float
    pitch_deg: float


def angle_of_view(focal_35mm: float, width: float, height: float) -> AngleOfView:
    """Of a picture of this shape. The focal length is the one of equal diagonal on 36 x 24 mm (CIPA)."""
    half = FULL_FRAME_DIAGONAL_MM / (2.0 * focal_35mm) / math.hypot(width, height)
    across, down = (2.0 * math.degrees(math.atan(half * side)) for side in (width, height))
    return AngleOfView(across, down)


def aim_point(aim: Aim) -> LatLon | None:
    """Where the middle of the picture meets the ground; None where that is far off or never."""
    below = -aim.pitch_deg
    if aim.height_m <= 0 or not LOWEST_RAY_DEG <= below <= 180.0 - LOWEST_RAY_DEG:
        return None
    ahead = aim.height_m / math.tan(math.radians(below))
    return destination(aim.lat, aim.lon, aim.bearing_deg, ahead)


def ground_outline(aim: Aim, view: AngleOfView) -> list[LatLon] | None:
    """The corners of what the picture covers, clockwise from its top left.

    None where a corner looks above the horizon or so flat that it says nothing.
    """
    right, down = (math.tan(math.radians(angle) / 2.0) for angle in view)
    rays = np.array([(-right, down, 1), (right, down, 1), (right, -down, 1), (-right, -down, 1)])
    east, north, up = _on_the_ground(rays, aim.bearing_deg, aim.pitch_deg).T
    steepness = np.degrees(np.arctan2(-up, np.hypot(east, north)))
    if aim.height_m <= 0 or (steepness < LOWEST_RAY_DEG).any():
        return None
    reach = aim.height_m / -up
    lats, lons = LocalFrame(aim.lat, aim.lon).to_degrees(east * reach, north * reach)
    return [LatLon(float(lat), float(lon)) for lat, lon in zip(lats, lons, strict=True)]


def _on_the_ground(
    rays: NDArray[np.float64], bearing_deg: float, pitch_deg: float
) -> NDArray[np.float64]:
    """Directions (N, 3) of a camera (right, up, ahead) as (east, north, up)."""
    bearing, pitch = math.radians(bearing_deg), math.radians(pitch_deg)
    ahead = np.array([0.0, math.cos(pitch), math.sin(pitch)])
    top = np.array([0.0, -math.sin(pitch), math.cos(pitch)])
    level = rays @ np.stack([np.array([1.0, 0.0, 0.0]), top, ahead])
    cos, sin = math.cos(bearing), math.sin(bearing)
    return np.asarray(level @ np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]]))


def direction_wedge(
    lat: float, lon: float, bearing_deg: float, across_deg: float, reach_m: float
) -> list[LatLon]:
    """A slice of a circle from (lat, lon) towards ``bearing_deg``, ``across_deg`` wide."""
    across = min(max(across_deg, 1.0), 359.0)
    steps = max(2, math.ceil(across / 6.0))
    bearings = [bearing_deg + across * (i / steps - 0.5) for i in range(steps + 1)]
    return [LatLon(lat, lon), *(destination(lat, lon, one, reach_m) for one in bearings)]
