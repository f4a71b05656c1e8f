import numpy as np
import pytest

from gleam_app.imagery.views import VIEWS
from tests.unit.training.gleam_c.tiny import recipe
from training.gleam_c.augment import augment_pair, change_looks, resized, wrongly_turned
from training.gleam_c.recipe import AugmentRecipe

PICTURE = np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8)
PANORAMA = np.random.default_rng(1).integers(0, 256, (12, 24, 3), np.uint8)
EVERYTHING = AugmentRecipe(
    jpeg=1, colour=1, blur_or_sharpen=1, holes=1, mirror=1, quarter_turns=1, turn_queries=("map",)
)


def test_without_chances_nothing_changes() -> None:
    pair = augment_pair(PICTURE, PICTURE, "uav", AugmentRecipe(), np.random.default_rng(0))
    assert all((picture == PICTURE).all() for picture in pair)


@pytest.mark.parametrize("view", VIEWS)
def test_the_same_seed_changes_alike_and_sizes_stay(view: str) -> None:
    query = PANORAMA if view == "panorama" else PICTURE
    one, two, other = (
        augment_pair(query, PICTURE, view, EVERYTHING, np.random.default_rng(seed))  # type: ignore[arg-type]
        for seed in (5, 5, 6)
    )
    for first, second, third in zip(one, two, other, strict=True):
        assert first.shape == third.shape and first.dtype == np.uint8
        np.testing.assert_array_equal(first, second)
    assert any((first != third).any() for first, third in zip(one, other, strict=True))
    assert one[0].shape == query.shape


def test_geometry_changes_both_pictures_of_a_pair_alike() -> None:
    """A photo straight from above stays equal to its satellite picture."""
    recipe = AugmentRecipe(mirror=0.5, quarter_turns=0.5)
    seen = set()
    for seed in range(12):
        query, satellite = augment_pair(
            PICTURE, PICTURE, "uav", recipe, np.random.default_rng(seed)
        )
        np.testing.assert_array_equal(query, satellite)
        seen.add(query.tobytes())
    assert len(seen) > 4


def test_a_panorama_rolls_as_its_satellite_picture_turns() -> None:
    """North stays in the middle: what is seen at bearing b of the panorama lies at b on the ground."""
    satellite = np.zeros((24, 24, 3), np.uint8)
    satellite[:12, 12] = 255  # a road to the north
    panorama = np.zeros((12, 24, 3), np.uint8)
    panorama[:, 12] = 255  # the same road, straight ahead
    recipe = AugmentRecipe(quarter_turns=1)
    found = set()
    for seed in range(8):
        rolled, turned = augment_pair(
            panorama, satellite, "panorama", recipe, np.random.default_rng(seed)
        )
        rows, columns = np.nonzero(turned[:, :, 0])
        east, north = columns.mean() - 11.5, 11.5 - rows.mean()
        bearing = np.degrees(np.arctan2(east, north)) % 360
        seen_at = (np.flatnonzero(rolled[0, :, 0])[0] - 12) / 24 * 360 % 360
        assert min(abs(bearing - seen_at), 360 - abs(bearing - seen_at)) < 12
        found.add(round(seen_at))
    assert found == {90, 180, 270}


def test_a_wrong_turn_is_never_nearly_right() -> None:
    wedge = np.zeros((65, 65, 3), np.uint8)
    wedge[:32, 32] = 255
    for seed in range(20):
        turned = wrongly_turned(wedge, 40.0, np.random.default_rng(seed))
        rows, columns = np.nonzero(turned[8:57, 8:57, 0] > 100)
        angle = np.degrees(np.arctan2(columns.mean() - 24, 24 - rows.mean()))
        assert abs(angle) > 36
    rolled = wrongly_turned(PANORAMA, 90.0, np.random.default_rng(0))
    assert any((np.roll(PANORAMA, k, 1) == rolled).all() for k in range(6, 19))


def test_looks_change_without_moving_anything() -> None:
    flat = np.full((40, 40, 3), 120, np.uint8)
    flat[10:20] = 200
    looks = AugmentRecipe(jpeg=1, colour=1, blur_or_sharpen=1)
    changed = change_looks(flat, looks, np.random.default_rng(2))
    assert (changed[12:18].mean() - changed[25:].mean()) > 40
    holes = AugmentRecipe(holes=1, hole_count=(2, 2))
    assert 0 < (change_looks(flat, holes, np.random.default_rng(2)) == 0).mean() < 0.1


def test_resized_takes_the_whole_picture() -> None:
    assert resized(PANORAMA, (30, 50)).shape == (30, 50, 3)
    assert resized(PICTURE, (24, 24)) is PICTURE
    assert abs(resized(PICTURE, (6, 6)).mean() - PICTURE.mean()) < 2


def test_views_that_are_never_turned_may_have_their_satellite_picture_turned_alone() -> None:
    """Also where the other views learn their heading from wrong turns."""
    still = dict.fromkeys(("mirror", "colour", "jpeg", "holes"), 0)
    turns = {"turn_queries": ("ground",), "quarter_turns": 1}
    augment = recipe(loss={"wrong_turns": 1}, augment={**still, **turns}).augment
    query, satellite = augment_pair(PICTURE, PICTURE, "ground", augment, np.random.default_rng(0))
    assert any((np.rot90(query, k) == satellite).all() for k in (1, 2, 3))
    assert (query == PICTURE).all()
    with pytest.raises(ValueError, match="opposite"):
        recipe(loss={"wrong_turns": 1}, augment={"turn_queries": ("panorama",)})
