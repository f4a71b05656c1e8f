"""Stamps, the lock, and what the app is told while things are set up."""

import json
import os
import subprocess
import sys
from pathlib import Path

import _state
import platformdirs
import pytest
from _state import SetupState, Stamps, fingerprint, lock

from gleam_app import home

HOLD = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from _state import lock
with lock(Path(sys.argv[2])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_stamps_hold_only_for_the_same_inputs(tmp_path: Path) -> None:
    stamps = Stamps(tmp_path / "stamps.json")
    assert not stamps.holds("torch", "a")
    stamps.set("torch", "a")
    stamps.set("app", "b")
    assert stamps.holds("torch", "a") and stamps.holds("app", "b")
    assert not stamps.holds("torch", "b")
    stamps.clear()
    assert not stamps.holds("app", "b")


@pytest.mark.parametrize("content", ["", "{", "[1]", '"text"'])
def test_a_broken_stamp_file_means_nothing_is_done(tmp_path: Path, content: str) -> None:
    path = tmp_path / "stamps.json"
    path.write_text(content, "utf-8")
    stamps = Stamps(path)
    assert not stamps.holds("torch", "a")
    stamps.set("torch", "a")
    assert stamps.holds("torch", "a")


def test_fingerprint_keeps_its_parts_apart() -> None:
    assert fingerprint("ab", "c") != fingerprint("a", "bc")
    assert fingerprint("ab", "c") == fingerprint("ab", "c")


def test_the_lock_is_let_go_by_a_killed_process(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLD, str(Path(_state.__file__).parent), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with pytest.raises(BlockingIOError), lock(path):
            pass
        waits = 0

        def on_wait() -> None:
            nonlocal waits
            waits += 1
            if waits == 1:
                holder.kill()
            assert waits < 40

        with lock(path, on_wait):
            assert waits >= 1


def test_setup_state_says_who_works_and_what_failed(tmp_path: Path) -> None:
    state = SetupState(tmp_path / "home")
    state.report("Language engine: compiling 3 of 9", 3, 9)
    told = json.loads(state.path.read_text("utf-8"))
    assert (told["what"], told["done"], told["total"]) == (
        "Language engine: compiling 3 of 9",
        3,
        9,
    )
    assert told["pid"] == os.getpid()
    state.report("compiling 4 of 9", 4, 9)  # at once after: not worth a write
    assert json.loads(state.path.read_text("utf-8"))["done"] == 3
    state.report("no compiler", error="no compiler", hint="install one")
    assert json.loads(state.path.read_text("utf-8"))["hint"] == "install one"
    state.clear()
    state.clear()
    assert list((tmp_path / "home").iterdir()) == []


@pytest.mark.parametrize("variable", ["GLEAM_HOME", "XDG_DATA_HOME", None])
def test_home_is_where_the_app_looks(
    variable: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GLEAM_HOME", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    if variable:
        monkeypatch.setenv(variable, str(tmp_path))
    assert _state.gleam_home() == home.gleam_home()
    assert platformdirs.__version__  # the app's way of finding it, which bootstrap must not need
