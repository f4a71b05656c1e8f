"""Packs of our own model, and what goes wrong on the way to GGUF."""

import hashlib
import json
from pathlib import Path

import pytest

from gleam_app.errors import GleamError
from gleam_app.packs.store import PackStore
from training.gleam_x.model.export import ADAPTER, MODEL, TOWER, convert, pack_small, quantise
from training.gleam_x.model.recipe import read_recipe

CONVERTER = """
import pathlib, sys
out = pathlib.Path(sys.argv[sys.argv.index("--outfile") + 1])
if "--mmproj" in sys.argv:
    out = out.with_name("mmproj-" + out.name)
out.write_text(sys.argv[1])
"""


def test_convert_runs_the_script_whole_or_not_at_all(tmp_path: Path) -> None:
    script = tmp_path / "convert.py"
    script.write_text(CONVERTER)
    for mmproj in (False, True):
        out = tmp_path / f"made{mmproj}.gguf"
        convert(tmp_path / "hub", script, out, mmproj)
        assert out.read_text() == str(tmp_path / "hub")
    script.write_text("raise SystemExit('this architecture is unknown')")
    with pytest.raises(GleamError, match="this architecture is unknown"):
        convert(tmp_path / "hub", script, tmp_path / "none.gguf")
    with pytest.raises(GleamError, match="is not there"):
        convert(tmp_path, tmp_path / "missing.py", tmp_path / "none.gguf")
    assert {path.name for path in tmp_path.glob("*.gguf")} == {"madeFalse.gguf", "madeTrue.gguf"}


def test_quantise_says_what_it_cannot(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF")
    with pytest.raises(GleamError, match="no quantisation"):
        quantise(broken, tmp_path / "out.gguf", "Q9_9")
    with pytest.raises(GleamError, match="could not be quantised"):
        quantise(broken, tmp_path / "out.gguf", "Q8_0")
    assert list(tmp_path.iterdir()) == [broken]


def test_pack_ships_what_was_trained_and_fetches_its_base(tmp_path: Path) -> None:
    made = {name: tmp_path / name for name in (MODEL, TOWER, ADAPTER)}
    for name, path in made.items():
        path.write_text(f"the {name}")
    base_pack = tmp_path / "text"
    base_pack.mkdir()
    source = {"kind": "path", "path": str(made[MODEL])}
    described = {
        "path": "m.gguf", "role": "model", "size": made[MODEL].stat().st_size,
        "sha256": hashlib.sha256(made[MODEL].read_bytes()).hexdigest(), "sources": [source],
    }  # fmt: skip
    manifest = {
        "schema": "gleam.pack/1", "id": "text", "version": "1", "kind": "gleam-x", "title": "x",
        "licence": "MIT", "origin": [{"what": "x", "from": "x", "licence": "MIT"}], "use": "x",
        "architecture": {"family": "gguf"}, "files": [described],
    }  # fmt: skip
    (base_pack / "pack.json").write_text(json.dumps(manifest))
    recipe, out = read_recipe("small"), tmp_path / "home" / "packs" / "gleam-x-small-words"
    pack_small(recipe, made[MODEL], base_pack, made[TOWER], made[ADAPTER], out)
    assert {path.name for path in out.iterdir()} == {TOWER, ADAPTER, "pack.json"}
    store = PackStore(tmp_path / "home", tmp_path / "none")
    status = next(one for one in store.list() if one.id == recipe.pack.id)
    assert status.manifest is not None and status.state == "not fetched"
    store.fetch(recipe.pack.id)
    pack = store.get(recipe.pack.id)
    assert pack.path("model").read_text() == "the model.gguf"
    assert pack.manifest.architecture["pictures"] == "montage"
    made[MODEL].write_text("The model.gguf")  # as long, but another
    with pytest.raises(GleamError, match="is not the model"):
        pack_small(recipe, made[MODEL], base_pack, made[TOWER], made[ADAPTER], tmp_path / "other")
    assert not (tmp_path / "other").exists()
