"""Help where one is: the question marks, and the tour that follows what one does."""

from pathlib import Path
from typing import Any

from PIL import Image
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QSplitter, QWidget

from tests.factories import make_pixels
from tests.windows import drop


def test_compare_and_map_have_their_question_marks(window: Any) -> None:
    assert not window.compare.help.isVisible()  # nothing to compare yet
    assert window.compare.help_when_empty.isVisible()
    window.compare.help_when_empty.click()
    assert window.help.guide.section.id == "compare"
    window.help.open_guide("map")
    window.compare.help.click()
    assert window.help.guide.section.id == "compare"
    window.map.told.emit("help", None)  # what the page tells, see the tests of the map
    assert window.help.guide.section.id == "map"
    window.map.told.emit("centre", [0.0, 0.0])  # all else is not meant for it
    assert window.help.guide.section.id == "map"


def test_the_tour_goes_on_when_a_picture_is_opened(window: Any, qtbot: Any, tmp_path: Path) -> None:
    window.help.tour.start()
    assert window.help.tour.step.id == "query"
    photo = tmp_path / "a.jpg"
    Image.fromarray(make_pixels()).save(photo)
    drop(window, photo)
    qtbot.waitUntil(lambda: window.help.tour.step.id == "imagery", timeout=30_000)


def ring_of(window: Any) -> QRect:
    return window.help.tour._ring.geometry().adjusted(2, 2, -2, -2)


def place_of(window: Any, part: QWidget) -> QRect:
    return QRect(part.mapTo(window, QPoint(0, 0)), part.size())


def test_the_tour_follows_a_panel_that_is_moved_and_closed(window: Any, qtbot: Any) -> None:
    tour = window.help.tour
    tour.start()
    assert ring_of(window) == place_of(window, window.query)
    splitter = window.query.parentWidget()
    while splitter.width() == window.query.width():  # one above another; wanted: side by side
        splitter = splitter.parentWidget()
    assert isinstance(splitter, QSplitter)
    before = ring_of(window)
    splitter.setSizes([size + 100 * (-1) ** n for n, size in enumerate(splitter.sizes())])
    qtbot.waitUntil(
        lambda: ring_of(window) == place_of(window, window.query) != before, timeout=30_000
    )
    window.switches.show("query", False)
    qtbot.waitUntil(tour._ring.isHidden, timeout=30_000)  # it points at nothing
    assert tour.card.isVisible() and window.rect().contains(tour.card.geometry())
    window.switches.show("query")
    qtbot.waitUntil(tour._ring.isVisible, timeout=30_000)
    assert ring_of(window) == place_of(window, window.query)
