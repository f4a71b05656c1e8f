"""Each file is hashed once; a changed one is refused."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from gleam_app.errors import GleamError
from gleam_app.packs import seals
from gleam_app.packs.manifest import Pack, read_manifest
from gleam_app.packs.seals import NAME, check_unchanged


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    folder = tmp_path / "home" / "packs" / "x"
    folder.mkdir(parents=True)
    files = []
    for name in ("model.gguf", "adapter.gguf"):
        (folder / name).write_bytes(name.encode() * 100)
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        size = (folder / name).stat().st_size
        files.append({"path": name, "role": name, "size": size, "sha256": digest})
    manifest = {
        "schema": "gleam.pack/1", "id": "x", "version": "1", "kind": "gleam-x", "title": "x",
        "licence": "MIT", "origin": [{"what": "x", "from": "x", "licence": "MIT"}], "use": "x",
        "architecture": {"family": "gguf"}, "files": files,
    }  # fmt: skip
    (folder / "pack.json").write_text(json.dumps(manifest))
    return Pack(read_manifest(folder), folder)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    read: list[str] = []
    sha256_of = seals.sha256_of

    def count(path: Path, *rest: object) -> str:
        read.append(path.name)
        return sha256_of(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(seals, "sha256_of", count)
    return read


def test_every_file_is_hashed_once(pack: Pack, tmp_path: Path, hashed: list[str]) -> None:
    for _ in range(3):
        check_unchanged(pack, tmp_path / "home")
    assert sorted(hashed) == ["adapter.gguf", "model.gguf"]
    os.utime(pack.folder / "model.gguf")
    check_unchanged(pack, tmp_path / "home")
    assert hashed[2:] == ["model.gguf"]


def test_a_changed_file_of_the_same_size_is_refused(pack: Pack, tmp_path: Path) -> None:
    check_unchanged(pack, tmp_path / "home")
    path = pack.folder / "model.gguf"
    path.write_bytes(b"X" + path.read_bytes()[1:])
    for _ in range(2):  # it is not remembered as good
        with pytest.raises(GleamError, match=r"was changed: model\.gguf") as caught:
            check_unchanged(pack, tmp_path / "home")
        assert "\n" not in str(caught.value) and caught.value.hint


@pytest.mark.parametrize("spoilt", ["{", "[]", '{"x": 1}'])
def test_a_spoilt_record_only_costs_time(pack: Pack, tmp_path: Path, spoilt: str) -> None:
    record = tmp_path / "home" / "packs" / NAME
    record.write_text(spoilt)
    check_unchanged(pack, tmp_path / "home")
    assert str(pack.folder / "model.gguf") in json.loads(record.read_text())


def test_a_missing_file_is_one_clear_error(pack: Pack, tmp_path: Path) -> None:
    (pack.folder / "adapter.gguf").unlink()
    with pytest.raises(GleamError, match=r"cannot be read: adapter\.gguf"):
        check_unchanged(pack, tmp_path / "home")
