"""The tools on the real page: marks, measuring by mouse and keys, all queries of a large case."""

import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtTest import QTest

from gleam_app.cases.model import OPEN, REJECTED, Decision, QueryRecord
from gleam_app.geo.coordinates import format_position
from gleam_app.geo.footprint import bearing_deg, distance_m
from gleam_app.ui.goto.room import GoTo
from gleam_app.ui.measure.tool import MeasureTool
from gleam_app.ui.overview.layer import AllQueries
from gleam_app.ui.session import Session
from gleam_app.ui.strings import language
from tests.factories import make_location

HOSTILE = "<img src=x onerror=\"document.title='owned'\">"


@pytest.fixture
def place(driver: Any) -> Any:
    language.choose("en")
    driver.ask("gleam.map.setView([28.0412, -82.6983], 17, {animate: false}) && 1")
    driver.settle()
    return driver


def click(driver: Any, x: int, y: int) -> None:
    QTest.mouseMove(driver.panel.view.focusProxy(), QPoint(x, y))
    QTest.mouseClick(driver.panel.view.focusProxy(), Qt.MouseButton.LeftButton, pos=QPoint(x, y))


def ground(driver: Any, x: int, y: int) -> tuple[float, float]:
    at = driver.ask(f"gleam.map.containerPointToLatLng([{x}, {y}])")
    return at["lat"], at["lng"]


def test_measuring_with_the_mouse(place: Any, qtbot: Any) -> None:
    action = QAction(checkable=True)
    tool = MeasureTool(place.panel, action)
    action.setChecked(True)
    assert tool.bar.isVisible()
    place.until("document.querySelector('.measuring') !== null")
    place.settle()
    for at in ((200, 100), (300, 100), (300, 200)):
        click(place, *at)
        qtbot.wait(60)  # two clicks of a person are no double click
    qtbot.waitUntil(lambda: len(tool.tape.points) == 3)
    corners = [ground(place, *at) for at in ((200, 100), (300, 100), (300, 200))]
    for point, corner in zip(tool.tape.points, corners, strict=True):
        assert distance_m(point, corner) < 1.5  # one pixel is about a metre
    leg = tool.tape.last_leg
    assert leg is not None
    assert leg.length_m == pytest.approx(distance_m(*corners[1:]), abs=2)
    assert abs(leg.bearing_deg - bearing_deg(*corners[1:])) < 2
    place.until("document.querySelectorAll('.measure-label').length >= 2")
    assert place.ask("document.querySelector('.measure-label').innerText").endswith("E")
    tool.copy()
    copied = QGuiApplication.clipboard().text().splitlines()
    assert copied[0].startswith("Distance ") and "bearing" in copied[0] and len(copied) == 4
    tool.set_formats("imperial", "utm")
    assert " yd" in tool.bar.readout.text()
    tool.copy()
    assert QGuiApplication.clipboard().text().splitlines()[1].startswith("17N ")
    action.setChecked(False)
    place.until("document.querySelector('.measuring') === null")
    assert tool.bar.isHidden() and tool.tape.points == []
    place.until("document.querySelectorAll('.measure-label').length == 0")


def test_measuring_with_the_keyboard_alone(place: Any, qtbot: Any) -> None:
    action = QAction(checkable=True)
    tool = MeasureTool(place.panel, action)
    place.panel.activateWindow()
    action.setChecked(True)
    place.until("document.querySelector('.measuring') !== null")
    place.ask("document.getElementById('gleam_map').focus() || 1")
    web = place.panel.view.focusProxy()
    QTest.keyClick(web, Qt.Key.Key_Return)  # the first shows the cross in the middle
    place.until("document.querySelector('.by-keys') !== null")
    QTest.keyClick(web, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(tool.tape.points) == 1)
    QTest.keyClick(web, Qt.Key.Key_Right)
    place.settle()
    QTest.keyClick(web, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(tool.tape.points) == 2)
    assert tool.tape.length_m > 20
    leg = tool.tape.last_leg
    assert leg is not None and abs(leg.bearing_deg - 90) < 1
    QTest.keyClick(web, Qt.Key.Key_Backspace)
    qtbot.waitUntil(lambda: len(tool.tape.points) == 1)
    QTest.keyClick(web, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not action.isChecked())


def test_going_to_a_pasted_position(place: Any, qtbot: Any) -> None:
    room = GoTo(place.panel)
    room.bar.open()
    room.bar.field.setText(format_position(28.0412, -82.6983, "mgrs"))
    with qtbot.waitSignal(room.said) as heard:
        QTest.keyClick(room.bar.field, Qt.Key.Key_Return)
    assert "28.0" in heard.args[0] and room.mark is not None
    place.until(f"gleam.map.getCenter().distanceTo([{room.mark.lat}, {room.mark.lon}]) < 2")
    place.until("document.querySelectorAll('.pin').length == 1")
    room.set_style("dms")
    place.until("document.querySelector('.pin').innerText.includes('°')")
    qtbot.waitUntil(lambda: distance_m(room._centre, room.mark) < 2)
    room.copy_cursor()
    assert QGuiApplication.clipboard().text() == format_position(*room._centre, "dms")
    place.ask("document.querySelector('.pin').click() || 1")
    qtbot.waitUntil(lambda: room.mark is None)
    place.until("document.querySelectorAll('.pin').length == 0")
    QTest.keyClick(room.bar.field, Qt.Key.Key_Escape)
    assert room.bar.isHidden()


class Queries(QObject):
    """The list of queries without a case."""

    listed = Signal()

    def __init__(self, records: list[QueryRecord]) -> None:
        super().__init__()
        self.take(records)

    def take(self, records: list[QueryRecord]) -> None:
        self.records = tuple(records)
        self.by_id = {one.id: one for one in records}
        self.listed.emit()


PLAIN = QueryRecord(
    id=1, name="", path=None, sha256="", added="", size=None, guessed_view=None, view=None,
    heading_deg=None, exif=None, state="done", error="", hint="", decision=OPEN, note="", tags=(), run=1,
    verdict="strong", confidence=0.8, lat=None, lon=None, radius_m=5.0, candidates=3, located="",
)  # fmt: skip


def record(number: int, lat: float, lon: float, **changes: Any) -> QueryRecord:
    return replace(
        PLAIN, **({"id": number, "name": f"{number}.jpg", "lat": lat, "lon": lon} | changes)
    )


def test_a_click_on_a_point_chooses_its_query(place: Any, qtbot: Any) -> None:
    queries = Queries([
        record(1, 28.0412, -82.6983, name=HOSTILE),
        record(2, 28.0421, -82.6983, decision=Decision("accepted", 1, 1, 28.0421, -82.6983, 5.0)),
        record(3, 28.0403, -82.6983, decision=REJECTED),
    ])  # fmt: skip
    session, action = Session(), QAction(checkable=True)
    layer = AllQueries(place.panel, queries, session, action)  # type: ignore[arg-type]
    action.setChecked(True)
    place.until("document.querySelector('.legend').innerText.includes('accepted')")
    place.settle()
    at = place.ask("gleam.map.latLngToContainerPoint([28.0421, -82.6983])")
    with qtbot.waitSignal(layer.query_chosen) as heard:
        click(place, round(at["x"]), round(at["y"]))
    assert heard.args == [2]
    at = place.ask("gleam.map.latLngToContainerPoint([28.0412, -82.6983])")
    QTest.mouseMove(place.panel.view.focusProxy(), QPoint(round(at["x"]), round(at["y"])))
    place.until("document.querySelector('.leaflet-tooltip') !== null")
    assert place.ask("document.querySelector('.leaflet-tooltip').innerText") == HOSTILE
    assert place.ask("document.title") != "owned"
    queries.take(queries.records[1:])
    qtbot.wait(400)
    place.settle()
    with qtbot.assertNotEmitted(layer.query_chosen, wait=200):
        click(place, round(at["x"]), round(at["y"]))
    action.setChecked(False)
    place.until("getComputedStyle(document.querySelector('.legend')).display == 'none'")


def test_the_legend_covers_no_button_of_a_low_map(place: Any) -> None:
    place.panel.show_location(make_location())
    place.until("!document.body.classList.contains('is-empty')")
    place.panel.resize(640, 350)  # as low as in a window of 768 lines with both bars open
    place.until("innerHeight <= 350")
    action = QAction(checkable=True)
    queries = Queries([record(1, 28.0412, -82.6983)])
    layer = AllQueries(place.panel, queries, Session(), action)  # type: ignore[arg-type]
    action.setChecked(True)
    place.until("document.querySelector('.legend').innerText.includes('rejected')")
    place.settle()
    assert place.ask("document.querySelector('.leaflet-bar a').getBoundingClientRect().width") > 0
    covered = """[...document.querySelectorAll('.leaflet-bar a')].filter((button) => {
        const [box, legend] = [button, document.querySelector('.legend')].map(
            (one) => one.getBoundingClientRect());
        return box.bottom > legend.top && box.right > legend.left;
    }).map((button) => button.getAttribute('aria-label'))"""
    assert place.ask("document.querySelectorAll('.leaflet-bar a').length") == 4
    assert place.ask(covered) == []
    assert layer is not None  # it lives until here


def test_five_thousand_queries_stay_smooth(place: Any, qtbot: Any) -> None:
    verdicts = ("verified", "strong", "possible", "unverified")
    many = [
        record(n, 28.0 + (n * 37 % 1000) / 1e4, -82.7 + (n * 91 % 997) / 1e4, verdict=verdicts[n % 4])
        for n in range(1, 5001)
    ]  # fmt: skip
    queries, action = Queries(many), QAction(checkable=True)
    layer = AllQueries(place.panel, queries, Session(), action)  # type: ignore[arg-type]
    sent: list[int] = []
    real = place.panel.tell

    def tell(kind: str, payload: Any) -> None:
        sent.append(len(payload["set"]))
        real(kind, payload)

    layer._map = SimpleNamespace(tell=tell)  # type: ignore[assignment]
    began = time.perf_counter()
    action.setChecked(True)
    on_gui = time.perf_counter() - began
    place.until("getComputedStyle(document.querySelector('canvas.queries')).display != 'none'")
    place.settle()
    frame = place.ask(
        "(() => { const t = performance.now(); for (let i = 0; i < 10; i++) { gleam.map.setZoom(10 + i % 8,"
        " {animate: false}); gleam.redrawQueries(); } return (performance.now() - t) / 10; })()"
    )
    queries.take([*many[:-1], record(5000, 28.05, -82.65)])
    layer.send()
    assert sent == [5000, 1], "later only what changed is told"
    assert on_gui < 1.0  # 0.06 s on a loaded machine with two cores
    assert frame < 250  # milliseconds a new zoom; 8 there
