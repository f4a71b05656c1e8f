"""Imagery that was moved is found again by what it holds."""

import shutil
from pathlib import Path

import pytest

from gleam_app.errors import Cancelled, GleamError
from gleam_app.jobs.work import Work
from gleam_app.retrieval.tiles.build import add_tile_set, resume_tile_set
from gleam_app.retrieval.tiles.relink import relink
from gleam_app.retrieval.tiles.soundness import problems
from gleam_app.retrieval.tiles.tileset import TileSetStore
from tests.unit.retrieval.tiny import tiny_encoder, tiny_map

ENCODER = tiny_encoder()


@pytest.fixture
def store(tmp_path: Path) -> TileSetStore:
    return TileSetStore(tmp_path / "home")


def sheets(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for number in range(2):
        tiny_map(folder / f"{number}.tif", 41.0 + number / 500, seed=number)
    return folder


def test_files_are_found_under_new_names_among_others(store: TileSetStore, tmp_path: Path) -> None:
    maps = [tiny_map(tmp_path / f"{n}.tif", 41.0 + n / 100, seed=n) for n in range(3)]
    before, _ = add_tile_set(store, ENCODER, maps, "set", scales_m=[80.0])
    elsewhere = tmp_path / "stick" / "below"
    elsewhere.mkdir(parents=True)
    maps[0].replace(elsewhere / "renamed.tif")
    maps[1].replace(elsewhere / "1.tif")
    shutil.copy(maps[2], elsewhere / "decoy.tif")  # of the same size, but other imagery
    assert [record.given for record in store.missing("set")] == [str(maps[0]), str(maps[1])]
    assert [p.hint for p in problems(store, "set")] == [
        "Put it back, or tell its new place: gleam tiles relink set PATH."
    ] * 2
    assert [r.path for r in relink(store, "set", [tmp_path / "stick" / "below" / "1.tif"])] == [
        str(maps[0])
    ]
    assert relink(store, "set", [tmp_path / "stick"]) == []
    info = store.info("set")
    assert [record.given for record in info.sources] == [
        str(elsewhere / "renamed.tif"), str(elsewhere / "1.tif"), str(maps[2]),
    ]  # fmt: skip
    assert [record.sha256 for record in info.sources] == [r.sha256 for r in before.sources]
    tile_set = store.open("set")
    assert tile_set.info.generation == before.generation
    assert tile_set.read_window(0, 80.0, 32).coverage > 0.4
    tile_set.close()
    assert problems(store, "set") == [] == store.missing("set")


def test_folders_and_patterns_are_found(store: TileSetStore, tmp_path: Path) -> None:
    add_tile_set(store, ENCODER, [sheets(tmp_path / "a" / "sheets")], "folder", scales_m=[80.0])
    sheets(tmp_path / "b" / "sheets")
    add_tile_set(store, ENCODER, [tmp_path / "b" / "sheets" / "*.tif"], "pattern", scales_m=[80.0])
    (tmp_path / "a").replace(tmp_path / "moved")
    assert len(store.missing("folder")) == 1
    assert relink(store, "folder", [tmp_path / "moved"]) == []
    assert store.info("folder").sources[0].path == str(tmp_path / "moved" / "sheets")
    (tmp_path / "b" / "sheets").replace(tmp_path / "renamed")
    assert relink(store, "pattern", [tmp_path / "renamed"]) == []
    assert store.info("pattern").sources[0].path == str(tmp_path / "renamed" / "*.tif")


def test_half_built_work_finds_its_imagery_too(store: TileSetStore, tmp_path: Path) -> None:
    path = tiny_map(tmp_path / "a.tif")
    stopped = Work()
    stopped.on_progress = lambda progress: stopped.cancel() if progress.done else None
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Cancelled):
        patch.setattr("gleam_app.retrieval.tiles.blocks.BLOCK_TILES", 4)
        add_tile_set(store, ENCODER, [path], "set", scales_m=[40.0], work=stopped)
    path.replace(tmp_path / "b.tif")
    with pytest.raises(GleamError, match=r"a\.tif is not where it was") as told:
        resume_tile_set(store, ENCODER, "set")
    assert "gleam tiles relink set PATH" in told.value.hint
    assert "gleam tiles add --resume --name set" in told.value.hint
    assert relink(store, "set", [tmp_path / "b.tif"]) == []
    resume_tile_set(store, ENCODER, "set")
    assert problems(store, "set") == []


def test_wrong_places_and_names_are_told(store: TileSetStore, tmp_path: Path) -> None:
    path = tiny_map(tmp_path / "a.tif")
    add_tile_set(store, ENCODER, [path], "set", scales_m=[80.0])
    with pytest.raises(GleamError, match=r"nothing at .*nowhere"):
        relink(store, "set", [tmp_path / "nowhere"])
    with pytest.raises(GleamError, match="no tile set 'other'"):
        relink(store, "other", [tmp_path])
    path.unlink()
    empty = tmp_path / "empty"
    empty.mkdir()
    assert [record.path for record in relink(store, "set", [empty])] == [str(path)]
