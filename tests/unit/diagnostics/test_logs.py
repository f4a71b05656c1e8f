"""The log is bounded, private, and never in the way."""

import logging
from pathlib import Path

import pytest

from gleam_app.diagnostics import logs

ours = logging.getLogger("gleam_app.test")


def test_templates_are_kept_and_values_hidden(tmp_path: Path) -> None:
    with logs.kept(tmp_path):
        ours.info("job %r failed after %d tries at %s", "Locating kharkiv.jpg", 3, 50.00467)
        ours.debug("not worth a line")
        logging.getLogger("rasterio").warning(
            "CPLE_OpenFailed in '/home/anna/kharkiv.tif': no such file"
        )
        logging.getLogger("rasterio").info("chatter")
        try:
            raise ValueError("kharkiv.jpg")
        except ValueError:
            ours.exception("a listener failed")
    lines = logs.tail(tmp_path)
    text = "\n".join(lines)
    assert "gleam_app.test: job … failed after 3 tries at …" in lines[0]
    assert "no such file" in text and "builtins.ValueError" in text and "test_logs.py" in text
    for secret in ("kharkiv", "anna", "50.00467", "chatter", "not worth"):
        assert secret not in text


def test_it_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MAX_BYTES", 5_000)
    with logs.kept(tmp_path):
        for number in range(1_000):
            ours.info("line %d of many that are all about nothing", number)
    files = sorted(logs.log_folder(tmp_path).iterdir())
    assert [file.name for file in files] == ["gleam.log", "gleam.log.1", "gleam.log.2"]
    assert all(file.stat().st_size <= 5_000 for file in files)
    assert "line 999 of many" in logs.tail(tmp_path)[-1]
    assert len(logs.tail(tmp_path, 3)) == 3


def test_an_unused_home_stays_untouched_and_handlers_go(tmp_path: Path) -> None:
    before = list(logging.getLogger().handlers)
    with logs.kept(tmp_path / "home"):
        pass
    assert not (tmp_path / "home").exists()
    assert logging.getLogger().handlers == before
    assert logs.tail(tmp_path / "home") == []


def test_a_home_that_cannot_be_written_holds_up_nothing(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    with logs.kept(tmp_path / "home"):
        ours.info("said to nobody")
    assert logs.tail(tmp_path / "home") == []
