"""Measuring: beside known lengths, a naive sphere, and what must hold of any figure."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam_app.geo.coordinates import LatLon
from gleam_app.geo.footprint import destination
from gleam_app.geo.measure import (
    UNITS,
    Units,
    format_area,
    format_bearing,
    format_length,
    measure_area,
    measure_path,
    turn_between,
)
from gleam_app.geo.rings import split_ring

positions = st.tuples(st.floats(-85, 85), st.floats(-180, 180))


def haversine_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    phi1, phi2 = math.radians(a[0]), math.radians(b[0])
    half = math.sin((phi2 - phi1) / 2) ** 2
    half += math.cos(phi1) * math.cos(phi2) * math.sin(math.radians(b[1] - a[1]) / 2) ** 2
    return 2 * 6_371_008.8 * math.asin(min(1.0, math.sqrt(half)))


@given(positions, positions)
def test_lengths_are_near_those_of_a_sphere(a: tuple[float, float], b: tuple[float, float]) -> None:
    (leg,) = measure_path([a, b]).legs
    assert leg.length_m == pytest.approx(haversine_m(a, b), rel=0.006, abs=1.0)
    assert 0 <= leg.bearing_deg < 360 and 0 <= leg.back_bearing_deg < 360


@given(positions, st.floats(0, 359.9), st.floats(1, 1e6))
def test_a_leg_leads_where_it_says(
    start: tuple[float, float], bearing: float, metres: float
) -> None:
    end = destination(*start, bearing, metres)
    (leg,) = measure_path([start, end]).legs
    assert leg.length_m == pytest.approx(metres, abs=1e-3)
    assert abs((leg.bearing_deg - bearing + 180) % 360 - 180) < 0.01
    back = destination(end.lat, end.lon, leg.back_bearing_deg, metres)
    assert haversine_m(start, back) < 0.01


def test_known_figures() -> None:
    path = measure_path([(0, 0), (0, 1), (1, 1)])
    assert [round(leg.length_m, 1) for leg in path.legs] == [111319.5, 110574.4]
    assert [leg.bearing_deg for leg in path.legs] == [90.0, 0.0]
    assert path.length_m == pytest.approx(221893.9, abs=0.1)
    assert measure_path([(1, 1)]).legs == () and measure_area([(1, 1)]) == (0.0, 0.0)
    box = [(0.0, 0.0), (0.0, 0.01), (0.01, 0.01), (0.01, 0.0)]
    area, around = measure_area(box)
    assert area == pytest.approx(1113.195 * 1105.743, rel=1e-5)
    assert around == pytest.approx(2 * (1113.195 + 1105.743), rel=1e-5)
    assert measure_area([*box, box[0]]) == pytest.approx((area, around))
    assert measure_area(box[::-1]) == pytest.approx((area, around))
    assert measure_area([(0, 0), (0, 1)]).area_m2 == 0.0


@given(st.floats(-80, 80), st.floats(-180, 180), st.floats(0, 360))
def test_an_area_is_the_same_wherever_its_longitudes_are_counted_from(
    lat: float, lon: float, turn: float
) -> None:
    ring = [destination(lat, lon, turn + corner, 400.0) for corner in (0, 90, 180, 270)]
    area, around = measure_area(ring)
    assert area == pytest.approx(2 * 400.0**2, rel=1e-4)
    assert around == pytest.approx(4 * 400.0 * math.sqrt(2), rel=1e-4)


@given(st.floats(-80, 80), st.floats(-180, 180), st.integers(3, 9), st.floats(50, 50_000))
def test_cutting_at_the_antimeridian_keeps_the_ground(
    lat: float, lon: float, corners: int, reach: float
) -> None:
    ring = [destination(lat, lon, -360.0 * one / corners, reach) for one in range(corners)]
    parts = split_ring(ring)
    assert 1 <= len(parts) <= 2
    for part in parts:
        lons = [corner.lon for corner in part]
        assert min(lons) >= -180 and max(lons) <= 180 and max(lons) - min(lons) < 180
        signed = sum(a.lon * b.lat - b.lon * a.lat for a, b in zip(part, part[1:] + part[:1], strict=True))  # fmt: skip
        assert signed > 0
    # sides are straight in degrees here and geodesics there: they part a little on long ones
    whole = measure_area(ring).area_m2
    assert sum(measure_area(part).area_m2 for part in parts) == pytest.approx(whole, rel=2e-2)


def test_rings_that_are_none_and_rings_around_a_pole() -> None:
    assert split_ring([]) == [] and split_ring([(1, 1), (2, 2), (1, 1)]) == []
    around = [(80.0, float(lon)) for lon in range(-180, 180, 30)]
    parts = split_ring(around)
    assert all(abs(lon) <= 180 for part in parts for _, lon in part)
    degrees = sum(
        abs(
            sum(
                a.lon * b.lat - b.lon * a.lat
                for a, b in zip(part, part[1:] + part[:1], strict=True)
            )
        )
        for part in parts
    )
    assert degrees / 2 == pytest.approx(360 * 10)
    east, west = split_ring([(1.0, 179.0), (1.0, -179.0), (-1.0, -179.0), (-1.0, 179.0)])
    assert set(east) == {LatLon(lat, lon) for lat in (-1.0, 1.0) for lon in (179.0, 180.0)}
    assert set(west) == {LatLon(lat, lon) for lat in (-1.0, 1.0) for lon in (-180.0, -179.0)}


@pytest.mark.parametrize(
    ("metres", "units", "shown"),
    [
        (1.234, "metric", "1.23 m"), (12.34, "metric", "12.3 m"), (123.4, "metric", "123 m"),
        (999.96, "metric", "1.00 km"), (45_678, "metric", "45.7 km"), (1_234_567, "metric", "1,235 km"),
        (100, "imperial", "109 yd"), (1609.344, "imperial", "1.00 mi"),
        (100, "nautical", "100 m"), (1852, "nautical", "1.00 nmi"),
    ],
)  # fmt: skip
def test_lengths_as_shown(metres: float, units: Units, shown: str) -> None:
    assert format_length(metres, units) == shown


@pytest.mark.parametrize(
    ("square_metres", "units", "shown"),
    [
        (850, "metric", "850 m²"), (12_500, "metric", "1.25 ha"), (3_400_000, "metric", "3.40 km²"),
        (4046.856, "imperial", "1.00 acres"), (2_589_988.2, "imperial", "1.00 mi²"),
        (100, "imperial", "120 yd²"), (12_500, "nautical", "1.25 ha"),
    ],
)  # fmt: skip
def test_areas_as_shown(square_metres: float, units: Units, shown: str) -> None:
    assert format_area(square_metres, units) == shown


@given(st.floats(-720, 720), st.floats(-720, 720))
def test_a_turn_leads_from_one_bearing_to_the_other_the_shorter_way(
    start: float, end: float
) -> None:
    turn = turn_between(start, end)
    assert -180.0 < turn <= 180.0
    across = math.radians(start + turn) - math.radians(end)
    assert math.cos(across) == pytest.approx(1.0) and math.sin(across) == pytest.approx(0, abs=1e-9)
    assert abs(turn) == pytest.approx(abs(turn_between(end, start)), abs=1e-9)
    naive = min(abs(end - start + 360.0 * times) for times in range(-5, 6))
    assert abs(turn) == pytest.approx(naive, abs=1e-9)


@pytest.mark.parametrize(
    ("start", "end", "turn"),
    [(350, 10, 20), (10, 350, -20), (0, 180, 180), (180, 0, 180), (90, 90, 0), (0, -1e-20, 0)],
)
def test_turns_across_north_and_right_about(start: float, end: float, turn: float) -> None:
    assert turn_between(start, end) == turn


def test_bearings_as_shown() -> None:
    assert format_bearing(87.44) == "087.4° E" and format_bearing(359.97) == "000.0° N"
    assert format_bearing(-45) == "315.0° NW" and UNITS == ("metric", "imperial", "nautical")
