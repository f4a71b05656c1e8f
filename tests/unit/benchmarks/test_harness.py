"""The stopwatch is itself tested, with a clock that does as it is told."""

import json
import math
from pathlib import Path

import pytest

from tests.benchmarks.harness import LEAST_ROUNDS, ROUNDS, Bench, Spread, table, write_json


class Clock:
    """Stands still but for what functions that run on it take."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def function(self, *seconds: float) -> "Takes":
        return Takes(self, seconds)


class Takes:
    """Takes these seconds, call after call, the last for ever."""

    def __init__(self, clock: Clock, seconds: tuple[float, ...]) -> None:
        self.clock, self.seconds, self.calls = clock, seconds, 0

    def __call__(self) -> None:
        self.clock.now += self.seconds[min(self.calls, len(self.seconds) - 1)]
        self.calls += 1


def test_spread() -> None:
    assert Spread.of([3.0, 1.0, 2.0, 10.0]) == Spread(1.0, 2.5, 10.0)


def test_ratio_is_taken_within_a_round() -> None:
    clock = Clock()
    # warm-up, trial, then rounds in which the whole machine is 1, 4 and 2 times as slow
    fast = clock.function(9.0, 1.0, 1.0, 4.0, 2.0)
    slow = clock.function(9.0, 3.0, 3.0, 12.0, 6.0)
    found = Bench(clock).compare("fast", fast, slow, "slow", budget_s=25.0)
    assert found.rounds == LEAST_ROUNDS == 3
    assert found.speed == Spread(3.0, 3.0, 3.0)
    assert (found.run_s, found.baseline_s) == (Spread(1.0, 2.0, 4.0), Spread(3.0, 6.0, 12.0))


def test_short_calls_are_timed_many_at_once() -> None:
    clock = Clock()
    quick = clock.function(0.001)
    found = Bench(clock).compare("quick", quick, clock.function(0.1), "slow")
    assert found.rounds == ROUNDS
    assert quick.calls == 2 + 20 * ROUNDS
    assert found.speed.median == pytest.approx(100.0)
    assert found.run_s.median == pytest.approx(0.001)


def test_table_and_file(tmp_path: Path) -> None:
    clock, bench = Clock(), Bench()
    bench.clock = clock
    bench.compare("locate", clock.function(0.5), clock.function(1.0), "one turn at a time")
    lines = table(bench.comparisons)
    assert lines[0].startswith("locate: 2 times as fast as one turn at a time  (min 2, max 2, 7")
    assert lines[1].startswith("    500 ms against 1 s a call")
    path = tmp_path / "new" / "benchmarks.json"
    write_json(path, bench.comparisons)
    document = json.loads(path.read_text("utf-8"))
    assert document["schema"] == "gleam.bench/1"
    assert document["comparisons"][0]["times_faster"]["median"] == 2.0
    assert not math.isnan(document["machine"]["cores"])
    assert [entry.name for entry in path.parent.iterdir()] == ["benchmarks.json"]
