"""The batch: states, failures, stops, pauses, and what changes meanwhile."""

import threading
from pathlib import Path

import pytest

from gleam_app.cases.batch import BatchSummary, run_batch
from gleam_app.cases.case import Case
from gleam_app.cases.model import QueryRecord, RunFacts
from gleam_app.cases.pictures import NewPicture
from gleam_app.errors import Cancelled, GleamError
from gleam_app.jobs.work import Progress, Work
from gleam_app.retrieval.results import Location
from tests.factories import make_location


class Finder:
    """A locate function that answers, or does as it is told for some queries."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.seen: list[int] = []
        self.errors: dict[int, Exception] = {}

    def __call__(self, record: QueryRecord, work: Work) -> tuple[Location, RunFacts]:
        assert self.case.query(record.id).state == "locating"
        self.seen.append(record.id)
        work.report("Verifying candidates", 1, 2)
        if record.id in self.errors:
            raise self.errors[record.id]
        return make_location("possible", self.case.open_query(record.id)), RunFacts()


def states(case: Case) -> list[str]:
    return [one.state for one in case.queries()]


def test_all_are_located_in_the_analyst_s_order(case: Case, ids: list[int]) -> None:
    case.edits.reorder(list(reversed(ids)))
    finder, told = Finder(case), list[Progress]()
    assert run_batch(case, finder, Work(told.append)) == BatchSummary(3, 0)
    assert finder.seen == list(reversed(ids)) and states(case) == ["done"] * 3
    assert [(one.done, one.total) for one in told] == [(0, 3), (1, 3), (2, 3)]
    assert run_batch(case, finder) == BatchSummary(0, 0)
    assert case.locating is None


def test_one_that_fails_is_told_and_the_rest_goes_on(
    case: Case, ids: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    finder = Finder(case)
    finder.errors = {
        ids[0]: GleamError("photo-0.jpg is damaged.", "Copy it again."),
        ids[1]: ZeroDivisionError("a defect"),
    }
    assert run_batch(case, finder) == BatchSummary(1, 2)
    assert states(case) == ["failed", "failed", "done"]
    first, second, _ = case.queries()
    assert (first.error, first.hint) == ("photo-0.jpg is damaged.", "Copy it again.")
    assert "ZeroDivisionError" in second.error and "a defect" in caplog.text
    finder.errors = {}
    case.queue([ids[0]])
    assert states(case) == ["waiting", "failed", "done"]
    assert run_batch(case, finder) == BatchSummary(1, 0)
    assert case.query(ids[0]).error == ""


def test_a_failure_keeps_the_older_answer(case: Case, ids: list[int]) -> None:
    finder = Finder(case)
    run_batch(case, finder)
    case.queue([ids[0]])
    finder.errors = {ids[0]: GleamError("The imagery is gone.")}
    run_batch(case, finder)
    record = case.query(ids[0])
    assert record.state == "failed" and record.verdict == "possible"


def test_stopping_leaves_the_query_at_hand_waiting(case: Case, ids: list[int]) -> None:
    work, finder = Work(), Finder(case)

    def stop(record: QueryRecord, part: Work) -> tuple[Location, RunFacts]:
        if record.id == ids[1]:
            work.cancel()
            part.check()
        return finder(record, part)

    with pytest.raises(Cancelled):
        run_batch(case, stop, work)
    assert states(case) == ["done", "waiting", "waiting"]
    assert run_batch(case, finder) == BatchSummary(2, 0)


def test_what_is_added_or_removed_meanwhile_counts(
    case: Case, ids: list[int], photos: list[Path], tmp_path: Path
) -> None:
    finder = Finder(case)
    late = tmp_path / "late.jpg"
    late.write_bytes(photos[0].read_bytes() + b"\0")

    def locate(record: QueryRecord, work: Work) -> tuple[Location, RunFacts]:
        if record.id == ids[0]:
            case.add([NewPicture.from_file(late)])
            case.edits.remove([ids[1]])
        return finder(record, work)

    assert run_batch(case, locate) == BatchSummary(3, 0)
    assert ids[1] not in finder.seen and len(finder.seen) == 3


def test_a_paused_batch_waits_and_goes_on(case: Case, ids: list[int]) -> None:
    work, finder = Work(), Finder(case)
    work.pause()
    thread = threading.Thread(target=run_batch, args=(case, finder, work))
    thread.start()
    thread.join(0.2)
    assert thread.is_alive() and finder.seen == []
    work.resume()
    thread.join(20)
    assert not thread.is_alive() and states(case) == ["done"] * 3


def test_a_case_that_cannot_be_written_ends_the_batch(case: Case, ids: list[int]) -> None:
    case._database.rows(f"PRAGMA max_page_count = {case._database.rows('PRAGMA page_count')[0][0]}")
    finder = Finder(case)
    with pytest.raises(GleamError, match="full"):
        run_batch(case, finder)
    assert len(finder.seen) == 1 and case.locating is None
    assert states(case) == ["waiting"] * 3
