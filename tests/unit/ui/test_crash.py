"""A defect is told in one dialog, the case stays, and the report that can be saved holds no private data."""

import logging
import threading
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog

from gleam_app.diagnostics.logs import kept
from gleam_app.diagnostics.report import write_report
from gleam_app.errors import GleamError
from gleam_app.ui.strings import TEXT

SECRET = "/home/anna/Kharkiv bridge/IMG_0042.JPG at 50.00467, 36.23137"
WORDS = ("anna", "Kharkiv", "IMG_0042", "50.00467", "36.23137", "/home")


@pytest.fixture
def dialog(window: Any, qtbot: Any) -> Any:
    """The dialog, once its report is there."""

    def wait() -> Any:
        qtbot.waitUntil(lambda: window.crash.dialog.isVisible())
        qtbot.waitUntil(lambda: window.crash.dialog.save.isEnabled(), timeout=20_000)
        return window.crash.dialog

    return wait


def broken(*_: Any) -> None:
    raise RuntimeError(SECRET)


def in_a_slot(window: Any, qtbot: Any) -> None:
    with window.crash.listening():
        QTimer.singleShot(0, broken)
        qtbot.waitUntil(lambda: window.crash._count > 0)


def in_a_job(window: Any, qtbot: Any) -> None:
    window.jobs.start("work", broken)


def in_a_thread(window: Any, qtbot: Any) -> None:
    with window.crash.listening():
        thread = threading.Thread(target=broken)
        thread.start()
        thread.join()


@pytest.mark.parametrize("happen", [in_a_slot, in_a_job, in_a_thread])
def test_it_is_told_wherever_it_happens(
    window: Any, qtbot: Any, photo: Path, dialog: Any, happen: Any, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    window.intake.take_files([photo])
    qtbot.waitUntil(lambda: window.session.query is not None)
    qtbot.waitUntil(lambda: len(window.cases.queries.records) == 1)
    happen(window, qtbot)
    shown = dialog()
    assert shown.message.text() == TEXT["crash.now"][0]
    report = shown.report.toPlainText()
    assert "RuntimeError" in report and "test_crash.py" in report and "in broken" in report
    assert not [word for word in (*WORDS, photo.name, str(tmp_path)) if word in report]
    target = tmp_path / "report.txt"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    shown.save.click()
    qtbot.waitUntil(target.exists)
    assert target.read_text(encoding="utf-8") == report
    shown.go_on.click()
    assert window.session.query is not None and len(window.cases.queries.records) == 1
    assert window.crash._count == 0


def test_what_is_no_defect_is_told_elsewhere(window: Any, qtbot: Any) -> None:
    for error in (GleamError("Not a map."), PermissionError(13, "no", "/x")):

        def fail(work: Any, error: Exception = error) -> None:
            raise error

        heard: list[BaseException] = []
        window.jobs.start("work", fail, failed=heard.append)
        qtbot.waitUntil(lambda heard=heard: bool(heard))
    qtbot.wait(50)
    assert window.crash._shown is None


def test_more_defects_share_one_dialog(window: Any, dialog: Any, qtbot: Any) -> None:
    for _ in range(3):
        window.crash.tell(ValueError("x"))
    qtbot.waitUntil(lambda: "3 things" in window.crash.dialog.message.text())
    assert dialog().report.toPlainText().count("== Error") == 3


def test_a_crash_of_the_last_run_is_told_at_the_start(
    window: Any, services: Any, dialog: Any
) -> None:
    folder = services.home / "logs"
    folder.mkdir(parents=True)
    trace = (
        'Fatal Python error: Segmentation fault\n  File "/home/anna/gleam_app/x.py", line 3 in f'
    )
    (folder / "crash-99999999.txt").write_text(trace)
    window.crash.look_back()
    shown = dialog()
    assert shown.message.text() == TEXT["crash.last_run"][0]
    assert "Segmentation fault" in shown.report.toPlainText()
    assert "anna" not in shown.report.toPlainText()


def test_the_report_names_versions_and_packs_but_no_tile_set(services: Any) -> None:
    with kept(services.home):
        logging.getLogger("gleam_app.x").info("job %r failed", SECRET)
    folder = services.packs.folder / "kharkiv-model"
    folder.mkdir(parents=True)
    (folder / "pack.json").write_text("{}")
    text = write_report(services)
    assert "GLEAM Desktop" in text and "torch " in text and "starter: gleam-c" in text
    assert "a pack of the user: unreadable" in text
    assert "2 with 3040 tiles: 2 ready" in text
    assert "job … failed" in text
    assert not [word for word in (*WORDS, "kharkiv", "alpha", str(services.home)) if word in text]
