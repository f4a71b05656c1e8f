"""The real window with the real packs through the demo: build, locate, select, explain without a language model."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from gleam_app.services import Services
from gleam_app.ui.cases.export_sheet import Wish
from gleam_app.ui.strings import language
from tests.windows import drop

BUILD_MS, LOCATE_MS = 240_000, 300_000


@pytest.fixture
def window(qtbot: Any) -> Iterator[Any]:
    from gleam_app.ui.app import make_application, make_window

    make_application()
    services = Services()
    made = make_window(services)
    language.choose("en")
    made.show()
    yield made
    made.close()
    services.close()
    made.deleteLater()


def complete(window: Any) -> bool:
    location = window.session.location
    return location is not None and location.complete and not window.session.locating


def explained(window: Any) -> str:
    """The pack that wrote the explanation on the screen; empty without one."""
    explanation = window.session.explain.explanation
    return explanation.pack if explanation is not None else ""


def test_the_demo_from_nothing_to_a_place(window: Any, qtbot: Any, tmp_path: Any) -> None:
    from gleam_app.geo.coordinates import LatLon
    from gleam_app.geo.footprint import distance_m

    window.begin([], demo=True)
    qtbot.waitUntil(lambda: window.session.query is not None, timeout=20_000)
    qtbot.waitUntil(lambda: bool(window.session.tile_sets), timeout=BUILD_MS)
    assert window.session.tile_set_names == ("demo",)
    qtbot.waitUntil(lambda: complete(window), timeout=LOCATE_MS)
    location = window.session.location
    assert window.candidates.model.rowCount() == len(location.candidates) > 0

    # the list leads, the map follows; the map leads, the list follows
    window.candidates.list.setCurrentIndex(window.candidates.model.index(1))
    assert window.session.rank == 2 == window.map._selected
    window.map.candidate_selected.emit(1)
    assert window.candidates.list.currentIndex().row() == 0

    # the bundled explainer needs nothing fetched: what it is sure to see, and the evidence
    qtbot.waitUntil(lambda: bool(window.session.explain.evidence), timeout=20_000)
    assert window.explanation.fetch.isHidden()
    window.commands["explain"].trigger()
    qtbot.waitUntil(lambda: explained(window).startswith("gleam-x-small"), timeout=60_000)
    assert window.session.explain.evidence[0].text_en in window.explanation.text.toPlainText()

    # the report holds what is on the screen
    report = tmp_path / "report.html"
    window.cases.exports.write(Wish("html", ("en",), None, False), report)
    qtbot.waitUntil(report.exists, timeout=60_000)
    assert location.query.name in report.read_text(encoding="utf-8")

    # the answer is the place that truth.csv names
    truth = {}
    for line in (window._services.demo_dir / "truth.csv").read_text().splitlines()[1:]:
        name, lat, lon, radius_m = line.split(",")[:4]
        truth[name.rpartition("/")[2]] = (LatLon(float(lat), float(lon)), float(radius_m))
    place, radius_m = truth[location.query.name]
    best = location.candidates[0]
    assert distance_m(LatLon(best.lat, best.lon), place) <= radius_m


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a", b"not a picture at all", b"\xff\xd8\xff\xe0trunc"]
)
def test_bad_files_are_told_and_the_window_goes_on(
    window: Any, qtbot: Any, tmp_path: Any, content: bytes
) -> None:
    bad = tmp_path / "<b>bad.jpg"
    bad.write_bytes(content)
    drop(window, bad)
    qtbot.waitUntil(lambda: not window.query.notice.isHidden(), timeout=20_000)
    assert window.query.notice.hint.text()
    assert window.query.notice._details.toPlainText() == ""  # no traceback for bad input
    assert window.session.query is None and not window.session.loading
    drop(window, sorted((window._services.demo_dir / "queries").glob("*.jpg"))[0])
    qtbot.waitUntil(lambda: window.session.query is not None, timeout=20_000)
    assert window.query.notice.isHidden()


def test_a_truncated_photo_is_told(window: Any, qtbot: Any, tmp_path: Any) -> None:
    whole = sorted((window._services.demo_dir / "queries").glob("*.jpg"))[0].read_bytes()
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(whole[: len(whole) // 3])
    drop(window, cut)
    qtbot.waitUntil(lambda: not window.query.notice.isHidden(), timeout=20_000)
    assert "cut.jpg" in window.query.notice.message.text()


def test_a_missing_file_and_a_missing_tile_set_are_told(
    window: Any, qtbot: Any, tmp_path: Any
) -> None:
    window.analysis.open_file(tmp_path / "gone.jpg")
    qtbot.waitUntil(lambda: not window.query.notice.isHidden(), timeout=20_000)
    window.tile_sets.choose(["nowhere"])
    qtbot.waitUntil(lambda: not window.candidates.notice.isHidden(), timeout=20_000)
    assert "nowhere" in window.candidates.notice.message.text()


def test_imagery_that_is_none_becomes_a_query_or_a_notice(
    window: Any, qtbot: Any, tmp_path: Any
) -> None:
    plain = tmp_path / "plain.tif"
    plain.write_bytes(b"II*\x00 nothing")
    drop(window, plain)
    qtbot.waitUntil(lambda: not window.query.notice.isHidden(), timeout=20_000)


def test_a_demo_of_no_use_any_more_is_built_again(window: Any, qtbot: Any) -> None:
    broken = window._services.home / "tiles" / "demo"
    broken.mkdir(parents=True)
    (broken / "tileset.json").write_text("{}")
    window.tile_sets.choose(["demo"])
    qtbot.waitUntil(lambda: not window.candidates.notice.isHidden(), timeout=20_000)
    window.tile_sets.ensure_demo()
    qtbot.waitUntil(lambda: window.session.adding == "demo", timeout=20_000)
    assert window.candidates.notice.isHidden() and not broken.exists()
    for task in window.jobs.running:
        task.cancel()
    qtbot.waitUntil(lambda: not window.session.adding, timeout=60_000)


def test_the_window_is_there_quickly(window: Any, qtbot: Any) -> None:
    """Building the window must not wait for models, packs or imagery (imports not counted)."""
    from gleam_app.ui.app import make_window

    services = Services()
    clock = time.perf_counter()
    second = make_window(services)
    second.show()
    spent = time.perf_counter() - clock
    second.close()
    services.close()
    second.deleteLater()
    assert spent < 3.0
