"""What would connect is known before anything does; which pack is preferred, and where packs lie."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gleam_app.errors import GleamError
from gleam_app.packs import connections
from gleam_app.packs.connections import connections_of, index_hosts
from gleam_app.packs.manifest import Incompatible, parse_manifest
from gleam_app.packs.store import PackStore

from .conftest import WEIGHTS, make_pack, manifest_of

URL = {"kind": "url", "url": "https://files.example.org:8443/x/weights.gguf?key=1"}
WHEEL = {"kind": "package", "parts": ["a-part==1.0"], "member": "*/x.bin"}


def test_hosts_in_the_order_they_are_tried_and_what_is_still_to_come(
    store: PackStore, bundle: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://user:secret@index.example.net/simple")
    bundle([URL, WHEEL, {"kind": "path", "path": "beside.gguf"}])
    status = store.status("writer")
    assert status.manifest is not None
    told = connections_of(status.manifest, status.folder, arrived=1000)
    assert told.hosts == ("files.example.org", "index.example.net")
    assert told.size == len(WEIGHTS) - 1000
    assert "secret" not in repr(told)


def test_a_pack_that_is_whole_connects_nowhere(
    store: PackStore, bundle: Callable[..., Path]
) -> None:
    folder = bundle([URL])
    (folder / "weights.gguf").write_bytes(WEIGHTS)
    manifest = store.status("writer").manifest
    assert manifest is not None
    assert connections_of(manifest, folder) == connections.Connections((), 0)


@pytest.mark.parametrize(
    ("told", "hosts"),
    [
        (["https://mirror.example/simple"], ["mirror.example"]),
        (
            ["https://a.example/s", "https://b.example/s https://a.example/t"],
            ["a.example", "b.example"],
        ),
        ([], ["pypi.org"]),
        (["nonsense"], ["pypi.org"]),
    ],
)
def test_the_index_is_the_one_pip_is_configured_for(
    monkeypatch: pytest.MonkeyPatch, told: list[str], hosts: list[str]
) -> None:
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    monkeypatch.setattr(connections, "_pip_settings", lambda command: told)
    assert index_hosts() == hosts


def test_pips_own_settings_are_read(tmp_path: Path) -> None:
    import sys

    code = "print(\"global.index-url='https://x.example/s'\"); print(\"global.timeout='9'\")"
    assert connections._pip_settings([sys.executable, "-c", code]) == ["https://x.example/s"]
    assert connections._pip_settings([sys.executable, "-c", "raise SystemExit(1)"]) == []
    assert connections._pip_settings([str(tmp_path / "none")]) == []


def test_a_preferred_pack_is_the_default_until_it_goes(store: PackStore) -> None:
    for pack_id, preference in (("one", 10), ("two", 90)):
        make_pack(store.folder / pack_id, {"model.gguf": b"m"}, preference=preference)
    assert store.default("gleam-x").id == "two"
    assert store.prefer("one").id == "one"
    assert PackStore(store.home, store.bundled).default("gleam-x").id == "one"
    store.remove("one")
    assert store.default("gleam-x").id == "two"
    with pytest.raises(GleamError):
        store.prefer("one")


@pytest.mark.parametrize("content", ["", "[]", '{"gleam-x": 3}', "\x00"])
def test_a_spoilt_choice_is_no_choice(store: PackStore, content: str) -> None:
    make_pack(store.folder / "one", {"model.gguf": b"m"})
    (store.home / "preferred-packs.json").write_text(content)
    assert store.default("gleam-x").id == "one"


def test_packs_in_another_folder_and_in_the_home(tmp_path: Path, store: PackStore) -> None:
    elsewhere = PackStore(store.home, store.bundled, tmp_path / "disk" / "packs")
    make_pack(store.folder / "old", {"model.gguf": b"m"})
    source = make_pack(tmp_path / "new", {"model.gguf": b"n"})
    assert elsewhere.install(source).folder == tmp_path / "disk" / "packs" / "new"
    assert [status.id for status in elsewhere.list()] == ["new", "old"]
    assert elsewhere.disk_bytes("new") > 0
    for pack_id in ("old", "new"):
        elsewhere.remove(pack_id)
    assert elsewhere.list() == []
    with pytest.raises(GleamError, match="no pack"):
        elsewhere.remove("new")


def test_what_arrived_of_a_fetch_counts_without_its_notes(store: PackStore) -> None:
    staging = store.staging / "writer"
    for name, size in (("partial/abc-0", 700), ("pack/LICENSE.txt", 30)):
        (staging / name).parent.mkdir(parents=True, exist_ok=True)
        (staging / name).write_bytes(b"x" * size)
    (staging / "state.json").write_text("{}")
    assert store.arrived_bytes("writer") == 730
    assert store.arrived_bytes("other") == 0


@pytest.mark.parametrize("other", [{"schema": "gleam.pack/2"}, {"min_app_version": "99.1"}])
def test_a_pack_of_another_version_is_told_from_a_damaged_one(
    store: PackStore, other: dict[str, Any]
) -> None:
    text = json.dumps(manifest_of("later", [], **other))
    with pytest.raises(Incompatible):
        parse_manifest(text, "x")
    (store.folder / "later").mkdir(parents=True)
    (store.folder / "later" / "pack.json").write_text(text)
    assert store.status("later").state == "incompatible"
    with pytest.raises(GleamError) as told:
        store.get("later")
    assert "Update the program" in told.value.hint
