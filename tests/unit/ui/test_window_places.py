"""Places and metadata in the window: the demo's photos as a drone would have signed them."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from gleam_app.home import resources_dir
from gleam_app.ui.strings import language
from tests.factories import LAT, LON

HOSTILE = "<b>GIMP</b> <img src=x>"


def signed(folder: Path, lat: float, lon: float, name: str = "drone.jpg") -> Path:
    """A demo photo with the facts of a drone 92 m over (lat, lon), looking straight down."""

    def parts(value: float) -> tuple[float, float, float]:
        degrees, rest = divmod(abs(value), 1.0)
        minutes, rest = divmod(rest * 60.0, 1.0)
        return degrees, minutes, rest * 60.0

    exif = Image.Exif()
    exif[271], exif[272], exif[305] = "DJI", "FC300S", HOSTILE
    exif.get_ifd(0x8769).update({36867: "2024:05:01 12:00:00", 41989: 24})
    exif.get_ifd(0x8825).update({1: "N", 2: parts(lat), 3: "W", 4: parts(lon), 31: 4.0})
    xmp = b'<a d:RelativeAltitude="+92.0" d:GimbalYawDegree="40.0" d:GimbalPitchDegree="-90.0"/>'
    path = folder / name
    with Image.open(resources_dir() / "demo" / "queries" / "photo-01.jpg") as photo:
        photo.save(path, exif=exif, xmp=xmp)
    return path


@pytest.fixture
def locate(window: Any, qtbot: Any) -> Any:
    """Opens a picture and waits for its answer."""

    def run(path: Path) -> Any:
        if not window.session.tile_sets:
            window.tile_sets.choose(["alpha"])
            qtbot.waitUntil(lambda: bool(window.session.tile_sets))
        window.analysis.open_file(path)
        qtbot.waitUntil(
            lambda: (
                window.session.query is not None
                and window.session.query.name == path.name
                and window.session.location is not None
                and window.session.location.complete
                and not window.session.locating
            )
        )
        return window

    return run


def page_text(window: Any) -> str:
    from PySide6.QtWidgets import QLabel

    labels = window.map_tools.file_facts.page.findChildren(QLabel)
    return "\n".join(label.text() for label in labels if not label.isHidden())


def test_a_file_far_from_the_answer_is_told_clearly(locate: Any, tmp_path: Path) -> None:
    window = locate(signed(tmp_path, LAT + 0.004, LON))
    caution = window.map_tools.file_facts.caution
    assert caution.isVisible() and "from candidate 1" in caution.words.text()
    window.commands["file_facts"].trigger()
    assert not caution.isVisible(), "the page says it at length"
    text = page_text(window)
    assert "44" in text and "One of the two is wrong." in text
    assert "covers about 130 m × 100 m" in text
    assert HOSTILE in text, "as text, never as markup"
    assert "Locating reads none of this." in text
    language.choose("zh")
    assert "两者必有一误" in page_text(window)
    window.commands["file_facts"].trigger()
    assert window.query.stack.currentWidget() is window.query.picture


def test_a_file_that_fits_is_no_warning(locate: Any, tmp_path: Path) -> None:
    window = locate(signed(tmp_path, LAT, LON))
    assert not window.map_tools.file_facts.caution.isVisible()
    window.commands["file_facts"].trigger()
    text = page_text(window)
    assert "Candidate 1 fits the file's position" in text
    assert "By its file, up in the picture is towards 040.0° NE" in text, "the answer has 087.4° E"
    assert "A weak sign by itself" in text
    language.choose("zh")
    assert "仅此一点说明力有限" in page_text(window)


def test_locating_reads_no_gps_until_it_is_asked_to(
    locate: Any, tmp_path: Path, services: Any, qtbot: Any
) -> None:
    window = locate(signed(tmp_path, LAT, LON))
    assert services._locator.asked[-1][2].region.everywhere
    tools = window.map_tools.file_facts
    tools.page.near.click()
    qtbot.waitUntil(lambda: len(services._locator.asked) == 2 and not window.session.locating)
    near = services._locator.asked[-1][2].region.near
    assert near == pytest.approx((LAT, LON, 500.0), abs=1e-6)
    assert tools.near_bar.isVisible() and "500 m" in tools.near_bar.words.text()
    tools.near_bar.stop.click()
    qtbot.waitUntil(lambda: len(services._locator.asked) == 3 and not window.session.locating)
    assert services._locator.asked[-1][2].region.everywhere and not tools.near_bar.isVisible()
    tools.page.near.click()
    qtbot.waitUntil(lambda: not window.session.locating)
    locate(signed(tmp_path, LAT, LON + 0.001, "next.jpg"))
    assert services._locator.asked[-1][2].region.everywhere, "a restriction is of one query"


def test_the_files_position_is_copied_in_the_format_in_use(locate: Any, tmp_path: Path) -> None:
    window = locate(signed(tmp_path, LAT, LON))
    window.preferences.choose_coordinates("utm")
    window.commands["copy_gps"].trigger()
    assert QGuiApplication.clipboard().text().startswith("17N ")
    assert "17N" in window.status.message.text()


def test_a_photo_without_facts_offers_nothing_of_its_position(locate: Any) -> None:
    window = locate(resources_dir() / "demo" / "queries" / "photo-02.jpg")
    assert not window.commands["copy_gps"].isEnabled()
    window.commands["file_facts"].trigger()
    text = page_text(window)
    assert "No camera, time or position." in text and "Search only around" not in text
    assert not window.map_tools.file_facts.page.near.isVisible()


def test_go_to_measure_and_units_by_their_keys(window: Any, qtbot: Any) -> None:
    tools = window.map_tools
    window.commands["go_to"].trigger()
    assert tools.go_to.bar.isVisible() and window.focusWidget() is tools.go_to.bar.field
    QTest.keyClick(tools.go_to.bar.field, Qt.Key.Key_M)
    assert tools.go_to.bar.field.text() == "m" and not window.commands["measure"].isChecked()
    tools.go_to.bar.field.setText("31U DQ 48251 11932")
    QTest.keyClick(tools.go_to.bar.field, Qt.Key.Key_Return)
    assert tools.go_to.mark is not None and 48 < tools.go_to.mark.lat < 49
    tools.go_to.bar.field.setText("91, 0")
    assert tools.go_to.bar.field.property("bad") and not tools.go_to.bar.go.isEnabled()
    QTest.keyClick(tools.go_to.bar.field, Qt.Key.Key_Escape)
    assert not tools.go_to.bar.isVisible()
    QTest.keyClick(window.candidates, Qt.Key.Key_M)
    assert tools.measure.bar.isVisible() and "Click on the map" in tools.measure.bar.readout.text()
    window.preferences.choose_units("imperial")
    assert tools.measure.units == "imperial" and window.map._units == "imperial"
    QTest.keyClick(tools.measure.bar, Qt.Key.Key_Escape)
    assert not window.commands["measure"].isChecked()


def test_a_point_of_the_map_of_all_opens_its_query(
    locate: Any, window: Any, tmp_path: Path, qtbot: Any
) -> None:
    locate(signed(tmp_path, LAT, LON, "first.jpg"))
    locate(signed(tmp_path, LAT, LON + 0.002, "second.jpg"))
    qtbot.waitUntil(lambda: len(window.cases.queries.records) == 2)
    window.commands["all_queries"].trigger()
    first = next(one for one in window.cases.queries.records if one.name == "first.jpg")
    window.map.told.emit("query", first.id)
    qtbot.waitUntil(lambda: window.session.query.name == "first.jpg")
    window.map.told.emit("query", 999)  # gone meanwhile
    qtbot.wait(50)
    assert window.session.query.name == "first.jpg"


def test_all_lengths_are_in_the_units_in_use(locate: Any, tmp_path: Path, qtbot: Any) -> None:
    from gleam_app.ui.compare.words import candidate_caption
    from gleam_app.ui.map.words import candidate_tip
    from gleam_app.ui.panels.candidate_row import detail_line
    from gleam_app.ui.tile_sets.entries import facts_text

    window = locate(signed(tmp_path, LAT, LON))
    candidate = window.session.candidate
    window.tile_sets.refresh()
    qtbot.waitUntil(lambda: "alpha" in window.manager.panel.rows)
    entry = window.tile_sets.entry("alpha")

    def said() -> str:
        return "\n".join([
            detail_line(candidate), candidate_tip(candidate, "en"), candidate_caption(candidate, "en"),
            facts_text(entry),
        ])  # fmt: skip

    metric = said()
    assert metric.count("±6 m") == 2 and "240 m across" in metric and "0.40 km²" in metric
    window.preferences.choose_units("imperial")
    imperial = said()
    assert (
        imperial.count("±20 ft") == 2 and "262 yd across" in imperial and "98.8 acres" in imperial
    )
    assert "98.8 acres" in window.manager.panel.rows["alpha"].facts.text()
    window.preferences.choose_units("metric")
    assert said() == metric
