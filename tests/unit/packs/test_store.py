import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gleam_app.errors import GleamError
from gleam_app.packs.store import PackStore

Write = Callable[..., Path]


def test_an_empty_store_says_what_to_do(store: PackStore) -> None:
    assert store.list() == []
    with pytest.raises(GleamError, match="No matcher is installed") as caught:
        store.default("matcher")
    assert "packs install" in caught.value.hint
    with pytest.raises(GleamError, match="There is no pack “x”"):
        store.get("x")


def test_a_broken_manifest_hides_no_other_pack(store: PackStore, write_pack_folder: Write) -> None:
    write_pack_folder(store.bundled / "good", {"weights.gguf": b"abc"})
    (store.folder / "bad").mkdir(parents=True)
    (store.folder / "bad" / "pack.json").write_text("{not json")
    (store.folder / "empty").mkdir()
    states = {status.id: status for status in store.list()}
    assert {name: status.state for name, status in states.items()} == {
        "good": "ready",
        "bad": "corrupt",
        "empty": "corrupt",
    }
    assert "not valid JSON" in states["bad"].detail
    assert "\n" not in states["bad"].detail
    assert "no pack.json" in states["empty"].detail
    assert store.get("good").path("weights").read_bytes() == b"abc"
    with pytest.raises(GleamError, match="bad is damaged"):
        store.get("bad")


def test_a_renamed_folder_is_not_taken_for_another_pack(
    store: PackStore, write_pack_folder: Write
) -> None:
    write_pack_folder(store.folder / "one", {"weights.gguf": b"abc"})
    (store.folder / "one").rename(store.folder / "two")
    (status,) = store.list()
    assert (status.id, status.state) == ("two", "corrupt")
    assert "renamed" in status.detail


def test_sizes_are_checked_at_once_and_contents_by_verify(
    store: PackStore, write_pack_folder: Write
) -> None:
    folder = write_pack_folder(store.bundled / "p", {"weights.gguf": b"abc", "vocab.txt": b"de"})
    assert store.verify("p").id == "p"
    (folder / "vocab.txt").write_bytes(b"dX")
    assert store.get("p").id == "p"
    with pytest.raises(GleamError, match=r"vocab\.txt is not the file it should be"):
        store.verify("p")
    (folder / "vocab.txt").write_bytes(b"longer")
    with pytest.raises(GleamError, match=r"vocab\.txt has 6 bytes instead of 2"):
        store.verify("p")
    (folder / "vocab.txt").unlink()
    with pytest.raises(GleamError, match=r"vocab\.txt is missing"):
        store.get("p")


def test_a_role_that_a_pack_lacks_is_named(store: PackStore, write_pack_folder: Write) -> None:
    write_pack_folder(store.bundled / "p-1", {"weights.gguf": b"abc"})
    pack = store.get("p-1")
    assert pack.has("weights") and not pack.has("mmproj")
    with pytest.raises(GleamError, match="“mmproj”"):
        pack.path("mmproj")


def test_the_preferred_ready_pack_is_the_default(
    store: PackStore, bundle: Write, write_pack_folder: Write
) -> None:
    bundle([{"kind": "path", "path": "nowhere"}], pack_id="big")
    manifest = store.bundled / "big" / "pack.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"preference": 90}))
    with pytest.raises(GleamError, match="big is not on this machine yet") as caught:
        store.default("gleam-x")
    assert "gleam packs fetch big" in caught.value.hint
    write_pack_folder(store.bundled / "small", {"model.gguf": b"1"}, preference=10)
    assert store.default("gleam-x").id == "small"
    write_pack_folder(store.folder / "mine", {"model.gguf": b"1"})
    assert store.default("gleam-x").id == "mine"
    with pytest.raises(GleamError, match="No encoder"):
        store.default("gleam-c")


def test_of_two_packs_with_one_id_a_ready_one_then_the_newer_counts(
    store: PackStore, write_pack_folder: Write
) -> None:
    write_pack_folder(store.bundled / "same", {"weights.gguf": b"abc"}, version="1.10")
    write_pack_folder(store.folder / "same", {"weights.gguf": b"abc"}, version="1.9")
    assert store.get("same").version == "1.10"
    (store.bundled / "same" / "weights.gguf").unlink()
    assert store.get("same").version == "1.9"


def test_remove(store: PackStore, write_pack_folder: Write) -> None:
    write_pack_folder(store.bundled / "theirs", {"weights.gguf": b"abc"})
    write_pack_folder(store.folder / "mine", {"weights.gguf": b"abc"})
    with pytest.raises(GleamError, match="comes with the program"):
        store.remove("theirs")
    with pytest.raises(GleamError, match="There is no pack"):
        store.remove("../../bundled/theirs")
    store.remove("mine")
    assert [status.id for status in store.list()] == ["theirs"]
    assert not (store.folder / "mine").exists()
    shutil.rmtree(store.bundled / "theirs")
    assert store.list() == []
