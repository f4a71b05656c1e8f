"""The real window in Chinese, with nothing but keys: from the demo to an export."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QWidget

from gleam_app.services import Services
from gleam_app.ui.cases.export_sheet import ExportSheet
from gleam_app.ui.strings import language

BUILD_MS, LOCATE_MS = 240_000, 300_000
SENTENCE = re.compile(r"[A-Za-z]{2,}(?: [a-z]{2,}){2,}")
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NOTE = "屋顶与小路吻合"


@pytest.fixture
def window(qtbot: Any) -> Iterator[Any]:
    from gleam_app.ui.app import make_application, make_window
    from gleam_app.ui.settings import Settings

    make_application()
    services = Services()
    before = language.code
    Settings(services.home).change(language="zh")
    made = make_window(services)
    made.resize(1366, 768)
    made.show()
    made.activateWindow()
    QTest.qWaitForWindowActive(made)
    made.begin([], demo=False)
    yield made
    made.close()
    services.close()
    made.deleteLater()
    language.choose(before)


def press(key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """One key, where the keyboard is."""
    target = QApplication.focusWidget() or QApplication.activeWindow()
    assert target is not None
    QTest.keyClick(target, key, modifier)


def located(window: Any) -> bool:
    location = window.session.location
    return location is not None and location.complete and not window.session.locating


def english(window: QWidget) -> list[str]:
    """Visible labels with an English sentence in them."""
    labels = [one.text() for one in window.findChildren(QLabel) if one.isVisibleTo(window)]
    return [text for text in labels if SENTENCE.search(text)]


def shoot(window: Any, name: str, tmp_path: Path) -> None:
    """Kept with the test's files, to be looked at."""
    QApplication.processEvents()
    assert window.grab().save(str(tmp_path / f"{name}.png"))


def test_from_the_demo_to_an_export(
    window: Any, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the first start: the tour stands there and is turned by keys, then left
    assert window.help.tour.step is not None
    window.help.tour.card.next.setFocus()
    press(Qt.Key.Key_Space)
    press(Qt.Key.Key_Right)
    assert window.help.tour.step.id == "candidates"
    shoot(window, "1-tour", tmp_path)
    press(Qt.Key.Key_Escape)
    assert window.help.tour.step is None

    # the demo: its imagery is built, its photo located as soon as that is there
    press(Qt.Key.Key_D, CONTROL)
    qtbot.waitUntil(lambda: window.session.query is not None, timeout=20_000)
    qtbot.waitUntil(lambda: bool(window.session.tile_sets), timeout=BUILD_MS)
    qtbot.waitUntil(lambda: located(window), timeout=LOCATE_MS)
    press(Qt.Key.Key_L, CONTROL)
    qtbot.waitUntil(lambda: window.session.locating, timeout=20_000)
    qtbot.waitUntil(lambda: located(window), timeout=LOCATE_MS)
    shoot(window, "2-located", tmp_path)
    assert not english(window)

    # through the candidates and back
    assert window.session.rank == 1
    press(Qt.Key.Key_Down, CONTROL)
    assert window.session.rank == 2
    press(Qt.Key.Key_Up, CONTROL)
    assert window.session.rank == 1
    qtbot.waitUntil(lambda: window.compare.canvas._pair is not None, timeout=20_000)

    # the photo over the map
    qtbot.waitUntil(lambda: window.commands["swipe"].isEnabled(), timeout=20_000)
    press(Qt.Key.Key_S)
    assert window.compare.canvas.mode.name == "SWIPE"
    shoot(window, "3-swipe", tmp_path)

    # the evidence, and the wording if a model is there
    qtbot.waitUntil(lambda: bool(window.session.explain.evidence), timeout=30_000)
    shown = window.explanation.text.toPlainText()
    assert window.session.explain.evidence[0].text_zh in shown and not SENTENCE.search(shown)
    press(Qt.Key.Key_E, CONTROL)
    qtbot.waitUntil(lambda: not window.session.explain.running, timeout=LOCATE_MS)
    assert not english(window)

    # decide, and say why
    qtbot.waitUntil(lambda: window.commands["accept"].isEnabled(), timeout=20_000)
    press(Qt.Key.Key_A)
    qtbot.waitUntil(
        lambda: (
            window.session.record is not None and window.session.record.decision.state == "accepted"
        ),
        timeout=20_000,
    )
    press(Qt.Key.Key_N)
    field = QApplication.focusWidget()
    assert field is window.decision.note
    field.insert(NOTE)  # as an input method does
    press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.session.record.note == NOTE, timeout=20_000)
    shoot(window, "4-decided", tmp_path)

    # the guide opens where one is, and goes with Esc
    press(Qt.Key.Key_F1)
    assert window.help.guide is not None and window.help.guide.isVisible()
    shoot(window.help.guide, "5-guide", tmp_path)
    QTest.keyClick(window.help.guide.contents, Qt.Key.Key_Escape)
    window.activateWindow()
    QTest.qWaitForWindowActive(window)

    # export: the sheet by keys; where to is asked by the system's dialog
    table = tmp_path / "findings.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(table), ""))
    QTest.keyClick(window, Qt.Key.Key_E, CONTROL | SHIFT)
    sheet = window.findChild(ExportSheet)
    assert sheet is not None
    sheet.format.setFocus()
    while sheet.format.currentData() != "csv":
        before = sheet.format.currentIndex()
        QTest.keyClick(sheet.format, Qt.Key.Key_Down)
        assert sheet.format.currentIndex() == before + 1
    shoot(sheet, "6-export", tmp_path)
    assert not english(sheet)
    QTest.keyClick(sheet, Qt.Key.Key_Return)
    qtbot.waitUntil(table.exists, timeout=60_000)
    written = table.read_text(encoding="utf-8-sig")
    assert window.session.query.name in written and NOTE in written


def test_bad_files_are_told_in_chinese(window: Any, qtbot: Any, tmp_path: Path) -> None:
    from tests.windows import drop

    for name, content in (
        ("empty.jpg", b""),
        ("text.jpg", b"not a picture"),
        ("no.gleamcase", b"x"),
    ):
        (tmp_path / name).write_bytes(content)
        drop(window, tmp_path / name)
        qtbot.waitUntil(lambda name=name: name in _said(window), timeout=20_000)
        assert not SENTENCE.search(_said(window)), _said(window)


def _said(window: Any) -> str:
    """What stands in the notices."""
    panels = (window.query, window.candidates, window.cases.panel)
    return " ".join(
        f"{one.notice.message.text()} {one.notice.hint.text()}"
        for one in panels
        if not one.notice.isHidden()
    )
