"""What every test starts from: a fresh home, no screen, and nothing left behind."""

import gc
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # tests.factories, from anywhere

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
if hasattr(os, "geteuid") and os.geteuid() == 0:
    os.environ.setdefault("QTWEBENGINE_DISABLE_SANDBOX", "1")  # Chromium refuses root otherwise

# Lines that Qt and Chromium write on a machine without a graphics card or a desktop session. They
# are about the machine; every other message of Qt fails the test in which it appears.
HOST_NOISE = (
    "QRhiGles2",  # no OpenGL offscreen: Qt draws in software
    "Failed to create RHI",
    "createPlatformVulkanInstance",
    "QVulkanInstance",
    "GBM is not supported",
    "GPUInfo not initialized",
    "Sandboxing disabled",  # running as root, see above
    "propagateSizeHints",  # the offscreen platform has no window manager
    "does not support grabbing the keyboard",  # the same, asked for by menus
    "This plugin does not support raise",  # the same, asked for by tooltips
    "XDG_RUNTIME_DIR",
)
PATIENCE_S = 5.0  # what was told to end may take a moment to do so
WAIT_MS = 30_000  # as long as it may take on a machine that does other things too
WINDOW_TESTS = {"ui", "ui_map", "ui_compare", "workflows"}


def pytest_configure(config: pytest.Config) -> None:
    for line in HOST_NOISE:
        config.addinivalue_line("qt_log_ignore", line)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Chromium learns its schemes before the application is made, which is at the first such test."""
    if any(WINDOW_TESTS & set(item.path.parts) for item in items):
        from gleam_app.ui.map.scheme import register_scheme

        register_scheme()


class PatientBot(QtBot):  # type: ignore[misc]
    """Waits longer than a person would before it calls something late: busy machines are no failure."""

    def waitUntil(self, callback: Any, *, timeout: int = WAIT_MS) -> None:
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = WAIT_MS, **how: Any) -> Any:
        return super().waitSignal(signal, timeout=timeout, **how)


@pytest.fixture
def qtbot(qapp: Any, request: pytest.FixtureRequest) -> QtBot:
    return PatientBot(request)


@pytest.fixture(autouse=True)
def fresh_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """User data of this test alone."""
    home = tmp_path / "gleam-home"
    monkeypatch.setenv("GLEAM_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No window, thread or child process outlives its test."""
    children = set(_child_processes())
    yield
    if "PySide6.QtWidgets" in sys.modules:
        _check_qt()
    end = time.monotonic() + PATIENCE_S
    while (left := _threads() + sorted(set(_child_processes()) - children)) and (
        time.monotonic() < end
    ):
        time.sleep(0.02)
    assert not left, f"threads or processes left running: {left}"


def _threads() -> list[Any]:
    return [t.name for t in threading.enumerate() if t.name.startswith("gleam-")]


def _check_qt() -> None:
    from PySide6.QtCore import QCoreApplication, QEvent, QThread, QTimer
    from PySide6.QtWidgets import QApplication

    if QApplication.instance() is None:
        return
    for _ in range(3):  # a window, what it owned, what goes after that
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()
    gc.collect()
    windows = [repr(w) for w in QApplication.topLevelWidgets() if w.isVisible()]
    assert not windows, f"windows left open: {windows}"
    threads = [o for o in _living(QThread) if o.isRunning() and o is not QThread.currentThread()]
    assert not threads, f"QThreads left running: {threads}"
    timers = [repr(timer) for timer in _living(QTimer) if timer.isActive()]
    assert not timers, f"timers left running: {timers}"


def _living(kind: type) -> list[Any]:
    from shiboken6 import isValid

    return [one for one in gc.get_objects() if issubclass(type(one), kind) and isValid(one)]


def _child_processes() -> list[tuple[int, str]]:
    """(pid, name) of our children, but for Chromium's, which stay as long as the application."""
    if not sys.platform.startswith("linux"):
        return []
    found = []
    for listing in Path("/proc/self/task").glob("*/children"):
        try:
            pids = listing.read_text().split()
        except OSError:  # that thread ended meanwhile
            continue
        for pid in pids:
            try:
                name = Path(f"/proc/{pid}/comm").read_text().strip()
            except OSError:
                continue
            if not name.startswith("QtWebEngine"):
                found.append((int(pid), name))
    return found
