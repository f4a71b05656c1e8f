"""Layout, facts, dates, textures, and samples on disk."""

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam_app.errors import GleamError
from training.data.records import read_pixels
from training.data.simworld.__main__ import main
from training.data.simworld.change import later
from training.data.simworld.facts import Scene
from training.data.simworld.folder import open_simworld, read_scene, write_sample
from training.data.simworld.layout import USES, lay_out
from training.data.simworld.plots import Ground, rectangle, walk
from training.data.simworld.samples import Sample, simulate, street_spot
from training.data.simworld.streets import PATTERNS
from training.data.simworld.textures import imagery_textures, noise_textures


@pytest.fixture(scope="module")
def sample() -> Sample:
    return simulate(3, noise_textures(), pixels=64, samples=1)


@pytest.mark.parametrize(("pattern", "character"), [*zip(PATTERNS, USES, strict=False)])
def test_buildings_keep_off_the_streets_and_off_each_other(
    pattern: str, character: str, stands_apart: Callable[[Scene], None]
) -> None:
    stands_apart(lay_out(11, pattern, character))


@pytest.mark.parametrize("character", list(USES))
def test_every_character_lays_out(character: str) -> None:
    scene = lay_out(4, None, character)
    assert scene.character == character and scene.areas


def test_facts_survive_json(sample: Sample) -> None:
    assert Scene.from_json(sample.after.to_json()) == sample.after


def test_a_seed_always_gives_the_same_bytes(sample: Sample) -> None:
    again = simulate(3, noise_textures(), pixels=64, samples=1)
    assert again.before.to_json() == sample.before.to_json()
    assert again.after.to_json() == sample.after.to_json()
    for one, two in zip(
        (sample.satellite, *sample.queries), (again.satellite, *again.queries), strict=True
    ):
        assert one.pixels.tobytes() == two.pixels.tobytes()
        assert (one.how, one.position, one.seen) == (two.how, two.position, two.seen)
    assert lay_out(12).to_json() != sample.before.to_json()


@pytest.mark.parametrize(
    ("seed", "known"), [(0, "f714ad32b37edc66"), (7, "b130735b1d2334cb"), (11, "be3a1b712f7f1faa")]
)
def test_made_up_places_stay_what_they_are(seed: int, known: str) -> None:
    """Worlds that are written go on with the same places: what maps need must not change them."""
    assert hashlib.sha256(lay_out(seed).to_json().encode()).hexdigest()[:16] == known


def test_a_later_date_keeps_the_streets_and_says_what_changed() -> None:
    scene = lay_out(1)
    changed = later(scene, 7, 2.0)
    assert changed.roads == scene.roads and changed.junctions == scene.junctions
    assert changed.cars != scene.cars
    places = {b.position for b in changed.buildings}
    before = {b.position for b in scene.buildings}
    gone = {c.position for c in changed.changes if c.kind == "demolished"}
    new = {c.position for c in changed.changes if c.kind == "built"}
    assert gone and new
    assert gone == before - places and new == places - before
    felled = {c.position for c in changed.changes if c.kind == "felled"}
    assert felled == {t.position for t in scene.trees} - {t.position for t in changed.trees}


def test_without_change_only_the_cars_move() -> None:
    scene = lay_out(1)
    assert dataclasses.replace(later(scene, 7, 0.0), cars=scene.cars, date=0) == scene


def test_the_photographer_stands_on_a_street_clear_of_cars() -> None:
    for seed in range(3):
        scene = lay_out(seed)
        spot, _ = street_spot(scene, np.random.default_rng(seed))
        away = [
            np.hypot(*(walk(np.array(r.line), np.arange(0, 900, 1.0))[0] - spot).T).min()
            for r in scene.roads
        ]
        nearest = scene.roads[int(np.argmin(away))]
        assert min(away) < nearest.width_m / 2
        assert all(np.hypot(*np.subtract(car.position, spot)) > 3 for car in scene.cars)


@given(
    st.floats(-40, 40), st.floats(-40, 40), st.floats(0, 6.2), st.floats(3, 30), st.floats(3, 30)
)
def test_taken_ground_is_not_free(
    east: float, north: float, turn: float, length: float, width: float
) -> None:
    ground = Ground(250)
    along = np.array([np.sin(turn), np.cos(turn)])
    ring = rectangle(np.array([east, north]), along, length, width)
    a, b = ring[1] - ring[0], ring[2] - ring[1]
    assert a[0] * b[1] - a[1] * b[0] < 0  # clockwise
    assert ground.is_free(ring)
    ground.take(ring)
    assert not ground.is_free(ring)
    assert ground.is_free(ring + along * (length + 3))
    assert not ground.is_free(ring + 300.0)


def test_samples_are_written_and_read_as_a_split(sample: Sample, tmp_path: Path) -> None:
    write_sample(tmp_path, sample)
    split = open_simworld(tmp_path, "panorama")
    assert split.gold == ((0,),) and split.places == ("sim0000003",)
    (pair,) = split.pairs()
    assert read_pixels(pair.query).shape == (64, 128, 3)
    assert read_pixels(pair.satellite).shape == (64, 64, 3)
    drawn = next(taken for taken in sample.queries if taken.view == "map")
    assert (read_pixels(open_simworld(tmp_path, "map").queries[0]) == drawn.pixels).all()
    place = tmp_path / "places" / "0000003"
    assert read_scene(place / "before.json.gz") == sample.before
    entries = json.loads((place / "sample.json").read_text())["pictures"]
    assert {e["view"] for e in entries} == {"satellite", "uav", "map", "panorama", "ground"}
    assert not list(place.glob("*.part"))


def test_missing_and_damaged_worlds_are_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(GleamError, match="No simulated places"):
        open_simworld(tmp_path, "uav")
    damaged = tmp_path / "before.json.gz"
    damaged.write_bytes(b"not gzip")
    with pytest.raises(GleamError, match=r"before\.json\.gz"):
        read_scene(damaged)
    with pytest.raises(GleamError, match="golfcourse"):
        imagery_textures(tmp_path)


def test_textures_are_cut_from_imagery(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for label in ("golfcourse", "agricultural", "forest", "runway", "freeway", "parkinglot",
                  "chaparral", "baseballdiamond", "beach"):  # fmt: skip
        (tmp_path / label).mkdir()
        chip = rng.integers(60, 120, (256, 256, 3)).astype(np.uint8)
        cv2.imwrite(str(tmp_path / label / "one.jpg"), chip)
    textures = imagery_textures(tmp_path)
    assert "UC Merced" in textures.origin
    for tiles in textures.tiles.values():
        for tile in tiles:
            assert tile.shape == (512, 512, 3)
            assert abs(float(tile.mean()) - 128) < 4  # detail only: no colour of its own


def test_the_command_writes_places_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [str(tmp_path), "--places", "1", "--seed", "2", "--pixels", "48"]
    assert main(arguments) == 0
    assert "1 places written" in capsys.readouterr().err
    assert main(arguments) == 0
    assert "0 places written" in capsys.readouterr().err
    assert main([*arguments, "--ucmerced", str(tmp_path)]) == 3
    assert json.loads((tmp_path / "world.json").read_text())["textures"] == "procedural noise"
