"""The log for TensorBoard, read back by TensorBoard itself."""

import sys
from pathlib import Path

import pytest

from training.__main__ import main
from training.gleam_c.runlog import RunLog


@pytest.fixture
def work(tmp_path: Path) -> Path:
    log = RunLog(tmp_path / "run" / "log.jsonl")
    for step in range(1, 5):
        log.add(step=step, phase="one", epoch=0, loss=5.0 / step, done=True, bad=float("nan"))
    log.add(step=4, phase="one", epoch=1, **{"recall@1": 0.25})
    return log.path.parent


def _words(work: Path, out: Path) -> list[str]:
    return ["gleam-c", "board", "--work", str(work), "--out", str(out)]


def test_every_figure_can_be_read_by_tensorboard(
    work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
    from tensorboard.util import tensor_util

    out = tmp_path / "board"
    assert main(_words(work, out)) == 0
    assert "10 figures" in capsys.readouterr().out
    assert main(_words(work, out)) == 0  # again: the file is replaced
    (file,) = out.iterdir()
    found = {
        (value.tag, event.step): float(tensor_util.make_ndarray(value.tensor))
        for event in EventFileLoader(str(file)).Load()
        for value in event.summary.value
    }
    expected = {("loss", step): 5.0 / step for step in range(1, 5)}
    expected |= {("epoch", step): 0.0 for step in range(1, 4)}
    expected |= {("epoch", 4): 1.0, ("recall@1", 4): 0.25}
    assert found == pytest.approx(expected)


def test_a_folder_without_a_run_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tensorboard")
    assert main(_words(tmp_path / "none", tmp_path / "board")) != 0
    assert "none holds no run" in capsys.readouterr().err


def test_without_tensorboard_it_says_what_to_install(
    work: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    assert main(_words(work, tmp_path / "board")) != 0
    told = capsys.readouterr().err
    assert "pip install tensorboard" in told and "Traceback" not in told
    assert not (tmp_path / "board").exists()
