"""Photos over a height field: displacement by hand, what is hidden, and a reference in plain loops."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.data.perspective import Camera, ground_homography, photograph
from training.data.raycast import meet

METRES = 0.5  # a pixel of the ground
SIDE = 400
MIDDLE = (SIDE - 1) / 2, (SIDE - 1) / 2


@pytest.fixture(scope="module")
def ground() -> np.ndarray:
    field = np.random.default_rng(0).integers(0, 256, (50, 50, 3), np.uint8)
    return cv2.resize(field, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)


def _pixel(camera: Camera, east: float, north: float) -> np.ndarray:
    """Where a point of the plane lies in the photo."""
    x, y, w = ground_homography(camera) @ (east, north, 1.0)
    return np.array([x / w, y / w])


def _box(east: float, north: float, side: float, height: float) -> np.ndarray:
    """A height field with one box; metres from the middle."""
    heights = np.zeros((SIDE, SIDE), np.float32)
    x, y = MIDDLE[0] + east / METRES, MIDDLE[1] - north / METRES
    half = side / 2 / METRES
    heights[round(y - half) : round(y + half) + 1, round(x - half) : round(x + half) + 1] = height
    return heights


def _marked(east: float, north: float) -> np.ndarray:
    """Black ground with a soft white mark about a point."""
    rows, columns = np.indices((SIDE, SIDE))
    x, y = MIDDLE[0] + east / METRES, MIDDLE[1] - north / METRES
    mark = 255 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 4.0**2))
    return np.repeat(mark[..., None], 3, axis=2).astype(np.uint8)


def _middle_of_light(photo: np.ndarray) -> np.ndarray:
    light = photo[..., 0].astype(float)
    rows, columns = np.indices(light.shape)
    return np.array([(light * columns).sum(), (light * rows).sum()]) / light.sum()


@pytest.mark.parametrize("heading", [0.0, 90.0, 215.0])
@pytest.mark.parametrize(("east", "north"), [(30.0, 0.0), (-20.0, 25.0)])
def test_a_roof_is_displaced_by_its_height_times_the_tangent(
    heading: float, east: float, north: float
) -> None:
    """Straight down from 120 m: a roof 20 m up, r metres off, covers ground 20 * r / (120 - 20) further out."""
    camera, height = Camera(120.0, heading, 0.0, 70.0, 320, 240), 20.0
    photo = photograph(
        _marked(east, north), METRES, MIDDLE, camera, _box(east, north, 24.0, height)
    )
    tangent = np.hypot(east, north) / (camera.height_m - height)  # of the angle at the roof
    further = 1 + height * tangent / np.hypot(east, north)
    expected = _pixel(camera, east * further, north * further)
    flat = _pixel(camera, east, north)
    assert np.linalg.norm(expected - flat) > 5
    assert np.linalg.norm(_middle_of_light(photo) - expected) < 0.5


def test_a_roof_is_displaced_under_a_tilted_camera() -> None:
    """The line from the eye through the roof reaches the plane where the roof is seen."""
    camera, east, north, height = Camera(100.0, 30.0, 30.0, 60.0, 320, 240), 12.0, 18.0, 15.0
    reach = camera.height_m * np.tan(np.deg2rad(camera.tilt))
    eye = -reach * np.array([np.sin(np.deg2rad(30)), np.cos(np.deg2rad(30))])
    roof = np.array([east, north])
    seen = eye + (roof - eye) * camera.height_m / (camera.height_m - height)
    photo = photograph(
        _marked(east, north), METRES, MIDDLE, camera, _box(east, north, 24.0, height)
    )
    assert np.linalg.norm(_middle_of_light(photo) - _pixel(camera, *seen)) < 0.5


def test_what_lies_behind_a_box_is_hidden_and_what_lies_before_it_is_not() -> None:
    """A box from 30 to 40 m east, 20 m high, seen from 60 m over the middle: 20 / (60 - 20) * 40 = 20 m
    behind it are hidden."""
    camera, box = Camera(60.0, 0.0, 0.0, 110.0, 400, 300), _box(35.0, 0.0, 10.0, 20.0)

    def light(east: float) -> float:
        mark = _marked(east, 0.0)
        seen, flat = (
            photograph(mark, METRES, MIDDLE, camera, heights).astype(float).sum()
            for heights in (box, np.zeros_like(box))
        )
        return float(seen / flat)

    assert light(50.0) < 0.02
    assert light(20.0) > 0.95
    assert light(70.0) > 0.95
    assert light(35.0) > 1.3  # a roof is nearer, and larger


@settings(max_examples=15, deadline=None)
@given(
    heading=st.floats(0, 360), tilt=st.floats(0, 35), field=st.floats(40, 85),
    height=st.floats(40, 100),
)  # fmt: skip
def test_flat_heights_give_the_picture_of_the_plane(
    ground: np.ndarray, heading: float, tilt: float, field: float, height: float
) -> None:
    camera = Camera(height, heading, tilt, field, 160, 120)
    plane = photograph(ground, METRES, MIDDLE, camera).astype(float)
    flat = photograph(ground, METRES, MIDDLE, camera, np.zeros((SIDE, SIDE), np.float32))
    assert np.abs(plane - flat).mean() < 1.0


def test_a_raised_plane_is_the_plane_from_lower(ground: np.ndarray) -> None:
    raised = np.full((SIDE, SIDE), 30.0, np.float32)
    seen = photograph(ground, METRES, MIDDLE, Camera(100.0, 40.0, 0.0, 60.0, 160, 120), raised)
    lower = photograph(ground, METRES, MIDDLE, Camera(70.0, 40.0, 0.0, 60.0, 160, 120))
    assert np.abs(seen.astype(float) - lower).mean() < 1.0


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), tilt=st.floats(0, 60))
def test_lines_meet_the_field_where_a_plain_loop_says(seed: int, tilt: float) -> None:
    chance = np.random.default_rng(seed)
    field = cv2.resize(chance.uniform(0, 9, (7, 7)).astype(np.float32), (60, 60))
    slope = np.tan(np.deg2rad(tilt))
    origin = np.array([30.0 - 20 * slope, 30.0, 20.0])
    directions = np.array(
        [[(slope + 0.2 * i, 0.2 * j, -1.0) for i in (-1, 0, 1)] for j in (-1, 0, 1)]
    )
    x, y = meet(field, 1.0, origin, directions)
    for row, column in np.ndindex(3, 3):
        direction = directions[row, column]
        t = 0.0
        while True:  # a hundredth of a cell at a time
            at = origin + t * direction
            if at[2] <= _between(field, at[0], at[1]):
                break
            t += 0.01 / max(1.0, float(np.abs(direction[:2]).max()))
        found = np.array([x[row, column], y[row, column]])
        # coordinates are rounded to 1/32 by OpenCV: a grazing line may pass a ridge or not
        if np.linalg.norm(found - at[:2]) > 0.15:
            drop = (found - origin[:2])[0] / direction[0] if abs(direction[0]) > 0.1 else t
            level = origin[2] - drop
            assert abs(_between(field, *found) - level) < 0.15


def _between(field: np.ndarray, x: float, y: float) -> float:
    """Bilinear, mirrored beyond the edges."""

    def folded(i: int) -> int:
        i = abs(i) % 118
        return i if i < 60 else 118 - i

    left, top = int(np.floor(x)), int(np.floor(y))
    dx, dy = x - left, y - top
    return sum(
        float(field[folded(top + b), folded(left + a)])
        * (dx if a else 1 - dx)
        * (dy if b else 1 - dy)
        for a in (0, 1)
        for b in (0, 1)
    )


def test_heights_must_be_those_of_the_picture(ground: np.ndarray) -> None:
    with pytest.raises(ValueError, match="heights"):
        photograph(ground, METRES, MIDDLE, Camera(50.0, 0, 0, 60), np.zeros((3, 3), np.float32))
