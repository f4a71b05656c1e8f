"""How far the building of a tile set is: area, tiles, time left; pause and stop."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from gleam_app.ui.buttons import tool_button
from gleam_app.ui.icons import bind_icon
from gleam_app.ui.lengths import lengths
from gleam_app.ui.plural import counted
from gleam_app.ui.progress import progress_words
from gleam_app.ui.strings import tr
from gleam_app.ui.theme import SPACE_1, SPACE_2
from gleam_app.ui.tile_sets.builds import Build
from gleam_app.ui.tile_sets.sign import caption

EMBEDDING = "Embedding tiles"  # what retrieval.build reports while it counts tiles


class BuildProgress(QWidget):
    """``asked``: ``pause``, ``go_on`` or ``stop``."""

    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._paused = False
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(4)
        self.pause = tool_button("pause", "sets.pause")
        self.stop = tool_button("square", "sets.stop")
        self.pause.clicked.connect(lambda: self.asked.emit("go_on" if self._paused else "pause"))
        self.stop.clicked.connect(lambda: self.asked.emit("stop"))
        self.words, self.amount = caption(), caption()
        lines = QVBoxLayout()
        lines.setSpacing(0)
        lines.addWidget(self.words)
        lines.addWidget(self.amount)
        row = QHBoxLayout()
        row.setSpacing(SPACE_1)
        row.addLayout(lines, 1)
        row.addWidget(self.pause)
        row.addWidget(self.stop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACE_1, 0, 0)
        column.setSpacing(SPACE_2)
        column.addWidget(self.bar)
        column.addLayout(row)
        self.hide()

    def show_build(self, build: Build) -> None:
        """Show how far it is."""
        progress = build.progress
        fraction = progress.fraction if progress is not None else None
        self.bar.setRange(0, 0 if fraction is None and not build.paused else 1000)
        self.bar.setValue(round(1000 * (fraction or 0.0)))
        self.words.setText(self._words(build))
        self.amount.setText(amount_text(build))
        self.amount.setVisible(bool(self.amount.text()))
        self._paused = build.paused
        bind_icon(self.pause, self.pause.setIcon, "play" if build.paused else "pause", "secondary")
        tip = tr("sets.go_on" if build.paused else "sets.pause")
        self.pause.setToolTip(tip)
        self.pause.setAccessibleName(tip)
        for button in (self.pause, self.stop):
            button.setEnabled(not build.stopping)

    def _words(self, build: Build) -> str:
        progress = build.progress
        if build.stopping:
            return tr("sets.stopping")
        if build.waiting:
            return tr("sets.waiting")
        if progress is None:
            return tr("sets.reading")
        if progress.what != EMBEDDING:
            return tr("sets.indexing")
        words = progress_words(progress)
        return " · ".join([words[0], tr("sets.state.paused")] if build.paused else words)


def amount_text(build: Build) -> str:
    """Area and tiles done, of all; empty while not counted."""
    progress = build.progress
    if progress is None or progress.what != EMBEDDING or not progress.total:
        return ""
    parts = []
    if build.area_km2:
        done = lengths.area(build.area_km2 * progress.done / progress.total)
        parts.append(tr("sets.of", done=done, total=lengths.area(build.area_km2)))
    tiles = tr("sets.of", done=f"{progress.done:,.0f}", total=f"{progress.total:,.0f}")
    return " · ".join([*parts, counted("tiles.count", round(progress.total), tiles)])
