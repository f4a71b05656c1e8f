"""Runs inside the environment: uses the real window as a person would, by mouse, keyboard and drops."""

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from gleam_app.ui.window import MainWindow

FRONT_S = 30
SETTLE_MS = 700  # map tiles and thumbnails are drawn a moment after what they belong to


class GaveUp(Exception):
    """Something the person waited for did not come."""


class Person:
    """Hands and eyes. ``pictures`` is where what was seen is kept."""

    def __init__(self, window: MainWindow, pictures: Path) -> None:
        self.window = window
        self._pictures = pictures

    def wait_for(self, what: str, come: Callable[[], bool], seconds: float) -> float:
        """Watch until ``come()``; returns the seconds it took. Raises ``GaveUp``."""
        began = time.monotonic()
        while not come():
            if time.monotonic() - began > seconds:
                raise GaveUp(f"waited {seconds:.0f} s for {what}")
            self.pause(30)
        return time.monotonic() - began

    def pause(self, ms: int) -> None:
        """Let the window live. Not ``QTest.qWait``: it keeps the GIL, and the jobs would starve."""
        loop = QEventLoop()
        QTimer.singleShot(ms, loop.quit)
        loop.exec()

    def drop(self, path: Path) -> None:
        """Drag a file over the window and let it go."""
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path))])
        where = QPoint(160, 260)
        both = Qt.DropAction.CopyAction
        left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(self.window, QDragEnterEvent(where, both, mime, left, none))
        QApplication.sendEvent(self.window, QDropEvent(QPointF(where), both, mime, left, none))

    def press(self, command: str) -> None:
        """The keys of a command."""
        action = self.window.commands[command]
        if not action.isEnabled():
            raise GaveUp(f"“{action.text()}” cannot be used now")
        self.window.activateWindow()  # on a real screen it becomes so a moment later
        self.wait_for("the window to be in front", self.window.isActiveWindow, FRONT_S)
        heard: list[bool] = []
        listening = action.triggered.connect(lambda *_: heard.append(True))
        QTest.keySequence(self.window, action.shortcut())
        self.pause(50)
        action.triggered.disconnect(listening)
        if not heard:
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            raise GaveUp(f"{keys} did nothing for “{action.text()}”")

    def click(self, widget: QWidget, where: QPoint | None = None) -> None:
        place = where if where is not None else widget.rect().center()
        none = Qt.KeyboardModifier.NoModifier
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, none, place)
        self.pause(50)

    def click_candidate(self, rank: int) -> None:
        """Click the candidate's row in the list."""
        panel = self.window.candidates
        index = panel.model.index(panel.model.row_of(rank))
        panel.list.scrollTo(index)
        self.click(panel.list.viewport(), panel.list.visualRect(index).center())
        if self.window.session.rank != rank:
            raise GaveUp(f"candidate {rank} was clicked but not selected")

    def look(self, name: str) -> Path:
        """Keep a picture of the window as it is now."""
        self.pause(SETTLE_MS)
        path = self._pictures / f"{name}.png"
        staged = path.with_name(f".{path.name}")
        if not self.window.grab().save(str(staged), "PNG"):
            raise GaveUp(f"{path} could not be written")
        staged.replace(path)
        return path
