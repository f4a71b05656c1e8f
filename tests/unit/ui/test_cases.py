"""The case in the window on stand-in services: drops, batch, decisions, files, where one left."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gleam_app.cases.case import Case
from gleam_app.errors import GleamError
from gleam_app.jobs.work import Work
from gleam_app.services import Services
from gleam_app.ui.cases.export_sheet import ExportSheet, Wish
from gleam_app.ui.cases.list_menu import show_all
from gleam_app.ui.cases.pictures import pictures_of
from gleam_app.ui.strings import TEXT
from tests.factories import make_pixels
from tests.windows import drop


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "photos"
    folder.mkdir()
    paths = [folder / f"p{number}.jpg" for number in range(4)]
    for seed, path in enumerate(paths):
        Image.fromarray(make_pixels(160, 120, seed)).save(path)
    return paths


@pytest.fixture
def ready(window: Any, qtbot: Any) -> Any:
    """The window with a tile set chosen."""
    window.tile_sets.choose(["alpha"])
    qtbot.waitUntil(lambda: bool(window.session.tile_sets))
    return window


def states(window: Any) -> list[str]:
    return [one.state for one in window.cases.queries.records]


def located(window: Any, count: int) -> Callable[[], bool]:
    return lambda: states(window) == ["done"] * count


def shown(window: Any, name: str) -> bool:
    session = window.session
    return (
        not session.loading
        and session.record is not None
        and session.record.name == name
        and session.location is not None
    )


@pytest.fixture
def batched(ready: Any, photos: list[Path], qtbot: Any) -> Any:
    """Four photos dropped, located, the first one shown with its answer."""
    drop(ready, *photos)
    qtbot.waitUntil(located(ready, 4), timeout=20_000)
    qtbot.waitUntil(lambda: shown(ready, "p0.jpg"))
    return ready


def test_many_dropped_pictures_are_located_one_after_another(
    batched: Any, services: Any, qtbot: Any
) -> None:
    assert len(services._locator.asked) == 4
    qtbot.waitUntil(lambda: batched.cases.batch.mode == "off")
    panel = batched.cases.panel
    assert not panel.folded and panel.strip.isHidden()
    assert panel.list.currentIndex().row() == 0
    batched.commands["next_query"].trigger()
    qtbot.waitUntil(lambda: shown(batched, "p1.jpg"))
    assert panel.list.currentIndex().row() == 1
    assert len(services._locator.asked) == 4  # what the case holds is shown, not sought again
    qtbot.waitUntil(lambda: bool(batched.session.explain.evidence))


def test_a_list_read_before_the_picture_was_added_is_no_removal(
    batched: Any, tmp_path: Path, qtbot: Any
) -> None:
    queries, reader = batched.cases.queries, threading.Event()
    late = (list(queries.records), "", "", "")
    batched.cases.desk.run(lambda case: reader.wait(30))  # the list is read in turn: later
    fifth = tmp_path / "fifth.jpg"
    Image.fromarray(make_pixels(160, 120, 9)).save(fifth)
    batched.analysis.open_file(fifth)
    qtbot.waitUntil(lambda: shown(batched, "fifth.jpg"))
    queries._take(late, whole=True)
    assert not batched.session.loading and shown(batched, "fifth.jpg")
    reader.set()
    qtbot.waitUntil(lambda: len(queries.records) == 5)
    assert shown(batched, "fifth.jpg")


def test_a_folder_of_pictures_is_queries_and_a_folder_of_imagery_is_not(
    ready: Any, photos: list[Path], qtbot: Any, tmp_path: Path
) -> None:
    assert pictures_of(photos[0].parent, Work()) == photos
    shutil.copy(photos[0], photos[0].parent / ".hidden.jpg")
    assert len(pictures_of(photos[0].parent, Work())) == 4
    (tmp_path / "map").mkdir()
    shutil.copy(photos[0], tmp_path / "map" / "a.jpg")
    (tmp_path / "map" / "a.jgw").write_text("1\n0\n0\n-1\n0\n0\n")
    assert pictures_of(tmp_path / "map", Work()) == []
    tiles = tmp_path / "xyz" / "17" / "35000"
    tiles.mkdir(parents=True)
    shutil.copy(photos[0], tiles / "54000.jpg")
    assert pictures_of(tmp_path / "xyz", Work()) == []
    drop(ready, photos[0].parent)
    qtbot.waitUntil(located(ready, 4), timeout=20_000)


def test_the_batch_pauses_stops_and_goes_on(
    ready: Any, services: Any, photos: list[Path], qtbot: Any
) -> None:
    batch, strip = ready.cases.batch, ready.cases.panel.strip
    services._locator.gate.clear()
    drop(ready, *photos)
    qtbot.waitUntil(lambda: "locating" in states(ready))
    assert strip.pause.isVisible() and strip.words.text().startswith("0 of 4")
    strip.pause.click()
    services._locator.gate.set()  # the one at hand is finished, no other begins
    qtbot.waitUntil(lambda: states(ready).count("done") == 1 and not batch.running)
    qtbot.wait(150)
    assert states(ready).count("waiting") == 3
    assert strip.words.text() == TEXT["batch.paused"][0].format(count=3)
    services._locator.gate.clear()
    strip.resume.click()
    qtbot.waitUntil(lambda: "locating" in states(ready))
    strip.stop.click()
    qtbot.waitUntil(lambda: states(ready).count("waiting") == 3)
    assert batch.mode == "off" and strip.start.isVisible()
    services._locator.gate.set()
    ready.commands["batch"].trigger()
    qtbot.waitUntil(located(ready, 4), timeout=20_000)


def test_a_failure_is_told_in_its_row_and_the_rest_goes_on(
    ready: Any, photos: list[Path], qtbot: Any
) -> None:
    photos[1].write_bytes(b"not a picture")
    drop(ready, *photos)
    qtbot.waitUntil(lambda: states(ready) == ["done", "failed", "done", "done"], timeout=20_000)
    record = ready.cases.queries.records[1]
    assert "p1.jpg" in record.error and record.hint
    Image.fromarray(make_pixels(160, 120, 9)).save(photos[1])
    ready.cases.choose_next(1)
    qtbot.waitUntil(lambda: not ready.query.notice.isHidden())  # there is no such picture any more


def test_what_fails_with_every_query_is_told_once(
    ready: Any, services: Any, photos: list[Path], qtbot: Any
) -> None:
    def refuse(tile_set: Any) -> None:
        raise GleamError("Made with another pack.", "Embed it again.")

    services._locator.check_encoder = refuse
    drop(ready, *photos)
    notice = ready.cases.panel.notice
    qtbot.waitUntil(lambda: not notice.isHidden())
    assert ready.cases.batch.mode == "off" and states(ready) == ["waiting"] * 4


def test_decisions_notes_and_tags_are_steps_that_are_undone(batched: Any, qtbot: Any) -> None:
    session, commands, bar = batched.session, batched.commands, batched.decision
    session.select(2)
    assert bar.accept.text() == "Accept 2"
    commands["accept"].trigger()
    qtbot.waitUntil(lambda: session.record.decision.state == "accepted")
    assert session.record.decision.rank == 2
    assert bar.word.text() == "Candidate 2 accepted" and bar.accept.isHidden()
    bar.note.setText("By the <b>pool</b>")
    bar.note.editingFinished.emit()
    bar.tags.setText("roof， check,")
    bar.tags.editingFinished.emit()
    qtbot.waitUntil(lambda: session.record.tags == ("check", "roof"))
    assert session.record.note == "By the <b>pool</b>"
    for _ in range(3):
        qtbot.waitUntil(commands["undo"].isEnabled)
        commands["undo"].trigger()
    qtbot.waitUntil(lambda: not session.undo_name)
    record = session.record
    assert (record.decision.state, record.note, record.tags) == ("open", "", ())
    assert bar.note.text() == "" and not commands["undo"].isEnabled()
    commands["redo"].trigger()
    qtbot.waitUntil(lambda: session.record.decision.state == "accepted")
    commands["reject"].trigger()
    qtbot.waitUntil(lambda: session.record.decision.state == "rejected")
    assert not commands["redo"].isEnabled()


def test_several_chosen_queries_are_decided_together(batched: Any, qtbot: Any) -> None:
    batched.cases.panel.list.selectAll()
    batched.commands["reject"].trigger()
    records = batched.cases.queries
    qtbot.waitUntil(lambda: all(r.decision.state == "rejected" for r in records.records))
    batched.commands["remove_query"].trigger()
    qtbot.waitUntil(lambda: not records.records)
    assert batched.session.query is None and batched.session.query_id is None
    batched.commands["undo"].trigger()
    qtbot.waitUntil(lambda: len(records.records) == 4)


def test_the_list_sorts_and_filters(batched: Any, qtbot: Any) -> None:
    panel = batched.cases.panel
    ids = panel.listed.ids()
    batched.commands["reject"].trigger()
    qtbot.waitUntil(lambda: batched.session.record.decision.state == "rejected")
    panel.listed.choose_filter(decisions=frozenset({"open"}))
    panel._show_face()
    assert panel.listed.ids() == ids[1:] and panel.detail.text() == "3 of 4"
    panel.listed.choose_filter(verdicts=frozenset({"possible"}))
    panel._show_face()
    assert panel.stack.currentWidget() is panel.none
    show_all(panel.listed, panel._show_face)
    assert panel.listed.ids() == ids
    panel.listed.choose_filter(least=0.98)
    assert panel.listed.ids() == []
    panel.listed.choose_filter(least=0.0)
    panel.listed.choose_order("name")
    assert panel.listed.ids() == ids


def test_an_explanation_and_a_view_are_kept(batched: Any, services: Any, qtbot: Any) -> None:
    batched.commands["explain"].trigger()
    qtbot.waitUntil(lambda: batched.session.explain.explanation is not None)
    batched.cases.choose_next(1)
    qtbot.waitUntil(lambda: shown(batched, "p1.jpg"))
    assert batched.session.explain.explanation is None
    batched.analysis.choose_view("ground")
    batched.cases.choose_next(-1)
    qtbot.waitUntil(lambda: shown(batched, "p0.jpg"))
    qtbot.waitUntil(lambda: batched.session.explain.explanation is not None)
    assert len(services._explainer.asked) == 1
    qtbot.waitUntil(lambda: batched.cases.queries.records[1].view == "ground")
    batched.commands["undo"].trigger()
    qtbot.waitUntil(lambda: batched.cases.queries.records[1].view is None)


@pytest.mark.parametrize("setting", ["view", "heading"])
def test_a_list_read_between_two_quick_choices_does_not_bring_the_first_one_back(
    batched: Any, qtbot: Any, setting: str
) -> None:
    session, analysis, queries = batched.session, batched.analysis, batched.cases.queries
    choose = analysis.choose_view if setting == "view" else analysis.enter_heading
    first, second = ("ground", "panorama") if setting == "view" else (10.0, 20.0)
    seen, left = [], [second]

    def chosen() -> Any:
        return session.query.view if setting == "view" else session.heading_deg

    def kept() -> Any:
        return queries.records[0].view if setting == "view" else queries.records[0].heading_deg

    def choose_again() -> None:
        if left:
            choose(left.pop())

    queries._soon.timeout.connect(choose_again)  # after the list is asked for, before it comes
    session.query_changed.connect(lambda: seen.append(chosen()))
    choose(first)
    qtbot.waitUntil(lambda: kept() == second, timeout=30_000)
    assert chosen() == second
    assert seen == ([first, second] if setting == "view" else [])
    batched.commands["undo"].trigger()
    qtbot.waitUntil(lambda: chosen() == first, timeout=30_000)
    batched.commands["undo"].trigger()
    qtbot.waitUntil(lambda: kept() is None, timeout=30_000)
    assert chosen() == (session.guessed_view if setting == "view" else None)


def test_saving_under_a_name_and_opening_where_one_left(
    batched: Any, services: Services, qtbot: Any, tmp_path: Path
) -> None:
    cases = batched.cases
    untitled = cases.desk.case.path
    assert cases.desk.untitled and untitled.parent == services.home / "cases"
    batched.commands["accept"].trigger()
    qtbot.waitUntil(lambda: batched.session.record.decision.state == "accepted")
    cases.choose_next(2)
    qtbot.waitUntil(lambda: shown(batched, "p2.jpg"))
    batched.session.select(4)
    cases.save_as(tmp_path / "Harbour.gleamcase")
    qtbot.waitUntil(lambda: "Harbour" in batched.windowTitle())
    qtbot.waitUntil(lambda: shown(batched, "p2.jpg") and batched.session.rank == 4)
    assert not untitled.exists()
    cases.new()
    qtbot.waitUntil(lambda: batched.session.query is None and cases.desk.case is None)
    qtbot.waitUntil(lambda: not cases.queries.records)
    assert TEXT["case.untitled"][0] in batched.windowTitle()
    drop(batched, tmp_path / "Harbour.gleamcase")
    qtbot.waitUntil(lambda: shown(batched, "p2.jpg") and batched.session.rank == 4)
    qtbot.waitUntil(lambda: bool(cases.queries.records))
    assert cases.queries.records[0].decision.state == "accepted"
    assert batched._settings.choices.recent_cases == (str(tmp_path / "Harbour.gleamcase"),)


def test_a_case_open_elsewhere_is_shown_read_only(
    window: Any, qtbot: Any, tmp_path: Path, photos: list[Path]
) -> None:
    from gleam_app.cases.pictures import NewPicture

    path = tmp_path / "theirs.gleamcase"
    with Case.create(path) as theirs:
        theirs.add([NewPicture.from_file(photos[0])])
        window.cases.open(path)
        qtbot.waitUntil(lambda: window.session.record is not None)
        assert "read only" in window.windowTitle() and not window.cases.bar.isHidden()
        assert not window.commands["reject"].isEnabled()
        drop(window, photos[1])
        qtbot.waitUntil(lambda: not window.query.notice.isHidden())
        window.cases.save_as(tmp_path / "mine.gleamcase")
        qtbot.waitUntil(lambda: "mine" in window.windowTitle())
        assert not window.session.read_only


def test_a_file_that_is_no_case_is_told_and_the_open_one_stays(
    batched: Any, qtbot: Any, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.gleamcase"
    bad.write_bytes(b"SQLite format 3\0 not really")
    batched.cases.open(bad)
    qtbot.waitUntil(lambda: not batched.query.notice.isHidden())
    assert "bad.gleamcase" in batched.query.notice.message.text()
    qtbot.waitUntil(lambda: shown(batched, "p0.jpg"))
    assert len(batched.cases.queries.records) == 4


def test_an_untitled_case_is_offered_again_and_an_empty_one_leaves_nothing(
    batched: Any, services: Services, qtbot: Any
) -> None:
    from gleam_app.ui.app import make_window

    batched.close()
    assert len(list((services.home / "cases").iterdir())) == 1  # folded into one file
    again = make_window(services)
    try:
        again.show()
        again.begin([], False)
        qtbot.waitUntil(lambda: not again.cases.bar.isHidden())
        assert "4 queries" in again.cases.bar.words.text()
        again.cases.bar.button.click()
        qtbot.waitUntil(lambda: shown(again, "p0.jpg"))
        again.cases.new()
        again.cases.desk.run(lambda case: case.facts)  # one is made, nothing is put into it
        qtbot.waitUntil(lambda: again.cases.desk.case is not None)
    finally:
        again.close()
        again.deleteLater()
    assert len(list((services.home / "cases").iterdir())) == 1


def test_exporting(batched: Any, qtbot: Any, tmp_path: Path) -> None:
    sheet = ExportSheet(batched, 4, [1, 2], [3])
    formats = [sheet.format.itemData(row) for row in range(sheet.format.count())]
    assert formats[0] == "html" and {"geojson", "kmz", "gpkg", "cot", "history"} <= set(formats)
    assert sheet.wish() == Wish("html", ("en",), None, False)
    sheet.lang.setCurrentIndex(2)
    sheet.what.setCurrentIndex(1)
    assert sheet.wish() == Wish("html", ("en", "zh"), (1, 2), False)
    sheet.format.setCurrentIndex(formats.index("kmz"))
    assert sheet.wish().langs == ("en",)  # one language where there is room for one
    sheet.reject()
    out = tmp_path / "out.geojson"
    batched.cases.exports.write(Wish("geojson", ("en",), None, True), out)
    qtbot.waitUntil(out.exists)
    qtbot.waitUntil(lambda: "4 queries, 4 with a place" in batched.status.message.text())
    batched.cases.exports.write(Wish("csv", ("en",), None, False), tmp_path / "no" / "x.csv")
    qtbot.waitUntil(lambda: not batched.cases.panel.notice.isHidden())
