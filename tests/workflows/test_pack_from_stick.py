"""Without any connection: the language model comes on a stick, is installed in the window, and explains."""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QFileDialog

from gleam_app.services import Services
from gleam_app.ui.session import ExplainPhase
from gleam_app.ui.strings import language

MODEL = "qwen2.5-coder-0.5b"
BUILD_MS, INSTALL_MS, EXPLAIN_MS = 240_000, 120_000, 300_000


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """A folder with the model's file under another name; skipped where the file is not at hand."""
    cache = os.environ.get("GLEAM_PACK_CACHE", "")
    wanted = next(
        (f for f in Services().packs.status(MODEL).manifest.files if f.role == "model"), None
    )
    assert wanted is not None
    found = [f for f in Path(cache).glob("*.gguf") if f.stat().st_size == wanted.size and cache]
    if not found:
        pytest.skip("GLEAM_PACK_CACHE holds no language model")
    folder = tmp_path / "media" / "STICK 1"
    folder.mkdir(parents=True)
    try:
        os.link(found[0], folder / "model from home.gguf")
    except OSError:  # another disk
        shutil.copy(found[0], folder / "model from home.gguf")
    return folder


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every attempt to connect or to ask for a name fails, and is noted."""
    tried: list[str] = []

    def refuse(*arguments: Any, **_: Any) -> Any:
        tried.append(repr(arguments[-1:]))
        raise OSError("no network in this test")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    return tried


@pytest.fixture
def window(
    qtbot: Any, stick: Path, no_network: list[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    monkeypatch.delenv("GLEAM_PACK_CACHE", raising=False)  # the stick alone brings the model
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


@pytest.mark.llm
def test_a_language_model_from_a_stick(
    window: Any, qtbot: Any, stick: Path, no_network: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    window.begin([], demo=True)
    qtbot.waitUntil(lambda: bool(window.language_model.wanted), timeout=30_000)

    # asked to fetch, the program says what would connect, and does nothing before a click
    window.explanation.fetch_requested.emit()
    packs = window.packs.window
    wanted = window.language_model.wanted
    qtbot.waitUntil(lambda: wanted in packs.rows and packs.rows[wanted].offer.isVisible(), timeout=30_000)  # fmt: skip
    assert "huggingface.co" in packs.rows[wanted].offer.text.text()
    assert no_network == [] and window.packs.library.doing(wanted) is None
    packs.rows[wanted].offer.second.click()  # not now

    # the file on the stick instead, by the dialog
    file = stick / "model from home.gguf"
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(file)], ""))
    window.commands["packs"].trigger()
    packs.install.menu().actions()[0].trigger()
    qtbot.waitUntil(lambda: window.packs.library.installing is None, timeout=INSTALL_MS)
    qtbot.waitUntil(lambda: window.packs.library.entry(MODEL).state == "ready", timeout=INSTALL_MS)
    assert packs.notice_of(MODEL).isHidden() and packs.panel.notice.isHidden()
    assert (window._services.home / "packs" / MODEL / "pack.json").is_file()

    # and the demo's answer is put into words
    def located() -> bool:
        location = window.session.location
        return location is not None and location.complete and not window.session.locating

    qtbot.waitUntil(located, timeout=BUILD_MS)
    qtbot.waitUntil(lambda: bool(window.session.explain.evidence), timeout=30_000)
    who = window.explanation.model
    qtbot.waitUntil(lambda: who.findData(MODEL) >= 0, timeout=30_000)
    who.setCurrentIndex(who.findData(MODEL))  # the bundled explainer is preferred until then
    who.activated.emit(who.currentIndex())
    window.commands["explain"].trigger()

    def done() -> bool:
        state = window.session.explain
        return state.phase is ExplainPhase.DONE and state.explanation is not None

    qtbot.waitUntil(done, timeout=EXPLAIN_MS)
    explanation = window.session.explain.explanation
    assert explanation.pack.startswith(MODEL)
    assert len(explanation.claims) >= 2 and explanation.claims[0].evidence
    assert no_network == []
