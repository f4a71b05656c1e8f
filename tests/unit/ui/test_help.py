"""Help where one is: the question marks, and the tour that follows what one does."""

from pathlib import Path
from typing import Any

from PIL import Image

from tests.factories import make_pixels
from tests.windows import drop


def test_compare_and_map_have_their_question_marks(window: Any) -> None:
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
