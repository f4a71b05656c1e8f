"""Training on a CPU: our step by starter-cpu against the plain loop of the same network.

Both sides: EfficientNet-Lite1 with reflection padding, 256-d, queries of 192 px, satellite pictures of
256 px, single precision, the same 512 px JPEG files, the same changes to them, two workers. The plain
loop, written as Sample4Geo writes it: DataLoader processes, batch norm in training mode, every block
trained, a forward pass for each side, symmetric InfoNCE, AdamW, clipping by value.

Ours, always: norms folded into the convolutions (statistics frozen), channels last, fused AdamW,
memory that is kept, threads that decode ahead, exclusions and overlaps in the loss, clipping by norm.
``same work`` trains every block on whole windows; ``recipe`` freezes the first four blocks and draws
how many see the context of a window, as starter-cpu does; ``recipe, wrong turns`` embeds a wrongly
turned copy of each query on top. Pictures a second count queries and satellite pictures, not copies.
Neither side's first batch of a pass is made ahead.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.harness import Bench

SCRIPT = Path(__file__).resolve().parent / "training_sides.py"
ROOT = SCRIPT.parents[2]
PAIRS = int(os.environ.get("GLEAM_BENCH_PAIRS", "16"))  # a step: 5 GB for the plain loop
STEPS = int(os.environ.get("GLEAM_BENCH_STEPS", "3"))  # a pass
LARGE = int(os.environ.get("GLEAM_BENCH_LARGE", "1024"))
LARGE_BYTES = 6e9

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.benchmarks.training_sides import make_pictures

    folder = tmp_path_factory.mktemp("pictures")
    make_pictures(folder)
    return folder


class Side:
    """A process that makes passes when asked."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.passes: list[dict[str, Any]] = []

    def run(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the process ended; its traceback is above"
        self.passes.append(json.loads(answer))

    def told(self) -> str:
        """Pictures a second and milliseconds a pair by stage: medians, the first pass aside."""
        passes = self.passes[1:]
        rate = statistics.median(2 * PAIRS * STEPS / one["seconds"] for one in passes)
        stages = {
            name: statistics.median(one["stages"][name] for one in passes) / (PAIRS * STEPS)
            for name in passes[0]["stages"]
        }
        parts = ", ".join(f"{name} {1e3 * seconds:.1f}" for name, seconds in stages.items())
        return f"{rate:.1f} pictures/s; ms a pair: {parts}"


def command(side: str, pictures: Path, pairs: int) -> list[str]:
    return [sys.executable, str(SCRIPT), side, str(pictures), str(pairs), str(STEPS)]


def environment() -> dict[str, str]:
    """Threads wait as they do in a training run, not as tests have them wait."""
    return {key: value for key, value in os.environ.items() if key != "OMP_WAIT_POLICY"}


@contextmanager
def started(side: str, pictures: Path) -> Iterator[Side]:
    with subprocess.Popen(
        command(side, pictures, PAIRS),
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Side(process)
        finally:
            process.communicate(timeout=60)


@pytest.mark.parametrize("side", ["same work", "recipe", "recipe, wrong turns"])
def test_step(side: str, bench: Bench, pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with started(side, pictures) as ours, started("plain", pictures) as plain:
        bench.compare(
            f"training, {side}: {STEPS} steps of {PAIRS} pairs",
            ours.run,
            plain.run,
            "the loop in Sample4Geo's manner",
        )
        with capsys.disabled():
            print(f"\ntraining, {side} (decode and augment: core-seconds beside the network)")
            print(f"  ours   {ours.told()}\n  plain  {plain.told()}")


def test_large_batch_in_bounded_memory(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """GradCache: 16 pictures at a time, the first blocks frozen, a wrongly turned copy a query."""
    pytest.importorskip("resource")
    done = subprocess.run(
        command("memory", pictures, LARGE),
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=1700,
    )
    found = json.loads(done.stdout)
    with capsys.disabled():
        print(
            f"\na batch of {LARGE:,} pairs, 16 pictures at a time: peak "
            f"{found['peak_bytes'] / 1e9:.2f} GB, {found['step_s']:.0f} s a step"
        )
    assert found["peak_bytes"] < LARGE_BYTES
