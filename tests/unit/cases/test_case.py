"""What a case remembers: queries, decisions, answers, and every step of the analyst."""

import json
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gleam_app.cases.case import Case
from gleam_app.cases.model import Change, Decision, PackUse, RunFacts, TileSetUse
from gleam_app.cases.pictures import NewPicture, read_pictures
from gleam_app.errors import GleamError
from gleam_app.explain.evidence import build_evidence
from gleam_app.explain.explainer import plain_explanation
from gleam_app.imagery.query import load_query, query_from_bytes
from gleam_app.retrieval.results import Location, Verdict
from tests.factories import make_location

FACTS = RunFacts(
    {"top": 10, "heading_deg": None, "region": {"near": [28.0, -82.7, 500.0]}},
    (TileSetUse("demo", {"name": "demo", "sources": [{"given": "map.tif", "sha256": "cd" * 32}]}),),
    (PackUse("gleam-c", "starter 0.2.0", "ef" * 32), PackUse("matcher", "xfeat 0.1.0")),
)


def answer(photo: Path, verdict: Verdict = "verified") -> Location:
    return make_location(verdict, load_query(photo))


def test_a_case_starts_with_its_own_facts(case: Case) -> None:
    facts = case.facts
    assert (facts.title, facts.note) == ("Harbour", "")
    assert len(facts.id) == 36 and facts.created <= facts.changed
    assert case.queries() == [] and not case.read_only
    assert [entry.what for entry in case.journal.entries()] == ["create"]


def test_queries_come_in_their_order_and_once(
    case: Case, ids: list[int], photos: list[Path]
) -> None:
    again = case.add([NewPicture.from_file(path) for path in reversed(photos)])
    assert again == list(reversed(ids))
    listed = case.queries()
    assert [one.id for one in listed] == ids
    assert [one.name for one in listed] == [path.name for path in photos]
    assert {one.state for one in listed} == {"waiting"}
    assert listed[0].sha256 == load_query(photos[0]).sha256
    assert listed[0].path == photos[0] and listed[0].size is None


def test_the_same_picture_twice_in_one_drop(case: Case, photos: list[Path]) -> None:
    one = NewPicture.from_file(photos[0])
    assert len(set(case.add([one, one]))) == 1 and len(case.queries()) == 1


def test_what_is_no_picture_is_told_and_the_rest_read(photos: list[Path]) -> None:
    pictures, errors = read_pictures([photos[0], photos[0].parent, photos[0].with_name("gone.jpg")])
    assert len(pictures) == 1 and len(errors) == 2


def test_an_answer_comes_back_as_it_was(case: Case, ids: list[int], photos: list[Path]) -> None:
    given_ = answer(photos[0])
    run = case.answers.record(ids[0], given_, FACTS)
    back = case.location(ids[0])
    assert back is not None and back.to_json() == given_.to_json()
    assert back.support == given_.support and back.complete
    for one, other in zip(given_.candidates, back.candidates, strict=True):
        plain = {"alignment": None, "thumbnail": None}
        assert replace(one, **plain).__dict__ == replace(other, **plain).__dict__  # type: ignore[arg-type]
    a, b = given_.candidates[0].alignment, back.candidates[0].alignment
    assert a is not None and b is not None
    for name in ("query_points", "window_points", "homography"):
        assert np.array_equal(getattr(a, name), getattr(b, name)), name
    assert a.window_rgb.shape == b.window_rgb.shape
    assert np.abs(a.window_rgb.astype(int) - b.window_rgb).mean() < 4
    assert (a.residual_px, a.coverage, a.matches) == (b.residual_px, b.coverage, b.matches)
    record = case.query(ids[0])
    assert (record.state, record.verdict, record.run) == ("done", "verified", run)
    assert record.lat == given_.candidates[0].lat and record.candidates == 10
    assert record.size == (160, 120) and case.answers.run(run).facts == FACTS
    assert case.answers.tile_sets() == list(FACTS.tile_sets)
    assert case.answers.packs() == list(FACTS.packs)


@pytest.mark.parametrize("verdict", ["verified", "possible", "not_found"])
def test_the_evidence_is_the_same_after_reopening(
    case: Case, ids: list[int], photos: list[Path], verdict: Verdict
) -> None:
    given_ = answer(photos[0], verdict)
    run = case.answers.record(ids[0], given_, FACTS)
    explanation = replace(plain_explanation(given_, given_.candidates[0], "zh"), pack="qwen 1")
    case.answers.record_explanation(run, explanation)
    case.answers.record_explanation(run, plain_explanation(given_, given_.candidates[0], "en"))
    case.close()
    photos[0].unlink()  # the preview stands for it
    with Case.open(case.path) as reopened:
        back = reopened.location(ids[0])
        assert back is not None
        for one, other in zip(given_.candidates, back.candidates, strict=True):
            assert build_evidence(given_, one) == build_evidence(back, other)
        told = reopened.answers.explanations(run)
        assert [one.lang for one in told] == ["en", "zh"] and told[1] == explanation


def test_an_older_answer_is_kept(case: Case, ids: list[int], photos: list[Path]) -> None:
    first = case.answers.record(ids[0], answer(photos[0], "possible"), FACTS)
    case.queue([ids[0]])
    assert case.query(ids[0]).state == "waiting" and case.query(ids[0]).verdict == "possible"
    second = case.answers.record(ids[0], answer(photos[0]), FACTS)
    assert [run.id for run in case.answers.runs(ids[0])] == [first, second]
    assert case.query(ids[0]).verdict == "verified"
    old = case.location(ids[0], first)
    assert old is not None and old.verdict == "possible"


def test_decisions_keep_their_place(case: Case, ids: list[int], photos: list[Path]) -> None:
    run = case.answers.record(ids[0], answer(photos[0]), FACTS)
    case.edits.accept(ids[0], 2)
    case.edits.accept_point(ids[1], -33.5, 151.25, 25.0)
    case.edits.reject([ids[2]])
    second = case.location(ids[0]).candidates[1]  # type: ignore[union-attr]
    decisions = [one.decision for one in case.queries()]
    assert decisions == [
        Decision("accepted", run, 2, second.lat, second.lon, second.radius_m),
        Decision("accepted", None, None, -33.5, 151.25, 25.0),
        Decision("rejected"),
    ]
    assert [one.place for one in case.queries()] == [
        (second.lat, second.lon),
        (-33.5, 151.25),
        None,
    ]
    for bad in (
        lambda: case.edits.accept(ids[1], 1),
        lambda: case.edits.accept_point(ids[1], 91, 0),
    ):
        with pytest.raises(GleamError):
            bad()


def test_undo_and_redo_survive_reopening(case: Case, ids: list[int]) -> None:
    case.edits.set_title("Port")
    case.edits.tag(ids, add=["bridge", " crane "])
    case.edits.tag(ids[:1], remove=["crane"])
    case.edits.set_note(ids[1], "看 here\nand there")
    case.edits.reorder([ids[2], ids[0], ids[1]])
    case.edits.remove([ids[0]])
    assert [one.id for one in case.queries()] == [ids[2], ids[1]]
    assert [one.id for one in case.queries(removed=True)] == [ids[0]]
    case.close()
    with Case.open(case.path) as again:
        names = [again.edits.undo() for _ in range(5)]
        assert names == ["remove", "order", "note", "tags", "tags"]
        assert [one.tags for one in again.queries()] == [(), (), ()]
        assert [one.id for one in again.queries()] == ids
        assert [again.edits.redo() for _ in range(2)] == ["tags", "tags"]
        assert [one.tags for one in again.queries()] == [
            ("bridge",),
            ("bridge", "crane"),
            ("bridge", "crane"),
        ]
        again.edits.reject([ids[0]])  # what was undone is gone now
        assert again.edits.redo_name == "" and again.edits.redo() == ""
        assert again.edits.undo_name == "reject" and again.facts.title == "Port"
        whats = [entry.what for entry in again.journal.entries(limit=8)]
        assert whats == ["undo"] * 5 + ["redo"] * 2 + ["reject"]


@settings(max_examples=12, deadline=None)
@given(steps=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2)), max_size=14))
def test_undo_takes_back_whatever_was_done(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int]]
) -> None:
    """Beside a naive reference: the state after each step, kept whole."""
    folder = tmp_path_factory.mktemp("undo")
    with Case.create(folder / "a.gleamcase") as case:
        ids = case.add([NewPicture(f"{n}.jpg", None, str(n) * 64) for n in range(3)])

        def state() -> Any:
            return case.facts.title, case.facts.note, case.queries()

        seen = [state()]
        for number, (kind, which) in enumerate(steps):
            query = ids[which]
            (
                lambda q=query, n=number: case.edits.set_note(q, f"note {n}"),
                lambda q=query, n=number: case.edits.tag([q, ids[0]], add=[f"tag {n}"]),
                lambda q=query: case.edits.reject([q]),
                lambda n=number: case.edits.accept_point(ids[0], n, -n),
                lambda q=query: case.edits.reorder([q, *(i for i in ids if i != q)]),
                lambda q=query, n=number: case.edits.set_heading(q, 10.0 * n),
                lambda n=number: case.edits.set_title(f"title {n}"),
            )[kind]()
            if state() != seen[-1]:
                seen.append(state())
        for before in reversed(seen[:-1]):
            assert case.edits.undo()
            assert state() == before
        assert case.edits.undo() == ""
        for after in seen[1:]:
            assert case.edits.redo()
            assert state() == after


def test_nothing_changed_is_no_step(case: Case, ids: list[int]) -> None:
    case.edits.set_note(ids[0], "")
    case.edits.reopen(ids)
    case.edits.tag(ids, remove=["never"])
    assert case.edits.undo_name == ""


def test_the_history_tells_what_was_done_and_cannot_be_changed(
    case: Case, ids: list[int], photos: list[Path]
) -> None:
    case.answers.record(ids[0], answer(photos[0]), FACTS)
    case.edits.accept(ids[0], 1)
    case.journal.record("export", format="kml")
    entries = case.journal.entries()
    assert [entry.what for entry in entries] == ["create", "add", "locate", "accept", "export"]
    located, accepted = entries[2], entries[3]
    assert located.query == ids[0] and located.parameters["options"] == dict(FACTS.options)
    assert located.parameters["packs"]["gleam-c"] == "starter 0.2.0"
    assert accepted.parameters["rank"] == 1 and entries[4].parameters == {"format": "kml"}
    assert [one.at for one in entries] == sorted(one.at for one in entries)
    assert (
        case.journal.entries(ids[0]) == entries[2:4]
        and case.journal.entries(limit=1) == entries[4:]
    )
    case.close()
    raw = sqlite3.connect(case.path)
    for statement in ("UPDATE history SET what = 'x'", "DELETE FROM history"):
        with pytest.raises(sqlite3.IntegrityError):
            raw.execute(statement)
    raw.close()


def test_listeners_hear_what_is_committed(case: Case, ids: list[int]) -> None:
    heard: list[Change] = []

    def broken(_: Change) -> None:
        raise RuntimeError("a window that is gone")

    case.journal.listeners += [broken, heard.append]
    case.edits.tag(ids[:2], add=["x"])
    case.edits.undo()
    case.set_locating(ids[0])
    assert case.query(ids[0]).state == "locating"
    case.set_locating(None)
    assert heard == [
        Change("tags", tuple(ids[:2])),
        Change("undo", tuple(ids[:2])),
        Change("locating", (ids[0],)),
        Change("locating", (ids[0],)),
    ]


def test_several_threads_lose_nothing(case: Case, ids: list[int]) -> None:
    def work(number: int) -> None:
        for step in range(20):
            case.edits.tag(ids, add=[f"{number}-{step}"])
            case.queries()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(len(one.tags) == 80 for one in case.queries())
    while case.edits.undo():
        pass
    assert all(one.tags == () for one in case.queries())


def test_where_one_left(case: Case) -> None:
    case.remember("map", {"lat": 28.0, "zoom": 17})
    case.close()
    with Case.open(case.path) as again:
        assert again.recall("map") == {"lat": 28.0, "zoom": 17}
        assert again.recall("none", 3) == 3


def test_pictures_are_found_again_by_their_bytes(
    case: Case, ids: list[int], photos: list[Path]
) -> None:
    assert case.open_query(ids[0]).path == photos[0]
    assert case.query(ids[0]).size == (160, 120) and case.preview(ids[0])
    beside = case.path.parent / photos[0].name
    photos[0].rename(beside)
    assert case.open_query(ids[0]).path == beside
    beside.write_bytes(photos[1].read_bytes())
    with pytest.raises(GleamError, match="has changed"):
        case.open_query(ids[0])
    beside.unlink()
    with pytest.raises(GleamError, match="not where it was"):
        case.open_query(ids[0])


def test_a_picture_can_be_copied_in(case: Case, photos: list[Path]) -> None:
    data = photos[0].read_bytes()
    pasted = query_from_bytes(photos[1].read_bytes(), "pasted.png", "map")
    ids = case.add(
        [
            NewPicture.from_file(photos[0], copy=True),
            NewPicture.from_query(pasted, photos[1].read_bytes()),
        ]
    )
    for photo in photos:
        photo.unlink()
    first, second = (case.open_query(one) for one in ids)
    assert first.sha256 == load_bytes(data) and second.view == "map"
    assert np.array_equal(second.pixels, pasted.pixels)
    assert case.query(ids[1]).size == (160, 120)


def load_bytes(data: bytes) -> str:
    return query_from_bytes(data, "x").sha256


def test_names_that_no_file_can_hold(case: Case, photos: list[Path]) -> None:
    odd = photos[0].with_name("\udcff<b>&.jpg")
    photos[0].rename(odd)
    (query,) = case.add([NewPicture.from_file(odd)])
    record = case.query(query)
    assert record.path is None and record.name.isprintable() and record.name.endswith("<b>&.jpg")
    assert case.open_query(query).size == (160, 120)
    case.edits.set_note(query, "half \ud800 and \0")
    assert case.query(query).note == "half ? and "


def test_a_copy_is_whole(case: Case, ids: list[int], photos: list[Path], tmp_path: Path) -> None:
    case.answers.record(ids[0], answer(photos[0]), FACTS)
    path = tmp_path / "copy.gleamcase"
    case.save_copy(path)
    with Case.open(path) as copy:
        assert copy.queries() == case.queries() and not copy.read_only
        assert copy.facts == case.facts


def test_documents_are_json(case: Case, ids: list[int], photos: list[Path]) -> None:
    case.answers.record(ids[0], answer(photos[0]), FACTS)
    case.close()
    raw = sqlite3.connect(case.path)
    for table in ("history", "tile_set"):
        for (document,) in raw.execute(f"SELECT document FROM {table}"):
            json.loads(document)
    assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
    assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    raw.close()
