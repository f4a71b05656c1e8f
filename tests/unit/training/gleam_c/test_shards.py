"""Training through shards: the same batches, and without decoding."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from tests.unit.training.data import fakes
from tests.unit.training.gleam_c.tiny import recipe
from training.__main__ import main
from training.data.shards import Shards
from training.gleam_c import sources as module
from training.gleam_c.batches import Batch, Loader
from training.gleam_c.recipe import ViewRecipe
from training.gleam_c.shards import fill_shards, wanted
from training.gleam_c.sources import open_sources

SIZE = ViewRecipe(query_px=(24, 24), reference_px=(32, 32))
DATA = ({"name": "university1652", "split": "train"}, {"name": "simworld", "split": "train"})
RECIPE = recipe(phases=[{"name": "one", "data": DATA[:1]}], views={"uav": SIZE, "ground": SIZE})


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    fakes.university(folder / "university1652")
    for i, path in enumerate(sorted(folder.rglob("*.jp*g"))):
        noise = np.random.default_rng(i).integers(0, 256, (50, 50, 3), np.uint8)
        Pillow.fromarray(noise).save(path)
    return folder


def _batches(data: Path, shards: Shards | None) -> list[Batch]:
    source, _ = open_sources(RECIPE.phases[0], RECIPE, data, shards)
    pairs = np.arange(len(source.places))
    with Loader(source, RECIPE) as loader:
        return list(loader.batches([pairs, pairs], 0))


def test_batches_are_the_same_and_nothing_is_decoded(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, int]] = []
    count = fill_shards(RECIPE, data, tmp_path / "shards", lambda *at: told.append(at))
    assert count == len(set(wanted(RECIPE, data))) == told[-1][0] > 4
    plain = _batches(data, None)
    monkeypatch.setattr(module, "read_pixels", lambda _: pytest.fail("was decoded"))
    fast = _batches(data, Shards(tmp_path / "shards", data))
    for one, two in zip(plain, fast, strict=True):
        for side in ("queries", "satellites", "turned"):
            groups = zip(getattr(one, side), getattr(two, side), strict=True)
            assert all(torch.equal(a.pixels, b.pixels) for a, b in groups)


def test_what_is_missing_is_decoded(tmp_path: Path, data: Path) -> None:
    plain = _batches(data, None)
    fill_shards(RECIPE, data, tmp_path / "shards", lambda *_: None)
    for path in sorted((tmp_path / "shards").glob("24x24-*.npy")):
        path.unlink()
    fast = _batches(data, Shards(tmp_path / "shards", data))
    assert torch.equal(plain[0].queries[0].pixels, fast[0].queries[0].pixels)


def test_sets_made_on_the_spot_are_left_out(data: Path) -> None:
    both = recipe(phases=[{"name": "one", "data": DATA}], views={"uav": SIZE, "ground": SIZE})
    assert set(wanted(both, data)) == set(wanted(RECIPE, data))


def test_the_command_fills_and_says_how_far_it_is(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = data / "university1652" / "train" / "drone" / "0839" / "image-01.jpeg"
    words = ["gleam-c", "shards", "--recipe", "convnext-b", "--data", str(data)]
    place.write_bytes(b"not a picture")
    for split in ("university1652", "vigor"):
        (data / split).mkdir(exist_ok=True)
    assert main([*words, "--out", str(tmp_path / "out")]) != 0
    assert "Traceback" not in capsys.readouterr().err
    toml = tmp_path / "small.toml"
    toml.write_text(_toml(), "utf-8")
    words[3] = str(toml)
    assert main([*words, "--out", str(tmp_path / "out")]) != 0
    assert "image-01.jpeg" in capsys.readouterr().err
    Pillow.new("RGB", (9, 9)).save(place)
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    assert "pictures decoded" in capsys.readouterr().err
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    assert "Nothing to decode" in capsys.readouterr().err


def _toml() -> str:
    """starter-cpu on the fake set."""
    from training.gleam_c.recipe import RECIPES

    text = (RECIPES / "starter-cpu.toml").read_text("utf-8")
    for name in ("orthophotos", "streetmaps", "simworld"):
        text = text.replace(
            f'{{ name = "{name}", split = "train", validation = "val" }}',
            '{ name = "university1652", split = "train" }',
        )
    return text
