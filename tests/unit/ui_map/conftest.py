"""A real WebEngine, offscreen; the scheme is registered before pytest-qt makes the application."""

import os
import time
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if hasattr(os, "geteuid") and os.geteuid() == 0:
    os.environ.setdefault("QTWEBENGINE_DISABLE_SANDBOX", "1")  # Chromium refuses root otherwise

from gleam_app.ui.map.scheme import register_scheme

register_scheme()

# What Qt and Chromium say on a machine without a graphics card; none of it is ours.
HOST_NOISE = (
    "QRhiGles2",
    "Failed to create RHI",
    "createPlatformVulkanInstance",
    "QVulkanInstance",
    "GBM is not supported",
    "GPUInfo not initialized",
    "Sandboxing disabled",
    "propagateSizeHints",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "ui_map" in item.path.parts:
            item.add_marker(pytest.mark.qt_log_ignore(*HOST_NOISE, extend=True))


class Driver:
    """A map panel and a hand on it: asks the page, waits until it is drawn."""

    def __init__(self, panel: Any, qtbot: Any) -> None:
        self.panel, self._qtbot = panel, qtbot

    def ask(self, script: str) -> Any:
        """The value of a JavaScript expression in the page."""
        answers: list[Any] = []
        self.panel.view.page().runJavaScript(f"JSON.stringify({script})", answers.append)
        self._qtbot.waitUntil(lambda: bool(answers), timeout=10_000)
        import json

        return json.loads(answers[0]) if answers[0] else None

    def until(self, script: str, seconds: float = 10) -> None:
        """Wait for an expression to be true."""
        end = time.monotonic() + seconds
        while not self.ask(script):
            assert time.monotonic() < end, f"never true: {script}"
            self._qtbot.wait(20)

    def settle(self) -> None:
        """Wait until nothing moves and every tile is there and on the screen."""
        self.until("!gleam.busy()")
        self._qtbot.wait(250)
        self.until("!gleam.busy()")


@pytest.fixture
def driver(qtbot: Any) -> Any:
    from gleam_app.ui.map.panel import MapPanel

    panel = MapPanel()
    panel.resize(640, 480)
    with qtbot.waitSignal(panel.page_ready, timeout=20_000):
        panel.show()
    yield Driver(panel, qtbot)
    panel.close()
    panel.deleteLater()
    for _ in range(2):  # the panel, then the profile that goes after it
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def source() -> Any:
    """The bundled demo imagery."""
    from gleam_app.home import resources_dir
    from gleam_app.imagery.sources import open_source

    opened = open_source(resources_dir() / "demo" / "map.tif")
    yield opened
    opened.close()
