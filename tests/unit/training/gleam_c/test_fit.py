from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from transformers import ConvNextConfig

from gleam_app.errors import GleamError
from gleam_app.packs.manifest import Pack, read_manifest
from gleam_app.retrieval.encoder import Encoder
from tests.unit.training.gleam_c.tiny import PX, recipe
from training.data.records import Crop, Pair
from training.gleam_c.fit import export, fit
from training.gleam_c.recipe import PhaseRecipe, Recipe
from training.gleam_c.runlog import RunLog
from training.gleam_c.sources import MADE, FilePairs, Some, Together, open_sources
from training.gleam_c.trainer import BEST, CHECKPOINT, LOG

MAPS = {"name": "streetmaps", "split": "train", "validation": "val"}


def _street_maps(root: Path, count: int = 30) -> Path:
    for number in range(count):
        colours = np.random.default_rng(number).integers(0, 256, (4, 4, 3), np.uint8)
        picture = np.kron(colours, np.ones((PX // 4, PX // 4, 1), np.uint8))
        for side, pixels in (("satellite", picture), ("map", 255 - picture)):
            path = root / "streetmaps" / side / f"{number:04}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), pixels)
    return root


def _recipe(**changes: Any) -> Recipe:
    return recipe(phases=[{"data": (MAPS,), "epochs": 1, **changes}])


@pytest.fixture(autouse=True)
def _as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Street maps are read pair by pair, like any benchmark, not cut into places."""
    monkeypatch.delitem(MADE, "streetmaps")


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    folder = tmp_path / "hub"
    ConvNextConfig(depths=[1, 1, 1, 1], hidden_sizes=[8, 8, 12, 16], image_size=PX).save_pretrained(
        folder
    )
    return folder


def test_a_recipe_becomes_a_pack(tmp_path: Path, weights: Path) -> None:
    data, work = _street_maps(tmp_path / "data"), tmp_path / "work"
    fit(_recipe(), data, work, weights, resume=False)
    assert {path.name for path in work.iterdir()} == {
        CHECKPOINT, BEST, LOG, "log.svg", "config.json",
    }  # fmt: skip
    manifest = export(work, tmp_path / "tiny")
    assert manifest.label == "tiny 0.1.0"
    assert manifest.origin[0].source == "a test"
    assert manifest.evaluation[0].figures["recall@1"] <= 1
    pack = Pack(read_manifest(tmp_path / "tiny"), tmp_path / "tiny")
    pictures = np.random.default_rng(0).integers(0, 256, (2, PX, PX, 3), np.uint8)
    vectors = Encoder(pack).embed(pictures)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0)
    best = export(work, tmp_path / "best", best=True)
    assert best.architecture == manifest.architecture

    before = RunLog(work / LOG).records()
    fit(_recipe(), data, work, None, resume=True)  # done already: nothing more to do
    assert RunLog(work / LOG).records() == before
    with pytest.raises(GleamError, match="holds a run already"):
        fit(_recipe(), data, work, weights, resume=False)


def test_missing_data_and_sizes_are_named(tmp_path: Path, weights: Path) -> None:
    with pytest.raises(GleamError, match="streetmaps"):
        fit(_recipe(), tmp_path, tmp_path / "work", weights, resume=False)
    data = _street_maps(tmp_path / "data")
    narrow = _recipe().model_copy(update={"views": {}})
    with pytest.raises(GleamError, match="'map'"):
        fit(narrow, data, tmp_path / "other", weights, resume=False)


def test_one_place_in_ten_is_held_out_where_there_is_no_split(tmp_path: Path) -> None:
    data = _street_maps(tmp_path, 60)
    phase = PhaseRecipe.model_validate(
        {**_recipe().phases[0].model_dump(), "data": ({"name": "streetmaps", "split": "all"},)}
    )
    training, validation = open_sources(phase, _recipe(), data)
    assert validation is not None
    assert len(training.places) + len(validation.places) == 60
    assert not set(training.places) & set(validation.places)
    assert 1 <= len(validation.places) <= 15


def _file_pairs(tmp_path: Path) -> FilePairs:
    files = [tmp_path / f"{name}.png" for name in "abcdef"]
    for number, file in enumerate(files):
        cv2.imwrite(str(file), np.full((6, 6, 3), 40 * number, np.uint8))
    a, b, c, d, e, f = files
    return FilePairs(
        [
            (
                "one",
                [
                    Pair(a, "panorama", b, "x", semi_positives=(d,)),
                    Pair(c, "panorama", d, "y", more_satellites=(b,), overlaps=(0.9, 0.4)),
                    Pair(e, "uav", f, "z"),
                ],
            ),
            ("two", [Pair(a, "uav", Crop(f, 0, 0, 3, 3), "x")]),
        ]
    )


def test_pairs_on_disk(tmp_path: Path) -> None:
    pairs = _file_pairs(tmp_path)
    assert pairs.places == ["one/x", "one/y", "one/z", "two/x"]
    assert pairs.semi_positives(0) == [
        "one/y"
    ]  # by its semi-positive, and by the picture both share
    assert pairs.semi_positives(1) == ["one/x"]
    assert pairs.semi_positives(2) == []
    drawn = {
        (int(s.satellite[0, 0, 0]), s.overlap)
        for s in (pairs.sample(1, np.random.default_rng(seed)) for seed in range(12))
    }
    assert drawn == {(120, 0.9), (40, 0.4)}  # each right picture with its own overlap


def test_sources_together_and_in_part(tmp_path: Path) -> None:
    pairs = _file_pairs(tmp_path)
    both = Together([Some(pairs, [2]), Some(pairs, [1, 0])])
    assert both.places == ["one/z", "one/y", "one/x"]
    assert both.views == ["uav", "panorama", "panorama"]
    assert [int(both.sample(i, np.random.default_rng(0)).query[0, 0, 0]) for i in range(3)] == [
        160, 80, 0,
    ]  # fmt: skip
    assert both.semi_positives(2) == ["one/y"]
