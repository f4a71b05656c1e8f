"""The tour: every card points at something, can be turned and left by keyboard, and blocks nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QGridLayout, QPushButton, QWidget

from gleam_app.ui.strings import language, tr
from gleam_app.ui.tour.card import place
from gleam_app.ui.tour.tour import STEPS, Tour

PARTS = ("query", "toolbar", "candidates", "compare", "explanation", "decision")


@pytest.fixture
def window(qtbot: Any) -> Iterator[QWidget]:
    before = language.code
    language.choose("en")
    made = QWidget()
    grid = QGridLayout(made)
    for number, name in enumerate(PARTS):
        part = QPushButton(name)
        part.setObjectName(name)
        part.setMinimumSize(120, 120)
        grid.addWidget(part, number // 3, number % 3)
    made.resize(1100, 700)
    qtbot.addWidget(made)
    made.show()
    yield made
    language.choose(before)


@pytest.fixture
def tour(window: QWidget) -> Tour:
    parts = {name: [window.findChild(QPushButton, name)] for name in PARTS}
    return Tour(window, parts, lambda _: None, lambda: "F1")


def test_every_card_has_words_and_stands_inside_the_window(tour: Tour, window: QWidget) -> None:
    tour.start()
    for number, step in enumerate(STEPS, 1):
        assert tour.step == step and tour.card is not None and tour._ring is not None
        assert tour.card.title.text() == tr(f"tour.{step.id}.title")
        assert str(number) in tour.card.count.text() and "{" not in tour.card.text.text()
        assert window.rect().contains(tour.card.geometry())
        part = window.findChild(QPushButton, step.parts)
        assert tour._ring.geometry().contains(part.geometry())
        assert not tour.card.geometry().intersects(part.geometry())
        tour.turn(1)
    assert tour.step is None


def test_it_is_turned_and_left_by_keyboard(tour: Tour, qtbot: Any) -> None:
    tour.start()
    card = tour.card
    assert card is not None and card.next.hasFocus()
    qtbot.keyClick(card.next, Qt.Key.Key_Space)
    assert tour.step == STEPS[1]
    qtbot.keyClick(card.next, Qt.Key.Key_Left)
    assert tour.step == STEPS[0]
    qtbot.keyClick(card, Qt.Key.Key_Left)  # before the first one is nothing
    assert tour.step == STEPS[0]
    with qtbot.waitSignal(tour.ended):
        qtbot.keyClick(card, Qt.Key.Key_Escape)
    assert tour.step is None


def test_it_goes_on_once_what_it_asks_for_has_happened(tour: Tour) -> None:
    tour.done("query")  # before it has begun, nothing
    assert tour.step is None
    tour.start()
    tour.demo_wanted.connect(lambda: tour.done("query"))  # the demo's picture comes at once
    tour._open_demo()
    assert tour.step == STEPS[1]
    tour.done("query")  # another picture
    assert tour.step == STEPS[1]


def test_what_lies_beneath_can_be_used_meanwhile(tour: Tour, window: QWidget, qtbot: Any) -> None:
    tour.start(focus=False)
    assert tour.card is not None and not tour.card.isAncestorOf(window.focusWidget() or window)
    pressed = []
    part = window.findChild(QPushButton, "query")
    part.clicked.connect(lambda: pressed.append(True))
    under = window.childAt(part.geometry().center())
    assert under is part  # the ring lets the mouse through
    qtbot.mouseClick(part, Qt.MouseButton.LeftButton)
    assert pressed and tour.step == STEPS[0]


def test_the_demo_leads_on(tour: Tour, qtbot: Any) -> None:
    tour.start()
    assert tour.card is not None and tour.card.demo.isVisible()
    with qtbot.waitSignal(tour.demo_wanted):
        qtbot.mouseClick(tour.card.demo, Qt.MouseButton.LeftButton)
    assert tour.step == STEPS[1] and not tour.card.demo.isVisible()


def test_a_part_that_is_hidden_is_not_pointed_at(tour: Tour, window: QWidget) -> None:
    window.findChild(QPushButton, "query").hide()
    tour.start()
    assert tour.card is not None and window.rect().contains(tour.card.geometry())


def test_language_and_size_may_change_on_the_way(tour: Tour, window: QWidget) -> None:
    tour.start()
    tour.turn(2)
    assert tour.card is not None and tour.card.verdicts.isVisible()
    language.choose("zh")
    assert tour.card.title.text() == tr("tour.candidates.title")
    window.resize(700, 560)
    assert window.rect().contains(tour.card.geometry())


boxes = st.tuples(
    st.integers(0, 900), st.integers(0, 500), st.integers(1, 900), st.integers(1, 500)
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(boxes, st.integers(100, 400), st.integers(80, 300))
def test_a_card_is_always_whole_in_sight(
    anchor: tuple[int, int, int, int], width: int, height: int
) -> None:
    room = QRect(0, 0, 1366, 768)
    corner = place(QSize(width, height), QRect(*anchor), room)
    assert room.contains(QRect(corner, QSize(width, height)))
