"""The window on stand-in services: opening, locating in waves, selecting, explaining, stopping."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QGuiApplication, QImage

from gleam_app.errors import GleamError
from gleam_app.ui.session import ExplainPhase
from gleam_app.ui.strings import TEXT, language
from gleam_app.ui.theme import theme


@pytest.fixture
def located(window: Any, photo: Path, qtbot: Any) -> Any:
    window.tile_sets.choose(["alpha"])
    qtbot.waitUntil(lambda: bool(window.session.tile_sets))
    window.intake.take_files([photo])
    qtbot.waitUntil(lambda: _complete(window))
    qtbot.waitUntil(lambda: bool(window.session.explain.evidence))
    return window


def _complete(window: Any) -> bool:
    location = window.session.location
    return location is not None and location.complete and not window.session.locating


def test_a_dropped_photo_is_located_at_once(located: Any, services: Any) -> None:
    assert [names for _, names, _ in services._locator.asked] == [["alpha"]]
    assert located.session.rank == 1
    assert located.candidates.list.currentIndex().row() == 0
    assert located.query.view.currentData() is None  # guessed


def test_first_wave_shows_before_verification_and_can_be_stopped(
    window: Any, services: Any, photo: Path, qtbot: Any
) -> None:
    services._locator.gate.clear()
    window.tile_sets.choose(["alpha"])
    window.analysis.open_file(photo)
    qtbot.waitUntil(lambda: window.session.location is not None)
    assert not window.session.location.complete and window.session.locating
    assert window.candidates.model.rowCount() == 10
    assert window.toolbar.locate.text() == TEXT["command.stop"][0]
    window.toolbar.locate.click()
    assert not window.session.locating
    assert window.candidates.model.rowCount() == 10  # what arrived stays
    qtbot.waitUntil(lambda: window.jobs.idle)
    assert not window.session.location.complete


def test_list_map_and_keyboard_stay_in_step(located: Any, qtbot: Any) -> None:
    located.candidates.list.setCurrentIndex(located.candidates.model.index(3))
    assert located.session.rank == 4 and located.map._selected == 4
    located.map.candidate_selected.emit(2)
    assert located.candidates.list.currentIndex().row() == 1
    located.commands["next_candidate"].trigger()
    assert located.session.rank == 3 == located.map._selected
    for _ in range(20):
        located.commands["next_candidate"].trigger()
    assert located.session.rank == 10


def test_another_view_asks_again_only_when_told(located: Any, services: Any, qtbot: Any) -> None:
    located.query.view.setCurrentIndex(2)
    located.query.view.activated.emit(2)
    assert located.session.query.view == "ground" and not located.session.query.view_guessed
    assert located.session.location is None
    located.query.heading.setText("365")
    located.query.heading.editingFinished.emit()
    assert located.query.heading.property("bad")
    located.query.heading.setText("90°")
    located.query.heading.editingFinished.emit()
    located.commands["locate"].trigger()
    qtbot.waitUntil(lambda: _complete(located))
    query, _, options = services._locator.asked[-1]
    assert query.view == "ground" and options.heading_deg == 90.0


def test_explanation_streams_and_is_checked(located: Any, services: Any, qtbot: Any) -> None:
    services._explainer.gate.clear()
    located.commands["explain"].trigger()
    qtbot.waitUntil(lambda: located.session.explain.phase is ExplainPhase.WRITING)
    assert "The points agree" in located.explanation.text.toPlainText()
    assert located.commands["stop"].isEnabled()
    services._explainer.gate.set()
    qtbot.waitUntil(lambda: located.session.explain.phase is ExplainPhase.DONE)
    shown = located.explanation.text.toPlainText()
    assert "<b>It is the moon.</b>" in shown  # model output is text, never markup
    assert f"{TEXT['explain.unsupported'][0]} · cites <no> evidence" in shown
    assert "model 1" in located.explanation.state.text()


def test_an_explanation_is_there_again_when_its_candidate_is(
    located: Any, services: Any, qtbot: Any
) -> None:
    located.commands["explain"].trigger()
    qtbot.waitUntil(lambda: located.session.explain.phase is ExplainPhase.DONE)
    located.session.select(3)
    assert located.session.explain.explanation is None
    located.session.select(1)
    qtbot.waitUntil(lambda: bool(located.session.explain.evidence))
    assert located.session.explain.explanation is not None
    assert len(services._explainer.asked) == 1
    located.commands["locate"].trigger()
    qtbot.waitUntil(lambda: _complete(located))
    assert located.session.explain.explanation is None


def test_explanation_stops(located: Any, services: Any, qtbot: Any) -> None:
    services._explainer.gate.clear()
    located.commands["explain"].trigger()
    qtbot.waitUntil(lambda: located.session.explain.phase is ExplainPhase.WRITING)
    located.explanation.button.click()
    assert located.session.explain.phase is ExplainPhase.STOPPED
    assert "The points agree" in located.explanation.text.toPlainText()
    qtbot.waitUntil(lambda: located.jobs.idle)
    assert located.session.explain.phase is ExplainPhase.STOPPED


def test_evidence_is_there_without_a_model_and_says_so(located: Any, qtbot: Any) -> None:
    located.language_model.look()
    state = located.explanation.state
    qtbot.waitUntil(lambda: state.text() == TEXT["explain.no_model"][0])
    text = located.explanation.text.toPlainText()
    for item in located.session.explain.evidence:
        assert item.text_en in text


def test_pointing_at_a_mark_lights_both_pictures(located: Any) -> None:
    asked: list[Any] = []
    located.compare.highlight_evidence = lambda *regions: asked.append(regions)
    located.explanation.text.highlighted.emit(QUrl("ev:E2"))
    located.explanation.text.highlighted.emit(QUrl())
    assert asked[0][0] and asked[0][1] and asked[1] == (None, None)


def test_errors_appear_in_their_panel_and_the_window_goes_on(
    located: Any, services: Any, qtbot: Any
) -> None:
    services._locator.error = GleamError("Made with <b>another</b> pack.", "Add it again.")
    located.commands["locate"].trigger()
    notice = located.candidates.notice
    qtbot.waitUntil(lambda: not notice.isHidden())
    assert notice.message.text() == "Made with <b>another</b> pack."
    assert not located.session.locating
    services._locator.error = None
    located.commands["locate"].trigger()
    qtbot.waitUntil(lambda: _complete(located))
    assert notice.isHidden()


def test_pasting(window: Any, photo: Path, qtbot: Any) -> None:
    clipboard = QGuiApplication.clipboard()
    clipboard.clear()
    window.commands["paste"].trigger()
    assert not window.query.notice.isHidden()
    clipboard.setImage(QImage(str(photo)))
    window.commands["paste"].trigger()
    qtbot.waitUntil(lambda: window.session.query is not None)
    assert window.query.notice.isHidden() and window.session.query.path is None
    files = QMimeData()
    files.setUrls([QUrl.fromLocalFile(str(photo))])
    clipboard.setMimeData(files)
    window.commands["paste"].trigger()
    qtbot.waitUntil(lambda: window.session.query.path == photo)


def test_coordinates_are_copied_in_the_chosen_format(located: Any) -> None:
    located.preferences.choose_coordinates("mgrs")
    located.commands["copy_coordinates"].trigger()
    copied = QGuiApplication.clipboard().text()
    assert copied == located.candidates.model.position(located.session.candidate)
    located.preferences.choose_coordinates("dd")
    located.commands["copy_coordinates"].trigger()
    assert copied != QGuiApplication.clipboard().text()


def test_language_and_theme_switch_live_and_are_kept(located: Any, services: Any) -> None:
    located.commands["switch_language"].trigger()
    located.commands["switch_theme"].trigger()
    assert language.code == "zh" and theme.dark
    assert located.query.title.text() == "查询图像"
    assert located.commands["open"].text() == "打开图像…"
    stored = (services.home / "settings.json").read_text(encoding="utf-8")
    assert '"zh"' in stored and '"dark"' in stored
    located.preferences.choose_theme("light")
    located.preferences.choose_language("en")


def test_panels_hide_and_come_back(window: Any) -> None:
    panels = window.layout_of_panels.panels
    manager = panels["tile_sets"]
    window.commands["show_tile_sets"].trigger()
    assert manager.isVisible()  # it is there when wanted
    for name, panel in panels.items():
        window.commands[f"show_{name}"].trigger()
        assert panel.isHidden()
    assert window.layout_of_panels.left.isHidden() and window.layout_of_panels.bottom.isHidden()
    window.commands["reset_layout"].trigger()
    assert [name for name, panel in panels.items() if panel.isHidden()] == ["tile_sets"]
    assert window.commands["show_query"].isChecked()


def test_closing_in_the_middle_of_work_is_clean(
    window: Any, services: Any, photo: Path, qtbot: Any
) -> None:
    services._locator.gate.clear()
    window.tile_sets.choose(["alpha"])
    window.analysis.open_file(photo)
    qtbot.waitUntil(lambda: window.session.locating)
    window.close()
    assert (services.home / "window.ini").exists()


def test_what_the_encoder_lacks_for_a_view_is_said_beside_it(
    located: Any, services: Any, qtbot: Any
) -> None:
    from gleam_app.retrieval.support import caution
    from gleam_app.ui.panels.view_box import MARK_ROLE

    panel, session = located.query, located.session
    session.set_support(
        {"uav": "trained", "map": "trained", "panorama": "experimental", "ground": "untrained"}
    )
    marks = [panel.view.itemData(row, MARK_ROLE) for row in range(panel.view.count())]
    assert marks == [
        None,
        None,
        TEXT["view.untrained"][0],
        TEXT["view.experimental"][0],
        None,
    ]
    assert panel.caution.isHidden() and located.candidates.caution.isHidden()
    for row, view in ((2, "ground"), (3, "panorama")):
        panel.view.setCurrentIndex(row)
        panel.view.activated.emit(row)
        assert panel.caution.isVisible()
        for code in ("en", "zh"):
            language.choose(code)
            said = caution(session.support[view], view, code)  # type: ignore[arg-type]
            assert panel.caution.words.text() == said
        language.choose("en")


def test_candidates_of_a_view_hardly_trained_show_no_confidence(located: Any) -> None:
    from dataclasses import replace

    from gleam_app.ui.panels.candidate_row import CONFIDENCE_ROLE

    before = located.session.location
    bare = tuple(replace(one, method="retrieval", confidence=0.0) for one in before.candidates)
    query = replace(before.query, view="panorama")
    made = replace(
        before, query=query, candidates=bare, verdict="unverified", confidence=0.0,
        support="experimental",
    )  # fmt: skip
    located.session.set_location(made)
    panel = located.candidates
    assert panel.caution.isVisible() and "simulated imagery" in panel.caution.words.text()
    assert panel._sentence.text() == TEXT["candidates.summary.unverifiable"][0]
    assert panel.model.index(0).data(CONFIDENCE_ROLE) == ""
    assert "unknown" in panel.model.index(0).data()
    located.session.set_location(replace(made, support="trained"))
    assert panel.caution.isHidden()
    assert panel.model.index(0).data(CONFIDENCE_ROLE) == "<0.01"


def test_a_guess_that_nothing_backs_is_changed_in_one_click(located: Any, qtbot: Any) -> None:
    panel = located.query
    assert panel.view.currentText() == "Auto: UAV" and panel.unsigned.isVisible()
    panel.unsigned.click()
    assert located.session.query.view == "ground" and not located.session.query.view_guessed
    assert panel.view.currentData() == "ground" and panel.unsigned.isHidden()
    panel.view.setCurrentIndex(3)
    panel.view.activated.emit(3)
    assert panel.heading.toolTip() == TEXT["query.heading.hint.panorama"][0]
