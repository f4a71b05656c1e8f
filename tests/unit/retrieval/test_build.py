from pathlib import Path

import numpy as np
import pytest

from gleam_app.errors import Cancelled, GleamError
from gleam_app.jobs.lock import only_process
from gleam_app.jobs.work import Progress, Work
from gleam_app.retrieval.encoder import Encoder
from gleam_app.retrieval.tiles import blocks
from gleam_app.retrieval.tiles.build import BegunOtherwise, add_tile_set
from gleam_app.retrieval.tiles.tileset import NAME, STAGING, TileSet, TileSetInfo, TileSetStore


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the demo's small map has many parts."""
    monkeypatch.setattr(blocks, "BLOCK_TILES", 4)


def cancel_after(parts: int) -> Work:
    work = Work()
    seen: list[float] = []

    def stop(progress: Progress) -> None:
        seen.append(progress.done)
        if len(seen) == parts + 1:
            work.cancel()

    work.on_progress = stop
    return work


def test_going_on_after_a_break_gives_the_same_set(
    tmp_path: Path, encoder: Encoder, demo_map: Path
) -> None:
    whole, broken = TileSetStore(tmp_path / "whole"), TileSetStore(tmp_path / "broken")
    add_tile_set(whole, encoder, [demo_map], "set", scales_m=[48.0])
    with pytest.raises(Cancelled):
        add_tile_set(broken, encoder, [demo_map], "set", scales_m=[48.0], work=cancel_after(2))
    assert not broken.exists("set")
    assert [info.state for info in broken.list()] == ["incomplete"]
    with pytest.raises(GleamError, match="half built"):
        broken.open("set")
    # a kill in the middle of a write leaves half a row
    with (broken.root / STAGING / "set" / "vectors.f16").open("ab") as file:
        file.write(b"\0" * 77)

    add_tile_set(broken, encoder, [demo_map], "set", scales_m=[48.0], resume=True)

    a, b = whole.open("set"), broken.open("set")
    assert np.array_equal(a.vectors, b.vectors)
    assert np.array_equal(a.table, b.table)
    assert not (broken.root / STAGING / "set").exists()


def test_a_vector_is_that_of_its_tile(demo_set: TileSet, encoder: Encoder) -> None:
    for row in (0, demo_set.info.tiles // 2):
        picture = demo_set.read_window(row, 72.0, encoder.input_px)
        alone = encoder.embed(picture.rgb[None])[0]
        others = np.asarray(demo_set.vectors, np.float32) @ alone
        assert others[row] > 0.85 and others[row] > np.median(others) + 0.3


def test_wrong_requests_are_told(tmp_path: Path, encoder: Encoder, demo_map: Path) -> None:
    store = TileSetStore(tmp_path)
    with pytest.raises(GleamError, match="cannot name a tile set"):
        add_tile_set(store, encoder, [demo_map], "../away")
    with pytest.raises(GleamError, match="no tile set 'nowhere'"):
        store.open("nowhere")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(GleamError, match="no pictures"):
        add_tile_set(store, encoder, [empty], "pictures")
    assert store.list() == []


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("a", True),
        ("my area (1)", False),
        ("上海 2024.05", True),
        ("console", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("a ", False),  # "a ,b" names no set: spaces around commas do not count
        ("a.", False),
        ("CON", False),
        ("com1.tif", False),
        ("", False),
        ("..", False),
        ("a\n", False),
    ],
)
def test_what_may_name_a_tile_set(name: str, good: bool) -> None:
    assert bool(NAME.fullmatch(name)) is good


def test_many_sets_are_not_all_named(tmp_path: Path) -> None:
    store = TileSetStore(tmp_path)
    for number in range(30):
        store.folder(f"set{number:02}").mkdir(parents=True)
        info = TileSetInfo(f"set{number:02}", [], 1, [], 0.0, "p", "h", 4, None)
        store.publish(info)
    with pytest.raises(GleamError, match=r"set09, …\)"):
        store.info("other")


def test_a_damaged_set_is_told_and_can_be_removed(
    tmp_path: Path, encoder: Encoder, demo_map: Path
) -> None:
    store = TileSetStore(tmp_path)
    add_tile_set(store, encoder, [demo_map], "set", scales_m=[108.0])
    assert store.verify("set").tiles > 0
    vectors = store.open("set").folder / "vectors.f16"
    vectors.write_bytes(vectors.read_bytes()[:-4])
    with pytest.raises(GleamError, match="damaged"):
        store.open("set")
    (store.folder("set") / "tileset.json").write_text("{", "utf-8")
    assert [info.state for info in store.list()] == ["damaged"]
    store.remove("set")
    assert store.list() == []


def test_resuming_something_else_is_refused(
    tmp_path: Path, encoder: Encoder, demo_map: Path
) -> None:
    store = TileSetStore(tmp_path)
    with pytest.raises(Cancelled):
        add_tile_set(store, encoder, [demo_map], "set", scales_m=[48.0], work=cancel_after(1))
    for resume in (True, False):
        with pytest.raises(BegunOtherwise, match="begun with other imagery or scales") as told:
            add_tile_set(store, encoder, [demo_map], "set", scales_m=[72.0], resume=resume)
        assert "gleam tiles discard set" in told.value.hint


def test_two_processes_do_not_build_one_set(
    tmp_path: Path, encoder: Encoder, demo_map: Path
) -> None:
    store = TileSetStore(tmp_path)
    ours = GleamError("held by this test")
    with (
        only_process(store.root / STAGING / ".set.lock", ours),
        pytest.raises(GleamError, match="built by another"),
    ):
        add_tile_set(store, encoder, [demo_map], "set", scales_m=[108.0])
    add_tile_set(store, encoder, [demo_map], "set", scales_m=[108.0])
    assert store.exists("set")
