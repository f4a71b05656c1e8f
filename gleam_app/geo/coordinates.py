"""Positions and boxes on the ground, WGS 84."""

from typing import NamedTuple


class LatLon(NamedTuple):
    """A position in degrees, latitude first."""

    lat: float
    lon: float


class Bounds(NamedTuple):
    """A box in degrees. ``west`` > ``east`` means that it crosses the antimeridian."""

    west: float
    south: float
    east: float
    north: float
