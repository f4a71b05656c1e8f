import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from gleam_app.errors import GleamError
from tests.unit.training.gleam_c.tiny import CPU, TWO_PHASES, recipe, sources, trainer
from training.gleam_c.batches import Batch
from training.gleam_c.checkpoint import read_checkpoint
from training.gleam_c.model import build_model
from training.gleam_c.recipe import PhaseRecipe, Recipe
from training.gleam_c.runlog import RunLog
from training.gleam_c.trainer import BEST, CHECKPOINT, LOG, Trainer

ROOT = Path(__file__).parents[4]


class KilledError(Exception):
    pass


class Mortal(Trainer):
    """Dies in the middle of a step, after so many."""

    left = 10**9

    def _step(self, batch: Batch, phase: PhaseRecipe, rate: float) -> dict[str, float]:
        self.left -= 1
        if self.left < 0:
            raise KilledError
        return super()._step(batch, phase, rate)


def _mortal(folder: Path, whole: Recipe) -> Mortal:
    made = trainer(folder, whole, Mortal)
    assert isinstance(made, Mortal)
    return made


def _resumed(folder: Path, whole: Recipe) -> Trainer:
    torch.manual_seed(999)  # another process has other random numbers
    again = Trainer(build_model(whole.model, folder), whole, folder, CPU)
    again.resume()
    return again


def _losses(folder: Path) -> list[tuple[int, float]]:
    return [(r["step"], r["loss"]) for r in RunLog(folder / LOG).records() if "loss" in r]


def _outcome(folder: Path) -> list[Any]:
    """All of the log but the clock's readings."""
    clock = ("wait_s", "step_s")
    return [
        {key: value for key, value in record.items() if key not in clock}
        for record in RunLog(folder / LOG).records()
    ]


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("straight")
    trainer(folder, recipe(phases=TWO_PHASES)).run(sources)
    return folder


def test_it_learns(straight: Path) -> None:
    records = RunLog(straight / LOG).records()
    losses = [loss for _, loss in _losses(straight)]
    assert len(losses) >= 16
    assert [step for step, _ in _losses(straight)] == list(range(1, len(losses) + 1))
    assert sum(losses[-4:]) < 0.8 * sum(losses[:4])
    assert {record["phase"] for record in records} == {"one", "all views"}
    assert all(0 <= record["recall@1"] <= 1 for record in records if "recall@1" in record)
    assert (straight / BEST).exists()


@pytest.mark.parametrize("killed_after", [2, 13, 22])
def test_a_killed_run_goes_on_bit_for_bit(
    straight: Path, tmp_path: Path, killed_after: int
) -> None:
    whole = recipe(phases=TWO_PHASES)
    doomed = _mortal(tmp_path, whole)
    doomed.left = killed_after
    with pytest.raises(KilledError):
        doomed.run(sources)
    if killed_after < whole.checkpoint_steps:  # nothing was saved yet: from the start
        assert not (tmp_path / CHECKPOINT).exists()
        (tmp_path / LOG).unlink()
        trainer(tmp_path, whole).run(sources)
    else:
        _resumed(tmp_path, whole).run(sources)
    assert _outcome(tmp_path) == _outcome(straight)
    ours, theirs = (read_checkpoint(folder / CHECKPOINT) for folder in (tmp_path, straight))
    assert ours.state == theirs.state
    assert ours.tensors.keys() == theirs.tensors.keys()
    assert all(torch.equal(tensor, theirs.tensors[name]) for name, tensor in ours.tensors.items())


def test_a_process_killed_outright_goes_on_too(straight: Path, tmp_path: Path) -> None:
    """SIGKILL at whatever moment the log reaches a step: no handler runs, nothing is tidied up."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.unit.training.gleam_c.tiny", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())},
    )
    while process.poll() is None and len(_losses(tmp_path)) < 5:
        time.sleep(0.01)
    assert process.poll() is None, "it ended before it could be killed"
    process.send_signal(signal.SIGKILL)
    process.wait()
    _resumed(tmp_path, recipe(phases=TWO_PHASES)).run(sources)
    assert _losses(tmp_path) == _losses(straight)


def test_chunks_change_nothing_but_memory(straight: Path, tmp_path: Path) -> None:
    whole = recipe(phases=[{**TWO_PHASES[0], "chunk_pictures": 0}])
    trainer(tmp_path, whole).run(sources)
    direct, chunked = _losses(tmp_path)[:4], _losses(straight)[:4]
    assert [loss for _, loss in direct] == pytest.approx([loss for _, loss in chunked], rel=1e-3)


def test_two_ranks_train_as_one(straight: Path, tmp_path: Path) -> None:
    """Each with half of every batch: the same losses, hard negatives and validation figures."""
    folder = tmp_path / "run"
    command = [sys.executable, "-m", "tests.unit.training.gleam_c.tiny", str(folder)]
    started = [subprocess.Popen([*command, str(number), "2"], cwd=ROOT) for number in range(2)]
    assert [process.wait(120) for process in started] == [0, 0]
    together, alone = _losses(folder)[:8], _losses(straight)[:8]
    # rounding grows from step to step; a wrong gradient would show at the second
    assert [loss for _, loss in together[:4]] == pytest.approx(
        [loss for _, loss in alone[:4]], rel=1e-3
    )
    assert [step for step, _ in together] == [step for step, _ in alone]
    assert read_checkpoint(folder / CHECKPOINT).state["ranks"] == 2
    with pytest.raises(GleamError, match="2 processes, not 1"):
        _resumed(folder, recipe(phases=TWO_PHASES))


def test_what_cannot_be_resumed_is_said(straight: Path, tmp_path: Path) -> None:
    mine = trainer(tmp_path, recipe(phases=TWO_PHASES))
    with pytest.raises(GleamError, match="no checkpoint"):
        mine.resume()
    whole = (straight / CHECKPOINT).read_bytes()
    (tmp_path / CHECKPOINT).write_bytes(whole)
    with pytest.raises(GleamError, match="recipe differs"):
        trainer(tmp_path, recipe(phases=TWO_PHASES, seed=4)).resume()
    for torn in (whole[:1000], whole[:-7], b"{}"):
        (tmp_path / CHECKPOINT).write_bytes(torn)
        with pytest.raises(GleamError, match="damaged"):
            mine.resume()


def test_phases_that_cannot_be_trained_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GleamError, match="too few places"):
        trainer(tmp_path, recipe(phases=[{"batch_pairs": 40}])).run(sources)
    lite = {"family": "efficientnet-lite", "variant": "lite0", "pooling": "gem"}
    whole = recipe(model=lite, phases=[{"chunk_pictures": 4}])
    with pytest.raises(GleamError, match="batch norm"):
        Trainer(build_model(whole.model), whole, tmp_path, CPU).run(sources)


def test_a_loss_that_is_no_number_stops_the_run(tmp_path: Path) -> None:
    mine = trainer(tmp_path, recipe())
    with torch.no_grad():
        mine.scale.log.fill_(float("nan"))
    with pytest.raises(GleamError, match="not a number at step 1"):
        mine.run(sources)
    assert not (tmp_path / CHECKPOINT).exists()
