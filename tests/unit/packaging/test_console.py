"""Output of other programs: logged whole, told in a few words, and explained when they fail."""

import sys
from pathlib import Path

import pytest
from _console import Console, SetupError, pip_progress, run_logged, telling_lines


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("  [ 12/345] Building CXX object src/llama.cpp.o", "compiling 12 of 345"),
        ("Collecting faiss-cpu>=1.9", "looking up faiss-cpu"),
        (
            "  Downloading https://example.org/x/torch-2.13.0-cp311.whl (191.8 MB)",
            "fetching torch-2.13.0-cp311.whl (191.8 MB)",
        ),
        (
            "Downloading pyside6_addons-6.11.3-cp310-abi3.whl (160.0 MB)",
            "fetching pyside6_addons-6.11.3-cp310-abi3.whl (160.0 MB)",
        ),
        ("Installing collected packages: a, b", "installing"),
        ("Requirement already satisfied: numpy", ""),
    ],
)
def test_pip_progress(line: str, words: str) -> None:
    assert pip_progress(line) == words


def test_telling_lines_prefers_errors_to_the_end(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("ERROR: No matching distribution\n" + "fine\n" * 30 + "[notice] new pip\n")
    assert telling_lines(log) == ["ERROR: No matching distribution"]
    log.write_text("\n".join(f"line {n}" for n in range(30)))
    assert telling_lines(log, 2) == ["line 28", "line 29"]
    assert telling_lines(tmp_path / "absent") == []


def test_an_error_says_what_and_what_to_do(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("fatal: nothing works\n")
    text = SetupError("it failed.", "Do this.", log).explain()
    assert text.splitlines() == [
        "Stopped: it failed.",
        "  | fatal: nothing works",
        "Do this.",
        f"Full log: {log}",
    ]


def test_run_logged_keeps_everything(tmp_path: Path) -> None:
    log, seen = tmp_path / "sub" / "log", list[str]()
    code = "import sys; print('größer'); print('two', file=sys.stderr); sys.exit(7)"
    command = [sys.executable, "-X", "utf8", "-c", code]
    assert run_logged(command, log, on_line=seen.append) == 7
    assert sorted(seen) == ["größer", "two"]
    assert run_logged([sys.executable, "-c", "print('again')"], log) == 0
    text = log.read_text("utf-8")
    assert "größer" in text and "again" in text and text.count("\n$ ") == 2


def test_an_interrupted_program_does_not_stay(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    code = f"import time; print('up', flush=True); time.sleep(3); open({str(marker)!r}, 'w')"

    def interrupt(_line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_logged([sys.executable, "-c", code], tmp_path / "log", on_line=interrupt)
    assert not marker.exists()


def test_console_writes_plain_lines_where_nobody_watches(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console = Console()
    assert not console.live
    console.begin("torch")
    console.update("fetching")
    console.done("2.13.0+cpu")
    captured = capsys.readouterr()
    assert captured.out == "" and "\r" not in captured.err
    assert captured.err.split()[:2] == ["torch", "2.13.0+cpu"]
