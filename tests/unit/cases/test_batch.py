"""The batch: states, failures, stops, pauses, and what changes meanwhile."""

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gleam_app.cases.batch import BatchSummary, locate_with, run_batch
from gleam_app.cases.case import Case
from gleam_app.cases.model import QueryRecord, RunFacts
from gleam_app.cases.pictures import NewPicture
from gleam_app.errors import Cancelled, GleamError
from gleam_app.imagery.query import Query
from gleam_app.jobs.work import Progress, Work
from gleam_app.retrieval.locate import LocateOptions
from gleam_app.retrieval.regions import Region
from gleam_app.retrieval.results import Location
from gleam_app.retrieval.tiles.tileset import SourceRecord, TileSetInfo
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


class OneSetLocator:
    """Stands for the real one: notes what it is asked, and knows only tile sets of its own encoder."""

    def __init__(self) -> None:
        self.encoder = SimpleNamespace(pack=pack("gleam-c", "starter 0.2.0", "aa"))
        self.matcher = SimpleNamespace(pack=pack("matcher", "xfeat 0.1.0", "bb"))
        self.asked: list[tuple[Query, LocateOptions]] = []

    def check_encoder(self, tile_set: Any) -> None:
        if tile_set.info.pack_hash != "aa":
            raise GleamError("That tile set is of another encoder.")

    def locate(self, query: Query, tile_sets: Any, options: LocateOptions, work: Work) -> Location:
        work.report("Comparing with the tiles")
        self.asked.append((query, options))
        return make_location("strong", query)


def pack(kind: str, label: str, sha256: str) -> Any:
    return SimpleNamespace(manifest=SimpleNamespace(kind=kind), label=label, hash=sha256)


def tile_set(pack_hash: str) -> Any:
    source = SourceRecord("map.tif", "/map.tif", "map", 1, 1, "cd" * 32)
    info = TileSetInfo("demo", [source], 1, [72.0], 0.1, "starter 0.2.0", pack_hash, 8, None)
    return SimpleNamespace(info=info)


def test_the_locator_is_asked_for_what_the_analyst_chose(case: Case, ids: list[int]) -> None:
    locator: Any = OneSetLocator()
    case.edits.set_heading(ids[0], 370.0)
    case.edits.set_view([ids[1]], "map")
    options = LocateOptions(heading_deg=90.0, region=Region(near=(28.0, -82.7, 500.0)))
    run_batch(case, locate_with(case, locator, [tile_set("aa")], options))
    assert [asked.heading_deg for _, asked in locator.asked] == [10.0, 90.0, 90.0]
    assert [(query.view, query.view_guessed) for query, _ in locator.asked][1] == ("map", False)
    run = case.answers.runs(ids[0])[0]
    assert run.facts.options["heading_deg"] == 10.0
    assert run.facts.options["region"]["near"] == [28.0, -82.7, 500.0]
    assert [(one.kind, one.label, one.sha256) for one in run.facts.packs] == [
        ("gleam-c", "starter 0.2.0", "aa"), ("matcher", "xfeat 0.1.0", "bb")
    ]  # fmt: skip
    (searched,) = case.answers.tile_sets()
    assert searched.document["sources"][0]["sha256"] == "cd" * 32


def test_what_would_fail_with_every_query_fails_at_once(case: Case, ids: list[int]) -> None:
    locator: Any = OneSetLocator()
    with pytest.raises(GleamError, match="another encoder"):
        locate_with(case, locator, [tile_set("aa"), tile_set("zz")], LocateOptions())
    with pytest.raises(GleamError, match="No source"):
        locate_with(
            case, locator, [tile_set("aa")], LocateOptions(region=Region(sources=("x.tif",)))
        )
    assert states(case) == ["waiting"] * 3
