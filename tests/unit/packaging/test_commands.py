"""The two commands as they are typed."""

import runpy
import subprocess
import sys
from pathlib import Path

import _checks
import _commands
import pytest

BOOTSTRAP = Path(_commands.__file__).with_name("bootstrap.py")


def test_help_names_the_commands() -> None:
    told = subprocess.run(
        [sys.executable, str(BOOTSTRAP), "--help"], capture_output=True, text=True, check=True
    ).stdout
    for command in ("run", "test", "bench", "shell"):
        assert f"    {command} " in told
    assert "finish" not in told


@pytest.mark.parametrize("words", [[], ["fly"], ["run", "--sideways"]])
def test_wrong_usage_exits_with_2(words: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, str(BOOTSTRAP), *words], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2 and "usage:" in ended.stderr and "Traceback" not in ended.stderr


def test_an_old_python_is_told_so_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(BOOTSTRAP), run_name="__main__")
    text = str(stopped.value)
    assert "needs Python 3.11 or newer" in text and "3.9.2" in text and "\n" not in text


def test_words_after_test_reach_pytest_untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    monkeypatch.setenv("GLEAM_HOME", "")
    monkeypatch.setattr(_commands, "_prepare_tests", lambda: None)
    monkeypatch.setattr(_checks, "run_pytest", lambda words: seen.append(list(words)) or 5)
    assert _commands.main(["test", "-k", "geo and not slow", "tests/unit", "--lf"]) == 5
    assert seen == [["-k", "geo and not slow", "tests/unit", "--lf"]]


def test_a_set_up_error_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise _commands.SetupError("the disk is full.", "Make room.")

    monkeypatch.setenv("GLEAM_HOME", "")
    monkeypatch.setattr(_commands, "_prepare_tests", broken)
    assert _commands.main(["test"]) == 1
    assert capsys.readouterr().err == "\nStopped: the disk is full.\nMake room.\n"


def test_a_failed_check_fails_the_run_though_pytest_passes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_checks, "run_static", lambda _console: ["mypy"])
    monkeypatch.setattr(_checks, "run_pytest", lambda _words: 0)
    assert _checks.check_everything(_checks.Console(), []) == 1
    assert "FAILED before pytest: mypy" in capsys.readouterr().err


def test_a_check_that_finds_something_shows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_checks, "LOGS", tmp_path)
    monkeypatch.setattr(_checks, "ROOT", tmp_path)
    monkeypatch.setattr(_checks, "venv_python", lambda: Path(sys.executable))
    checks = [
        ("good", ["-c", "print('fine')"]),
        ("bad", ["-c", "raise SystemExit('found it')"]),
    ]
    monkeypatch.setattr(_checks, "static_checks", lambda: checks)
    assert _checks.run_static(_checks.Console()) == ["bad"]
    told = capsys.readouterr().err
    assert "found it" in told and "fine" not in told
