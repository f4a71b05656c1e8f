import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam_app.retrieval.turning import (
    query_pictures,
    turn_matrix,
    turned_square,
    turns_for,
)


@given(
    st.integers(50, 900),
    st.integers(50, 900),
    st.floats(0, 360),
    st.floats(0.2, 3),
    st.integers(32, 400),
)
def test_the_centre_stays_the_centre(
    width: int, height: int, turn: float, scale: float, size: int
) -> None:
    matrix = turn_matrix(width, height, turn, scale, size)
    centre = matrix @ [(width - 1) / 2, (height - 1) / 2, 1]
    assert centre == pytest.approx([(size - 1) / 2] * 2)


@pytest.mark.parametrize(
    ("turn", "direction"), [(0, (0, -1)), (90, (1, 0)), (180, (0, 1)), (270, (-1, 0))]
)
def test_turning_is_clockwise_as_seen(turn: float, direction: tuple[float, float]) -> None:
    matrix = turn_matrix(100, 100, turn, 1.0, 100)
    up = matrix[:, :2] @ [0, -1]
    assert up == pytest.approx(direction, abs=1e-9)


@pytest.mark.parametrize("turn", [90.0, 180.0, 270.0])
def test_a_quarter_turn_is_numpys(turn: float) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    turned = turned_square(pixels, turn, 64, share=1.0)
    assert np.array_equal(turned, np.rot90(pixels, -int(turn) // 90))


def test_a_turned_square_of_a_large_picture_is_not_aliased() -> None:
    stripes = np.zeros((1600, 1600, 3), np.uint8)
    stripes[:, ::2] = 255
    turned = turned_square(stripes, 0.0, 100)
    assert 100 < turned.mean() < 155
    assert turned.std() < 12


def test_turns_and_shapes_by_view() -> None:
    pixels = np.zeros((60, 80, 3), np.uint8)
    assert len(turns_for("uav", None)) == 24
    assert turns_for("uav", 370.0).tolist() == [10.0]
    assert turns_for("ground", None).tolist() == [0.0]
    assert query_pictures(pixels, "uav", turns_for("uav", None), 32).shape == (24, 32, 32, 3)
    assert len(turns_for("panorama", None)) == 24
    assert query_pictures(pixels, "panorama", np.zeros(3), 32).shape == (3, 32, 64, 3)
    assert query_pictures(pixels, "ground", np.zeros(1), 32).shape == (1, 32, 32, 3)


@given(st.integers(0, 359), st.integers(0, 359))
def test_a_panorama_rolled_by_its_heading_has_north_in_its_middle(
    heading: int, bearing: int
) -> None:
    """What is seen at a bearing stands that far right of the middle, whichever way the centre looked."""
    size = 180  # one column a degree
    panorama = np.zeros((size, 2 * size, 3), np.uint8)
    panorama[:, (size + bearing - heading) % 360] = 255
    rolled = query_pictures(panorama, "panorama", np.array([float(heading)]), size)[0]
    assert np.flatnonzero(rolled[0, :, 0]).tolist() == [(size + bearing) % 360]
