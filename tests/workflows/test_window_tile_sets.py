"""The tile set manager in the real window with the real encoder: add, pause, stop, go on, look after."""

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from gleam_app.home import resources_dir
from gleam_app.services import Services
from gleam_app.ui.strings import TEXT, language
from tests.windows import drop, write_map

BUILD_MS, LOCATE_MS, SOON_MS = 240_000, 300_000, 60_000
Windows = Callable[[], Any]


@pytest.fixture
def windows(qtbot: Any, tmp_path: Path) -> Iterator[Windows]:
    """Opens windows on the test's home, one after the other."""
    from gleam_app.ui.app import make_application, make_window

    make_application()
    opened: list[Any] = []

    def close() -> None:
        window, services = opened.pop()
        window.close()
        services.close()
        window.deleteLater()
        for thread in threading.enumerate():  # a block under way is ended before it stops
            if thread.name.startswith("gleam-index"):
                thread.join(60)

    def open_one() -> Any:
        if opened:
            close()
        services = Services()
        window = make_window(services)
        window.preferences.choose_language("en")
        window.show()
        opened.append((window, services))
        return window

    yield open_one
    while opened:
        close()
    language.choose("en")


@pytest.fixture(scope="session")
def small_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one tile set, ``yard``, of ``yard.tif`` beside it."""
    from gleam_app.retrieval.tiles.build import add_tile_set

    home = tmp_path_factory.mktemp("yard")
    services = Services(home=home)
    source = write_map(home / "imagery" / "yard.tif", side_px=300)
    encoder = services.locator().encoder
    add_tile_set(services.tile_sets, encoder, [source], "yard", scales_m=[60.0])
    services.close()
    return home


@pytest.fixture
def yard(small_set: Path, fresh_home: Path) -> Path:
    """That home as this test's own; returns the imagery's folder."""
    shutil.copytree(small_set / "tiles", fresh_home / "tiles")
    shutil.copytree(small_set / "imagery", fresh_home / "imagery")
    places = fresh_home / "tiles" / "yard" / "tileset.json"
    places.write_text(places.read_text().replace(str(small_set), str(fresh_home)))
    return fresh_home / "imagery"


def row(window: Any, name: str) -> Any:
    return window.manager.panel.rows[name]


def state(window: Any, name: str) -> str:
    """The word of a tile set's sign; empty while it is not listed."""
    rows = window.manager.panel.rows
    return str(rows[name].sign.word.text()) if name in rows else ""


def card(window: Any) -> Any:
    return window.manager.panel.card


def is_estimated(window: Any) -> bool:
    return bool(window.manager.panel.adding and card(window).start.isEnabled())


def test_from_a_drop_to_a_tile_set_that_is_searched(
    windows: Windows, qtbot: Any, tmp_path: Path
) -> None:
    window = windows()
    window.begin([], False)
    area = tmp_path / "my area (1).tif"
    shutil.copy(resources_dir() / "demo" / "map.tif", area)
    drop(window, area)
    qtbot.waitUntil(lambda: window.manager.panel.adding, timeout=SOON_MS)
    assert window.commands["show_tile_sets"].isChecked()
    qtbot.waitUntil(lambda: is_estimated(window), timeout=SOON_MS)
    page = card(window)
    assert page.name.text() == "my-area-1"
    (line,) = page.found._lines.values()
    assert "GeoTIFF" in line.facts.text() and "EPSG:32617" in line.facts.text()
    assert [one.new for one in window.map._coverage] == [True]  # outlined before it is built

    # fewer scales cost less
    tiles = int(page.tiles.text().split()[0].replace(",", ""))
    page.scales.boxes[48.0].click()
    fewer = int(page.tiles.text().split()[0].replace(",", ""))
    assert 0 < fewer < tiles
    page.name.setText("bad/name")
    page.name.textEdited.emit("bad/name")
    assert not page.start.isEnabled() and page.name_error.text() == TEXT["add.name.bad"][0]
    page.name.setText("town")
    page.name.textEdited.emit("town")
    QTest.keyClick(page.name, Qt.Key.Key_Return)  # Enter starts

    builds = window.manager.builds
    assert builds.names == ("town",) and not window.manager.panel.adding
    qtbot.waitUntil(lambda: builds.of("town").progress is not None, timeout=SOON_MS)
    row(window, "town").progress.pause.click()
    assert state(window, "town") == TEXT["sets.state.paused"][0]
    qtbot.wait(300)
    before = builds.of("town").progress
    qtbot.wait(300)
    assert builds.of("town").progress == before  # it rests
    row(window, "town").progress.pause.click()
    qtbot.waitUntil(lambda: "town" in window.session.tile_set_names, timeout=BUILD_MS)
    assert state(window, "town") == TEXT["sets.state.ready"][0]
    (built,) = window.session.tile_sets
    assert built.info.tiles == pytest.approx(fewer, rel=0.15)
    assert window.map._sources and not window.map._coverage
    assert row(window, "town").use.isChecked()


def test_a_source_without_a_crs_is_asked_for_it(
    windows: Windows, qtbot: Any, tmp_path: Path
) -> None:
    window = windows()
    drop(window, write_map(tmp_path / "scan.tif", crs=None))
    page = card(window)
    qtbot.waitUntil(page.crs.isVisible, timeout=SOON_MS)
    assert not page.start.isEnabled()
    page.crs.box.setEditText("nonsense")
    QTest.keyClick(page.crs.box, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "nonsense" in page.crs.error.text(), timeout=SOON_MS)
    page.crs.box.setEditText("32631")
    page.crs.use.click()
    qtbot.waitUntil(lambda: is_estimated(window), timeout=SOON_MS)
    assert page.crs.isHidden() and window.manager.adding.crs == "EPSG:32631"
    window.manager.panel.show_list()  # never mind
    assert window.manager.adding.paths == ()

    # the next time it is offered
    again = windows()
    drop(again, write_map(tmp_path / "other.tif", crs=None))
    qtbot.waitUntil(card(again).crs.isVisible, timeout=SOON_MS)
    assert card(again).crs.box.itemText(0) == "EPSG:32631"


def test_what_was_broken_off_is_there_after_a_restart(
    windows: Windows, qtbot: Any, tmp_path: Path
) -> None:
    window = windows()
    window.begin([], False)
    big = write_map(tmp_path / "big.tif", side_px=1600)
    drop(window, big)
    qtbot.waitUntil(lambda: is_estimated(window), timeout=SOON_MS)
    card(window).start.click()
    builds = window.manager.builds
    qtbot.waitUntil(
        lambda: builds.of("big").progress is not None and builds.of("big").progress.done > 0,
        timeout=BUILD_MS,
    )

    again = windows()  # closes the first one in the middle of the work
    again.begin([], False)
    qtbot.waitUntil(
        lambda: state(again, "big") == TEXT["sets.state.half_built"][0], timeout=SOON_MS
    )
    assert again.manager.panel.isVisible()  # it reminds of it
    half = again.tile_sets.entry("big").half_built
    assert 0 < half.tiles_done < half.tiles
    row(again, "big").offer.first.click()  # resume
    qtbot.waitUntil(lambda: again.manager.builds.of("big").progress is not None, timeout=SOON_MS)
    assert again.manager.builds.of("big").progress.done >= half.tiles_done
    row(again, "big").progress.stop.click()
    qtbot.waitUntil(lambda: not again.manager.builds.names, timeout=SOON_MS)
    qtbot.waitUntil(
        lambda: state(again, "big") == TEXT["sets.state.half_built"][0], timeout=SOON_MS
    )
    row(again, "big").offer.second.click()  # discard: asks once
    assert "big" in again.manager.panel.rows
    row(again, "big").offer.first.click()
    qtbot.waitUntil(lambda: "big" not in again.manager.panel.rows, timeout=SOON_MS)
    assert big.exists()


def test_imagery_that_moved_is_found_again(
    windows: Windows, qtbot: Any, yard: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (yard / "yard.tif").rename(elsewhere / "yard.tif")
    window = windows()
    window.switches.show_manager(True)
    qtbot.waitUntil(lambda: state(window, "yard") == TEXT["sets.state.missing"][0], timeout=SOON_MS)
    from PySide6.QtWidgets import QFileDialog

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(elsewhere))
    window.manager._relink_folder("yard")
    qtbot.waitUntil(lambda: state(window, "yard") == TEXT["sets.state.ready"][0], timeout=SOON_MS)
    window.tile_sets.choose(["yard"])
    qtbot.waitUntil(lambda: window.session.tile_set_names == ("yard",), timeout=SOON_MS)


def test_verify_outline_and_remove(windows: Windows, qtbot: Any, yard: Path) -> None:
    window = windows()
    window.switches.show_manager(True)
    qtbot.waitUntil(lambda: state(window, "yard") == TEXT["sets.state.ready"][0], timeout=SOON_MS)
    one = row(window, "yard")
    one.shown.click()
    qtbot.waitUntil(lambda: [c.name for c in window.map._coverage] == ["yard"], timeout=SOON_MS)
    assert one.shown.isChecked()
    one.fold.click()
    assert one.details.isVisible()
    one.details.buttons["verify"].click()
    said = TEXT["sets.said.verified"][0].format(name="yard")
    qtbot.waitUntil(lambda: window.status.message.text() == said, timeout=SOON_MS)
    one.use.click()
    qtbot.waitUntil(lambda: window.session.tile_set_names == ("yard",), timeout=SOON_MS)
    one.details.buttons["remove"].click()
    assert one.offer.isVisible()  # asks once, in place
    one.offer.second.click()
    assert one.offer.isHidden()
    one.details.buttons["remove"].click()
    one.offer.first.click()
    qtbot.waitUntil(lambda: not window.manager.panel.rows, timeout=SOON_MS)
    qtbot.waitUntil(lambda: not window.session.tile_sets and not window.map._coverage)
    assert (yard / "yard.tif").exists()


def test_a_changed_pack_is_noticed_and_embedding_again_is_offered(
    windows: Windows, qtbot: Any, yard: Path, fresh_home: Path
) -> None:
    described = fresh_home / "tiles" / "yard" / "tileset.json"
    import json

    document = json.loads(described.read_text())
    document["pack_hash"], document["pack"] = "0" * 64, "starter 0.0.1"
    described.write_text(json.dumps(document))
    window = windows()
    window.tile_sets.refresh(choose=["yard"])
    qtbot.waitUntil(lambda: window.session.tile_set_names == ("yard",), timeout=SOON_MS)
    photo = sorted((resources_dir() / "demo" / "queries").glob("*.jpg"))[0]
    drop(window, photo)
    notice = window.candidates.notice
    qtbot.waitUntil(notice.remedy.isVisible, timeout=LOCATE_MS)
    assert "starter 0.0.1" in notice.message.text()
    notice.remedy.click()
    assert window.manager.builds.of("yard").kind == "reembed"
    # and goes on with what was asked for
    qtbot.waitUntil(
        lambda: window.session.location is not None and window.session.location.complete,
        timeout=LOCATE_MS,
    )
    assert state(window, "yard") == TEXT["sets.state.ready"][0]


def test_imagery_joins_a_set_and_several_are_searched_together(
    windows: Windows, qtbot: Any, yard: Path, tmp_path: Path
) -> None:
    window = windows()
    window.tile_sets.refresh(choose=["yard"])
    qtbot.waitUntil(lambda: window.session.tile_set_names == ("yard",), timeout=SOON_MS)
    before = window.session.tile_sets[0].info.tiles
    more = write_map(tmp_path / "more.tif", side_px=320, seed=5)
    window.manager._join = "yard"
    window.manager.offer([more])
    qtbot.waitUntil(lambda: is_estimated(window), timeout=SOON_MS)
    page = card(window)
    assert page.joined == "yard" and page.name.isHidden() and "60 m" in page.fixed_scales.text()
    page.start.click()
    qtbot.waitUntil(lambda: not window.manager.builds.names, timeout=BUILD_MS)
    qtbot.waitUntil(
        lambda: bool(window.session.tile_sets) and window.session.tile_sets[0].info.tiles > before,
        timeout=SOON_MS,
    )
    assert len(window.map._sources) == 2

    window.manager.offer([write_map(tmp_path / "third.tif", side_px=300, seed=9)])
    qtbot.waitUntil(lambda: is_estimated(window), timeout=SOON_MS)
    page.start.click()
    qtbot.waitUntil(lambda: window.session.tile_set_names == ("third",), timeout=BUILD_MS)
    row(window, "yard").use.click()
    qtbot.waitUntil(lambda: window.session.tile_set_names == ("third", "yard"), timeout=SOON_MS)
    assert len(window.map._sources) == 3 and window._settings.choices.tile_sets == ("third", "yard")
    photo = sorted((resources_dir() / "demo" / "queries").glob("*.jpg"))[0]
    drop(window, photo)
    qtbot.waitUntil(lambda: window.session.location is not None, timeout=LOCATE_MS)
    assert {one.tile.tile_set for one in window.session.location.candidates} <= {"third", "yard"}
    window.analysis.stop()
    row(window, "third").use.click()
    qtbot.waitUntil(lambda: window.session.tile_set_names == ("yard",), timeout=SOON_MS)


def test_a_photo_is_located_on_another_set_while_one_is_built(
    windows: Windows, qtbot: Any, yard: Path, tmp_path: Path
) -> None:
    window = windows()
    window.tile_sets.refresh(choose=["yard"])
    qtbot.waitUntil(lambda: window.session.tile_set_names == ("yard",), timeout=SOON_MS)
    window.manager.offer([write_map(tmp_path / "big.tif", side_px=2400)])
    qtbot.waitUntil(lambda: is_estimated(window), timeout=SOON_MS)
    card(window).start.click()
    builds = window.manager.builds
    qtbot.waitUntil(
        lambda: builds.of("big").progress is not None and builds.of("big").progress.done > 0,
        timeout=BUILD_MS,
    )
    photo = sorted((resources_dir() / "demo" / "queries").glob("*.jpg"))[0]
    drop(window, photo)
    qtbot.waitUntil(
        lambda: window.session.location is not None and window.session.location.complete,
        timeout=LOCATE_MS,
    )
    after = builds.of("big")
    assert after is not None  # it is still being built
    done = after.progress.done
    qtbot.waitUntil(lambda: builds.of("big").progress.done > done, timeout=SOON_MS)  # and goes on
    builds.stop("big")
    qtbot.waitUntil(lambda: not builds.names, timeout=SOON_MS)
    assert window.session.tile_set_names == ("yard",)  # nothing on the screen was taken away


def test_imagery_that_breaks_in_the_middle_says_so_in_its_row(
    windows: Windows, qtbot: Any, tmp_path: Path
) -> None:
    window = windows()
    source = write_map(tmp_path / "flat.tif", side_px=1600)
    drop(window, source)
    qtbot.waitUntil(lambda: is_estimated(window), timeout=SOON_MS)
    source.unlink()  # unplugged
    card(window).start.click()
    qtbot.waitUntil(lambda: not window.manager.builds.names, timeout=BUILD_MS)
    panel = window.manager.panel
    said = [panel.notice, *(one.notice for one in panel.rows.values())]
    qtbot.waitUntil(lambda: any(notice.isVisible() for notice in said))
    assert any("flat.tif" in notice.message.text() for notice in said)
