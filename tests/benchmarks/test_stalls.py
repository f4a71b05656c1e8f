"""How long the window holds up its own thread; the scripts can also be run by themselves."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


@pytest.mark.parametrize("script", ["window_stalls.py", "map_stalls.py"])
def test_stalls(script: str, capsys: pytest.CaptureFixture[str]) -> None:
    done = subprocess.run(
        [sys.executable, str(HERE / script)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=550,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    with capsys.disabled():
        print(f"\n{script}: longest stall of the GUI thread; baseline: 'nothing'")
        for phase, figures in report.items():
            print(f"  {phase:28} {figures}")
