"""Measuring on the map: lengths, bearings and areas, and how they are written.

All is on the WGS 84 ellipsoid along geodesics (Karney's algorithms, by way of PROJ).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple, get_args

from gleam_app.geo.coordinates import LatLon
from gleam_app.geo.footprint import Ring
from gleam_app.geo.frame import wgs84

Units = Literal["metric", "imperial", "nautical"]
UNITS: tuple[Units, ...] = get_args(Units)

_FOOT, _YARD, _MILE, _NAUTICAL_MILE = 0.3048, 0.9144, 1609.344, 1852.0
_POINTS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")


class Leg(NamedTuple):
    """From one position to the next: metres, and the bearings at its start and back at its end.

    Bearings are degrees clockwise from true north, 0 <= bearing < 360.
    """

    length_m: float
    bearing_deg: float
    back_bearing_deg: float


@dataclass(frozen=True)
class PathMeasure:
    """A line of positions, measured."""

    legs: tuple[Leg, ...]

    @property
    def length_m(self) -> float:
        return sum(leg.length_m for leg in self.legs)


class AreaMeasure(NamedTuple):
    """A polygon, measured: square metres and metres."""

    area_m2: float
    perimeter_m: float


def measure_path(positions: Sequence[tuple[float, float]]) -> PathMeasure:
    """Each leg of a line of (lat, lon) positions; fewer than two have none."""
    legs = []
    for (lat1, lon1), (lat2, lon2) in pairwise(positions):
        ahead, back, metres = wgs84().inv(lon1, lat1, lon2, lat2)
        legs.append(Leg(float(metres), float(ahead) % 360.0 % 360.0, float(back) % 360.0 % 360.0))
    return PathMeasure(tuple(legs))


def geodesic_line(
    positions: Sequence[tuple[float, float]], step_m: float = 20_000.0
) -> list[LatLon]:
    """The line of (lat, lon) positions with points between at most ``step_m`` apart (100 a leg).

    For drawing: on a map a long geodesic is no straight line. Longitudes run on across the
    antimeridian, so neighbours are never more than 180 degrees apart.
    """
    line = [LatLon(*positions[0])] if positions else []
    for (lat1, lon1), (lat2, lon2) in pairwise(positions):
        length = float(wgs84().inv(lon1, lat1, lon2, lat2)[2])
        count = min(99, int(length / step_m))
        between = wgs84().npts(lon1, lat1, lon2, lat2, count) if count else []
        for lon, lat in [*between, (lon2, lat2)]:
            before = line[-1].lon
            line.append(LatLon(lat, before + (lon - before + 180.0) % 360.0 - 180.0))
    return line


def measure_area(ring: Ring) -> AreaMeasure:
    """Area and perimeter of (lat, lon) corners, open or closed, in either direction.

    Sides are geodesics, and may cross the antimeridian or go around a pole; of the two parts of the
    earth that the ring divides, the smaller is meant. Fewer than three corners have no area.
    """
    if len(ring) < 2:
        return AreaMeasure(0.0, 0.0)
    lats, lons = zip(*ring, strict=True)
    area, perimeter = wgs84().polygon_area_perimeter(lons, lats)
    return AreaMeasure(abs(float(area)) if len(ring) > 2 else 0.0, float(perimeter))


def format_length(metres: float, units: Units = "metric") -> str:
    """A length to four digits at most, in the unit that people would use: 12.3 m, 4.56 km."""
    if units == "imperial":
        return (
            _amount(metres / _YARD, "yd") if metres < 0.5 * _MILE else _amount(metres / _MILE, "mi")
        )
    if units == "nautical" and metres >= _NAUTICAL_MILE / 10:
        return _amount(metres / _NAUTICAL_MILE, "nmi")
    return _amount(metres, "m") if metres < 999.95 else _amount(metres / 1000.0, "km")


def rough_length(metres: float, units: Units = "metric") -> str:
    """A length that is only an estimate, to two digits: 130 m, 4.5 km, 300 ft."""
    if units == "imperial":
        feet = metres / _FOOT
        value, unit = (feet, "ft") if feet < 5_280.0 else (metres / _MILE, "mi")
    elif units == "nautical" and metres >= _NAUTICAL_MILE:
        value, unit = metres / _NAUTICAL_MILE, "nmi"
    else:
        value, unit = (metres, "m") if metres < 995.0 else (metres / 1000.0, "km")
    return f"{float(f'{value:.2g}'):,.10g} {unit}"


def format_area(square_metres: float, units: Units = "metric") -> str:
    """An area likewise: 850 m², 1.25 ha, 3.4 km²; imperial: yd², acres, mi²; nautical as metric."""
    if units == "imperial":
        acres = square_metres / (_MILE**2 / 640.0)
        if acres < 0.5:
            return _amount(square_metres / _YARD**2, "yd²")
        return _amount(acres, "acres") if acres < 640.0 else _amount(acres / 640.0, "mi²")
    if square_metres < 9_999.5:
        return _amount(square_metres, "m²")
    hectares = square_metres / 10_000.0
    return _amount(hectares, "ha") if hectares < 99.995 else _amount(hectares / 100.0, "km²")


def turn_between(start_deg: float, end_deg: float) -> float:
    """The shorter turn from one bearing to another: degrees, clockwise positive, -180 < turn <= 180."""
    turn = (end_deg - start_deg) % 360.0
    return turn - 360.0 if turn > 180.0 else turn


def format_bearing(degrees: float) -> str:
    """A bearing to a tenth of a degree, and the nearest of the eight points: 087.4° E."""
    shown = round(degrees % 360.0, 1) % 360.0
    return f"{shown:05.1f}° {_POINTS[round(shown / 45.0) % 8]}"


def _amount(value: float, unit: str) -> str:
    """Three digits after nothing, four where they are before the point; no more than was meant."""
    decimals = 2 if value < 10.0 else 1 if value < 100.0 else 0
    return f"{value:,.{decimals}f} {unit}"
