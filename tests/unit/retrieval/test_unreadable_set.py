"""A description that cannot be read just now is no reason to throw a tile set away."""

from pathlib import Path

import pytest

from gleam_app.errors import GleamError
from gleam_app.retrieval.tiles.tileset import MANIFEST, TileSetStore


def test_what_cannot_be_read_is_not_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "tiles" / "far" / MANIFEST).mkdir(
        parents=True
    )  # reading a folder fails as a bad disk does
    (tmp_path / "tiles" / "bad").mkdir()
    (tmp_path / "tiles" / "bad" / MANIFEST).write_text("{}")
    store = TileSetStore(tmp_path)
    assert {info.name: info.state for info in store.list()} == {
        "bad": "damaged",
        "far": "unreadable",
    }
    with pytest.raises(GleamError) as raised:
        store.info("far")
    assert raised.value.hint
