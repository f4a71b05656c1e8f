"""The doctor finds what is wrong, and says where things are."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from gleam_app.diagnostics import doctor
from gleam_app.diagnostics.doctor import Check, examine
from gleam_app.services import Services
from tests.unit.packs.conftest import make_pack


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    monkeypatch.setattr(doctor, "LIBRARIES", {"pydantic": "pydantic"})  # the others take seconds
    made = Services()
    yield made
    made.close()


def checks_of(services: Services) -> dict[str, Check]:
    return {check.what: check for check in examine(services)}


def test_a_sound_installation(services: Services) -> None:
    found = checks_of(services)
    assert all(check.ok for check in found.values()), found
    assert found["log"].found.startswith(str(services.home / "logs" / "gleam.log"))
    assert found["disk"].found.endswith("GB free")
    assert found["threads"].found and found["device"].found and found["map engine"].found
    assert {"pack starter", "pack xfeat"} <= found.keys()


def test_a_full_disk_and_a_map_engine_that_is_missing(
    services: Services, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3_000_000))
    monkeypatch.setenv("QTWEBENGINEPROCESS_PATH", str(tmp_path / "none"))
    found = checks_of(services)
    assert not found["disk"].ok and not found["map engine"].ok


def test_packs_that_cannot_be_used_are_bad(services: Services) -> None:
    make_pack(services.packs.folder / "newer", {"weights.bin": b"x"}, min_app_version="99.0")
    make_pack(services.packs.folder / "broken", {"weights.bin": b"x"})
    (services.packs.folder / "broken" / "weights.bin").unlink()
    found = checks_of(services)
    assert not found["pack newer"].ok and "99.0" in found["pack newer"].found
    assert not found["pack broken"].ok


def test_a_library_that_does_not_load_is_named(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "LIBRARIES", {"nothing-of-that-name": "nothing_of_that_name"})
    assert not checks_of(services)["nothing-of-that-name"].ok
