"""What the map page and Python say to each other, over QWebChannel."""

import json
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot


class Bridge(QObject):
    """The object that the page knows as ``bridge``.

    Messages to the page carry a kind and JSON, never code; those before the page is ready are not
    kept, because the panel tells its whole state when it becomes so.
    """

    message = Signal(str, str)  # to the page
    page_ready = Signal()
    candidate_clicked = Signal(int)
    cursor_moved = Signal(float, float)
    cursor_left = Signal()
    told = Signal(str, object)  # a room of the page: kind and what JSON said

    def send(self, kind: str, payload: Any) -> None:
        """Tell the page; ``payload`` is anything JSON can say."""
        self.message.emit(kind, json.dumps(payload, ensure_ascii=False, allow_nan=False))

    @Slot()
    def ready(self) -> None:
        self.page_ready.emit()

    @Slot(str, str)
    def tell(self, kind: str, body: str) -> None:
        self.told.emit(kind, json.loads(body))

    @Slot(int)
    def clickCandidate(self, rank: int) -> None:
        self.candidate_clicked.emit(rank)

    @Slot(float, float)
    def moveCursor(self, lat: float, lon: float) -> None:
        self.cursor_moved.emit(lat, lon)

    @Slot()
    def leaveCursor(self) -> None:
        self.cursor_left.emit()
