"""How far fetching, installing or checking is: pause where it can rest, and stop."""

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from gleam_app.ui.buttons import tool_button
from gleam_app.ui.icons import bind_icon
from gleam_app.ui.jobs import Task
from gleam_app.ui.progress import progress_words
from gleam_app.ui.strings import tr
from gleam_app.ui.theme import SPACE_1, SPACE_2
from gleam_app.ui.tile_sets.entries import size_text
from gleam_app.ui.tile_sets.sign import caption


class PackProgress(QWidget):
    """``asked``: ``pause``, ``go_on`` or ``stop``."""

    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._paused = False
        self.words = caption()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(4)
        self.pause = tool_button("pause", "packs.pause")
        self.pause.clicked.connect(lambda: self.asked.emit("go_on" if self._paused else "pause"))
        self.stop = tool_button("square", "packs.stop")
        self.stop.clicked.connect(lambda: self.asked.emit("stop"))
        row = QHBoxLayout()
        row.setSpacing(SPACE_1)
        row.addWidget(self.words, 1)
        row.addWidget(self.pause)
        row.addWidget(self.stop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACE_1, 0, 0)
        column.setSpacing(SPACE_2)
        column.addWidget(self.bar)
        column.addLayout(row)
        self.hide()

    def show_task(self, task: "Task[Any]", title: str, can_pause: bool, stopping: bool) -> None:
        """Show how far it is."""
        progress = task.progress
        fraction = progress.fraction if progress is not None else None
        self._paused = task.paused
        self.bar.setRange(0, 0 if fraction is None and not task.paused else 1000)
        self.bar.setValue(round(1000 * (fraction or 0.0)))
        parts = [title] if title else []
        if stopping:
            parts.append(tr("packs.state.stopping"))
        elif progress is None:
            parts.append(tr("packs.starting"))
        else:
            words = progress_words(progress)
            parts += [words[0], tr("packs.state.paused")] if task.paused and words else words
            if progress.total:
                done, total = size_text(int(progress.done)), size_text(int(progress.total))
                parts.append(tr("sets.of", done=done, total=total))
        self.words.setText(" · ".join(parts))
        self.pause.setVisible(can_pause)
        bind_icon(self.pause, self.pause.setIcon, "play" if task.paused else "pause", "secondary")
        tip = tr("packs.go_on" if task.paused else "packs.pause")
        self.pause.setToolTip(tip)
        self.pause.setAccessibleName(tip)
        for button in (self.pause, self.stop):
            button.setEnabled(not stopping)
        self.show()
