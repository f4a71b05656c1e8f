"""What the installer still does is told truly, and no file makes the window stumble."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam_app.ui.setupstate import SetupState, read_setup_state


def write(home: Path, **changes: Any) -> None:
    state = {
        "what": "Building",
        "done": 41,
        "total": 100,
        "updated": time.time(),
        "pid": os.getpid(),
    }
    (home / "setup-state.json").write_text(json.dumps({**state, **changes}))


def test_a_running_setup_tells_how_far_it_is(tmp_path: Path) -> None:
    assert read_setup_state(tmp_path) is None
    write(tmp_path)
    assert read_setup_state(tmp_path) == SetupState("Building", 41)
    write(tmp_path, total=0)
    assert read_setup_state(tmp_path) == SetupState("Building", None)


def test_an_interrupted_setup_is_not_shown_as_running(tmp_path: Path) -> None:
    write(tmp_path, updated=time.time() - 3600)
    assert read_setup_state(tmp_path) is None
    write(tmp_path, pid=2**22 + 1)  # above Linux's largest process id
    assert read_setup_state(tmp_path) is None


def test_a_failed_step_keeps_its_error(tmp_path: Path) -> None:
    write(tmp_path, error="no compiler", pid=2**22 + 1)
    assert read_setup_state(tmp_path) == SetupState("Building", None, "no compiler")


@given(st.one_of(st.binary(max_size=80), st.builds(lambda v: json.dumps(v).encode(), st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5), lambda inner: st.dictionaries(
        st.sampled_from(["what", "done", "total", "updated", "pid", "error"]), inner)))))  # fmt: skip
def test_no_content_makes_it_stumble(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    home = tmp_path_factory.mktemp("home")
    (home / "setup-state.json").write_bytes(data)
    read_setup_state(home)
