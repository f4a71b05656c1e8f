"""Times a thing against a named baseline in the same run, and says how they compare."""

import gc
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROUNDS = 7
LEAST_ROUNDS = 3
BUDGET_S = 60.0
CLOCK_SHARE_S = 0.02  # a round lasts at least this long, so that the clock's grain does not count


@dataclass(frozen=True)
class Spread:
    """Smallest, middle and largest of some measurements."""

    least: float
    median: float
    most: float

    @staticmethod
    def of(values: Iterable[float]) -> "Spread":
        ordered = sorted(values)
        return Spread(ordered[0], statistics.median(ordered), ordered[-1])


@dataclass(frozen=True)
class Comparison:
    """``speed``: how many times faster than the baseline, round by round. Times are seconds a call."""

    name: str
    baseline_name: str
    rounds: int
    speed: Spread
    run_s: Spread
    baseline_s: Spread
    load: float

    def to_json(self) -> dict[str, Any]:
        def plain(spread: Spread) -> dict[str, float]:
            return {"min": spread.least, "median": spread.median, "max": spread.most}

        return {
            "name": self.name,
            "baseline": self.baseline_name,
            "rounds": self.rounds,
            "times_faster": plain(self.speed),
            "seconds": plain(self.run_s),
            "baseline_seconds": plain(self.baseline_s),
            "load": self.load,
        }


@dataclass
class Bench:
    """Collects comparisons; ``clock`` tells seconds."""

    clock: Callable[[], float] = time.perf_counter
    comparisons: list[Comparison] = field(default_factory=list)

    def compare(
        self,
        name: str,
        run: Callable[[], object],
        baseline: Callable[[], object],
        baseline_name: str,
        budget_s: float = BUDGET_S,
    ) -> Comparison:
        """Time both in turns, after one call of each to warm up.

        Up to ``ROUNDS`` rounds are made, fewer (but ``LEAST_ROUNDS``) when ``budget_s`` is used up.
        The ratio is taken within a round, so that a machine that slows down hurts both alike.
        """
        calls = [self._calls_a_round(run), self._calls_a_round(baseline)]
        began = self.clock()
        pairs: list[tuple[float, float]] = []
        while len(pairs) < ROUNDS:
            if len(pairs) >= LEAST_ROUNDS and self.clock() - began > budget_s:
                break
            pairs.append((self._time(run, calls[0]), self._time(baseline, calls[1])))
        comparison = Comparison(
            name,
            baseline_name,
            len(pairs),
            Spread.of(base / mine for mine, base in pairs),
            Spread.of(mine for mine, _ in pairs),
            Spread.of(base for _, base in pairs),
            machine_load(),
        )
        self.comparisons.append(comparison)
        return comparison

    def _calls_a_round(self, function: Callable[[], object]) -> int:
        function()
        once = self._time(function, 1)
        return max(1, round(CLOCK_SHARE_S / once)) if once > 0 else 1000

    def _time(self, function: Callable[[], object], calls: int) -> float:
        """Seconds a call, garbage collection aside."""
        gc.collect()
        gc.disable()
        try:
            began = self.clock()
            for _ in range(calls):
                function()
            return (self.clock() - began) / calls
        finally:
            gc.enable()


def machine_load() -> float:
    """Processes that want a core, for each core; ours included. NaN where the system does not tell."""
    if not hasattr(os, "getloadavg"):
        return float("nan")
    return float(os.getloadavg()[0] / (os.cpu_count() or 1))


def table(comparisons: list[Comparison]) -> list[str]:
    """The comparisons as lines of text."""
    lines = []
    for one in comparisons:
        lines.append(
            f"{one.name}: {_figure(one.speed.median)} times as fast as {one.baseline_name}"
            f"  (min {_figure(one.speed.least)}, max {_figure(one.speed.most)}, {one.rounds} rounds)"
        )
        lines.append(
            f"    {_duration(one.run_s.median)} against {_duration(one.baseline_s.median)} a call"
            f"; machine load {one.load:.1f} a core"
        )
    return lines


def _figure(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _duration(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def write_json(path: Path, comparisons: list[Comparison]) -> None:
    """``{"schema": "gleam.bench/1", "machine", "comparisons"}``, written whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "schema": "gleam.bench/1",
        "machine": {"system": platform.platform(), "cores": os.cpu_count()},
        "comparisons": [one.to_json() for one in comparisons],
    }
    staged = path.with_name(f".{path.name}.tmp")
    staged.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    staged.replace(path)
