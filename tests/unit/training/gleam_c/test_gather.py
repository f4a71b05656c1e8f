import subprocess
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

from tests.unit.training.gleam_c.two_ranks import parts_of_a_step, train_step
from training.gleam_c.gather import gather, rank, ranks

ROOT = Path(__file__).parents[4]


def test_two_ranks_have_the_loss_and_gradient_of_one(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.unit.training.gleam_c.two_ranks"]
    started = [
        subprocess.Popen([*command, str(number), str(tmp_path)], cwd=ROOT) for number in range(2)
    ]
    assert [process.wait(120) for process in started] == [0, 0]
    alone = train_step(parts_of_a_step())
    for number in range(2):
        together = load_file(tmp_path / f"{number}.safetensors")
        assert together.keys() == alone.keys()
        for name, expected in alone.items():
            torch.testing.assert_close(together[name], expected, atol=1e-6, rtol=1e-5)


def test_alone_nothing_is_exchanged() -> None:
    rows = torch.randn(2, 3)
    assert gather(rows) is rows
    assert (rank(), ranks()) == (0, 1)
