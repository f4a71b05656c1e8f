"""The environment that builds are made in: exactly what the lock names, and nothing of the machine's."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from _console import Console, SetupError, run_logged
from _environment import CPU_TORCH, ENGINE_FLAGS, project
from _lock import LOCKS, lock_name, locked
from _state import Stamps, fingerprint, write_whole

Argument = str | Path


class BuildEnvironment:
    """A virtual environment in ``folder``, made from the lock and made anew when the lock changes."""

    def __init__(self, folder: Path, console: Console) -> None:
        self.folder = folder
        self._console = console
        self._log = folder.with_name(folder.name + ".log")

    @property
    def python(self) -> Path:
        """Its interpreter."""
        if sys.platform == "win32":
            return self.folder / "Scripts" / "python.exe"
        return self.folder / "bin" / "python"

    def ready(self) -> None:
        """Install what the lock names; raises ``SetupError`` if that is not to be had."""
        lock = LOCKS / lock_name()
        if not lock.exists():
            raise SetupError(
                f"there is no lock for this system and Python ({lock.name}).",
                "Make one with: python3 packaging/build.py lock",
            )
        stamps = Stamps(self.folder / "stamps.json")
        mark = fingerprint(lock.read_bytes(), ENGINE_FLAGS)
        if stamps.holds("lock", mark):
            return
        self._console.begin("Build environment")
        self._fresh()
        self._pip(
            "install", "--require-hashes", "--no-deps", "--prefer-binary", "--requirement", lock
        )
        stamps.set("lock", mark)
        self._console.done(lock.name)

    def write_lock(self) -> Path:
        """Ask pip what it would install today, and write that down."""
        self._console.begin("Lock")
        if not self.python.exists():
            self._fresh()
        table = project()
        wanted = [*table["dependencies"], *table["optional-dependencies"]["build"]]
        if sys.platform == "linux":  # never the build for CUDA, 3 GB that no analyst's machine uses
            wanted.append(f"torch=={CPU_TORCH}+cpu")
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            self._pip(
                "install", "--dry-run", "--ignore-installed", "--quiet", "--report", report, *wanted
            )
            text = locked(json.loads(report.read_text("utf-8")))
        path = LOCKS / lock_name()
        write_whole(path, text)
        self._console.done(f"{path.name}, {text.count('==')} libraries")
        return path

    def run(self, *arguments: Argument, log: Path | None = None) -> None:
        """Run a Python program of this environment; its output goes to the log."""
        log = log or self._log
        if run_logged([self.python, *arguments], log, _environment()) != 0:
            raise SetupError(f"{Path(str(arguments[-1])).name} failed.", "See the log.", log)

    def _fresh(self) -> None:
        made = subprocess.run(
            [sys.executable, "-m", "venv", "--clear", self.folder], check=False, capture_output=True
        )
        if made.returncode != 0:
            raise SetupError("Python could not make a virtual environment.")
        self._pip("install", "--upgrade", "pip>=25.1")

    def _pip(self, *arguments: Argument) -> None:
        command: list[Argument] = [self.python, "-m", "pip", "--no-input", *arguments]
        if run_logged(command, self._log, _environment()) != 0:
            raise SetupError("pip could not install what the build needs.", "", self._log)


def _environment() -> dict[str, str]:
    """Nothing of the caller's own Python; the language engine is compiled for any processor."""
    keep = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return keep | {"CMAKE_ARGS": ENGINE_FLAGS, "PYTHONHASHSEED": "0", "PYTHONUTF8": "1"}
