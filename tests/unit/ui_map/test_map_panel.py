"""The map in a real browser: what is drawn, what is heard, what never leaves."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWebEngineCore import QWebEngineProfile

from gleam_app.geo.mercator import tile_at
from gleam_app.ui.map.scheme import PAGE_URL
from gleam_app.ui.theme import DARK
from tests.factories import make_location, make_query

HOSTILE = "<img src=x onerror=\"document.title='owned'\">"


def shown(driver: Any) -> np.ndarray:
    """The panel as it is on the screen: uint8 (height, width, 3)."""
    image = driver.panel.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def on_screen(driver: Any, lat: float, lon: float) -> QPoint:
    at = driver.ask(f"gleam.map.latLngToContainerPoint([{lat}, {lon}])")
    return QPoint(round(at["x"]), round(at["y"]))


def selected(driver: Any) -> list[str]:
    return driver.ask("[...document.querySelectorAll('.badge.selected')].map(n => n.dataset.rank)")


def test_imagery_on_the_screen_is_the_tile_set_imagery(driver: Any, source: Any) -> None:
    driver.panel.set_sources([("demo", source)])
    bounds = source.bounds
    lat, lon, zoom = (bounds.south + bounds.north) / 2, (bounds.west + bounds.east) / 2, 18
    driver.until("!document.body.classList.contains('is-empty')")
    driver.ask(f"gleam.map.setView([{lat}, {lon}], {zoom}, {{animate: false}}) && 1")
    driver.settle()
    x, y = tile_at(lat, lon, zoom)
    tile = source.read_map_tile(zoom, x, y, 256)
    corner = driver.ask(f"gleam.map.getPixelBounds().min.subtract([{x * 256}, {y * 256}])")
    screen, left, top = shown(driver), round(corner["x"]), round(corner["y"])
    rows = slice(max(0, top) + 60, 250)  # clear of the controls at the borders
    columns = slice(max(0, left) + 60, 250)
    part = screen[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    wanted = tile[rows, columns, :3]
    assert part.shape == wanted.shape
    opaque = tile[rows, columns, 3] == 255
    assert opaque.mean() > 0.3
    assert wanted.std() > 5, "a flat picture proves nothing"
    assert np.abs(part.astype(int) - wanted)[opaque].max() <= 2


def test_tiles_are_drawn_anew_when_better_ones_can_be_had(driver: Any, source: Any) -> None:
    class Preparing:
        """Black until it is settled."""

        settled = False

        def __getattr__(self, name: str) -> Any:
            return getattr(source, name)

        def read_map_tile(self, zoom: int, x: int, y: int, size_px: int = 256) -> np.ndarray:
            rgba: np.ndarray = source.read_map_tile(zoom, x, y, size_px)
            return rgba if self.settled else rgba * np.array([0, 0, 0, 1], np.uint8)

    preparing: Any = Preparing()
    driver.panel.set_sources([("demo", preparing)])
    driver.until("!document.body.classList.contains('is-empty')")
    driver.settle()
    middle = (slice(200, 280), slice(280, 360))
    assert shown(driver)[middle].max() < 10
    preparing.settled = True
    driver._qtbot.waitUntil(lambda: shown(driver)[middle].mean() > 30, timeout=10_000)


def test_what_waits_for_the_page_is_called_once(driver: Any, qtbot: Any) -> None:
    called: list[str] = []
    driver.panel.once_up(lambda: called.append("up already"))
    assert not called  # not from within the call
    qtbot.waitUntil(lambda: called == ["up already"], timeout=30_000)
    driver.panel._ready = False
    driver.panel.once_up(lambda: called.append("came up"))
    qtbot.wait(50)
    assert called == ["up already"]
    for _ in range(2):  # a page that is loaded again comes up again
        driver.panel._greet()
        qtbot.waitUntil(lambda: "came up" in called, timeout=30_000)
        qtbot.wait(50)
    assert called == ["up already", "came up"]


def test_empty_map_says_what_to_do_and_goes_away(driver: Any, source: Any) -> None:
    assert "GeoTIFF" in driver.ask("document.querySelector('#empty p').innerText")
    assert driver.ask("getComputedStyle(document.querySelector('#empty')).display") == "flex"
    driver.panel.set_sources([("demo", source)])
    driver.until("getComputedStyle(document.querySelector('#empty')).display == 'none'")
    driver.panel.set_sources([])
    driver.until("getComputedStyle(document.querySelector('#empty')).display == 'flex'")


def test_a_click_on_a_footprint_and_on_a_label_reach_python(driver: Any, qtbot: Any) -> None:
    location = make_location()
    driver.panel.show_location(location)
    driver.until("document.querySelectorAll('.badge').length == 10")
    driver.panel.fly_to(location.candidates[0].lat, location.candidates[0].lon)
    driver.settle()
    (a_lat, a_lon), (b_lat, b_lon) = location.candidates[0].footprint[2:]
    edge = on_screen(driver, (a_lat + b_lat) / 2, (a_lon + b_lon) / 2)
    with qtbot.waitSignal(driver.panel.candidate_selected) as heard:
        QTest.mouseClick(driver.panel.view.focusProxy(), Qt.MouseButton.LeftButton, pos=edge)
    assert heard.args == [1]
    with qtbot.waitSignal(driver.panel.candidate_selected) as heard:
        driver.ask("document.querySelector('.badge[data-rank=\"2\"]').click() || 1")
    assert heard.args == [2]


def test_its_question_mark_asks_for_help_on_an_empty_map_too(driver: Any, qtbot: Any) -> None:
    driver.settle()
    mark = "document.querySelector('[aria-label=\"What is this panel for?\"]')"
    driver.until("document.body.classList.contains('is-empty')")
    box = driver.ask(f"{mark}.getBoundingClientRect()")
    middle = QPoint(round(box["x"] + box["width"] / 2), round(box["y"] + box["height"] / 2))
    with qtbot.waitSignal(driver.panel.told, timeout=30_000) as heard:
        QTest.mouseClick(driver.panel.view.focusProxy(), Qt.MouseButton.LeftButton, pos=middle)
    assert heard.args == ["help", None]


def test_labels_answer_the_keyboard(driver: Any, qtbot: Any) -> None:
    driver.panel.show_location(make_location())
    driver.until("document.querySelectorAll('.badge').length == 10")
    driver.panel.view.setFocus()
    driver.ask("document.querySelector('.badge[data-rank=\"3\"]').focus() || 1")
    with qtbot.waitSignal(driver.panel.candidate_selected) as heard:
        QTest.keyClick(driver.panel.view.focusProxy(), Qt.Key.Key_Return)
    assert heard.args == [3]
    label = driver.ask("document.activeElement.getAttribute('aria-label')")
    assert "Candidate 3" in label


def test_select_marks_one_and_moves_only_if_needed(driver: Any) -> None:
    driver.panel.show_location(make_location())
    driver.until("document.querySelectorAll('.badge').length == 10")
    driver.settle()
    before = driver.ask("gleam.map.getCenter()")
    driver.panel.select(2)
    driver.until("document.querySelectorAll('.badge.selected').length == 1")
    assert selected(driver) == ["2"]
    driver.panel.select(1)
    driver.until("document.querySelector('.badge.selected').dataset.rank == '1'")
    assert selected(driver) == ["1"]
    assert driver.ask("document.querySelectorAll('path.fp-line.selected').length") == 1
    assert driver.ask("gleam.map.getCenter()") == before, "both were in sight"
    driver.ask("gleam.map.setView([28.06, -82.75], 17, {animate: false}) && 1")
    driver.panel.select(4)
    driver.until("gleam.map.getBounds().contains([28.041253, -82.6861])")
    driver.panel.select(None)
    driver.until("document.querySelectorAll('.selected').length == 0")


def test_a_second_click_goes_there(driver: Any, qtbot: Any) -> None:
    driver.panel.candidate_selected.connect(driver.panel.select)
    driver.panel.show_location(make_location())
    driver.until("document.querySelectorAll('.badge').length == 10")
    zoom = driver.ask("gleam.map.getZoom()")
    label = "document.querySelector('.badge[data-rank=\"2\"]')"
    driver.ask(f"{label}.click() || 1")
    driver.until(f"{label}.classList.contains('selected')")
    assert driver.ask("gleam.map.getZoom()") == zoom
    driver.ask(f"{label}.click() || 1")
    assert driver.ask("gleam.map.getZoom()") > zoom


def test_a_later_wave_keeps_view_and_selection(driver: Any) -> None:
    location = make_location()
    driver.panel.show_location(
        replace(location, complete=False, candidates=location.candidates[:4])
    )
    driver.panel.select(1)
    driver.until("document.querySelectorAll('.badge').length == 4")
    driver.ask("gleam.map.setView([28.05, -82.70], 15, {animate: false}) && 1")
    view = driver.ask("gleam.map.getCenter()")
    driver.panel.show_location(location)
    driver.until("document.querySelectorAll('.badge').length == 10")
    assert selected(driver) == ["1"]
    assert driver.ask("gleam.map.getCenter()") == view
    other = replace(location, query=replace(make_query(), sha256="cd" * 32))
    driver.panel.show_location(other)
    driver.until("document.querySelectorAll('.badge.selected').length == 0")


def test_theme_and_language_change_at_once(driver: Any) -> None:
    driver.panel.set_theme(True)
    driver.until(
        f"getComputedStyle(document.documentElement).getPropertyValue('--panel') == '{DARK.panel}'"
    )
    driver.panel.set_language("zh")
    driver.until("document.querySelector('.leaflet-right .leaflet-bar a').title == '放大'")
    assert driver.ask("document.documentElement.lang") == "zh-CN"


def test_cursor_position_comes_by_signal(driver: Any, qtbot: Any) -> None:
    driver.ask("gleam.map.setView([10, 20], 8, {animate: false}) && 1")
    with qtbot.waitSignal(driver.panel.cursor_moved) as heard:
        QTest.mouseMove(driver.panel.view.focusProxy(), QPoint(100, 100))
        QTest.mouseMove(driver.panel.view.focusProxy(), QPoint(320, 240))
    place = driver.ask("gleam.map.containerPointToLatLng([100, 100])")
    centre = (10, 20) if abs(heard.args[0] - 10) < 0.1 else (place["lat"], place["lng"])
    assert heard.args == pytest.approx(centre, abs=0.02)


@pytest.fixture
def outside() -> Iterator[tuple[str, list[str]]]:
    """A web server that must never hear from us, and what it heard."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", heard
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_page_cannot_reach_outside(
    driver: Any, qtbot: Any, outside: tuple[str, list[str]]
) -> None:
    url, heard = outside
    driver.ask(f"(new Image().src = '{url}/image', 1)")
    driver.ask(f"(fetch('{url}/fetch').catch(() => 0), 1)")
    driver.ask(f"(location.href = '{url}/away', 1)")
    driver.ask(f"(window.open('{url}/window'), 1)")
    qtbot.wait(300)
    assert heard == []
    assert driver.panel.view.url().toString() == PAGE_URL
    assert driver.ask("gleam.busy()") is False, "and the map is still there"


def test_the_guard_blocks_even_without_the_page_policy(
    driver: Any, qtbot: Any, outside: tuple[str, list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    from PySide6.QtWebEngineCore import QWebEnginePage

    url, heard = outside
    bare = QWebEnginePage(driver.panel.view.page().profile(), driver.panel)
    with qtbot.waitSignal(driver.panel.guard.blocked) as blocked:
        bare.load(QUrl(f"{url}/bare"))
    assert blocked.args == [f"{url}/bare"]
    assert "blocked a request" in caplog.text
    qtbot.wait(100)
    assert heard == []
    bare.deleteLater()


def test_names_from_files_are_text(driver: Any, source: Any) -> None:
    driver.panel.set_sources([(HOSTILE, source)])
    location = make_location()
    first = replace(
        location.candidates[0], tile=replace(location.candidates[0].tile, source=HOSTILE)
    )
    query = replace(location.query, name=HOSTILE, sha256="ef" * 32)
    driver.panel.show_location(replace(location, query=query, candidates=(first,)))
    driver.until("document.querySelectorAll('.badge').length == 1")
    driver.until("document.querySelectorAll('path.coverage').length == 1")
    driver.ask(
        "(Object.values(gleam.map._layers).forEach(l => l.getTooltip?.() && l.openTooltip()), 1)"
    )
    tips = driver.ask("[...document.querySelectorAll('.leaflet-tooltip')].map(t => t.innerText)")
    assert HOSTILE in tips
    assert driver.ask("document.querySelectorAll('img[src=x]').length") == 0
    assert driver.ask("document.title") != "owned"


def test_dropped_files_come_by_signal(driver: Any, qtbot: Any) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/tmp/a b.tif"), QUrl("https://example.org/c.tif")])
    event = QDropEvent(
        QPointF(10, 10), Qt.DropAction.CopyAction, data,
        Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    with qtbot.waitSignal(driver.panel.files_dropped) as heard:
        driver.panel.dropEvent(event)
    assert heard.args == [["/tmp/a b.tif"]]
    view = driver.panel.view
    qtbot.waitUntil(lambda: not view.acceptDrops() and not view.focusProxy().acceptDrops())


def test_nothing_is_written_to_disk(driver: Any) -> None:
    profile = driver.panel.view.page().profile()
    assert profile.isOffTheRecord()
    assert profile.httpCacheType() == QWebEngineProfile.HttpCacheType.NoCache
    cookies = QWebEngineProfile.PersistentCookiesPolicy.NoPersistentCookies
    assert profile.persistentCookiesPolicy() == cookies


CLEAN = """
from gleam_app.ui.map.scheme import register_scheme
register_scheme()
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
app = QApplication([])
from pathlib import Path
from gleam_app.home import resources_dir
from gleam_app.imagery.sources import open_source
from gleam_app.ui.map.panel import MapPanel
panel = MapPanel()
panel.resize(500, 400)
panel.show()
panel.set_sources([("demo", open_source(resources_dir() / "demo" / "map.tif"))])
panel.page_ready.connect(lambda: QTimer.singleShot(120, app.quit))  # while tiles are on their way
app.exec()
"""


def test_leaves_quietly_while_tiles_are_being_made(pytestconfig: pytest.Config) -> None:
    from tests.unit.ui_map.conftest import HOST_NOISE

    ran = subprocess.run(
        [sys.executable, "-c", CLEAN],
        capture_output=True, text=True, timeout=60, cwd=pytestconfig.rootpath,
    )  # fmt: skip
    ours = [line for line in ran.stderr.splitlines() if not any(n in line for n in HOST_NOISE)]
    assert [line for line in ours if "dbus" not in line] == []
    assert ran.returncode == 0
