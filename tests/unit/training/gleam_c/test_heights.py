"""Orthophotos with height models: parallax in the pairs, and models that do not fit."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import rasterio

from gleam_app.errors import GleamError
from tests.unit.training.gleam_c.tiny import recipe
from training.data.heights import kept_heights
from training.data.records import held_out
from training.gleam_c.orthophotos import Orthophotos
from training.gleam_c.recipe import ViewRecipe

SIDE = 600
NAME = next(f"town{i}.png" for i in range(40) if not held_out(f"town{i}.png"))
SIZES = recipe(
    views={"uav": ViewRecipe(query_px=(96, 96), reference_px=(128, 128), reference_margin_px=16)}
)


def _source(folder: Path, heights: np.ndarray | None) -> Orthophotos:
    folder.mkdir()
    field = np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8)
    cv2.imwrite(str(folder / NAME), cv2.resize(field, (SIDE, SIDE)))
    table = f"picture,metres_per_pixel,heights\n{NAME},0.5,"
    if heights is not None:
        np.save(folder / "heights.npy", heights)
        table += "heights.npy"
    (folder / "grounds.csv").write_text(table + "\n", "utf-8")
    return Orthophotos(folder, "train", SIZES)


def _town(height: float) -> np.ndarray:
    """Houses of 20 m on a grid, on ground 300 m above the sea."""
    heights = np.full((SIDE, SIDE), 300.0, np.float32)
    for y in range(20, SIDE, 80):
        for x in range(20, SIDE, 80):
            heights[y : y + 40, x : x + 40] += height
    return heights


def test_photos_have_the_parallax_of_the_heights(tmp_path: Path) -> None:
    town, plain = _source(tmp_path / "a", _town(25.0)), _source(tmp_path / "b", _town(0.0))
    assert town.places == plain.places == _source(tmp_path / "c", None).places
    differences = []
    for pair in range(0, len(town.places), max(1, len(town.places) // 6)):
        one, two = (s.sample(pair, np.random.default_rng(pair)) for s in (town, plain))
        np.testing.assert_array_equal(one.satellite, two.satellite)  # the tile stays the ortho's
        assert one.overlap == two.overlap
        differences.append(np.abs(one.query.astype(float) - two.query).mean())
    assert np.mean(differences) > 3.0


def test_the_height_above_the_sea_does_not_matter(tmp_path: Path) -> None:
    high = _source(tmp_path / "a", _town(25.0))
    low = _source(tmp_path / "b", _town(25.0) - 300.0)
    one, two = (s.sample(0, np.random.default_rng(1)) for s in (high, low))
    assert np.abs(one.query.astype(float) - two.query).mean() < 0.5


def test_rasters_are_read_and_holes_filled(tmp_path: Path) -> None:
    path = tmp_path / "heights.tif"
    values = np.arange(12, dtype=np.float32).reshape(3, 4) + 5
    values[1, 2] = -9999
    form = {"driver": "GTiff", "width": 4, "height": 3, "count": 1, "dtype": "float32"}
    transform = rasterio.Affine(0.5, 0, 100, 0, -0.5, 200)
    with rasterio.open(path, "w", **form, nodata=-9999, transform=transform) as file:
        file.write(values, 1)
    found = kept_heights(path, (4, 3))
    assert found[1, 2] == 5 and found[2, 3] == 16 and found.dtype == np.float32


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda path: np.save(path, np.zeros((5, 6), np.float32)), r"\(6, 5\)"),
        (lambda path: np.save(path, np.full((SIDE, SIDE), np.nan)), "no values"),
        (lambda path: path.write_bytes(b"nothing"), "cannot be read"),
    ],
)
def test_heights_that_do_not_fit_are_named(tmp_path: Path, write: object, message: str) -> None:
    path = tmp_path / "wrong.npy"
    write(path)  # type: ignore[operator]
    with pytest.raises(GleamError, match=message):
        kept_heights(path, (SIDE, SIDE))
