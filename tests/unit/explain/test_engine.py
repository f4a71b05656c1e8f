"""The child process: a small stand-in speaks the worker's protocol; the real model has its own tests."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gleam_app.errors import Cancelled, GleamError
from gleam_app.explain.engine import Engine, ModelFiles, physical_cores, worker_command
from gleam_app.explain.reading import Piece
from gleam_app.jobs.work import Work

CHILD = r"""
import json, os, sys, threading, queue, time
todo, stop = queue.Queue(), threading.Event()
def listen():
    for line in sys.stdin:
        request = json.loads(line)
        stop.set() if request["do"] == "stop" else (stop.clear(), todo.put(request))
    os._exit(0)
threading.Thread(target=listen, daemon=True).start()
def say(**reply):
    print(json.dumps(reply), flush=True)
while True:
    request = todo.get()
    if request["do"] == "load":
        say(**{"is": "ready"})
        continue
    if request["do"] == "judge":
        say(**{"is": "odds", "logits": [len(request["messages"]), len(request["words"][1])]})
        continue
    plan = request["grammar"]
    if plan == "crash":
        os._exit(3)
    if plan == "fail":
        say(**{"is": "error", "message": "RuntimeError: no memory"})
        continue
    reason = "done"
    for number in range(4 if plan == "short" else 100000):
        if stop.is_set() and plan != "deaf":
            reason = "stopped"
            break
        say(**{"is": "text", "text": f"word{number} ", "log_probability": -0.5, "tokens": 2})
        time.sleep(0.01)
    say(**{"is": "end", "reason": reason})
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF")
    return path


@pytest.fixture
def engine(model: Path) -> Iterator[Engine]:
    made = Engine(ModelFiles(model), [sys.executable, "-c", CHILD])
    yield made
    made.close()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_streams_and_keeps_its_child(engine: Engine) -> None:
    pieces: list[str] = []
    assert engine.write([], "short", on_text=pieces.append) == "word0 word1 word2 word3 "
    assert len(pieces) == 4
    pid = engine.pid
    engine.write([], "short")
    assert engine.pid == pid


def test_pieces_tell_how_probable_they_were(engine: Engine) -> None:
    pieces: list[Piece] = []
    engine.write([], "short", on_piece=pieces.append)
    assert pieces == [Piece(f"word{number} ", -0.5, 2) for number in range(4)]


def test_judging_tells_the_odds(engine: Engine) -> None:
    message = {"role": "user", "content": "x"}
    assert engine.judge([message], "Yes.", "No.") == 1 - 3
    work = Work()
    work.cancel()
    with pytest.raises(Cancelled):
        engine.judge([message], "Yes.", "No.", work)


def test_stop_stops_between_words_and_keeps_the_child(engine: Engine) -> None:
    work = Work()
    with pytest.raises(Cancelled):
        engine.write([], "long", work, lambda _: work.cancel())
    assert engine.pid is not None
    assert engine.write([], "short") == "word0 word1 word2 word3 "


def test_a_deaf_child_is_killed(engine: Engine) -> None:
    work, seen = Work(), []

    def hear(text: str) -> None:
        seen.append(engine.pid)
        work.cancel()

    began = time.monotonic()
    with pytest.raises(Cancelled):
        engine.write([], "deaf", work, hear)
    assert time.monotonic() - began < 10
    assert engine.pid is None and not alive(seen[0])


@pytest.mark.parametrize("plan", ["crash", "fail"])
def test_failures_are_clear_and_the_next_call_works(engine: Engine, plan: str) -> None:
    with pytest.raises(GleamError) as caught:
        engine.write([], plan)
    assert "\n" not in str(caught.value) and caught.value.hint
    assert engine.write([], "short").startswith("word0")


def test_killed_from_outside(engine: Engine) -> None:
    def kill(_: str) -> None:
        if engine.pid is not None:
            os.kill(engine.pid, 9)

    with pytest.raises(GleamError, match="ended unexpectedly"):
        engine.write([], "long", on_text=kill)
    assert engine.write([], "short").startswith("word0")


def test_an_error_of_the_listener_stops_the_writing(engine: Engine) -> None:
    def broken(_: str) -> None:
        raise ValueError("listener")

    with pytest.raises(ValueError, match="listener"):
        engine.write([], "long", on_text=broken)
    assert engine.write([], "short").startswith("word0")


def test_missing_model_is_said_before_a_child_starts(tmp_path: Path) -> None:
    engine = Engine(ModelFiles(tmp_path / "gone.gguf"), [sys.executable, "-c", CHILD])
    with pytest.raises(GleamError, match=r"gone\.gguf is missing"):
        engine.write([], "short")
    assert engine.pid is None


def test_a_broken_model_file_is_one_clear_error(model: Path) -> None:
    engine = Engine(ModelFiles(model))
    try:
        with pytest.raises(GleamError, match="language model"):
            engine.write([], 'root ::= "a"')
    finally:
        engine.close()


def test_close_leaves_no_process(engine: Engine) -> None:
    engine.write([], "short")
    pid = engine.pid
    assert pid is not None
    engine.close()
    assert not alive(pid)


def test_the_real_worker_ends_with_its_stdin() -> None:
    child = subprocess.Popen(worker_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None and child.stdout is not None
    child.stdin.close()
    assert child.wait(30) == 0
    child.stdout.close()


def test_frozen_program_starts_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert worker_command()[1:] == ["-m", "gleam_app.explain.worker"]
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert worker_command() == [sys.executable, "--explain-worker"]


def test_physical_cores() -> None:
    assert 1 <= physical_cores() <= (os.cpu_count() or 1)
