"""The tape: what it measures beside plain sums, and what it draws."""

import pytest

from gleam_app.geo.coordinates import LatLon
from gleam_app.geo.footprint import area_m2, bearing_deg, distance_m
from gleam_app.ui.measure.tape import MOST_POINTS, Tape

A, B, C = LatLon(28.0, -82.0), LatLon(28.001, -82.0), LatLon(28.001, -82.001)


def test_the_cursor_counts_until_it_leaves() -> None:
    tape = Tape()
    tape.add(A)
    assert tape.figures("metric") == []
    tape.cursor = B
    assert tape.length_m == pytest.approx(distance_m(A, B))
    assert tape.figures("metric") == [("measure.length", "111 m"), ("measure.bearing", "000.0° N")]
    tape.cursor = None
    assert tape.figures("metric") == []


def test_distance_and_area_are_those_of_the_ellipsoid() -> None:
    tape = Tape(points=[A, B], cursor=C)
    assert tape.length_m == pytest.approx(distance_m(A, B) + distance_m(B, C))
    leg = tape.last_leg
    assert leg is not None and leg.bearing_deg == pytest.approx(bearing_deg(B, C))
    tape.mode = "area"
    assert tape.area.area_m2 == pytest.approx(area_m2([A, B, C]))
    assert [key for key, _ in tape.figures("metric")] == ["measure.area", "measure.perimeter"]
    assert [figure.split()[-1] for _, figure in tape.figures("imperial")] == ["acres", "yd"]


def test_points_are_set_taken_back_and_cleared() -> None:
    tape = Tape()
    for point in (A, A, B):
        tape.add(point)
    assert tape.points == [A, B]
    tape.take_back()
    assert tape.points == [A]
    tape.clear()
    tape.take_back()
    assert tape.points == [] and tape.drawing("metric")["line"] == []
    for number in range(MOST_POINTS + 9):
        tape.add(LatLon(0.0, number / 100))
    assert len(tape.points) == MOST_POINTS


def test_lines_across_the_antimeridian_run_on() -> None:
    tape = Tape(points=[LatLon(0.0, 179.0), LatLon(0.0, -179.0)], cursor=LatLon(1.0, -178.0))
    drawn = tape.drawing("metric")
    assert [round(point.lon) for point in drawn["points"]] == [179, 181]
    assert drawn["live"][0].lon == pytest.approx(181) and drawn["live"][-1].lon == pytest.approx(
        182
    )
    assert drawn["labels"][0]["at"].lon == pytest.approx(180)


def test_a_ring_is_closed_and_legs_are_named() -> None:
    drawn = Tape("area", [A, B], C).drawing("metric")
    assert drawn["ring"][0] == A and drawn["ring"][-1] == pytest.approx(A)
    assert drawn["live"][-1] == pytest.approx(A), "from the cursor back to the start"
    assert [label["text"] for label in drawn["labels"]] == ["111 m", "98.4 m"]
