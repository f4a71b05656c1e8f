"""What a screen reader is told, how Tab goes through the window, and that a Chinese window is Chinese.

The window is walked through the interface that AT-SPI speaks with (``QAccessible``).
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QScrollBar,
    QWidget,
)

from gleam_app.errors import GleamError
from gleam_app.ui.strings import language
from gleam_app.ui.theme import DARK, LIGHT, Tokens

VERDICTS = ("verified", "strong", "possible", "unverified", "not_found")
PATIENCE_MS = 30_000
ICON_ONLY = Qt.ToolButtonStyle.ToolButtonIconOnly
SENTENCE = re.compile(r"[A-Za-z]{2,}(?: [a-z]{2,}){2,}")
# said by the stand-ins of these tests, as a model or a file would say it
FOREIGN = ("The points agree", "It is the moon", "cites <no> evidence", "fake 1")


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, of two colours "#RRGGBB"."""

    def luminance(colour: str) -> float:
        channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.fixture
def busy_window(window: Any, photo: Path, qtbot: Any) -> Iterator[Any]:
    """With all there is to show: a located query, an explanation, tile sets, errors, the tour."""
    window.resize(1366, 768)
    window.begin([], demo=False)
    qtbot.waitUntil(lambda: len(window.manager.panel.rows) == 2, timeout=PATIENCE_MS)
    window.manager.panel.rows["alpha"].use.click()
    qtbot.waitUntil(lambda: bool(window.session.tile_sets), timeout=PATIENCE_MS)
    window.intake.take_files([photo])
    qtbot.waitUntil(
        lambda: window.session.location is not None and not window.session.locating,
        timeout=PATIENCE_MS,
    )
    window.switches.show_manager(True)
    window.decision.write.setChecked(True)
    window.analysis.explain()
    qtbot.waitUntil(lambda: not window.session.explain.running, timeout=PATIENCE_MS)
    bad = GleamError("a.jpg is empty (0 bytes).", "Copy or download the file again.")
    for place in ("query", "candidates", "explanation", "queries", "sets:alpha"):
        window.trouble.show(place, bad)
    window.trouble.show("candidates", PermissionError(13, "Permission denied", "/x/y"))
    yield window


def reachable(window: QWidget) -> list[QWidget]:
    """Visible controls that take the keyboard, without those inside other controls."""
    return [
        widget
        for widget in window.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.isVisibleTo(window)
        and not isinstance(widget, QScrollBar)
        and not isinstance(widget.parentWidget(), QComboBox)
        and "WebEngine" not in type(widget.parentWidget()).__name__
        and widget.focusProxy() is None
    ]


@pytest.mark.parametrize("code", ["en", "zh"])
def test_every_control_has_a_name_and_a_role(busy_window: Any, code: str) -> None:
    language.choose(code)
    nameless = []
    for widget in reachable(busy_window):
        interface = QAccessible.queryAccessibleInterface(widget)
        name = interface.text(QAccessible.Text.Name)
        if not name.strip() or interface.role() == QAccessible.Role.NoRole:
            nameless.append(f"{type(widget).__name__} in {type(widget.parentWidget()).__name__}")
    assert not nameless
    assert len(reachable(busy_window)) > 30


def test_tab_goes_through_the_panels_in_reading_order(busy_window: Any) -> None:
    window = busy_window
    parts = {
        "toolbar": window.toolbar, "queries": window.cases.panel, "query": window.query,
        "candidates": window.candidates, "map": window.map, "compare": window.compare,
        "explanation": window.explanation, "tile sets": window.manager.panel,
    }  # fmt: skip
    order: list[str] = []
    widget = start = window.toolbar
    while True:
        for name, part in parts.items():
            if (widget is part or part.isAncestorOf(widget)) and name not in order:
                order.append(name)
        widget = widget.nextInFocusChain()
        if widget is start:
            break
    assert order == list(parts)


def texts(window: QWidget) -> Iterator[tuple[str, str]]:
    """(where, words) of all that is shown or told: texts, tooltips, names, menus."""
    for widget in window.findChildren(QWidget):
        if not widget.isVisibleTo(window) and not isinstance(widget, QMenu):
            continue
        where = f"{type(widget).__name__} {widget.objectName()}"
        yield where, widget.toolTip()
        yield where, widget.accessibleName()
        yield where, widget.accessibleDescription()
        if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
            yield where, widget.text()
        if isinstance(widget, QLineEdit):
            yield where, widget.placeholderText()
        if isinstance(widget, QComboBox):
            yield from ((where, widget.itemText(row)) for row in range(widget.count()))
        if isinstance(widget, QMenu):
            yield where, widget.title()
    for action in window.findChildren(QAction):
        yield f"action {action.objectName()}", action.text()
        yield f"action {action.objectName()}", action.toolTip()


def test_a_chinese_window_has_no_english_sentence(busy_window: Any, qtbot: Any) -> None:
    window = busy_window
    for dialog in window.findChildren(QDialog):
        dialog.close()
    language.choose("zh")
    QTest.qWait(200)  # shortened labels set their tooltips when they are painted
    window.help.tour.start()
    window.help.open_guide()
    shown = [*texts(window)]
    for turn in range(6):
        window.help.tour.turn(1)
        if turn < 5:
            shown += texts(window.help.tour.card)
    shown += texts(window.help.guide)
    window.cases.exports.ask()
    for dialog in window.findChildren(QWidget):
        if dialog.isWindow() and dialog.isVisible():
            shown += texts(dialog)
            if dialog is not window.help.guide:
                dialog.close()
    window.help.guide.close()
    english = {
        (where, words)
        for where, words in shown
        if SENTENCE.search(words) and not any(one in words for one in FOREIGN)
    }
    assert not english
    assert window.query.notice.message.text() == "a.jpg 是空文件（0 字节）。"


def test_errors_change_their_language_where_they_stand(busy_window: Any) -> None:
    notice = busy_window.query.notice
    language.choose("zh")
    chinese = notice.message.text()
    language.choose("en")
    assert notice.message.text() == "a.jpg is empty (0 bytes)." != chinese


@pytest.mark.parametrize("code", ["en", "zh"])
def test_nothing_is_cut_off_in_a_small_window(busy_window: Any, code: str) -> None:
    """1366 x 768 is also what a 2732 x 1536 screen leaves at 200 %."""
    language.choose(code)
    QTest.qWait(100)  # the layouts follow the words
    window = busy_window
    window.manager.panel.rows["alpha"].notice.clear()
    assert window.minimumSizeHint().width() <= 1366 and window.minimumSizeHint().height() <= 768
    cut = []
    for button in window.findChildren(QAbstractButton):
        inside = button.parentWidget()
        scrolls = any(
            isinstance(one, QAbstractScrollArea)
            for one in (inside, inside and inside.parentWidget())
        )
        style = getattr(button, "toolButtonStyle", lambda: None)()
        if button.isVisibleTo(window) and button.text() and style != ICON_ONLY and not scrolls:
            need = button.fontMetrics().horizontalAdvance(button.text().strip())
            if button.width() < need:
                cut.append((button.text(), button.width(), need))
    assert not cut


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_signs_and_rings_stand_out(tokens: Tokens) -> None:
    """Text 4.5 to 1, signs and the ring around what has the keyboard 3 to 1 (WCAG 2.2 AA)."""
    on_colour = tokens.window if tokens is DARK else tokens.panel  # as the map page has it
    for verdict in VERDICTS:
        colour = getattr(tokens, verdict)
        assert contrast(on_colour, colour) >= 4.5, f"selected badge on the map: {verdict}"
        assert contrast(colour, tokens.panel) >= 3.0
    for ground in ("window", "panel", "raised", "notice", "selected"):
        assert contrast(tokens.accent, getattr(tokens, ground)) >= 3.0, f"focus ring on {ground}"
        assert contrast(tokens.text, getattr(tokens, ground)) >= 4.5
    assert contrast(tokens.text, tokens.panel) >= 3.0  # ring of a filled button
    assert contrast(tokens.on_accent, tokens.accent_hover) >= 4.5
