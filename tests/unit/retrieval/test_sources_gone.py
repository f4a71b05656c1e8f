"""Tile sets whose imagery or own files are not what they were."""

import errno
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.imagery.query import load_query
from gleam_app.retrieval.encoder import Encoder
from gleam_app.retrieval.locate import LocateOptions, Locator
from gleam_app.retrieval.tiles import blocks
from gleam_app.retrieval.tiles.build import add_tile_set, resume_tile_set
from gleam_app.retrieval.tiles.tileset import TileSetStore

QUICK = LocateOptions(verify=False, heading_deg=0.0)


@pytest.fixture
def area(demo_map: Path, tmp_path: Path) -> Path:
    copied = tmp_path / "area.tif"
    shutil.copy(demo_map, copied)
    return copied


@pytest.fixture
def store(encoder: Encoder, area: Path, tmp_path: Path) -> TileSetStore:
    made = TileSetStore(tmp_path)
    add_tile_set(made, encoder, [area], "area", scales_m=[108.0])
    return made


def test_imagery_that_is_gone_or_another_is_told(
    store: TileSetStore, area: Path, locator: Locator, demo_map: Path
) -> None:
    query = load_query(demo_map.parent / "queries" / "photo-01.jpg", "uav")
    assert locator.locate(query, [store.open("area")], QUICK).candidates
    area.touch()  # copied back from a stick: the same imagery with another time
    assert locator.locate(query, [store.open("area")], QUICK).candidates
    data = area.read_bytes()
    area.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(GleamError, match=r"area\.tif has changed"):
        locator.locate(query, [store.open("area")], QUICK)
    area.unlink()
    for use in (
        lambda: locator.locate(query, [store.open("area")], QUICK),
        lambda: store.verify("area"),
    ):
        with pytest.raises(GleamError, match=r"area\.tif is not where it was") as told:
            use()
        assert "gleam tiles relink" in told.value.hint


@pytest.mark.parametrize("text", ["", "7", "[]", "null", '"x"', "{}", '{"schema": 1}'])
def test_a_damaged_description_is_told(store: TileSetStore, text: str) -> None:
    (store.folder("area") / "tileset.json").write_text(text)
    with pytest.raises(GleamError):
        store.open("area")
    assert [info.state for info in store.list()] == ["damaged"]


def test_a_description_that_may_not_be_read_is_not_called_damaged(
    store: TileSetStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is to throw a set away because a disk is not there for a moment."""

    def refuse(path: Path, *_: object) -> str:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(GleamError, match=r"You may not read or write .*tileset\.json") as told:
        store.info("area")
    assert "remove" not in told.value.hint
    assert [info.state for info in store.list()] == ["unreadable"]


def test_a_folder_of_tile_sets_that_may_not_be_read_is_not_called_empty(
    store: TileSetStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(GleamError, match="You may not read"):
        store.list()


@pytest.mark.parametrize("file", ["tiles.npy", "vectors.f16"])
def test_damaged_tables_are_told(store: TileSetStore, file: str) -> None:
    path = store.open("area").folder / file
    whole = path.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(GleamError, match="damaged"):
            store.open("area")
    if file == "tiles.npy":
        np.save(path, np.zeros(store.info("area").tiles))
        with pytest.raises(GleamError, match="damaged"):
            store.open("area")


def test_numbers_of_another_kind_are_told(store: TileSetStore) -> None:
    manifest = store.folder("area") / "tileset.json"
    document = json.loads(manifest.read_text())
    for damage in ({"tiles": "many"}, {"dimension": None}, {"sources": 3}, {"bounds": [1]}):
        manifest.write_text(json.dumps({**document, **damage}))
        with pytest.raises(GleamError, match="damaged"):
            store.open("area")


def test_half_built_work_that_cannot_be_read_is_kept_until_thrown_away(
    encoder: Encoder, area: Path, tmp_path: Path
) -> None:
    store = TileSetStore(tmp_path)
    begun = store.root / ".staging" / "half"
    begun.mkdir(parents=True)
    (begun / "request.json").write_text("{}")
    (begun / "vectors.f16").write_bytes(b"hours of work")
    for go_on in (
        lambda: add_tile_set(store, encoder, [area], "half", scales_m=[108.0]),
        lambda: resume_tile_set(store, encoder, "half"),
    ):
        with pytest.raises(GleamError, match="cannot be gone on with") as told:
            go_on()
        assert 'gleam tiles discard "half"' in told.value.hint
    assert (begun / "vectors.f16").exists()
    store.discard("half")
    assert store.list() == []


def test_a_full_disk_is_told_and_keeps_what_is_done(
    encoder: Encoder, area: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = TileSetStore(tmp_path)
    embed, calls = encoder.embed_tiles, []

    def fills_up(
        picture: NDArray[np.uint8], corners: list[tuple[int, int]], share: bool = True
    ) -> NDArray[np.float32]:
        calls.append(len(corners))
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return embed(picture, corners, share)

    monkeypatch.setattr(blocks, "BLOCK_TILES", 2)
    monkeypatch.setattr(encoder, "embed_tiles", fills_up)
    with pytest.raises(GleamError, match="disk is full") as told:
        add_tile_set(store, encoder, [area], "area", scales_m=[60.0])
    assert "--resume" in told.value.hint
    info, _ = add_tile_set(store, encoder, [area], "area", scales_m=[60.0], resume=True)
    assert store.verify("area") == info
    assert sum(calls) - calls[1] == info.tiles  # nothing twice
