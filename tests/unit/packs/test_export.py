from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gleam_app.packs.manifest import UrlSource, read_manifest
from gleam_app.packs.store import PackStore
from training.pack_export import ExportFile, write_pack

FIELDS: dict[str, Any] = {
    "id": "mine",
    "version": "0.1.0",
    "kind": "gleam-c",
    "title": "Mine",
    "licence": "MIT",
    "origin": [{"what": "weights", "from": "here", "licence": "MIT"}],
    "use": "Anything.",
    "architecture": {"family": "test"},
}


def test_an_exported_pack_installs_and_verifies(store: PackStore, tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(b"weights")
    url = UrlSource(url="https://example.org/big")
    files = [
        ExportFile("sub/w.bin", "weights", tmp_path / "w.bin"),
        ExportFile("big.bin", "extra", tmp_path / "w.bin", sources=(url,), ship=False),
    ]
    for _ in range(2):  # a second export replaces the first
        manifest = write_pack(tmp_path / "out" / "mine", FIELDS, files)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["mine"]
    assert read_manifest(tmp_path / "out" / "mine") == manifest
    assert not (tmp_path / "out" / "mine" / "big.bin").exists()
    store.install(tmp_path / "out" / "mine")
    assert store.install(tmp_path / "w.bin").id == "mine"
    assert store.verify("mine").path("weights").read_bytes() == b"weights"


def test_a_manifest_that_readers_refuse_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(b"weights")
    file = ExportFile("w.bin", "weights", tmp_path / "w.bin")
    with pytest.raises(ValidationError):
        write_pack(tmp_path / "mine", {**FIELDS, "id": "Not An Id"}, [file])
    with pytest.raises(ValueError, match="neither shipped nor has sources"):
        lost = ExportFile("w.bin", "weights", tmp_path / "w.bin", ship=False)
        write_pack(tmp_path / "mine", FIELDS, [lost])
    assert not (tmp_path / "mine").exists()
