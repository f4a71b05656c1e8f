from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.unit.training.gleam_c.tiny import recipe
from training.data.records import held_out
from training.gleam_c import map_styles, spots, street_maps
from training.gleam_c.map_styles import classes_of, kind_of, redrawn, restyled
from training.gleam_c.orthophotos import Orthophotos
from training.gleam_c.recipe import ViewRecipe
from training.gleam_c.spots import Aim
from training.gleam_c.street_maps import StreetMaps, _window

SQUARE = ViewRecipe(query_px=(96, 96), reference_px=(128, 128), reference_margin_px=16)
SIZES = recipe(views={"uav": SQUARE, "map": SQUARE})
GROUND, ROAD, WATER, PARK = (240, 236, 230), (255, 255, 255), (160, 200, 250), (200, 230, 170)


def _drawn(seed: int) -> np.ndarray:
    chance = np.random.default_rng(seed)
    drawn = np.full((512, 512, 3), GROUND, np.uint8)
    for colour in (WATER, PARK):
        x, y = chance.integers(0, 400, 2).tolist()
        cv2.rectangle(drawn, (x, y), (x + 140, y + 100), colour, -1)
    for at in chance.integers(0, 512, 5).tolist():
        cv2.line(drawn, (at, 0), (511 - at // 2, 511), ROAD, 8)
        cv2.line(drawn, (0, at), (511, at // 3), ROAD, 6)
    return drawn


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two maps, one of them held out; the satellite picture is the map, mapped to other colours."""
    names = [f"{i:04d}" for i in range(60)]
    for side in ("satellite", "map"):
        (tmp_path / side).mkdir()
    for held in (False, True):
        name = next(n for n in names if held_out(n) == held)
        drawn = _drawn(int(held))
        cv2.imwrite(str(tmp_path / "map" / f"{name}.png"), drawn[..., ::-1])
        cv2.imwrite(str(tmp_path / "satellite" / f"{name}.png"), 255 - drawn)
    return tmp_path


def test_places_are_spots_of_pictures_and_whole_pictures_are_held_out(folder: Path) -> None:
    training, validation = (StreetMaps(folder, split, SIZES) for split in ("train", "val"))
    names = [{place.split()[0] for place in source.places} for source in (training, validation)]
    assert names[0].isdisjoint(names[1]) and len(names[0]) == len(names[1]) == 1
    assert 2 < len(training.places) == len(set(training.places))
    assert set(training.semi_positives(0)) < set(training.places)
    assert set(training.views) == {"map"}
    sample = training.sample(1, np.random.default_rng(4))
    assert sample.query.shape == (96, 96, 3) and sample.satellite.shape == (128, 128, 3)
    np.testing.assert_array_equal(training.sample(1, np.random.default_rng(4)).query, sample.query)


def test_the_map_lies_as_the_satellite_picture_does(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Styles off, aim true: the turned map is the tile in other colours."""
    monkeypatch.setattr(map_styles, "AS_IT_IS", 1.0)
    monkeypatch.setattr(spots, "GRADED", 0.0)
    monkeypatch.setattr(street_maps, "redrawn", lambda window, chance: window)
    source = StreetMaps(folder, "train", SIZES)
    for number, spot in enumerate(source._spots.spots[:4]):
        for heading in (0.0, 77.0, 211.0):
            aim = Aim(spot.at, spot.side, heading, heading)
            monkeypatch.setattr(street_maps, "aimed", lambda *_, aim=aim: aim)
            sample = source.sample(number, np.random.default_rng(0))
            tile = 255.0 - sample.satellite[16:-16, 16:-16, ::-1]
            middle = np.s_[12:-12, 12:-12]
            difference = np.abs(sample.query[middle] - tile[middle]).mean()
            assert difference < 4, (number, heading, difference)
            assert sample.overlap == pytest.approx(1.0, abs=0.01)


def test_a_window_shows_the_heading_upwards() -> None:
    """A dot to the east of the aim stands above the middle of a map whose heading is 90."""
    drawn = np.zeros((200, 200, 3), np.uint8)
    cv2.circle(drawn, (130, 100), 3, (255, 255, 255), -1)
    window = _window(drawn, Aim(np.array([100.0, 100.0]), 96.0, 90.0, 90.0), 96)
    rows, columns = np.nonzero(window[..., 0] > 128)
    assert rows.mean() == pytest.approx(59.5 - 30, abs=1)
    assert columns.mean() == pytest.approx(59.5, abs=1)


def test_classes_are_the_colours_of_the_map() -> None:
    drawn = _drawn(3)
    classes, colours = classes_of(drawn)
    assert len(colours) == 4
    for colour in (GROUND, ROAD, WATER, PARK):
        inside = cv2.erode((drawn == colour).all(axis=2).astype(np.uint8), np.ones((5, 5))) > 0
        numbers = np.unique(classes[inside])
        assert len(numbers) == 1
        assert np.abs(colours[numbers[0]].astype(int) - colour).max() <= 8


def test_kinds_of_colours() -> None:
    known = {
        GROUND: "ground",
        ROAD: "road",
        WATER: "water",
        PARK: "green",
        (250, 200, 90): "main road",
    }
    for colour, kind in known.items():
        assert kind_of(np.array(colour, np.uint8)) == kind


def test_styles_change_colours_and_keep_lines() -> None:
    drawn = _drawn(5)
    classes, colours = classes_of(drawn)
    seen = set()
    for seed in range(12):
        other = restyled(drawn, classes, colours, np.random.default_rng(seed))
        assert other.shape == drawn.shape
        seen.add(other.tobytes())
        if (other != drawn).any():  # one colour for each class, no others
            assert len(np.unique(other.reshape(-1, 3), axis=0)) <= len(colours)
        copied = redrawn(other[:120, :120], np.random.default_rng(seed))
        assert copied.shape == (120, 120, 3) and copied.dtype == np.uint8
    assert len(seen) > 8


def test_satellite_pictures_used_twice_have_the_same_places(folder: Path) -> None:
    """So that a batch does not take the same ground, listed as an orthophoto, for a negative."""
    maps = StreetMaps(folder, "train", SIZES)
    least, most = street_maps.TILE_M
    rows = "".join(
        f"{path},1.0,{path.stem},{least},{most}\n" for path in (folder / "satellite").iterdir()
    )
    head = "picture,metres_per_pixel,name,least_m,most_m\n"
    (folder / "grounds.csv").write_text(head + rows, "utf-8")
    photos = Orthophotos(folder, "train", SIZES)
    shared = set(photos.places) & set(maps.places)
    assert len(shared) > 2
    place = sorted(shared)[0]
    near = [source.semi_positives(source.places.index(place)) for source in (photos, maps)]
    assert set(near[0]) & shared == set(near[1]) & shared
