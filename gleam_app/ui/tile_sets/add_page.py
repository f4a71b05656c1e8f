"""The card on which imagery becomes a tile set: what was found, its name, scales, cost, and Start."""

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gleam_app.errors import GleamError
from gleam_app.retrieval.tiles.tileset import NAME
from gleam_app.ui.buttons import ChoiceBox, link_button
from gleam_app.ui.lengths import lengths
from gleam_app.ui.messages.translate import in_one_line
from gleam_app.ui.panels.notice import Notice
from gleam_app.ui.plural import counted
from gleam_app.ui.strings import bind_text, language, tr
from gleam_app.ui.theme import SPACE_1, SPACE_2, SPACE_3, SPACE_4
from gleam_app.ui.tile_sets.adding import Adding
from gleam_app.ui.tile_sets.builds import Request
from gleam_app.ui.tile_sets.entries import Entry, scales_text, size_text
from gleam_app.ui.tile_sets.found import CrsQuestion, FoundList
from gleam_app.ui.tile_sets.positions import Positions
from gleam_app.ui.tile_sets.scales import Chosen, ScaleList, ViewChoice
from gleam_app.ui.tile_sets.sign import caption

if TYPE_CHECKING:
    from gleam_app.retrieval.tiles.estimate import Cost, Estimate

_UNFIT = re.compile(r"[^\w.-]+")


class AddPage(QWidget):
    """Follows ``adding``. ``started``: (request, km²) to build; ``closed``: nothing is to be added.

    ``more_files`` and ``more_folders``: the person wants to choose further sources.
    """

    started = Signal(object, float)
    closed = Signal()
    more_files = Signal()
    more_folders = Signal()

    def __init__(self, adding: Adding) -> None:
        super().__init__()
        self.adding = adding
        self._entries: tuple[Entry, ...] = ()
        self._chosen = Chosen()
        self._named = False
        self._cost: Cost | None = None
        self.notice = Notice()
        self.found = FoundList()
        self.found.left_out.connect(adding.leave_out)
        self.crs = CrsQuestion()
        self.crs.named.connect(adding.name_crs)
        self.positions = Positions()
        self.positions.dropped.connect(lambda: adding.place_pictures(None))
        self.target = ChoiceBox()
        bind_text(self.target, self.target.setAccessibleName, "add.target")
        self.target.activated.connect(self.refresh)
        self.name = QLineEdit()
        self.name.setMaxLength(64)
        bind_text(self.name, self.name.setAccessibleName, "add.name")
        self.name.textEdited.connect(self._rename)
        self.name_error = caption()
        self.name_error.setProperty("tone", "bad")
        self.views, self.scales = ViewChoice(), ScaleList()
        self.views.switched.connect(lambda view, on: self._choose(self._chosen.with_view(view, on)))
        self.scales.switched.connect(
            lambda scale, on: self._choose(self._chosen.with_scale(scale, on))
        )
        self.fixed_scales = caption()
        self.tiles, self.cost = QLabel(), caption()
        self.tiles.setProperty("role", "strong")
        self.start = QPushButton()
        self.start.setProperty("role", "primary")
        bind_text(self.start, self.start.setText, "add.start")
        self.start.clicked.connect(self._start)
        self.cancel = QPushButton()
        bind_text(self.cancel, self.cancel.setText, "job.cancel")
        self.cancel.clicked.connect(self.closed)
        self._lay_out()
        adding.changed.connect(self.refresh)
        language.changed.connect(self.refresh)
        lengths.changed.connect(self.refresh)

    # ---- composition ----------------------------------------------------------------------------

    def _lay_out(self) -> None:
        inside = QWidget()
        inside.setObjectName("card")
        body = QVBoxLayout(inside)
        body.setContentsMargins(SPACE_3, SPACE_3, SPACE_3, SPACE_4)
        body.setSpacing(SPACE_2)
        more = QHBoxLayout()
        more.setSpacing(SPACE_3)
        for key, signal in (("add.files", self.more_files), ("add.folder", self.more_folders)):
            link = link_button(key)
            link.clicked.connect(signal)
            more.addWidget(link)
        more.addStretch(1)
        body.addWidget(_heading("add.imagery"))
        body.addWidget(self.found)
        body.addLayout(more)
        body.addWidget(self.crs)
        self._target_part = _part("add.target", self.target, self.name, self.name_error)
        self._positions_part = _part("add.positions", self.positions)
        self._views_part = _part("add.views", self.views)
        self._scales_part = _part("add.scales", self.scales, self.fixed_scales)
        for part in (
            self._positions_part, self._target_part, self._views_part, self._scales_part
        ):  # fmt: skip
            body.addWidget(part)
        body.addStretch(1)
        self.scroller = QScrollArea()
        self.scroller.setWidget(inside)
        self.scroller.setWidgetResizable(True)
        self.scroller.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scroller.setFrameShape(QFrame.Shape.NoFrame)
        self.scroller.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.tiles)
        words.addWidget(self.cost)
        foot = QFrame()
        foot.setProperty("role", "strip")
        row = QHBoxLayout(foot)
        row.setContentsMargins(SPACE_3, SPACE_2, SPACE_3, SPACE_2)
        row.setSpacing(SPACE_2)
        row.addLayout(words, 1)
        row.addWidget(self.cancel)
        row.addWidget(self.start)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.notice)
        column.addWidget(self.scroller, 1)
        column.addWidget(foot)

    # ---- what is shown --------------------------------------------------------------------------

    def begin(self, join: str = "") -> None:
        """A fresh card; ``join``: the tile set that the imagery is meant for."""
        self._chosen, self._named = Chosen(), False
        self._fill_target(join)
        self.refresh()

    def show_entries(self, entries: tuple[Entry, ...]) -> None:
        """The tile sets that imagery can be joined to, and the names that are taken."""
        self._entries = entries
        self._fill_target(self.joined)
        if self.isVisible():
            self.refresh()

    @property
    def joined(self) -> str:
        """The tile set that the imagery goes into; empty: a new one."""
        return str(self.target.currentData() or "")

    def _fill_target(self, join: str) -> None:
        names = [e.name for e in self._entries if e.usable and e.fits and e.half_built is None]
        shown = [self.target.itemData(row) for row in range(self.target.count())]
        if shown != ["", *names]:
            self.target.clear()
            for name in ("", *names):
                self.target.addItem("", name)
            self._name_targets()
        self.target.setCurrentIndex(max(0, self.target.findData(join)))

    def _name_targets(self) -> None:
        for row in range(self.target.count()):
            name = self.target.itemData(row)
            text = tr("add.target.join", name=name) if name else tr("add.target.new")
            self.target.setItemText(row, text)

    def refresh(self) -> None:
        """Show how things stand."""
        adding = self.adding
        self._name_targets()
        self.found.show_found(adding)
        self.crs.show_question(adding.needs_crs, adding.recent_crs, adding.crs_error)
        if adding.error is not None:
            self.notice.show_error(adding.error)
        else:
            self.notice.clear()
        self._show_name()
        self._show_scales()
        self._show_cost()
        self._positions_part.setVisible(adding.takes_positions)
        self.positions.show_table(adding.coords)
        some = adding.good and self._cost is not None and self._cost.tiles > 0
        self.start.setEnabled(some and not self._name_trouble())

    def _show_name(self) -> None:
        new = not self.joined
        if not self._named and self.adding.paths:
            taken = {entry.name for entry in self._entries}
            self.name.setText(free_name(self.adding.paths[0].stem, taken))
        trouble = self._name_trouble()
        self.name.setVisible(new)
        self.name.setProperty("bad", bool(trouble))
        self.name.style().polish(self.name)
        self.name_error.setText(trouble)
        self.name_error.setVisible(bool(trouble))
        self._target_part.setVisible(bool(self.adding.found))

    def _show_scales(self) -> None:
        estimate, joined = self.adding.estimate, self._joined_entry()
        self.fixed_scales.setVisible(joined is not None)
        self.scales.setVisible(joined is None)
        self.views.show_chosen(self._chosen)
        scaled = estimate is not None and bool(estimate.scales)
        self._views_part.setVisible(scaled and joined is None)
        self._scales_part.setVisible(scaled)
        if joined is not None:
            scales = scales_text(joined.info.scales_m)
            self.fixed_scales.setText(tr("add.scales.joined", scales=scales))
        elif estimate is not None:
            self.scales.show_scales(estimate, self._chosen, self.adding.tiles)

    def _show_cost(self) -> None:
        """What it takes; Start waits until that is known."""
        adding, estimate = self.adding, self.adding.estimate
        self._cost = None
        self.cost.setText("")
        self.cost.setProperty("tone", "")
        if estimate is None:
            busy = tr("add.looking") if adding.looking else ""
            self.tiles.setText(tr("add.estimating") if adding.estimating else busy)
        elif not self._some_scale():
            self.tiles.setText(tr("add.no_scale"))
        elif not adding.knows(self._scales_m()):
            self.tiles.setText(tr("add.estimating"))
        else:
            self._count_up(estimate)
        self.cost.style().polish(self.cost)
        self.cost.setVisible(bool(self.cost.text()))

    def _count_up(self, estimate: "Estimate") -> None:
        try:
            cost = self._cost = estimate.cost(self._scales_m())
        except GleamError as error:  # more tiles than can be searched
            self.tiles.setText(tr("add.too_many"))
            self.cost.setProperty("tone", "bad")
            self.cost.setText(in_one_line(error))
            return
        if not cost.tiles:
            self.tiles.setText(tr("tiles.count", count=0))
            self.cost.setText(tr("add.no_tiles"))
            return
        self.tiles.setText(counted("tiles.count", cost.tiles))
        parts = [size_text(cost.disk_bytes)]
        if cost.seconds is not None:
            parts.append(duration_text(cost.seconds))
        self.cost.setText(" · ".join(parts))

    # ---- what is chosen -------------------------------------------------------------------------

    def _joined_entry(self) -> Entry | None:
        return next((entry for entry in self._entries if entry.name == self.joined), None)

    def _scales_m(self) -> tuple[float, ...]:
        joined, estimate = self._joined_entry(), self.adding.estimate
        if joined is not None:
            return tuple(joined.info.scales_m)
        return self._chosen.scales_m(estimate) if estimate is not None else ()

    def _some_scale(self) -> bool:
        """Plain pictures have none and need none."""
        estimate = self.adding.estimate
        return estimate is not None and (not estimate.scales or bool(self._scales_m()))

    def _name_trouble(self) -> str:
        """What is wrong with the name; empty: nothing."""
        name = self.name.text().strip()
        if self.joined:
            return ""
        if not NAME.fullmatch(name):
            return tr("add.name.bad")
        if name.casefold() in {entry.name.casefold() for entry in self._entries}:
            return tr("add.name.taken")
        return ""

    def _choose(self, chosen: Chosen) -> None:
        self._chosen = chosen
        self.refresh()

    def _rename(self) -> None:
        self._named = True
        self.refresh()

    def _start(self) -> None:
        estimate = self.adding.estimate
        if not self.start.isEnabled() or estimate is None:
            return
        request = Request(
            self.joined or self.name.text().strip(),
            self.adding.paths,
            self._scales_m() or None if not self.joined else None,
            self._chosen.views,
            self.adding.crs,
            self.adding.coords if self.adding.takes_positions else None,
        )
        self.started.emit(request, estimate.area_km2)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            focus = self.focusWidget()
            if isinstance(focus, QPushButton | QToolButton):
                focus.click()
            else:
                self._start()
        elif event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)


def free_name(stem: str, taken: set[str]) -> str:
    """A name after a file that no tile set has yet."""
    plain = _UNFIT.sub("-", stem).strip("-._")[:48].rstrip("-._")
    if not NAME.fullmatch(plain):  # nothing is left, or a name that Windows keeps for itself
        plain = f"imagery-{plain}".rstrip("-")
    known = {name.casefold() for name in taken}
    names = [plain, *(f"{plain}-{number}" for number in range(2, len(known) + 3))]
    return next(name for name in names if name.casefold() not in known)


def duration_text(seconds: float) -> str:
    """A time to come, as coarse as the estimate is."""
    if seconds < 50:
        return tr("add.time.short")
    if seconds < 5400:
        return tr("add.time.minutes", minutes=f"{max(1, round(seconds / 60))}")
    return tr("add.time.hours", hours=f"{seconds / 3600:.1f}")


def _heading(key: str) -> QLabel:
    label = QLabel()
    label.setProperty("role", "heading")
    bind_text(label, label.setText, key)
    return label


def _part(key: str, *widgets: QWidget) -> QWidget:
    part = QWidget()
    column = QVBoxLayout(part)
    column.setContentsMargins(0, SPACE_3, 0, 0)
    column.setSpacing(SPACE_1)
    column.addWidget(_heading(key))
    for widget in widgets:
        column.addWidget(widget)
    return part
