"""The line above the list: what waits, how far the batch is, and its pause and stop."""

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from gleam_app.ui.buttons import link_button, tool_button
from gleam_app.ui.cases.batch import Batch
from gleam_app.ui.cases.queries import Queries
from gleam_app.ui.panels.frame import ElidedLabel
from gleam_app.ui.progress import time_left
from gleam_app.ui.session import Session
from gleam_app.ui.strings import language, tr
from gleam_app.ui.theme import SPACE_1, SPACE_2


class BatchStrip(QWidget):
    """Hidden while nothing waits."""

    def __init__(self, batch: Batch, queries: Queries, session: Session) -> None:
        super().__init__()
        self.setProperty("role", "strip-below")
        self._batch, self._queries, self._session = batch, queries, session
        self.words = ElidedLabel()
        self.words.setProperty("role", "caption")
        self.start = link_button("batch.start")
        self.resume = link_button("batch.resume")
        for button in (self.start, self.resume):
            button.setProperty("type", "caption")
            button.clicked.connect(batch.start)
        self.pause = tool_button("pause", "batch.pause")
        self.pause.clicked.connect(batch.pause)
        self.stop = tool_button("square", "batch.stop")
        self.stop.clicked.connect(batch.stop)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(3)
        row = QHBoxLayout()
        row.setContentsMargins(SPACE_2, SPACE_1, SPACE_1, SPACE_1)
        row.setSpacing(SPACE_1)
        row.addWidget(self.words, 1)
        for part in (self.start, self.resume, self.pause, self.stop):
            row.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.bar)
        batch.changed.connect(self.refresh)
        queries.listed.connect(self.refresh)
        language.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show how things stand."""
        batch, waiting = self._batch, self._queries.waiting
        mode = batch.mode
        self.setVisible(waiting > 0)
        self.words.setText(self._text(waiting))
        self.start.setVisible(mode == "off" and batch.can_start)
        self.resume.setVisible(mode == "paused")
        self.pause.setVisible(mode == "on")
        self.stop.setVisible(mode != "off")
        progress = batch.progress
        self.bar.setVisible(mode != "off")
        self.bar.setRange(0, max(1, round(progress.total)))
        self.bar.setValue(round(progress.done))

    def _text(self, waiting: int) -> str:
        batch = self._batch
        if not self._session.tile_sets:
            return tr("batch.no_tiles", count=waiting)
        if batch.mode == "off":
            return tr("batch.waiting", count=waiting)
        if batch.mode == "paused":
            key = "batch.pausing" if batch.running else "batch.paused"
            return tr(key, count=waiting)
        progress = batch.progress
        done = tr("batch.running", done=round(progress.done), total=round(progress.total))
        return " · ".join(part for part in (done, time_left(progress)) if part)
