"""Context menus of the map and of the tile sets, by mouse and by keyboard, in the window on stand-ins."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from gleam_app.geo.coordinates import LatLon
from gleam_app.ui.strings import TEXT, language
from tests.factories import LAT, LON

HERE = LatLon(LAT, LON)


def texts(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if not action.isSeparator()]


def press(menu: QMenu, text: str) -> None:
    next(action for action in menu.actions() if action.text() == text).trigger()


def popup(qtbot: Any) -> QMenu:
    """The menu that is open."""
    qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu


@pytest.fixture
def located(window: Any, photo: Path, qtbot: Any) -> Any:
    window.tile_sets.choose(["alpha"])
    qtbot.waitUntil(lambda: bool(window.session.tile_sets))
    window.analysis.open_file(photo)
    session = window.session
    qtbot.waitUntil(
        lambda: session.location is not None and session.location.complete and not session.locating
    )
    return window


def test_a_position_is_copied_marked_and_measured_from(window: Any) -> None:
    tools = window.map_tools
    press(tools.menu.of_position(HERE), f"Copy {LAT:.6f}, {LON:.6f}")
    assert QGuiApplication.clipboard().text() == f"{LAT:.6f}, {LON:.6f}"
    press(tools.menu.of_position(HERE), "Put a mark here")
    assert tools.go_to.mark == HERE
    press(tools.menu.of_position(HERE), "Measure from here")
    assert window.commands["measure"].isChecked() and tools.measure.tape.points == [HERE]
    there = LatLon(LAT, LON + 0.001)
    press(tools.menu.of_position(there), "Measure from here")
    assert tools.measure.tape.points == [HERE, there]


def test_searching_only_around_a_position(located: Any, services: Any, qtbot: Any) -> None:
    around = located.map_tools.menu.of_position(HERE).findChildren(QMenu)[0]
    asked = len(services._locator.asked)
    press(around, "Within 500 m")
    qtbot.waitUntil(lambda: len(services._locator.asked) == asked + 1)
    assert services._locator.asked[-1][2].region.near == (LAT, LON, 500.0)
    bar = located.map_tools.file_facts.near_bar
    assert bar.isVisible() and "a position on the map" in bar.words.text()
    located.preferences.choose_units("imperial")
    around = located.map_tools.menu.of_position(HERE).findChildren(QMenu)[0]
    assert texts(around)[1] == "Within 1,600 ft"


def test_without_a_query_there_is_nothing_to_search(window: Any) -> None:
    menu = window.map_tools.menu.of_position(HERE)
    assert not menu.findChildren(QMenu)[0].isEnabled()
    language.choose("zh")
    assert texts(window.map_tools.menu.of_position(HERE))[1] == "在此处做标记"


def test_the_page_asks_for_a_menu_by_mouse_and_by_key(located: Any, qtbot: Any) -> None:
    view = located.map.view
    qtbot.waitUntil(lambda: located.map._ready)
    target = view.focusProxy() or view
    middle = QPoint(target.width() // 3, target.height() // 2)

    def asked() -> QMenu | None:
        QTest.mouseClick(target, Qt.MouseButton.RightButton, pos=middle)
        open_now = QApplication.activePopupWidget()
        return open_now if isinstance(open_now, QMenu) else None

    qtbot.waitUntil(lambda: asked() is not None)
    menu = popup(qtbot)
    assert "Put a mark here" in texts(menu)
    menu.close()
    view.setFocus()

    def asked_by_key() -> bool:
        QTest.keyClick(target, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
        return isinstance(QApplication.activePopupWidget(), QMenu)

    qtbot.waitUntil(asked_by_key)
    menu = popup(qtbot)
    assert "Measure from here" in texts(menu)
    menu.close()


def test_a_candidates_badge_has_the_candidates_menu(located: Any, qtbot: Any) -> None:
    at = {"at": [LAT, LON], "x": 20, "y": 20, "rank": 3}
    located.map.told.emit("menu", at)
    menu = popup(qtbot)
    assert located.session.rank == 3
    assert TEXT["command.accept"][0] in texts(menu)
    menu.close()


def test_a_tile_sets_row_offers_what_can_be_done_with_it(window: Any, qtbot: Any) -> None:
    window.switches.show_manager(True)
    panel = window.manager.panel
    qtbot.waitUntil(lambda: "beta" in panel.rows)
    row = panel.rows["beta"]
    asked: list[str] = []
    row.asked.connect(asked.append)
    by_key = QContextMenuEvent(
        QContextMenuEvent.Reason.Keyboard, QPoint(5, 5), row.mapToGlobal(QPoint(5, 5))
    )
    QApplication.sendEvent(row, by_key)
    menu = popup(qtbot)
    assert texts(menu) == [
        "Search this tile set", "Outline it on the map", "Details", "Add imagery…",
        "Verify its files", "Its imagery was moved…", "Remove…",
    ]  # fmt: skip
    press(menu, "Search this tile set")
    menu.close()
    assert asked == ["use"]
    qtbot.waitUntil(lambda: window.session.tile_set_names == ("beta",))
    assert row.menu().actions()[0].isChecked()
    press(row.menu(), "Remove…")
    assert asked == ["use"] and not row.offer.isHidden(), "asked once more in the row"
