"""A process that crashes leaves its stacks, and the next start tells of them once."""

import os
import subprocess
import sys
from pathlib import Path

from gleam_app.diagnostics.crashes import left_behind, watched

ROOT = Path(__file__).resolve().parents[3]
CRASHING = """
import faulthandler, sys
from pathlib import Path
from gleam_app.diagnostics.crashes import watched

def secret_work(place):
    faulthandler._sigsegv()

with watched(Path(sys.argv[1])):
    secret_work("50.00467, 36.23137")
"""


def test_a_crash_is_told_once_with_the_place_and_no_data(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CRASHING, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    told = left_behind(tmp_path)
    assert "Segmentation fault" in told and "in secret_work" in told
    assert str(tmp_path) not in told and "50.0" not in told
    assert left_behind(tmp_path) == ""


def test_a_proper_end_leaves_nothing(tmp_path: Path) -> None:
    with watched(tmp_path):
        assert left_behind(tmp_path) == ""  # our own is no crash
        assert [path.name for path in (tmp_path / "logs").iterdir()] == [f"crash-{os.getpid()}.txt"]
    assert list((tmp_path / "logs").iterdir()) == []


def test_a_process_that_was_killed_has_nothing_to_tell(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "crash-99999999.txt").touch()
    (folder / "crash-notes.txt").write_text("not ours")
    assert left_behind(tmp_path) == ""
    assert [path.name for path in folder.iterdir()] == ["crash-notes.txt"]
