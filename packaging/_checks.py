"""``test``: the checks that a change must pass, in the order in which they are quick to fail."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from _console import Console, run_logged, telling_lines
from _environment import LOGS, ROOT, environment, venv_python

TEST_FOLDERS = ("tests/unit", "tests/workflows")


def static_checks() -> list[tuple[str, list[str]]]:
    """(name, arguments to Python) of every check that reads the code without running it."""
    return [
        ("ruff check", ["-m", "ruff", "check", "."]),
        ("ruff format", ["-m", "ruff", "format", "--check", "."]),
        ("mypy", ["-m", "mypy"]),
        ("import contracts", ["-c", "from importlinter.cli import lint_imports; lint_imports()"]),
    ]


def run_static(console: Console) -> list[str]:
    """Run them all; returns the names of those that failed, whose findings are printed."""
    failed = []
    for name, arguments in static_checks():
        console.begin(name)
        log = LOGS / f"check-{name.replace(' ', '-')}.log"
        log.unlink(missing_ok=True)
        if run_logged([venv_python(), *arguments], log, test_environment(), ROOT) == 0:
            console.done("passed")
        else:
            failed.append(name)
            console.done("FAILED")
            console.say(_indented(log))
    return failed


def _indented(log: Path) -> str:
    lines = log.read_text("utf-8", errors="replace").splitlines()
    shown = lines if len(lines) <= 40 else [*lines[:20], "…", *telling_lines(log, 20)]
    return "\n".join(f"    | {line}" for line in shown if line.strip())


def test_environment() -> dict[str, str]:
    """Offscreen, offline for model hubs, and quiet about what is not a fault."""
    env = environment()
    env["QT_QPA_PLATFORM"] = "offscreen"
    env["HF_HUB_OFFLINE"] = "1"
    env["PYTHONFAULTHANDLER"] = "1"
    env.pop("DISPLAY", None)
    env.pop("WAYLAND_DISPLAY", None)
    return env


def run_pytest(arguments: Sequence[str]) -> int:
    """pytest with its output as it comes; its closing line is the last that is printed."""
    sys.stderr.flush()
    command: list[str | Path] = [venv_python(), "-m", "pytest", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=test_environment(), stdin=subprocess.DEVNULL, check=False
    ).returncode


def check_everything(console: Console, arguments: Sequence[str]) -> int:
    """All checks; with ``arguments`` only pytest with those. Returns the exit code."""
    if arguments:
        return run_pytest(arguments)
    began = time.monotonic()
    console.say("Checking")
    failed = run_static(console)
    folders = [folder for folder in TEST_FOLDERS if (ROOT / folder).is_dir()]
    console.say(f"  {'pytest':<24} begins after {time.monotonic() - began:.0f} s of checks")
    if failed:
        console.say(f"FAILED before pytest: {', '.join(failed)}")
    code = run_pytest([*folders, "--durations=10"])
    return code or (1 if failed else 0)
