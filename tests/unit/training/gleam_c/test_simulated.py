"""Whether queries of the simulated world, turned by their heading, lie as their satellite pictures do."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from gleam_app.errors import GleamError
from gleam_app.retrieval.turning import query_pictures
from tests.unit.training.gleam_c.tiny import recipe
from training.data.records import held_out, read_pixels
from training.data.simworld.facts import Building, Scene
from training.data.simworld.folder import write_sample
from training.data.simworld.light import Light
from training.data.simworld.place import Place
from training.data.simworld.samples import VIEWS, simulate
from training.data.simworld.textures import noise_textures
from training.gleam_c.recipe import ViewRecipe
from training.gleam_c.simulated import SimulatedWorld, shown_corners

SQUARE = ViewRecipe(query_px=(96, 96), reference_px=(128, 128), reference_margin_px=16)
AROUND = ViewRecipe(query_px=(48, 96), reference_px=(64, 64))
SIZES = recipe(views={"uav": SQUARE, "map": SQUARE, "panorama": AROUND, "ground": SQUARE})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three places, one of them with all views and one held out."""
    found = tmp_path_factory.mktemp("world")
    kept = [seed for seed in range(60) if not held_out(f"sim{seed:07d}")][:2]
    out = next(seed for seed in range(60) if held_out(f"sim{seed:07d}"))
    textures = noise_textures()
    for seed, views in ((kept[0], VIEWS), (kept[1], ("uav", "map")), (out, ("map",))):
        write_sample(found, simulate(seed, textures, views, 128, 1, False, False))
    return found


def test_every_view_of_a_place_is_a_pair(folder: Path) -> None:
    training = SimulatedWorld(folder, "train", SIZES)
    validation = SimulatedWorld(folder, "val", SIZES)
    assert sorted(training.views) == ["ground", "map", "map", "panorama", "uav", "uav"]
    assert len(set(training.places)) == 2 and len(set(validation.places)) == 1
    assert set(training.places).isdisjoint(validation.places)
    assert all(place.startswith("simworld/sim") for place in training.places)
    for pair, view in enumerate(training.views):
        sample = training.sample(pair, np.random.default_rng(pair))
        assert sample.query.shape == (*SIZES.views[view].query_px, 3)
        assert sample.satellite.shape == (*SIZES.views[view].reference_px, 3)
        assert (sample.overlap == 1.0) == (view in ("panorama", "ground"))
        again = training.sample(pair, np.random.default_rng(pair))
        np.testing.assert_array_equal(again.query, sample.query)
        np.testing.assert_array_equal(again.satellite, sample.satellite)


def test_context_that_was_not_written_is_mirrored(folder: Path) -> None:
    source = SimulatedWorld(folder, "train", SIZES)
    pair = source.views.index("ground")
    window = source.sample(pair, np.random.default_rng(0)).satellite
    np.testing.assert_array_equal(window[:16], window[32:16:-1])
    np.testing.assert_array_equal(window[:, -16:], window[:, -18:-34:-1])


def test_a_photo_turned_by_its_heading_shows_the_ground_it_is_said_to_show(folder: Path) -> None:
    source = SimulatedWorld(folder, "train", SIZES)
    own, others = [], []
    for taken in (t for t in source._taken if t.view == "uav"):
        pixels, satellite = (read_pixels(taken.folder / n) for n in (taken.file, "satellite.jpg"))
        shown = shown_corners(taken, taken.heading) / taken.satellite_m + 0.5
        square = np.array([[0, 0], [96, 0], [96, 96], [0, 96]], np.float32)
        matrix = cv2.getPerspectiveTransform((shown * len(satellite)).astype(np.float32), square)
        ground = cv2.warpPerspective(satellite, matrix, (96, 96)).mean(axis=2)
        turns = taken.heading + np.linspace(0, 315, 8)
        queries = query_pictures(pixels, "uav", turns, 96).mean(axis=3)
        likeness = [float(np.corrcoef(q.ravel(), ground.ravel())[0, 1]) for q in queries]
        own.append(likeness[0])
        others.append(max(likeness[1:]))
    assert np.mean(own) > np.mean(others) + 0.1, (own, others)


@pytest.mark.parametrize("heading", [0.0, 60.0, 200.0])
def test_a_panorama_rolled_by_its_heading_has_north_in_its_middle(heading: float) -> None:
    """A red house in the east stands three quarters along, whichever way the camera's centre looked."""
    ring = ((24.0, -8.0), (36.0, -8.0), (36.0, 8.0), (24.0, 8.0))
    red = (220, 20, 20)
    house = Building((30.0, 0.0), 16.0, 12.0, 0.0, 12.0, 12.0, "flat", "red", red, red, ring)
    empty = Scene(5, 0, 200.0, "grid", "town", (), (), (house,), (), (), (), ())
    shot = Place(empty, noise_textures(), 1).panorama(
        (0.0, 0.0), heading, Light(sun=0.0, sky=1.0), 256
    )
    rolled = query_pictures(shot.pixels, "panorama", np.array([heading]), 128)[0].astype(int)
    _, columns = np.nonzero(rolled[..., 0] > rolled[..., 1] + 40)
    assert len(columns) > 20
    assert abs(columns.mean() - 192) < 4


def test_a_damaged_place_and_an_empty_world_are_named(tmp_path: Path) -> None:
    with pytest.raises(GleamError, match="no places"):
        SimulatedWorld(tmp_path, "train", SIZES)
    seed = next(seed for seed in range(60) if not held_out(f"sim{seed:07d}"))
    place = tmp_path / "places" / f"{seed:07d}"
    place.mkdir(parents=True)
    (place / "sample.json").write_text('{"pictures": [{"view": "uav"}]}', "utf-8")
    with pytest.raises(GleamError, match=place.name):
        SimulatedWorld(tmp_path, "train", SIZES)
