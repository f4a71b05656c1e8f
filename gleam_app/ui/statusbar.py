"""The line at the bottom: tile set, packs, jobs, cursor position, and that nothing leaves the machine."""

import time

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QWidget

from gleam_app.geo.coordinates import PositionStyle, format_position
from gleam_app.ui.buttons import tool_button
from gleam_app.ui.jobs import Jobs, Task
from gleam_app.ui.plural import counted
from gleam_app.ui.progress import progress_words
from gleam_app.ui.session import Session, names_in_short
from gleam_app.ui.strings import bind_text, language, tr
from gleam_app.ui.theme import SPACE_2, SPACE_3, SPACE_4, mono_font, theme

SHOWN_AFTER_S = 0.6
MESSAGE_MS = 4000


class Dot(QWidget):
    """A small round light in a token's colour."""

    def __init__(self) -> None:
        super().__init__()
        self.token = "verified"
        self.setFixedSize(8, 8)
        theme.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(getattr(theme.tokens, self.token)))
        painter.drawEllipse(self.rect())


class StatusBar(QWidget):
    """Shows the session's tile set and the oldest job that takes longer than a moment."""

    def __init__(self, session: Session, jobs: Jobs) -> None:
        super().__init__()
        self.setObjectName("statusbar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(28)
        self._session, self._jobs = session, jobs
        self._shown_task: Task[object] | None = None
        self.style_of_coordinates: PositionStyle = "dd"
        self.tile_set, self.packs, self.message = QLabel(), QLabel(), QLabel()
        self.job, self.position, self._offline = QLabel(), QLabel(), QLabel()
        for label in (self.tile_set, self.packs, self.message, self.job, self.position):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.packs.setProperty("role", "secondary")
        bind_text(self.packs, self.packs.setToolTip, "status.packs.hint")
        self.position.setFont(mono_font())
        self.position.setProperty("role", "mono")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedSize(88, 4)
        self.cancel = tool_button("x", "job.cancel")
        self.cancel.clicked.connect(self._cancel)
        self._dot = Dot()
        bind_text(self._offline, self._offline.setToolTip, "status.offline.hint")
        self._message_timer = QTimer(self)
        self._message_timer.setSingleShot(True)
        self._message_timer.timeout.connect(self.message.clear)
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.timeout.connect(self.refresh)
        self._lay_out()
        jobs.changed.connect(self.refresh)
        session.tile_sets_changed.connect(self.refresh)
        language.changed.connect(self.refresh)
        self.refresh()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE_3, 0, SPACE_3, 0)
        row.setSpacing(SPACE_2)
        row.addWidget(self.tile_set)
        row.addSpacing(SPACE_3)
        row.addWidget(self.packs)
        row.addSpacing(SPACE_3)
        row.addWidget(self.message)
        row.addStretch(1)
        row.addWidget(self.job)
        row.addWidget(self.bar)
        row.addWidget(self.cancel)
        row.addSpacing(SPACE_4)
        self.position.setMinimumWidth(190)
        self.position.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.position.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
        row.addWidget(self.position)
        row.addSpacing(SPACE_3)
        row.addWidget(self._dot)
        row.addWidget(self._offline)

    def say(self, text: str) -> None:
        """A short confirmation that goes by itself."""
        self.message.setText(text)
        self._message_timer.start(MESSAGE_MS)

    def show_cursor(self, lat: float, lon: float) -> None:
        """Where the pointer is on the map (degrees)."""
        if abs(lat) <= 90:  # the map has margins beyond the poles
            self.position.setText(format_position(lat, lon, self.style_of_coordinates))

    def show_packs(self, labels: list[str]) -> None:
        self.packs.setText(" · ".join(labels))

    def show_connection(self, fetching: bool) -> None:
        """Whether a pack is being fetched over the network."""
        self._dot.token = "possible" if fetching else "verified"
        self._dot.update()
        self._offline.setText(tr("status.fetching" if fetching else "status.offline"))

    def refresh(self) -> None:
        tile_sets = self._session.tile_sets
        if not tile_sets:
            self.tile_set.setText(tr("tiles.none"))
        else:
            count = sum(tile_set.info.tiles for tile_set in tile_sets)
            parts = [names_in_short(self._session.tile_set_names), counted("tiles.count", count)]
            self.tile_set.setText(" · ".join(parts))
        running = self._jobs.running
        self.show_connection(any(task.connects for task in running))
        due = [task for task in running if time.monotonic() - task.started >= SHOWN_AFTER_S]
        self._shown_task = due[0] if due else None
        if running and not due:
            self._late.start(round(1000 * SHOWN_AFTER_S))
        for widget in (self.job, self.bar, self.cancel):
            widget.setVisible(self._shown_task is not None)
        if self._shown_task is not None:
            more = tr("job.more", count=len(due) - 1) if len(due) > 1 else ""
            self._show_task(self._shown_task, more)

    def _show_task(self, task: "Task[object]", more: str) -> None:
        progress = task.progress
        fraction = progress.fraction if progress is not None else None
        parts = [task.title, *progress_words(progress)]
        if task.paused:
            parts = [*parts[:2], tr("sets.state.paused")]
        if more:
            parts.append(more)
        self.job.setText(" · ".join(parts))
        self.bar.setRange(0, 0 if fraction is None else 1000)
        self.bar.setValue(round(1000 * (fraction or 0.0)))

    def _cancel(self) -> None:
        if self._shown_task is not None:
            self._shown_task.cancel()
