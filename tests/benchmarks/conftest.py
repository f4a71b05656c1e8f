"""One collection of comparisons a run; its table and file come at the end."""

from pathlib import Path

import pytest

from tests.benchmarks.harness import Bench, table, write_json

REPORT = Path(__file__).resolve().parents[2] / "demo-out" / "benchmarks.json"
_BENCH = Bench()


@pytest.fixture(scope="session")
def bench() -> Bench:
    return _BENCH


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not _BENCH.comparisons:
        return
    terminalreporter.section("benchmarks")
    for line in table(_BENCH.comparisons):
        terminalreporter.write_line(line)
    write_json(REPORT, _BENCH.comparisons)
    terminalreporter.write_line(f"also in {REPORT.parent.name}/{REPORT.name}")
