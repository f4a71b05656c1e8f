import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam_app.errors import GleamError
from gleam_app.packs.gguf import read_facts
from gleam_app.packs.store import PackStore


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def gguf(entries: dict[str, Any], tail: bytes = b"tensors") -> bytes:
    """A GGUF header of texts, numbers (as uint32) and arrays of texts, and something after it."""
    out = b"GGUF" + struct.pack("<IQQ", 3, 0, len(entries))
    for key, value in entries.items():
        out += text(key)
        if isinstance(value, str):
            out += struct.pack("<I", 8) + text(value)
        elif isinstance(value, list):
            out += struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(text, value))
        else:
            out += struct.pack("<II", 4, value)
    return out + tail


MODEL = gguf(
    {
        "general.architecture": "llama",
        "general.name": "Small <b>Talker</b>",
        "general.license": "apache-2.0",
        "general.tags": ["chat", "test"],
        "llama.context_length": 2048,
        "tokenizer.ggml.model": "gpt2",
    }
)
EYES = gguf({"general.architecture": "clip", "general.name": "Eyes"})


def test_a_model_becomes_a_pack(store: PackStore, tmp_path: Path) -> None:
    path = tmp_path / "Small Talker Q4_K_M.gguf"
    path.write_bytes(MODEL)
    pack = store.install(path)
    assert pack.id == "small-talker-q4_k_m"
    assert pack.manifest.title == "Small <b>Talker</b>"
    assert pack.manifest.licence == "apache-2.0"
    assert pack.manifest.architecture == {"family": "gguf", "context": 2048, "chat": "gguf"}
    path.unlink()
    assert store.verify(pack.id).path("model").read_bytes() == MODEL
    assert store.default("gleam-x").id == pack.id


def test_a_folder_with_a_projector_sees(store: PackStore, tmp_path: Path) -> None:
    (tmp_path / "vlm").mkdir()
    (tmp_path / "vlm" / "model.gguf").write_bytes(MODEL)
    (tmp_path / "vlm" / "mmproj-model.gguf").write_bytes(EYES)
    pack = store.install(tmp_path / "vlm")
    assert pack.path("mmproj").read_bytes() == EYES
    assert pack.path("model").read_bytes() == MODEL


def test_splits_are_one_model_and_two_models_are_not(store: PackStore, tmp_path: Path) -> None:
    folder = tmp_path / "split"
    folder.mkdir()
    for part in (1, 2):
        (folder / f"big-0000{part}-of-00002.gguf").write_bytes(MODEL)
    pack = store.install(folder)
    assert pack.id == "big"
    assert pack.path("model").name == "big-00001-of-00002.gguf"
    (folder / "other.gguf").write_bytes(MODEL)
    with pytest.raises(GleamError, match="2 language models and 0 projectors"):
        store.install(folder)
    (tmp_path / "eyes.gguf").write_bytes(EYES)
    with pytest.raises(GleamError, match="0 language models and 1 projectors"):
        store.install(tmp_path / "eyes.gguf")


@pytest.mark.parametrize("length", [3, 6, 20, 40, 100])
def test_a_broken_header_is_one_clear_line(tmp_path: Path, length: int) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(MODEL[:length])
    with pytest.raises(GleamError, match=r"x\.gguf is not a readable GGUF model"):
        read_facts(path)


@given(st.binary(max_size=80), st.integers(0, 60))
def test_no_header_makes_it_fall_over(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, at: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.gguf"
    path.write_bytes(MODEL[:at] + noise + MODEL[at + len(noise) :])
    try:
        read_facts(path)
    except GleamError as error:
        assert "\n" not in str(error)


def test_a_pack_does_not_take_the_id_of_another_kind(
    store: PackStore, write_pack_folder: Callable[..., Path], tmp_path: Path
) -> None:
    write_pack_folder(store.bundled / "starter", {"weights.bin": b"1"}, kind="gleam-c")
    (tmp_path / "starter.gguf").write_bytes(MODEL)
    with pytest.raises(GleamError, match="The id starter is taken"):
        store.install(tmp_path / "starter.gguf")
    assert store.get("starter").kind == "gleam-c"


def test_a_pack_whose_weights_are_to_be_fetched_installs(
    store: PackStore, bundle: Callable[..., Path], tmp_path: Path, weights: bytes
) -> None:
    """A pack.json by itself may come from anywhere; its weights come from where it says."""
    folder = bundle([{"kind": "path", "path": str(tmp_path / "w")}])
    outside = tmp_path / "outside" / "writer"
    outside.parent.mkdir()
    folder.rename(outside)
    assert store.list() == []
    pack = store.install(outside)
    assert json.loads((pack.folder / "pack.json").read_text())["schema"] == "gleam.pack/1"
    with pytest.raises(GleamError, match="not on this machine yet"):
        store.get("writer")
    (tmp_path / "w").write_bytes(weights)
    assert store.fetch("writer").path("model").read_bytes() == weights
    assert store.verify("writer").folder == store.folder / "writer"
