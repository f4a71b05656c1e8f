"""Pausing a computation, and indexing that makes way for whoever waits for an answer."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam_app.errors import Cancelled
from gleam_app.jobs.runner import JobRunner, JobState
from gleam_app.jobs.work import Progress, Work


def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


class Counter:
    """A computation that counts its steps, as fast as its work lets it."""

    def __init__(self) -> None:
        self.steps = 0
        self.enough = threading.Event()

    def __call__(self, work: Work) -> int:
        while not self.enough.is_set():
            work.report("Counting", self.steps, 1_000_000)
            self.steps += 1
            time.sleep(0.001)
        return self.steps

    def stands_still(self) -> bool:
        time.sleep(0.02)  # the step that is under way
        before = self.steps
        time.sleep(0.05)
        return self.steps == before


@pytest.fixture
def runner() -> Iterator[JobRunner]:
    made = JobRunner()
    yield made
    made.close()


def test_a_paused_computation_waits_and_goes_on(runner: JobRunner) -> None:
    count = Counter()
    job = runner.start("count", count, lane="index")
    until(lambda: count.steps > 3)
    job.work.pause()
    assert job.work.paused and count.stands_still()
    before = count.steps
    job.work.resume()
    until(lambda: count.steps > before)
    assert not job.work.paused
    count.enough.set()
    assert job.wait(5) and job.state is JobState.SUCCEEDED


def test_cancel_ends_a_pause_at_once(runner: JobRunner) -> None:
    count = Counter()
    job = runner.start("count", count, lane="index")
    job.work.pause()
    assert count.stands_still()
    job.cancel()
    assert job.wait(1) and job.state is JobState.CANCELLED


def test_closing_ends_a_pause_too() -> None:
    runner = JobRunner()
    job = runner.start("count", Counter(), lane="index")
    job.work.pause()
    clock = time.monotonic()
    runner.close()
    assert job.state is JobState.CANCELLED and time.monotonic() - clock < 2


@pytest.mark.parametrize(("lane", "urgent"), [("model", False), ("io", True)])
def test_indexing_rests_while_somebody_waits(runner: JobRunner, lane: str, urgent: bool) -> None:
    count, gate = Counter(), threading.Event()
    index = runner.start("index", count, lane="index")
    until(lambda: count.steps > 3)
    answer = runner.start("answer", lambda work: gate.wait(5), lane=lane, urgent=urgent)
    assert count.stands_still() and not index.work.paused
    gate.set()
    assert answer.wait(5)
    before = count.steps
    until(lambda: count.steps > before)
    count.enough.set()


def test_indexing_begun_while_somebody_waits_rests_from_the_start(runner: JobRunner) -> None:
    count, gate = Counter(), threading.Event()
    runner.start("answer", lambda work: gate.wait(5))
    runner.start("index", count, lane="index")
    assert count.stands_still() and count.steps == 0
    gate.set()
    until(lambda: count.steps > 0)
    count.enough.set()


def test_reading_and_writing_do_not_hold_indexing_up(runner: JobRunner) -> None:
    count, gate = Counter(), threading.Event()
    runner.start("index", count, lane="index")
    runner.start("read", lambda work: gate.wait(5), lane="io")
    before = count.steps
    until(lambda: count.steps > before)
    gate.set()
    count.enough.set()


def test_a_paused_job_stays_paused_when_the_answer_is_there(runner: JobRunner) -> None:
    count = Counter()
    index = runner.start("index", count, lane="index")
    index.work.pause()
    assert runner.start("answer", lambda work: None).wait(5)
    assert count.stands_still()
    index.work.resume()
    count.enough.set()
    assert index.wait(5)


def test_a_cancelled_answer_lets_indexing_go_on(runner: JobRunner) -> None:
    count, gate = Counter(), threading.Event()
    runner.start("first", lambda work: gate.wait(5))
    second = runner.start("second", lambda work: None)
    runner.start("index", count, lane="index")
    second.cancel()
    gate.set()
    until(lambda: count.steps > 0)
    count.enough.set()


def test_rest_is_no_part_of_the_pace() -> None:
    told: list[Progress] = []
    work = Work(told.append)
    work.report("Counting", 0, 100)
    time.sleep(0.05)
    work.report("Counting", 10, 100)
    before = told[-1].seconds_left
    work.pause()
    threading.Timer(0.5, work.resume).start()
    work.check()
    time.sleep(0.05)
    work.report("Counting", 20, 100)
    after = told[-1].seconds_left
    assert before is not None and after is not None
    assert after < 1.5 * before  # with the rest counted it would be five times as long


def test_how_far_it_is_shows_while_it_rests() -> None:
    told: list[Any] = []
    work = Work(lambda progress: told.append(progress.done))
    work.pause()
    worker = threading.Thread(target=lambda: work.report("Counting", 7, 10))
    worker.start()
    until(lambda: told == [7])
    assert worker.is_alive()
    work.resume()
    worker.join(5)
    assert not worker.is_alive()


@given(st.lists(st.sampled_from(["hold a", "hold b", "release a", "release b", "cancel"])))
def test_it_waits_exactly_while_held_and_not_cancelled(steps: list[str]) -> None:
    work, held, cancelled = Work(), set[str](), False
    for step in steps:
        verb, _, reason = step.partition(" ")
        if verb == "cancel":
            work.cancel()
            cancelled = True
        else:
            (work.hold if verb == "hold" else work.release)(reason)
            (held.add if verb == "hold" else held.discard)(reason)
        if cancelled:
            with pytest.raises(Cancelled):
                work.check()
        elif not held:
            work.check()  # returns
        else:
            assert work._holds == held
