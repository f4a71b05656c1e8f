"""The end of building a set: nothing embedded is lost when it is broken off there."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gleam_app.errors import Cancelled, GleamError
from gleam_app.retrieval import index as index_module
from gleam_app.retrieval.encoder import Encoder
from gleam_app.retrieval.search import TileIndex
from gleam_app.retrieval.tiles import build, joining
from gleam_app.retrieval.tiles.build import add_tile_set
from gleam_app.retrieval.tiles.tileset import STAGING, TileSet, TileSetStore


@pytest.mark.parametrize(
    ("place", "where", "trouble"),
    [
        (joining, "build_index", Cancelled()),
        (joining, "sync_files", OSError(28, "No space left on device")),
        (TileSetStore, "publish", OSError(28, "No space left on device")),
    ],
)
def test_broken_off_at_the_end_it_goes_on(
    tmp_path: Path,
    encoder: Encoder,
    demo_set: TileSet,
    demo_map: Path,
    place: Any,
    where: str,
    trouble: Any,
) -> None:
    store = TileSetStore(tmp_path)

    def fail(*_: Any) -> None:
        raise trouble

    def never(*_: Any) -> None:
        raise AssertionError("embedded again")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(place, where, fail)
        with pytest.raises((Cancelled, GleamError)):
            add_tile_set(store, encoder, [demo_map], "set", scales_m=[72.0])
    assert not store.exists("set") and [info.state for info in store.list()] == ["incomplete"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build.Embedder, "embed", never)
        add_tile_set(store, encoder, [demo_map], "set", scales_m=[72.0], resume=True)
    assert np.array_equal(store.open("set").vectors, demo_set.vectors)
    assert not (store.root / STAGING / "set").exists()


def test_a_set_that_counts_as_large_is_built_with_its_index(
    tmp_path: Path,
    encoder: Encoder,
    demo_set: TileSet,
    demo_map: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(index_module, "EXACT_VALUES", 0)
    store = TileSetStore(tmp_path)
    _, timings = add_tile_set(store, encoder, [demo_map], "set", scales_m=[72.0])
    assert timings["index"] > 0
    assert (store.open("set").folder / "index.json").is_file()
    tile_set = store.open("set")
    row = tile_set.info.tiles // 3
    vector = np.asarray(tile_set.vectors[row : row + 1], np.float32)
    assert TileIndex(tile_set).search(vector, np.zeros(1))[0].row == row
    assert store.verify("set").tiles == demo_set.info.tiles
