"""Where the browser engine can lock its processes in: told from the kernel's own files."""

import os
from pathlib import Path

import pytest

from gleam_app.diagnostics import sandbox


def system(proc: Path, **files: str) -> Path:
    names = {
        "most": "sys/user/max_user_namespaces",
        "clone": "sys/kernel/unprivileged_userns_clone",
        "apparmor": "sys/kernel/apparmor_restrict_unprivileged_userns",
        "profile": "self/attr/apparmor/current",
    }
    for key, text in files.items():
        path = proc / names[key]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", "utf-8")
    return proc


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, ""),
        ({"most": "96365", "clone": "1"}, ""),
        ({"most": "0"}, "user namespaces"),
        ({"clone": "0"}, "user namespaces"),
        ({"apparmor": "1", "profile": "unconfined"}, "AppArmor"),
        ({"apparmor": "1"}, "AppArmor"),
        ({"apparmor": "1", "profile": "gleam-desktop (unconfined)"}, ""),
        ({"apparmor": "0", "profile": "unconfined"}, ""),
    ],
)
def test_what_the_kernel_says(
    files: dict[str, str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    found = sandbox.obstacle(system(tmp_path, **files))
    assert told in found and bool(found) == bool(told)


def test_root_is_an_obstacle_and_a_choice_of_the_user_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert sandbox.obstacle(tmp_path) == "started as root"
    monkeypatch.setenv(sandbox.SWITCH, "0")
    sandbox.prepare()
    assert os.environ[sandbox.SWITCH] == "0"
    monkeypatch.delenv(sandbox.SWITCH)
    sandbox.prepare()
    assert os.environ.pop(sandbox.SWITCH) == "1"
