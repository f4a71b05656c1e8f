"""The manager on stand-in services: rows, keyboard, what is asked, builds that wait and fail."""

import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from gleam_app.errors import GleamError
from gleam_app.jobs.work import Work
from gleam_app.retrieval.tiles.tileset import SourceRecord
from gleam_app.ui.strings import TEXT, language
from gleam_app.ui.tile_sets.builds import Build

HALF = SimpleNamespace(
    sources=("a.tif",), scales_m=(48.0,), tiles_done=80, tiles=200, area_km2=1.5, pack=""
)


@pytest.fixture
def store(services: Any) -> Any:
    return services._tile_sets


@pytest.fixture
def panel(window: Any, store: Any, qtbot: Any) -> Any:
    window.switches.show_manager(True)
    made = window.manager.panel
    qtbot.waitUntil(lambda: set(made.rows) == {"alpha", "beta"})
    return made


def relist(window: Any, qtbot: Any) -> None:
    with qtbot.waitSignal(window.tile_sets.listed):
        window.tile_sets.refresh(check=True)
    qtbot.waitUntil(lambda: window.jobs.idle)


def word(panel: Any, name: str) -> str:
    return str(panel.rows[name].sign.word.text())


class Making:
    """A build that counts up to where it is held, and ends as told."""

    def __init__(self, error: GleamError | None = None) -> None:
        self.gate, self.error = threading.Event(), error

    def __call__(self, store: Any, encoder: Any, work: Work) -> Any:
        for done in range(100):
            work.report("Embedding tiles", done, 200)
        while not self.gate.wait(0.005):
            work.report("Embedding tiles", 100, 200)
        if self.error is not None:
            raise self.error
        return store.info("alpha")


def test_sets_are_ticked_for_searching_together(window: Any, panel: Any, qtbot: Any) -> None:
    panel.rows["beta"].use.click()
    qtbot.waitUntil(lambda: window.session.tile_set_names == ("beta",))
    panel.rows["alpha"].use.click()
    qtbot.waitUntil(lambda: window.session.tile_set_names == ("beta", "alpha"))
    assert window.toolbar.tile_sets.text().strip().startswith("beta +1")
    assert "3,040" in window.status.tile_set.text()
    panel.rows["beta"].use.click()
    qtbot.waitUntil(lambda: window.session.tile_set_names == ("alpha",))
    panel.rows["alpha"].use.click()
    qtbot.waitUntil(lambda: not window.session.tile_sets)


def test_two_ticks_in_a_row_both_count(window: Any, panel: Any, qtbot: Any) -> None:
    panel.rows["alpha"].use.click()
    panel.rows["beta"].use.click()
    qtbot.waitUntil(lambda: window.session.tile_set_names == ("alpha", "beta"))
    panel.rows["alpha"].use.click()
    panel.rows["beta"].use.click()
    qtbot.waitUntil(lambda: window.jobs.idle)
    assert window.session.tile_set_names == ()


def test_one_that_cannot_be_opened_is_told_and_left_out(
    window: Any, panel: Any, store: Any, qtbot: Any
) -> None:
    window.tile_sets.choose(["nowhere", "beta"])
    qtbot.waitUntil(lambda: window.session.tile_set_names == ("beta",))
    qtbot.waitUntil(window.candidates.notice.isVisible)
    assert "nowhere" in window.candidates.notice.message.text()
    store.infos["alpha"], known = store.infos["alpha"], dict(store.infos)
    del store.infos["alpha"]  # removed behind our back
    panel.rows["alpha"].use.click()
    qtbot.waitUntil(lambda: "alpha" in window.candidates.notice.message.text())
    assert not panel.rows["alpha"].use.isChecked()
    store.infos = known


def test_signs_and_offers_in_both_languages(
    window: Any, panel: Any, store: Any, qtbot: Any
) -> None:
    store.infos["alpha"] = replace(store.infos["alpha"], pack_hash="another")
    store.gone["beta"] = [SourceRecord("/x/<i>area</i>.tif", "/x/a.tif", "map", 1, 1, "x")]
    relist(window, qtbot)
    for code, column in (("en", 0), ("zh", 1)):
        language.choose(code)
        assert word(panel, "alpha") == TEXT["sets.state.other_pack"][column]
        assert word(panel, "beta") == TEXT["sets.state.missing"][column]
        assert panel.rows["alpha"].offer.first.text() == TEXT["sets.reembed"][column]
        assert (
            "<i>area</i>.tif" not in panel.rows["beta"].offer.text.text()
        )  # its folder is x/<i>area<
        assert panel.title.text() == TEXT["sets.title"][column]
    language.choose("en")
    assert panel.rows["beta"].offer.text.textFormat() == Qt.TextFormat.PlainText


def test_the_keyboard_reaches_everything(window: Any, panel: Any, qtbot: Any) -> None:
    first, second = panel.rows["alpha"], panel.rows["beta"]
    first.setFocus()
    QTest.keyClick(first, Qt.Key.Key_Down)
    assert second.hasFocus()
    QTest.keyClick(second, Qt.Key.Key_Return)
    assert second.details.isVisible() and first.details.isHidden()
    QTest.keyClick(second, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.session.tile_set_names == ("beta",))
    QTest.keyClick(second, Qt.Key.Key_Delete)
    assert second.offer.isVisible() and second.offer.second.hasFocus()  # the careful answer
    QTest.keyClick(second, Qt.Key.Key_Up)
    assert first.hasFocus()
    assert "alpha, ready" in first.accessibleName()


def test_removing_asks_once_and_takes_it_out_of_use(
    window: Any, panel: Any, store: Any, qtbot: Any
) -> None:
    window.tile_sets.choose(["alpha", "beta"])
    qtbot.waitUntil(lambda: window.session.tile_set_names == ("alpha", "beta"))
    panel.unfold("alpha")
    panel.rows["alpha"].details.buttons["remove"].click()
    assert "alpha" in store.infos
    panel.rows["alpha"].offer.first.click()
    qtbot.waitUntil(lambda: set(panel.rows) == {"beta"})
    qtbot.waitUntil(lambda: window.session.tile_set_names == ("beta",))


def test_what_verification_finds_is_said_in_the_row(
    window: Any, panel: Any, store: Any, qtbot: Any
) -> None:
    store.error = GleamError("Tile set 'alpha' is damaged.", "Remove it.")
    window.tile_sets.verify("alpha")
    notice = panel.rows["alpha"].notice
    qtbot.waitUntil(notice.isVisible)
    assert notice.message.text() == "Tile set 'alpha' is damaged."
    store.error = None
    window.tile_sets.verify("alpha")
    assert notice.isHidden()
    qtbot.waitUntil(lambda: "alpha is in order" in window.status.message.text())


def test_a_second_build_waits_for_the_first_and_a_photo_for_none(
    window: Any, panel: Any, services: Any, photo: Path, qtbot: Any
) -> None:
    builds = window.manager.builds
    first, second = Making(), Making()
    builds._start(Build("one", "add", 2.0), first)
    builds._start(Build("two", "add", 1.0), second)
    qtbot.waitUntil(lambda: word(panel, "one") == TEXT["sets.state.building"][0])
    qtbot.waitUntil(lambda: "1.00 km² of 2.00 km²" in panel.rows["one"].progress.amount.text())
    assert word(panel, "two") == TEXT["sets.state.waiting"][0]
    assert not panel.rows["one"].use.isEnabled()
    window.tile_sets.choose(["alpha"])
    window.analysis.open_file(photo)
    qtbot.waitUntil(
        lambda: window.session.location is not None and window.session.location.complete
    )
    builds.stop("one")
    qtbot.waitUntil(lambda: word(panel, "two") == TEXT["sets.state.building"][0])
    qtbot.waitUntil(lambda: "one" not in panel.rows)  # nothing of it lies on disk
    second.gate.set()
    qtbot.waitUntil(lambda: not builds.names)
    assert window.session.tile_set_names == ("alpha",)


def test_a_build_that_fails_says_why_where_it_is(
    window: Any, panel: Any, store: Any, qtbot: Any
) -> None:
    for name, place in (("alpha", panel.rows["alpha"].notice), ("fresh", panel.notice)):
        broken = Making(GleamError(f"The disk is full ({name}).", "Free some space."))
        window.manager.builds._start(Build(name, "add", 0.0), broken)
        broken.gate.set()
        qtbot.waitUntil(place.isVisible)
        assert name in place.message.text() and place.hint.text() == "Free some space."
        qtbot.waitUntil(lambda: not window.manager.builds.names)
        assert place.isVisible()


def test_half_built_work_brings_the_manager_up_at_the_start(
    window: Any, store: Any, qtbot: Any
) -> None:
    store.half["beta"] = HALF
    assert window.manager.panel.isHidden()
    window.tile_sets.refresh()
    qtbot.waitUntil(window.manager.panel.isVisible)
    row = window.manager.panel.rows["beta"]
    assert row.offer.first.text() == TEXT["sets.resume"][0]
    row.offer.second.click()
    row.offer.first.click()
    qtbot.waitUntil(lambda: "beta" not in store.half)
    qtbot.waitUntil(lambda: word(window.manager.panel, "beta") == TEXT["sets.state.ready"][0])
    window.switches.show_manager(False)
    window.tile_sets.refresh()
    qtbot.waitUntil(lambda: window.jobs.idle)
    assert window.manager.panel.isHidden()  # it reminds once


def test_the_first_use_teaches(window: Any, store: Any, qtbot: Any) -> None:
    store.infos.clear()
    window.switches.show_manager(True)
    panel = window.manager.panel
    qtbot.waitUntil(lambda: panel.stack.currentWidget() is panel.empty)
    assert panel.empty.button.menu().actions()
