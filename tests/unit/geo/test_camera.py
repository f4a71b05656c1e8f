"""Where a camera looks: beside a naive ray tracer and what must hold of any camera."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gleam_app.geo.camera import (
    Aim,
    AngleOfView,
    aim_point,
    angle_of_view,
    direction_wedge,
    ground_outline,
)
from gleam_app.geo.footprint import bearing_deg, destination, distance_m, point_in_ring

bearings = st.floats(0, 359.99)


def test_a_known_lens() -> None:
    """36 x 24 mm at 24 mm: 73.7 by 53.1 degrees, as every lens catalogue has it."""
    view = angle_of_view(24.0, 3600, 2400)
    assert view.across == pytest.approx(73.74, abs=0.01)
    assert view.down == pytest.approx(53.13, abs=0.01)


def test_straight_down_covers_what_the_angles_say() -> None:
    outline = ground_outline(Aim(28.0, -82.0, 92.0, 30.0, -90.0), angle_of_view(24.0, 4000, 3000))
    assert outline is not None
    assert distance_m(outline[0], outline[1]) == pytest.approx(132.7, abs=0.1)
    assert distance_m(outline[1], outline[2]) == pytest.approx(99.5, abs=0.1)
    assert bearing_deg(outline[3], outline[0]) == pytest.approx(30.0, abs=0.1), "up in the picture"


def naive_corner(aim: Aim, right_deg: float, up_deg: float) -> tuple[float, float] | None:
    """(bearing, metres) at which a ray of a camera meets level ground, by plain trigonometry."""
    x, y, z = math.tan(math.radians(right_deg)), math.tan(math.radians(up_deg)), 1.0
    tilt = math.radians(aim.pitch_deg)
    ahead, up = z * math.cos(tilt) - y * math.sin(tilt), z * math.sin(tilt) + y * math.cos(tilt)
    if up >= 0:
        return None
    scale = aim.height_m / -up
    turn = math.degrees(math.atan2(x, ahead))
    return (aim.bearing_deg + turn) % 360.0, math.hypot(x, ahead) * scale


@given(
    st.floats(-80, 80), st.floats(-180, 180), st.floats(5, 400), bearings, st.floats(-90, -25),
    st.floats(5, 80), st.floats(5, 60),
)  # fmt: skip
def test_corners_are_those_of_a_naive_ray_tracer(
    lat: float, lon: float, height: float, bearing: float, pitch: float, across: float, down: float
) -> None:
    aim = Aim(lat, lon, height, bearing, pitch)
    outline = ground_outline(aim, AngleOfView(across, down))
    assume(outline is not None)
    assert outline is not None
    halves = [(-1, 1), (1, 1), (1, -1), (-1, -1)]
    for corner, (right, up) in zip(outline, halves, strict=True):
        naive = naive_corner(aim, right * across / 2, up * down / 2)
        assert naive is not None
        assert distance_m(destination(lat, lon, *naive), corner) < 0.01
    middle = aim_point(aim)
    assert middle is not None
    assert point_in_ring(outline, *middle)


@given(bearings, st.floats(-30, 90), st.floats(40, 80))
def test_what_reaches_the_horizon_has_no_outline(bearing: float, pitch: float, down: float) -> None:
    assume(pitch + down / 2 > -8)
    assert ground_outline(Aim(10, 20, 90, bearing, pitch), AngleOfView(60, down)) is None


def test_a_level_or_grounded_camera_aims_at_no_ground() -> None:
    assert aim_point(Aim(10, 20, 90, 0, 0)) is None
    assert aim_point(Aim(10, 20, 90, 0, 30)) is None
    assert aim_point(Aim(10, 20, 0, 0, -45)) is None
    assert ground_outline(Aim(10, 20, -3, 0, -90), AngleOfView(60, 40)) is None


@given(st.floats(-80, 80), st.floats(-180, 180), bearings, st.floats(0.1, 720), st.floats(1, 5000))
def test_a_wedge_points_where_it_should(
    lat: float, lon: float, bearing: float, across: float, reach: float
) -> None:
    first, *arc = direction_wedge(lat, lon, bearing, across, reach)
    assert first == (lat, lon)
    for point in arc:
        assert distance_m(first, point) == pytest.approx(reach, rel=1e-6)
        turn = (bearing_deg(first, point) - bearing + 180) % 360 - 180
        assert abs(turn) <= min(max(across, 1), 359) / 2 + 0.01
