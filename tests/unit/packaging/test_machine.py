"""What the machine lacks, and the line that mends it."""

import os
import shutil

import _machine
import pytest
from _machine import Need, install_line, missing, renamed


def nothing(_name: str) -> None:
    return None


def test_a_complete_machine_lacks_nothing() -> None:
    assert missing(True, loads=lambda _library: True, which=lambda name: f"/usr/bin/{name}") == []


def test_a_bare_machine_lacks_everything_and_the_screen_adds_its_own() -> None:
    bare = missing(False, loads=lambda _library: False, which=nothing)
    with_screen = missing(True, loads=lambda _library: False, which=nothing)
    assert {"libegl1", "libnss3", "g++", "cmake"} <= {need.package for need in bare}
    added = {need.package for need in with_screen} - {need.package for need in bare}
    assert added == set(_machine.ON_SCREEN)
    assert not next(need for need in bare if need.package == "g++").for_window


def test_one_missing_library_is_named() -> None:
    found = missing(
        False, loads=lambda library: library != "libnss3.so", which=lambda name: f"/bin/{name}"
    )
    assert found == [Need("libnss3", "libnss3.so", True)]


def test_packages_take_the_name_of_the_release() -> None:
    known = {"libasound2t64", "libglib2.0-0t64"}
    assert renamed(["libasound2", "libegl1"], known.__contains__) == ["libasound2t64", "libegl1"]


@pytest.mark.parametrize(
    ("manager", "line"),
    [
        ("dnf", "sudo dnf install -y 'libEGL.so.1()(64bit)' 'gcc-c++'"),
        ("zypper", "sudo zypper install -y 'libEGL.so.1()(64bit)' 'gcc-c++'"),
        ("pacman", "install the packages that hold: libEGL.so.1 gcc-c++"),
    ],
)
def test_install_line(manager: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        shutil, "which", lambda name: f"/usr/bin/{name}" if name == manager else None
    )
    needs = [Need("libegl1", "libEGL.so.1", True), Need("g++", "gcc-c++", False)]
    assert install_line(needs) == line


def test_install_line_on_debian(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(_machine, "_apt_knows", lambda name: name == "libasound2t64")
    line = install_line([Need("libasound2", "libasound.so.2", True), Need("g++", "gcc-c++", False)])
    assert line.endswith("apt-get install -y --no-install-recommends libasound2t64 g++")
    assert "\n" not in line


def check_as_user(
    needs: list[Need], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> str:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(_machine, "missing", lambda _screen: needs)
    log = tmp_path_factory.mktemp("logs") / "system.log"
    return _machine.check_linux(False, log, lambda _line: None)


def test_without_a_library_the_window_cannot_open(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.raises(_machine.SetupError) as stopped:
        check_as_user([Need("libnss3", "libnss3.so", True)], monkeypatch, tmp_path_factory)
    assert "libnss3.so" in str(stopped.value) and "install" in stopped.value.hint


def test_without_a_compiler_only_the_explanation_waits(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    told = check_as_user([Need("g++", "gcc-c++", False)], monkeypatch, tmp_path_factory)
    assert told.startswith("no compiler") and "install" in told
