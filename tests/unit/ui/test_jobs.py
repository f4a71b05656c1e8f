"""Background jobs: everything on the GUI thread, progress throttled, dropped means silent."""

import threading
import time
from typing import Any

import pytest

from gleam_app.errors import GleamError
from gleam_app.jobs.runner import JobRunner
from gleam_app.jobs.work import Work
from gleam_app.ui.jobs import Jobs


@pytest.fixture
def jobs(qtbot: Any) -> Any:
    runner = JobRunner()
    made = Jobs(runner)
    yield made
    made.close()
    runner.close()


def test_result_comes_on_the_gui_thread_and_then_the_end(jobs: Jobs, qtbot: Any) -> None:
    heard: list[Any] = []
    jobs.start(
        "add",
        lambda work: (2 + 3, threading.current_thread().name),
        done=lambda result: heard.append((result, threading.current_thread())),
        ended=lambda: heard.append("ended"),
    )
    qtbot.waitUntil(lambda: len(heard) == 2)
    (result, worker), thread = heard[0]
    assert result == 5 and worker.startswith("gleam-")
    assert thread is threading.main_thread() and heard[1] == "ended"
    assert jobs.idle


def test_failure_is_told_with_its_error(jobs: Jobs, qtbot: Any) -> None:
    def fail(work: Work) -> None:
        raise GleamError("no", "try again")

    heard: list[BaseException] = []
    done: list[Any] = []
    jobs.start("fail", fail, failed=heard.append, done=done.append)
    qtbot.waitUntil(lambda: bool(heard))
    assert isinstance(heard[0], GleamError) and not done


def test_cancelled_is_silent_but_ends(jobs: Jobs, qtbot: Any) -> None:
    begun = threading.Event()

    def forever(work: Work) -> None:
        begun.set()
        while True:
            work.check()
            time.sleep(0.005)

    heard: list[str] = []
    task = jobs.start(
        "forever",
        forever,
        done=lambda _: heard.append("done"),
        failed=lambda _: heard.append("failed"),
        ended=lambda: heard.append("ended"),
    )
    assert begun.wait(5)
    task.cancel()
    qtbot.waitUntil(lambda: bool(heard))
    assert heard == ["ended"]


def test_dropped_says_nothing_at_all(jobs: Jobs, qtbot: Any) -> None:
    gate = threading.Event()
    heard: list[str] = []
    task = jobs.start(
        "late",
        lambda work: gate.wait(5),
        done=lambda _: heard.append("done"),
        ended=lambda: heard.append("ended"),
    )
    task.drop()
    gate.set()
    qtbot.waitUntil(lambda: jobs.idle)
    qtbot.wait(50)
    assert heard == [] and jobs.running == []


def test_a_job_that_waits_can_be_cancelled(jobs: Jobs, qtbot: Any) -> None:
    gate = threading.Event()
    jobs.start("first", lambda work: gate.wait(5), lane="model")
    heard: list[str] = []
    second = jobs.start(
        "second",
        lambda work: heard.append("ran"),
        ended=lambda: heard.append("ended"),
        lane="model",
    )
    second.cancel()
    qtbot.waitUntil(lambda: heard == ["ended"])
    gate.set()
    qtbot.waitUntil(lambda: jobs.idle)


def test_progress_is_throttled_and_the_texts_posted_keep_their_order(
    jobs: Jobs, qtbot: Any
) -> None:
    steps, posted, ended = [], [], []

    def count(work: Work) -> None:
        for number in range(300):
            work.report("Counting", number, 300)
            jobs.post(lambda number=number: posted.append(number))  # type: ignore[misc]
            time.sleep(0.001)

    jobs.start("count", count, progressed=steps.append, ended=lambda: ended.append(True))
    qtbot.waitUntil(lambda: bool(ended))
    assert 1 <= len(steps) <= 30
    assert posted == list(range(300))


def test_after_close_nothing_is_heard(jobs: Jobs, qtbot: Any) -> None:
    heard: list[Any] = []
    gate = threading.Event()
    jobs.start("late", lambda work: gate.wait(5), done=heard.append)
    jobs.close()
    gate.set()
    jobs.post(lambda: heard.append("posted"))
    qtbot.wait(100)
    assert heard == []
