import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam_app.errors import GleamError
from gleam_app.home import resources_dir
from gleam_app.packs.manifest import (
    Pack,
    parse_manifest,
    read_manifest,
    safe_relative,
    version_key,
)

ENTRY = {"path": "a.bin", "role": "weights", "size": 1, "sha256": "0" * 64}


def manifest(**other: Any) -> str:
    fields = {
        "schema": "gleam.pack/1",
        "id": "some-pack",
        "version": "1.2",
        "kind": "gleam-c",
        "title": "T",
        "licence": "MIT",
        "origin": [{"what": "w", "from": "f", "licence": "MIT"}],
        "use": "any",
        "architecture": {"family": "x"},
        "files": [ENTRY],
    }
    return json.dumps(fields | other)


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../up",
        "a/../../up",
        "a/./b",
        "a//b",
        "",
        "C:/x",
        "c:x",
        "a\\b",
        "~/x",
        ".hidden",
        "nul",
        "a/COM1.txt",
        "trailing.",
        "new\nline",
        "a\0b",
        "ünïcode",
    ],
)
def test_paths_that_could_leave_the_folder_are_refused(path: str) -> None:
    with pytest.raises(ValueError, match="not a safe relative path"):
        safe_relative(path)
    with pytest.raises(GleamError, match="not a safe relative path"):
        parse_manifest(manifest(files=[ENTRY | {"path": path}]), "pack.json")


@given(st.text(max_size=20))
def test_an_accepted_path_stays_inside(path: str) -> None:
    try:
        safe_relative(path)
    except ValueError:
        return
    base = Path("/base")
    assert (base / path).resolve().is_relative_to(base)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"schema": "gleam.pack/2"}, "schema 'gleam.pack/2'"),
        ({"min_app_version": "99.0"}, "needs version 99.0"),
        ({"id": "../x"}, "id"),
        ({"files": []}, "files"),
        ({"files": [ENTRY, ENTRY | {"path": "A.BIN"}]}, "same path"),
        ({"files": [ENTRY | {"path": "pack.json"}]}, "same path"),
        ({"files": [ENTRY | {"sha256": "xyz"}]}, "files.0.sha256"),
        ({"files": [ENTRY | {"sources": [{"kind": "url", "url": "file:///etc/passwd"}]}]}, "url"),
        (
            {
                "files": [
                    ENTRY | {"sources": [{"kind": "package", "parts": ["-r x"], "member": "*"}]}
                ]
            },
            "parts",
        ),
    ],
)
def test_a_bad_manifest_is_one_clear_line(change: dict[str, Any], says: str) -> None:
    with pytest.raises(GleamError) as caught:
        parse_manifest(manifest(**change), "the pack")
    assert says in str(caught.value)
    assert str(caught.value).startswith("the pack ")
    assert "\n" not in str(caught.value)


def test_unknown_fields_are_ignored() -> None:
    assert parse_manifest(manifest(colour="green"), "x").label == "some-pack 1.2"


def test_a_manifest_survives_writing_and_reading() -> None:
    once = parse_manifest(manifest(), "x")
    assert parse_manifest(once.to_json(), "x") == once


def test_the_hash_follows_what_decides_the_output() -> None:
    def hash_of(**other: Any) -> str:
        return Pack(parse_manifest(manifest(**other), "x"), Path()).hash

    assert hash_of() == hash_of(calibration={"a": 1}, title="Other", version="2")
    assert hash_of() != hash_of(preprocessing={"mean": 0.5})
    assert hash_of() != hash_of(files=[ENTRY | {"sha256": "1" * 64}])


def test_versions_compare_as_numbers() -> None:
    assert version_key("1.10.2rc1") == (1, 10, 2)
    assert version_key("1.10") > version_key("1.9.9")


@pytest.mark.parametrize(
    "folder", sorted((resources_dir() / "packs").glob("[a-z]*")), ids=lambda folder: folder.name
)
def test_the_bundled_packs_are_what_they_say(folder: Path) -> None:
    read = read_manifest(folder)
    assert read.id == folder.name
    for file in read.files:
        path = folder / file.path
        if file.sources:
            assert not path.exists(), "fetched files do not belong into the repository"
            assert file.sources[0].kind == "url", "the authors' own place comes first"
        else:
            assert path.stat().st_size == file.size
            assert hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256


def test_views_are_trained_experimental_or_not_at_all() -> None:
    pack = parse_manifest(manifest(views=["uav", "map"], experimental_views=["map"]), "here")
    assert [pack.support(view) for view in ("uav", "map", "ground")] == [
        "trained",
        "experimental",
        "untrained",
    ]
    assert pack.views_line == "views uav; experimental map"
    silent = parse_manifest(manifest(), "here")
    assert silent.support("ground") == "trained" and silent.views_line == ""


def test_an_experimental_view_is_a_view() -> None:
    with pytest.raises(GleamError, match="experimental_views has 'ground'"):
        parse_manifest(manifest(views=["uav"], experimental_views=["ground"]), "here")
    with pytest.raises(GleamError, match=r"experimental_views\.0"):
        parse_manifest(manifest(views=["uav"], experimental_views=["sonar"]), "here")
