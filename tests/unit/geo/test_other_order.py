"""Two bare numbers can mean two places; everything else means one."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam_app.geo.coordinates import format_position, other_order, parse_position
from gleam_app.geo.measure import geodesic_line, measure_path, rough_length


@given(st.floats(-89, 89), st.floats(-179, 179))
def test_bare_numbers_can_be_turned_around(lat: float, lon: float) -> None:
    text = f"{lon:.6f}, {lat:.6f}"
    assert other_order(text) == parse_position(f"{lat:.6f}, {lon:.6f}")


@pytest.mark.parametrize(
    "text",
    [
        "28.04 N 82.69 W", "N28.04 W82.69", "北纬28.04 东经82.69", "Lat 28.04 Lon 82.69", "geo:28.04,82.69",
        "17R LL 12345 12345", "17 N 331000 3103000", "28.04, 120.5", "", "x", "1", "1 2 3 4 5 6 7",
    ],
)  # fmt: skip
def test_what_says_its_order_cannot(text: str) -> None:
    assert other_order(text) is None


@given(st.text(max_size=120))
def test_any_text_is_safe(text: str) -> None:
    other_order(text)


def test_degrees_and_minutes_turn_around_too() -> None:
    turned = other_order("82°41'54\" 28°02'28\"")
    assert turned is not None and format_position(*turned, "dms").startswith("28°02'28.00\"N")


@given(
    st.lists(
        st.tuples(st.floats(-85, 85), st.floats(-180, 180)), min_size=2, max_size=5, unique=True
    )
)
def test_a_geodesic_for_drawing_is_as_long_and_never_jumps(
    positions: list[tuple[float, float]],
) -> None:
    line = geodesic_line(positions)
    assert line[0] == positions[0]
    assert all(abs(a.lon - b.lon) <= 180.0 for a, b in pairwise(line))
    wanted = measure_path(positions).length_m
    assert measure_path(line).length_m == pytest.approx(wanted, rel=1e-6, abs=1e-3)


def test_estimates_have_two_digits() -> None:
    assert [rough_length(m) for m in (92.0, 132.7, 99.5, 996.0, 4_523.0, 0.0)] == [
        "92 m", "130 m", "100 m", "1 km", "4.5 km", "0 m",
    ]  # fmt: skip
    assert [rough_length(m, "imperial") for m in (92.0, 4_523.0)] == ["300 ft", "2.8 mi"]
    assert rough_length(4_523.0, "nautical") == "2.4 nmi"
