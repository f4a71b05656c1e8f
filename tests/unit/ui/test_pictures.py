"""Arrays become images unchanged; zooming keeps the point under the pointer."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPointF

from gleam_app.ui.images import make_pyramid, to_image
from gleam_app.ui.panels.picture import MAX_SCALE, PictureView
from tests.factories import make_pixels


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (7, 9), (64, 33)])
def test_every_pixel_survives(size: tuple[int, int]) -> None:
    width, height = size
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    image = to_image(pixels[:, ::-1])  # not contiguous
    for y in range(height):
        for x in range(width):
            colour = image.pixelColor(width - 1 - x, y)
            assert (colour.red(), colour.green(), colour.blue()) == tuple(pixels[y, x])


def test_the_image_owns_its_pixels() -> None:
    pixels = np.full((4, 4, 3), 200, np.uint8)
    image = to_image(pixels)
    pixels[:] = 0
    assert image.pixelColor(2, 2).red() == 200


def test_levels_halve_and_the_smallest_sharp_one_is_chosen() -> None:
    pyramid = make_pyramid(make_pixels(4000, 3000))
    assert [level.width() for level in pyramid.levels] == [4000, 2000, 1000]
    assert pyramid.level_for(1.0)[0].width() == 4000
    assert pyramid.level_for(0.5)[0].width() == 2000
    assert pyramid.level_for(0.51)[0].width() == 4000
    assert pyramid.level_for(0.01)[0].width() == 1000


@pytest.fixture(scope="module")
def view(qapp: Any) -> Any:
    made = PictureView()
    made.resize(400, 300)
    made.show_picture(make_pyramid(make_pixels(1600, 900)))
    yield made
    made.deleteLater()


def to_picture(view: PictureView, at: QPointF) -> tuple[float, float]:
    where = (at - view._offset) / view._scale
    return where.x(), where.y()


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 399), st.floats(0, 299), st.lists(st.floats(0.3, 3.0), min_size=1, max_size=8))
def test_zooming_never_leaves_a_gap_and_keeps_the_pointer_if_it_can(
    view: PictureView, x: float, y: float, factors: list[float]
) -> None:
    view.fit()
    at = QPointF(x, y)
    for factor in factors:
        before = to_picture(view, at)
        view.zoom(factor, at)
        width, height = 1600 * view._scale, 900 * view._scale
        assert view._scale <= MAX_SCALE + 1e-9
        assert width >= 400 - 1e-6  # never smaller than fitted
        left, top = view._offset.x(), view._offset.y()
        assert left <= 1e-6 and left + width >= 400 - 1e-6
        if height >= 300:
            assert top <= 1e-6 and top + height >= 300 - 1e-6
            if not view._fitted and 0 < -left < width - 400 and 0 < -top < height - 300:
                assert to_picture(view, at) == pytest.approx(before, abs=1e-3)
        else:
            assert top == pytest.approx((300 - height) / 2)
