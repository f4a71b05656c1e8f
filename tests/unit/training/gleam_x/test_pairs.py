"""Pairs end to end on a few places: balanced, split by place, the same again, and going on where they were."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("scipy")

from gleam_app.errors import GleamError
from gleam_app.explain.evidence import build_evidence
from gleam_app.home import resources_dir
from gleam_app.retrieval.turning import rolled
from tests.factories import make_location
from tests.unit.training.gleam_x.scenes import fact, measured, record
from training.data.records import read_pixels
from training.data.simworld.folder import write_sample
from training.data.simworld.samples import simulate
from training.data.simworld.textures import noise_textures
from training.gleam_x.kept import Kept
from training.gleam_x.pairs import measured as measuring
from training.gleam_x.pairs.build import Wanted, build, quarter_turned, shared_out, split_of
from training.gleam_x.records import PairRecord, evidence_of, read_records, write_records

STARTER = resources_dir() / "packs" / "starter"
SEEDS = (1, 2, 3)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small simulated world: data set "simworld"."""
    folder = tmp_path_factory.mktemp("data")
    textures = noise_textures()
    for seed in SEEDS:
        sample = simulate(seed, textures, pixels=96, samples=1)
        write_sample(folder / "simworld", sample)
    return folder


@pytest.fixture(scope="session")
def built(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("pairs")
    build(wanted(world), STARTER, out)
    return out / "pairs.jsonl"


def wanted(world: Path) -> Wanted:
    """All places count as held out, so that one split has them all or nearly."""
    return Wanted(world, None, ("simworld",), {"train": 200, "val": 200, "test": 200}, 5)


def test_pairs_are_balanced_and_each_picture_stands_in_both(built: Path) -> None:
    records = list(read_records(built))
    assert len(records) >= 16
    for view in ("uav", "map", "panorama", "ground"):
        mine = [one for one in records if one.view == view and one.split == "train"]
        assert Counter(one.match for one in mine) == {True: len(mine) // 2, False: len(mine) // 2}
        for match in (True, False):
            tiles = Counter(one.image2 for one in mine if one.match is match)
            assert set(tiles.values()) == {1}


def test_matches_are_of_one_place_and_places_of_one_split(built: Path) -> None:
    splits: dict[str, set[str]] = {}
    for one in read_records(built):
        assert one.match == (one.place == one.place2)
        for place in (one.place, one.place2):
            splits.setdefault(place, set()).add(one.split)
    assert all(len(found) == 1 for found in splits.values())


def test_pictures_lie_where_they_are_said_to(built: Path) -> None:
    for one in read_records(built):
        query, tile = (read_pixels(built.parent / name) for name in (one.image1, one.image2))
        assert query.shape == (256, 512 if one.view == "panorama" else 256, 3)
        assert tile.shape == (256, 256, 3)
        assert one.facts is not None and one.facts.image2
        assert one.hardness.rank is not None and one.hardness.rank >= 1


def test_a_second_build_gives_the_same(built: Path, world: Path, tmp_path: Path) -> None:
    assert build(wanted(world), STARTER, tmp_path) > 0
    again = tmp_path / "pairs.jsonl"
    assert again.read_text("utf-8") == built.read_text("utf-8")
    one = next(read_records(built))
    pictures = [(folder / one.image1).read_bytes() for folder in (built.parent, tmp_path)]
    assert pictures[0] == pictures[1]


def test_an_interrupted_build_goes_on(
    world: Path, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.gleam_x.pairs import shots

    true, taken = shots.FromWorld.take, []

    def stops(self: Any, number: int, seed: int) -> Any:
        if len(taken) == 4:
            raise KeyboardInterrupt
        taken.append(number)
        return true(self, number, seed)

    monkeypatch.setattr(shots.FromWorld, "take", stops)
    with pytest.raises(KeyboardInterrupt):
        build(wanted(world), STARTER, tmp_path)
    monkeypatch.setattr(shots.FromWorld, "take", true)
    build(wanted(world), STARTER, tmp_path)
    assert (tmp_path / "pairs.jsonl").read_bytes() == built.read_bytes()


def test_evidence_is_measured_once_and_kept(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = [one for one in read_records(built) if one.view in ("uav", "ground")][:6]
    path = built.with_name("some.jsonl")
    write_records(path, chosen)
    matcher = resources_dir() / "packs" / "xfeat"
    splits = ("train", "val", "test")
    assert measuring.measure(path, STARTER, matcher, splits, most=2) == 2
    asked: list[str] = []
    true = measuring.Measurer.of_record

    def counted(self: Any, one: PairRecord, folder: Path) -> Any:
        asked.append(one.id)
        return true(self, one, folder)

    monkeypatch.setattr(measuring.Measurer, "of_record", counted)
    assert measuring.measure(path, STARTER, matcher, splits) == 4 and len(asked) == 4
    for one in read_records(path):
        kinds = {item.kind for item in evidence_of(one)}
        assert "verdict" in kinds and "score" in kinds
        assert ("inliers" in kinds) == (one.view == "uav")
        assert not kinds & set(measuring.NOT_MEASURED)


def test_work_on_other_pairs_is_not_taken_for_these(world: Path, tmp_path: Path) -> None:
    build(wanted(world), STARTER, tmp_path)
    fewer = replace(wanted(world), counts={"train": 26, "val": 0, "test": 0})
    assert 0 < build(fewer, STARTER, tmp_path) < 26  # what is there is used
    with pytest.raises(GleamError, match="other settings"):
        build(replace(wanted(world), seed=6), STARTER, tmp_path)


# -- parts -----------------------------------------------------------------------------------


def test_kept_evidence_is_the_apps_own() -> None:
    location = make_location("strong")
    items = build_evidence(location, location.candidates[0])
    kept = evidence_of(record([], [], evidence=measured()))
    true = make_location("verified")
    assert kept == build_evidence(true, true.candidates[0])
    assert kept != items


def test_records_read_back_as_they_were(tmp_path: Path) -> None:
    made = record([fact("water", "present", "left")], [fact("water", "none")], False)
    path = tmp_path / "pairs.jsonl"
    assert write_records(path, [made, made]) == 2
    assert list(read_records(path)) == [made, made] and list(read_records(path, "val")) == []
    assert json.loads(path.read_text("utf-8").splitlines()[0])["schema"] == "gleam.pairs/1"


@pytest.mark.parametrize(
    "line",
    ["", "[]", "{", '{"id": "a"}', '{"schema": "gleam.pairs/9"}', '{"schema": "gleam.pairs/1"}'],
)
def test_bad_records_are_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text(f"{record([], []).to_line()}\n{line}\n", "utf-8")
    with pytest.raises(GleamError, match="line 2"):
        list(read_records(path))


def test_what_was_kept_survives_a_broken_line(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    kept = Kept(path)
    kept.put("a", [1])
    kept.put("图", {"b": 2})
    with path.open("a", encoding="utf-8") as file:
        file.write('["c", ')
    again = Kept(path)
    assert list(again) == ["a", "图"] and again["图"] == {"b": 2} and len(again) == 2
    again.put("c", 3)
    assert Kept(path)["c"] == 3


def test_counts_are_shared_out_evenly() -> None:
    assert shared_out(10, {"a": 100, "b": 3}) == {"a": 7, "b": 3}
    assert shared_out(9, {"a": 2, "b": 3}) == {"a": 2, "b": 3}
    assert sum(shared_out(7, {"a": 10, "b": 10, "c": 10}).values()) == 7


def test_splits_go_by_place() -> None:
    places = [f"simworld/{seed:07d}" for seed in range(400)]
    found = Counter(split_of(place, None) for place in places)
    assert 300 < found["train"] < 390 and min(found["val"], found["test"]) > 5
    assert {split_of(place, "train") for place in places} == {"train"}
    held = Counter(split_of(place, "test") for place in places)
    assert held["train"] == 0 and 150 < held["val"] < 250


def test_quarter_turns_are_those_of_the_app() -> None:
    panorama = np.random.default_rng(1).integers(0, 255, (8, 16, 3)).astype(np.uint8)
    assert (quarter_turned(panorama, "panorama", 1) == rolled(panorama, 90.0)).all()
    photo = np.zeros((4, 4, 3), np.uint8)
    photo[0, 3] = 255  # clockwise, the upper right corner goes to the lower right
    assert quarter_turned(photo, "uav", 1)[3, 3, 0] == 255


def test_pictures_are_not_left_half_written(built: Path) -> None:
    assert not list(built.parent.rglob(".*")) and not list(built.parent.rglob("*.new"))
    for path in built.parent.rglob("*.jpg"):
        with Image.open(path) as opened:
            opened.verify()
