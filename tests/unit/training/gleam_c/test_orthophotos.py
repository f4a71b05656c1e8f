from pathlib import Path

import cv2
import numpy as np
import pytest

from gleam_app.errors import GleamError
from tests.unit.training.gleam_c.tiny import recipe
from training.data.perspective import Camera
from training.data.records import held_out
from training.gleam_c.orthophotos import TILE_M, Orthophotos, _used_ground
from training.gleam_c.recipe import ViewRecipe
from training.gleam_c.spots import overlap

SIZES = recipe(
    views={"uav": ViewRecipe(query_px=(96, 96), reference_px=(128, 128), reference_margin_px=16)}
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures of 300 m, one of them held out, and one too small for any tile."""
    names = [f"town{i}.png" for i in range(40)]
    kept = [next(n for n in names if held_out(n) == held) for held in (False, True)]
    field = np.random.default_rng(0).integers(0, 256, (30, 30, 3), np.uint8)
    for name, side in ((kept[0], 600), (kept[1], 600), ("small.png", 80)):
        cv2.imwrite(str(tmp_path / name), cv2.resize(field, (side, side)))
    rows = "".join(f"{name},0.5\n" for name in (*kept, "small.png"))
    (tmp_path / "grounds.csv").write_text("picture,metres_per_pixel\n" + rows, "utf-8")
    return tmp_path


def test_places_of_whole_pictures_are_held_out(folder: Path) -> None:
    training, validation = (Orthophotos(folder, split, SIZES) for split in ("train", "val"))
    assert len(training.places) == len(set(training.places)) > 4
    assert {s.ground for s in training.spots}.isdisjoint(s.ground for s in validation.spots)
    for spot in training.spots:
        half = spot.side * 128 / 96 / 2
        assert TILE_M[0] <= spot.tile_m <= TILE_M[1]
        assert half - 1e-6 <= spot.x <= 600 - half + 1e-6
        assert half - 1e-6 <= spot.y <= 600 - half + 1e-6


def test_a_photo_looks_more_like_its_own_tile_than_like_others(folder: Path) -> None:
    source = Orthophotos(folder, "train", SIZES)
    pairs = range(0, len(source.places), max(1, len(source.places) // 6))
    samples = [source.sample(i, np.random.default_rng(i)) for i in pairs]
    assert all(s.query.shape == (96, 96, 3) and s.satellite.shape == (128, 128, 3) for s in samples)
    assert all(0.05 < s.overlap <= 1 for s in samples)
    again = source.sample(pairs[1], np.random.default_rng(pairs[1]))
    np.testing.assert_array_equal(again.query, samples[1].query)
    other = source.sample(pairs[1], np.random.default_rng(77))
    assert (other.query != samples[1].query).any()

    def likeness(query: np.ndarray, satellite: np.ndarray) -> float:
        """Best correlation of the photo's middle anywhere in the tile, at a few sizes."""
        best = -1.0
        for size in (32, 40, 48, 60, 72, 90):
            part = cv2.resize(query, (size, size), interpolation=cv2.INTER_AREA)
            best = max(best, float(cv2.matchTemplate(satellite, part, cv2.TM_CCOEFF_NORMED).max()))
        return best

    own = np.array([likeness(s.query[16:80, 16:80], s.satellite) for s in samples])
    cross = np.array(
        [
            likeness(s.query[16:80, 16:80], t.satellite)
            for s in samples
            for t in samples
            if s is not t
        ]
    )
    assert own.mean() > cross.mean() + 0.1


def test_tiles_that_share_much_ground_are_neither_right_nor_wrong(folder: Path) -> None:
    source = Orthophotos(folder, "train", SIZES)
    first = source.spots[0]
    semi = set(source.semi_positives(0))
    assert source.places[0] not in semi and semi
    for place, spot in zip(source.places[1:], source.spots[1:], strict=True):
        metres = np.hypot(*(spot.at - first.at)) * 0.5
        assert (place in semi) == (metres < 0.75 * max(first.tile_m, spot.tile_m))


@pytest.mark.parametrize("heading", [0.0, 77.0, 200.0])
def test_overlap_is_that_of_the_ground_shown(heading: float) -> None:
    """Straight down, as large as the tile and beside it by a quarter: IoU 0.75 / 1.25."""
    tile_m, off = 100.0, np.array([25.0, 0.0])
    field = 60.0
    height = tile_m / 0.6 / 2 / np.tan(np.deg2rad(field) / 2)
    camera = Camera(float(height), heading, 0.0, field, 320, 240)
    shown = _used_ground(camera, heading) + off
    assert overlap(shown, np.zeros(2), tile_m) == pytest.approx(0.6, abs=0.01)
    askew = _used_ground(camera, heading + 45.0)
    octagon = 2 * (2**0.5 - 1)  # of the square: what it shares with itself turned by 45 degrees
    assert overlap(askew, np.zeros(2), tile_m) == pytest.approx(octagon / (2 - octagon), abs=0.01)


def test_a_bad_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(GleamError, match=r"no grounds\.csv"):
        Orthophotos(tmp_path, "train", SIZES)
    (tmp_path / "grounds.csv").write_text("picture,metres\na.png,0.5\n", "utf-8")
    with pytest.raises(GleamError, match="columns"):
        Orthophotos(tmp_path, "train", SIZES)
    (tmp_path / "grounds.csv").write_text("picture,metres_per_pixel\na.png,0.5\n", "utf-8")
    (tmp_path / "a.png").write_bytes(b"not a picture")
    names = [split for split in ("train", "val") if held_out("a.png") == (split == "val")]
    with pytest.raises(GleamError, match=r"a\.png"):
        Orthophotos(tmp_path, names[0], SIZES)
