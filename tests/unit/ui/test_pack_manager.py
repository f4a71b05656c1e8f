"""The pack manager in the real window, on real packs: nothing connects, nothing is lost, errors are told."""

import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from gleam_app.errors import GleamError
from gleam_app.packs.connections import Connections
from gleam_app.packs.manifest import Pack
from gleam_app.ui.packs.pages import full_licence
from gleam_app.ui.strings import TEXT, language
from tests.unit.packs.conftest import make_pack
from tests.windows import drop

MODEL = "qwen2.5-coder-0.5b"


@pytest.fixture
def manager(window: Any, services: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The manager's window with its rows."""
    monkeypatch.delenv("GLEAM_PACK_CACHE", raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "https://pypi.org/simple")  # else pip is asked
    monkeypatch.setattr(services, "packs_changed", lambda: None)  # keeps the stand-in locator
    window.commands["packs"].trigger()
    made = window.packs.window
    qtbot.waitUntil(lambda: "starter" in made.rows)
    return made


@pytest.fixture
def idle(window: Any, qtbot: Any) -> Any:
    """Wait until nothing is under way."""
    return lambda: qtbot.waitUntil(lambda: window.jobs.idle, timeout=20_000)


def a_pack(folder: Path, **other: Any) -> Path:
    """A ``.gleampack`` of an encoder."""
    name = folder / "mine"
    make_pack(name, {"weights.bin": b"w" * 5000}, **{"kind": "gleam-c", "title": "Mine", **other})
    target = folder / "mine.gleampack"
    with zipfile.ZipFile(target, "w") as archive:
        for file in name.iterdir():
            archive.write(file, file.name)
    return target


def test_every_pack_is_shown_with_what_matters(manager: Any, services: Any, qtbot: Any) -> None:
    assert set(manager.rows) == {status.id for status in services.packs.list()}
    row = manager.rows["starter"]
    assert row.active.isVisible() and row.sign.word.text() == "ready"
    for part in ("Encoder", "MB", "LicenseRef-research-use"):
        assert part in row.facts.text()
    assert manager.rows[MODEL].sign.word.text() == "not fetched"
    manager.unfold("starter")
    details = row.details
    assert details.isVisible() and not details.buttons["remove"].isEnabled()

    def shown() -> list[str]:
        labels = details.findChildren(type(row.facts))
        return [label.text() for label in labels if label.isVisible()]

    qtbot.waitUntil(lambda: "alpha, beta" in shown())  # the tile sets made with it
    language.choose("zh")
    assert row.sign.word.text() == TEXT["packs.state.ready"][1]


def test_what_it_was_measured_to_do_and_its_licence(manager: Any) -> None:
    manager.unfold("starter")
    manager.rows["starter"].details.buttons["measured"].click()
    table = manager.measured.table
    assert manager.stack.currentWidget() is manager.measured
    groups = [table.topLevelItem(place) for place in range(table.topLevelItemCount())]
    assert groups[0].text(0).startswith("UAV (")
    first = groups[0].child(0)
    assert first.text(1) == "300" and "%" in first.text(3) and "–" in first.text(3)
    QTest.keyClick(manager, Qt.Key.Key_Escape)
    assert manager.stack.currentWidget() is manager.list and manager.isVisible()
    manager.rows["xfeat"].asked.emit("licence")
    assert "Apache License" in manager.licence.toPlainText()
    manager.show_list()


def test_known_licences_are_told_in_full_without_a_file_of_the_pack(services: Any) -> None:
    status = services.packs.status(MODEL)
    assert "Apache License" in full_licence(status.manifest, status.folder)
    strange = status.manifest.model_copy(update={"licence": "../../../etc/passwd"})
    assert full_licence(strange, status.folder) == ""


def test_nothing_is_fetched_before_the_click(
    manager: Any, services: Any, qtbot: Any, idle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []
    monkeypatch.setattr(services.packs, "fetch", lambda pack_id, work: fetched.append(pack_id))
    row = manager.rows[MODEL]
    row.fetch.click()
    qtbot.waitUntil(row.offer.isVisible, timeout=20_000)
    assert "huggingface.co" in row.offer.text.text() and "491 MB" in row.offer.text.text()
    row.offer.second.click()
    idle()
    assert row.offer.isHidden() and fetched == []
    row.offer_fetch(Connections(("example.org", "pypi.org"), 12_000_000))
    row.offer.first.click()
    idle()
    assert fetched == [MODEL]


def test_a_fetch_rests_goes_on_stops_and_tells_what_went_wrong(
    manager: Any, services: Any, qtbot: Any, idle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = threading.Event()

    def fetch(pack_id: str, work: Any) -> None:
        for number in range(100_000):
            work.report("Fetching", number, 100_000)
            steps.set()
            threading.Event().wait(0.002)

    monkeypatch.setattr(services.packs, "fetch", fetch)
    library, row = manager._library, manager.rows[MODEL]
    library.fetch(MODEL)
    qtbot.waitUntil(lambda: "MB" in row.progress.words.text() or "KB" in row.progress.words.text())
    row.progress.pause.click()
    qtbot.waitUntil(lambda: row.sign.word.text() == "paused")
    row.progress.pause.click()
    qtbot.waitUntil(lambda: row.sign.word.text() == "fetching")
    row.progress.stop.click()
    idle()
    assert row.sign.word.text() == "not fetched" and row.progress.isHidden()

    def fail(pack_id: str, work: Any) -> None:
        raise GleamError("No <b>server</b> answered.", "Try later.")

    monkeypatch.setattr(services.packs, "fetch", fail)
    library.fetch(MODEL)
    qtbot.waitUntil(row.notice.isVisible)
    assert row.notice.message.text() == "No <b>server</b> answered."
    idle()


def test_installed_by_dialog_preferred_and_removed(
    manager: Any, window: Any, services: Any, qtbot: Any, idle: Any, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    file = a_pack(tmp_path, preference=1)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(file)], ""))
    manager.install.menu().actions()[0].trigger()
    qtbot.waitUntil(lambda: "mine" in manager.rows, timeout=20_000)
    idle()
    row = manager.rows["mine"]
    assert row.sign.word.text() == "ready" and not row.active.isVisible()
    assert manager.installing.isHidden()  # what has ended is not shown as going on
    manager.unfold("mine")
    row.details.buttons["prefer"].click()
    qtbot.waitUntil(row.active.isVisible)
    idle()
    assert not manager.rows["starter"].active.isVisible()
    assert services.packs.default("gleam-c").id == "mine"
    row.details.buttons["remove"].click()
    assert "KB" in row.offer.text.text() and services.packs.status("mine").state == "ready"
    row.offer.first.click()
    qtbot.waitUntil(lambda: "mine" not in manager.rows)
    idle()
    assert services.packs.default("gleam-c").id == "starter"


def test_dropped_on_the_main_window_a_damaged_pack_is_told_in_one_line(
    manager: Any, window: Any, qtbot: Any, idle: Any, tmp_path: Path
) -> None:
    file = tmp_path / "bad.gleampack"
    file.write_bytes(a_pack(tmp_path).read_bytes()[:600])
    manager.close()
    drop(window, file)
    notice = manager.panel.notice
    qtbot.waitUntil(notice.isVisible, timeout=20_000)
    assert manager.isVisible() and "bad.gleampack" in notice.message.text()
    assert "\n" not in notice.message.text() and notice._details.toPlainText() == ""
    idle()
    assert set(manager.rows) == {status.id for status in window._services.packs.list()}


def test_states_that_are_not_ready(manager: Any, services: Any, qtbot: Any, idle: Any) -> None:
    home = services.packs.folder
    make_pack(home / "broken", {"weights.bin": b"x"})
    (home / "broken" / "weights.bin").unlink()
    make_pack(home / "newer", {"weights.bin": b"x"}, min_app_version="99.0")
    manager._library.refresh()
    qtbot.waitUntil(lambda: {"broken", "newer"} <= manager.rows.keys())
    assert manager.rows["broken"].sign.word.text() == "damaged"
    assert manager.rows["newer"].sign.word.text() == "for another version"
    assert "99.0" in manager.rows["newer"].facts.text()
    manager.unfold("newer")
    manager.rows["newer"].details.buttons["remove"].click()
    manager.rows["newer"].offer.first.click()
    qtbot.waitUntil(lambda: "newer" not in manager.rows)
    idle()


def test_packs_may_lie_anywhere(
    manager: Any, window: Any, services: Any, qtbot: Any, idle: Any, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    make_pack(services.packs.folder / "old", {"weights.bin": b"o"}, kind="gleam-c")
    elsewhere = tmp_path / "a disk" / "packs"
    elsewhere.mkdir(parents=True)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(elsewhere))
    manager.ask_for_place()
    qtbot.waitUntil(lambda: str(elsewhere) in manager.folder.text())
    manager._library.install([a_pack(tmp_path)])
    qtbot.waitUntil(lambda: "mine" in manager.rows, timeout=20_000)
    idle()
    assert (elsewhere / "mine" / "pack.json").is_file() and "old" in manager.rows
    from gleam_app.services import Services

    again = Services(home=services.home)  # as the command line finds it
    assert again.packs.folder == elsewhere and isinstance(again.packs.get("mine"), Pack)
    again.close()
    for pack_id in ("mine", "old"):
        manager._library.remove(pack_id)
        qtbot.waitUntil(lambda pack_id=pack_id: pack_id not in manager.rows)
    idle()


def test_by_keyboard(manager: Any, qtbot: Any) -> None:
    row = manager.rows["starter"]
    row.setFocus()
    QTest.keyClick(row, Qt.Key.Key_Return)
    assert row.details.isVisible()
    QTest.keyClick(row, Qt.Key.Key_Delete)  # comes with the program: nothing to remove
    assert row.offer.isHidden()
    assert row.accessibleName().startswith("Starter encoder, ready")
