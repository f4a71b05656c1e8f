"""Steps are done once, taken up again after a break, and done again when their inputs change."""

from collections.abc import Callable
from pathlib import Path

import _steps
import pytest
from _console import Console, SetupError
from _steps import Step, carry_out, carry_out_together, pending


class Recorder:
    """Makes steps that note that they were done; those named in ``broken`` fail."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.broken: set[str] = set()

    def step(self, name: str, inputs: str = "", version: int = 1) -> Step:
        def action(_log: Path, update: Callable[[str], None]) -> str:
            update("at it")
            if name in self.broken:
                raise SetupError(f"{name} broke", "try again")
            self.done.append(name)
            return "fine"

        return Step(name, name, version, inputs, action)


@pytest.fixture
def recorder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    venv = tmp_path / ".venv"
    monkeypatch.setattr(_steps, "VENV", venv)
    monkeypatch.setattr(_steps, "ROOT", tmp_path)
    monkeypatch.setattr(_steps, "LOGS", venv / "bootstrap-logs")
    monkeypatch.setattr(_steps, "LOCK", venv / "bootstrap.lock")
    return Recorder()


def test_a_break_costs_only_the_broken_step(recorder: Recorder) -> None:
    steps = [recorder.step(name) for name in ("one", "two", "three")]
    recorder.broken = {"two"}
    with pytest.raises(SetupError, match="two broke"):
        carry_out(steps, Console())
    assert recorder.done == ["one"]
    recorder.broken = set()
    carry_out(steps, Console())
    assert recorder.done == ["one", "two", "three"]
    carry_out(steps, Console())
    assert recorder.done == ["one", "two", "three"] and not pending(steps)


@pytest.mark.parametrize("changed", [{"inputs": "other"}, {"version": 2}])
def test_changed_inputs_do_a_step_again(recorder: Recorder, changed: dict[str, str | int]) -> None:
    carry_out([recorder.step("one"), recorder.step("two")], Console())
    carry_out([recorder.step("one", **changed), recorder.step("two")], Console())  # type: ignore[arg-type]
    assert recorder.done == ["one", "two", "one"]


def test_a_new_environment_forgets_what_was_in_the_old(recorder: Recorder) -> None:
    carry_out([recorder.step("venv"), recorder.step("app")], Console())
    carry_out([recorder.step("venv", "another Python"), recorder.step("app")], Console())
    assert recorder.done == ["venv", "app", "venv", "app"]


def test_of_two_at_once_the_sound_one_is_kept(recorder: Recorder) -> None:
    steps = [recorder.step("model"), recorder.step("engine")]
    recorder.broken = {"engine"}
    with pytest.raises(SetupError, match="engine broke"):
        carry_out_together(steps, Console())
    assert recorder.done == ["model"]
    recorder.broken = set()
    carry_out_together(steps, Console())
    assert recorder.done == ["model", "engine"] and not pending(steps)


def test_background_tells_the_app_how_it_ended(recorder: Recorder, tmp_path: Path) -> None:
    state = _steps.SetupState(tmp_path / "home")
    steps = [recorder.step("model"), recorder.step("engine")]
    recorder.broken = {"engine"}
    assert _steps._finish(steps, state) == 1
    assert '"error": "engine broke"' in state.path.read_text("utf-8")
    recorder.broken = set()
    assert _steps._finish(steps, state) == 0
    assert not state.path.exists()


def test_the_window_needs_no_language_model() -> None:
    names = [step.name for step in _steps.prepare_window(screen=False)]
    assert names == ["system", "venv", "torch", "libraries", "app", "packs-needed"]
    assert _steps.prepare_window(screen=True)[0].mark != _steps.prepare_window(screen=False)[0].mark
