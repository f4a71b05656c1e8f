"""What starting costs, against Python starting with nothing to do."""

import subprocess
import sys
from pathlib import Path

from tests.benchmarks.harness import Bench

ROOT = Path(__file__).resolve().parents[2]
NOTHING = [sys.executable, "-c", "pass"]
NOTHING_NAME = "Python doing nothing"


def start(command: list[str]) -> None:
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


def test_command_line(bench: Bench) -> None:
    version = [sys.executable, "-m", "gleam_app.main", "--version"]
    bench.compare("gleam --version", lambda: start(version), lambda: start(NOTHING), NOTHING_NAME)


def test_bootstrap_with_nothing_to_do(bench: Bench) -> None:
    code = "import _commands, _steps; _steps.pending(_steps.prepare_window(False))"
    look = [sys.executable, "-c", f"import sys; sys.path.insert(0, 'packaging'); {code}"]
    name = "bootstrap seeing that all is set up"
    bench.compare(name, lambda: start(look), lambda: start(NOTHING), NOTHING_NAME)
