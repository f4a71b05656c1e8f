"""How query and tile lie on each other, against plain reckoning."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF

from gleam_app.ui.compare.geometry import (
    link,
    local_frame,
    normalised,
    outline,
    project,
    spread_order,
)
from gleam_app.ui.compare.pair import prepare
from gleam_app.ui.compare.views import LinkedViews
from tests.factories import make_alignment, make_candidate, make_query, similarity

PANE = QRectF(410, 0, 400, 300)
turns = st.floats(-179, 179)
scales = st.floats(0.05, 8)
shares = st.floats(0.05, 0.95)


@given(turns, scales, st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), min_size=1))
def test_project_like_one_point_at_a_time(turn: float, scale: float, points: list) -> None:
    matrix = similarity(turn, scale, (10, 20), (300, 200))
    matrix[2, :2] = 1e-4, -2e-4
    for point, got in zip(points, project(matrix, np.array(points)), strict=True):
        u, v, w = (sum(row[i] * value for i, value in enumerate((*point, 1))) for row in matrix)
        assert got == pytest.approx((u / w, v / w), rel=1e-9, abs=1e-6)


def test_beyond_the_horizon_there_is_nothing() -> None:
    matrix = np.array([[1, 0, 0], [0, 1, 0], [0, -0.01, 1]])
    assert np.isinf(project(matrix, np.array([[50.0, 150.0]]))).all()
    assert outline(matrix, (100, 150)) is None
    assert outline(matrix, (100, 90)) is not None


@given(turns, scales, st.floats(-3, 3).filter(lambda k: abs(k) > 0.1))
def test_local_frame_of_a_similarity_is_the_similarity(turn: float, scale: float, k: float) -> None:
    matrix = similarity(turn, scale, (10, 20), (300, 200)) * k  # a homography has any scale
    got_scale, got_turn = local_frame(normalised(matrix, (640, 480)), (123, 45))
    assert got_scale == pytest.approx(scale, rel=1e-6)
    assert math.cos(math.radians(got_turn - turn)) == pytest.approx(1, abs=1e-9)


def test_without_geometry_middle_lies_on_middle() -> None:
    candidate = replace(make_candidate(), turn_deg=90.0)
    matrix, measured = link(candidate, (640, 480), (512, 512))
    assert not measured
    assert project(matrix, np.array([[320.0, 240.0]]))[0] == pytest.approx((256, 256))
    right = project(matrix, np.array([[420.0, 240.0]]))[0]  # turned clockwise: right goes down
    assert right[0] == pytest.approx(256)
    assert right[1] > 256


@given(st.integers(0, 60), st.integers(0, 10))
def test_spread_order_is_farthest_first(count: int, seed: int) -> None:
    points = np.random.default_rng(seed).uniform(0, 100, (count, 2))
    order = spread_order(points)
    assert sorted(order.tolist()) == list(range(count))
    for number in range(1, min(count, 12)):
        done, rest = order[:number], order[number:]
        reach = [min(math.dist(points[i], points[j]) for j in done) for i in rest]
        assert reach[0] == pytest.approx(max(reach))


def views() -> LinkedViews:
    query = make_query(size=(320, 240))
    candidate = make_candidate(alignment=make_alignment(query, heading_deg=40))
    return LinkedViews(prepare(query, candidate))


@given(st.booleans(), st.booleans(), shares, shares, st.floats(0.7, 3))
def test_zoom_keeps_the_point_under_the_mouse(
    north_up: bool, over_tile: bool, u: float, v: float, factor: float
) -> None:
    looked = SHARED
    looked.north_up = north_up
    looked.fit(PANE)
    at = QPointF(PANE.left() + u * PANE.width(), PANE.top() + v * PANE.height())
    transform = looked.tile_transform if over_tile else looked.query_transform
    under = transform(PANE).inverted()[0].map(at)
    looked.zoom(PANE, over_tile, at, factor)
    after = transform(PANE).map(under)
    assert (after.x(), after.y()) == pytest.approx((at.x(), at.y()), abs=1e-6)


@given(shares, shares, st.floats(0.7, 3))
def test_north_up_both_panes_show_the_same_ground(u: float, v: float, factor: float) -> None:
    looked = SHARED
    looked.north_up = True
    looked.fit(PANE)
    looked.zoom(PANE, False, PANE.center(), factor)
    point = np.array([[u * 320, v * 240]])
    on_query = looked.query_transform(PANE).map(QPointF(*point[0]))
    on_tile = looked.tile_transform(PANE).map(QPointF(*project(looked._pair.matrix, point)[0]))
    assert (on_query.x(), on_query.y()) == pytest.approx((on_tile.x(), on_tile.y()), abs=1e-6)


SHARED = views()


def test_a_panorama_is_not_turned_on_its_side() -> None:
    candidate = replace(make_candidate(), turn_deg=90.0)
    matrix, _ = link(candidate, (640, 320), (512, 512), planar=False)
    assert local_frame(matrix, (320, 160))[1] == pytest.approx(0.0)
