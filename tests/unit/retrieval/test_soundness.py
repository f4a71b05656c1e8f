"""``verify``: whatever is spoilt in a tile set is found and told."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gleam_app.retrieval import index as index_module
from gleam_app.retrieval.tiles.build import add_tile_set, reembed_tile_set
from gleam_app.retrieval.tiles.description import describe
from gleam_app.retrieval.tiles.soundness import problems
from gleam_app.retrieval.tiles.tileset import TileSetStore
from tests.unit.retrieval.tiny import tiny_encoder, tiny_map

ENCODER = tiny_encoder()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TileSetStore:
    """With a set that has an index."""
    monkeypatch.setattr(index_module, "EXACT_VALUES", 0)
    made = TileSetStore(tmp_path / "home")
    add_tile_set(made, ENCODER, [tiny_map(tmp_path / "a.tif")], "set", scales_m=[20.0])
    assert problems(made, "set") == []
    return made


def table(change: Callable[[Any], None]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        rows = np.load(folder / "tiles.npy")
        change(rows)
        np.save(folder / "tiles.npy", rows)

    return spoil


def put(column: str, value: float) -> Callable[[Path], None]:
    def change(rows: Any) -> None:
        rows[column][len(rows) // 2] = value

    return table(change)


def vector(value: float) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        vectors = np.fromfile(folder / "vectors.f16", np.float16).reshape(-1, ENCODER.dimension)
        vectors[17] = value
        vectors.tofile(folder / "vectors.f16")

    return spoil


def flip(name: str, byte: int) -> Callable[[Path], None]:
    """One bit: what is read is a number like any other, and vectors keep their length."""

    def spoil(folder: Path) -> None:
        data = bytearray((folder / name).read_bytes())
        data[byte] ^= 0x80
        (folder / name).write_bytes(data)

    return spoil


def rewrite(name: str, keep: float) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: int(len(data) * keep)])

    return spoil


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (put("source", 1), "tiles of a source that it does not have"),
        (put("scale_m", 21.0), "tiles of a scale that it does not have"),
        (put("scale_m", float("nan")), "tiles of a scale that it does not have"),
        (put("lat", float("nan")), "tiles at places that there are not"),
        (put("lon", 181.0), "tiles at places that there are not"),
        (put("coverage", float("inf")), "shares of imagery that cannot be"),
        (vector(0.0), "the vector of tile 17 is none"),
        (vector(float("nan")), "the vector of tile 17 is none"),
        (vector(1.0), "the vector of tile 17 is none"),
        (put("lat", 41.00001), "its file tiles.npy is not as it was written"),
        (flip("tiles.npy", 8), "its files do not fit together"),  # a header without an end
        (flip("vectors.f16", 101), "its file vectors.f16 is not as it was written"),
        (rewrite("digests.json", 0.5), "its file digests.json is not as it was written"),
        (lambda folder: (folder / "digests.json").unlink(), "its file digests.json is not"),
        (rewrite("vectors.f16", 0.5), "its files do not fit together"),
        (rewrite("tiles.npy", 0.5), "its files do not fit together"),
    ],
)
def test_a_spoilt_set_is_told_and_mended_from_its_imagery(
    store: TileSetStore, spoil: Callable[[Path], None], says: str
) -> None:
    spoil(store.open("set").folder)
    first = problems(store, "set")[0]
    assert says in str(first) and first.hint.endswith("gleam tiles reembed set")
    reembed_tile_set(store, ENCODER, "set")
    assert problems(store, "set") == []


@pytest.mark.parametrize(
    ("name", "keep", "says"),
    [("index.json", 0.5, "is damaged"), ("index.faiss", 0.9, "is damaged")],
)
def test_a_spoilt_index_is_told(store: TileSetStore, name: str, keep: float, says: str) -> None:
    folder = store.open("set").folder
    if json.loads((folder / "index.json").read_text())["kind"] == "exact" and "faiss" in name:
        pytest.skip("no index was worth while for so few vectors")
    rewrite(name, keep)(folder)
    (problem,) = problems(store, "set")
    assert says in str(problem) and "built anew" in problem.hint
    (folder / "index.json").unlink()
    assert "is missing" in str(problems(store, "set")[0])


def test_everything_is_described(store: TileSetStore, tmp_path: Path) -> None:
    found = describe(store, "set", ENCODER.pack)
    assert found["fits"] is True and found["half_built"] is None
    assert [source["state"] for source in found["sources_found"]] == ["there"]
    assert found["index"]["recall_at_50"] >= 0.99
    assert found["disk_bytes"] == sum(
        path.stat().st_size for path in store.folder("set").rglob("*") if path.is_file()
    )
    (tmp_path / "a.tif").write_bytes(b"")
    assert describe(store, "set", None)["sources_found"][0]["state"] == "unreadable"
    tiny_map(tmp_path / "a.tif", seed=3)
    found = describe(store, "set", tiny_encoder("2").pack)
    assert found["fits"] is False and found["sources_found"][0]["state"] == "changed"
    (tmp_path / "a.tif").unlink()
    assert describe(store, "set", None)["sources_found"][0]["state"] == "missing"
