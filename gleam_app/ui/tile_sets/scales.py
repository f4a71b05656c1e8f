"""Which queries are expected and which scales serve them, with the tiles that each costs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from gleam_app.imagery.views import VIEWS, View
from gleam_app.ui.buttons import CheckBox, tool_button
from gleam_app.ui.plural import counted
from gleam_app.ui.strings import bind_text, tr
from gleam_app.ui.theme import SPACE_1, SPACE_2, SPACE_3
from gleam_app.ui.tile_sets.sign import caption

if TYPE_CHECKING:
    from gleam_app.retrieval.tiles.estimate import Estimate, ScaleCost

SMALLEST_M, LARGEST_M = 5.0, 20_000.0


@dataclass(frozen=True)
class Chosen:
    """What the person wants: views, and scales by hand where they differ from what the views suggest."""

    views: tuple[View, ...] = ("uav",)
    by_hand: tuple[tuple[float, bool], ...] = ()

    def with_view(self, view: View, on: bool) -> "Chosen":
        views = tuple(v for v in VIEWS if (on if v == view else v in self.views))
        return Chosen(views, self.by_hand)

    def with_scale(self, scale_m: float, on: bool) -> "Chosen":
        return Chosen(self.views, tuple({**dict(self.by_hand), scale_m: on}.items()))

    def is_on(self, cost: "ScaleCost") -> bool:
        """A scale is on where a view wants it and the imagery can serve it, unless set by hand."""
        wanted = not cost.why_not and any(view in self.views for view in cost.views)
        return dict(self.by_hand).get(cost.scale_m, wanted)

    def scales_m(self, estimate: "Estimate") -> tuple[float, ...]:
        """The scales to build, ascending, those added by hand among them."""
        known = {cost.scale_m for cost in estimate.scales}
        on = {cost.scale_m for cost in estimate.scales if self.is_on(cost)}
        on |= {scale for scale, wanted in self.by_hand if wanted and scale not in known}
        return tuple(sorted(on))


class ViewChoice(QWidget):
    """A check box for each view. ``switched``: (view, on)."""

    switched = Signal(str, bool)

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_3)
        self.boxes: dict[View, CheckBox] = {}
        for view in VIEWS:
            box = self.boxes[view] = CheckBox()
            bind_text(box, box.setText, f"view.{view}")
            box.clicked.connect(lambda on, view=view: self.switched.emit(view, on))
            row.addWidget(box)
        row.addStretch(1)

    def show_chosen(self, chosen: Chosen) -> None:
        for view, box in self.boxes.items():
            box.setChecked(view in chosen.views)


class ScaleList(QWidget):
    """A line for each scale: on or off, tiles, or why it does not suit. ``switched``: (metres, on)."""

    switched = Signal(float, bool)

    def __init__(self) -> None:
        super().__init__()
        self.boxes: dict[float, CheckBox] = {}
        self._shown: object = None
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(SPACE_3)
        self._grid.setVerticalSpacing(SPACE_1)
        self._grid.setColumnStretch(1, 1)
        self.own = _MetresField()
        self.own.entered.connect(self._add_own)
        add = tool_button("plus", "add.scale.add")
        add.clicked.connect(self._add_own)
        unit = caption("m")
        unit.setWordWrap(False)
        row = QHBoxLayout()
        row.setSpacing(SPACE_1)
        row.addWidget(self.own)
        row.addWidget(unit)
        row.addWidget(add)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_2)
        column.addLayout(self._grid)
        column.addLayout(row)

    def show_scales(
        self, estimate: "Estimate", chosen: Chosen, tiles: Callable[[float], int | None]
    ) -> None:
        """The scales of ``estimate`` and those added by hand, checked as ``chosen`` says.

        ``tiles`` knows how many each has, or None as yet.
        """
        known = {cost.scale_m: cost for cost in estimate.scales}
        own = [scale for scale, _ in chosen.by_hand if scale not in known]
        scales = sorted([*known, *own])
        on = set(chosen.scales_m(estimate))
        counts = {scale: tiles(scale) for scale in scales}
        key = (estimate, counts, tr("tiles.count"))
        if key != self._shown:
            self._shown = key
            self._rebuild(estimate, counts)
        for scale, box in self.boxes.items():
            box.setChecked(scale in on)

    def _rebuild(self, estimate: "Estimate", counts: dict[float, int | None]) -> None:
        while self._grid.count():
            item = self._grid.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.boxes = {}
        known = {cost.scale_m: cost for cost in estimate.scales}
        for row, (scale, tiles) in enumerate(counts.items()):
            box = self.boxes[scale] = CheckBox(f"{scale:g} m")
            box.clicked.connect(lambda on, scale=scale: self.switched.emit(scale, on))
            cost = known.get(scale)
            note = caption(_note(cost))
            note.setWordWrap(False)
            count = QLabel("…" if tiles is None else counted("tiles.count", tiles))
            count.setProperty("role", "caption")
            self._grid.addWidget(box, row, 0)
            self._grid.addWidget(note, row, 1)
            self._grid.addWidget(count, row, 2, Qt.AlignmentFlag.AlignRight)

    def _add_own(self) -> None:
        metres = self.own.metres()
        if metres is not None:
            self.own.clear()
            self.switched.emit(metres, True)


def _note(cost: "ScaleCost | None") -> str:
    """For which views a scale is, or why it does not suit this imagery."""
    if cost is None:
        return tr("add.scale.own")
    if cost.why_not:
        return tr(f"add.scale.{cost.why_not}")
    return ", ".join(tr(f"view.{view}") for view in cost.views)


class _MetresField(QLineEdit):
    """A side in metres; Enter adds it and starts nothing."""

    entered = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(104)
        bind_text(self, self.setPlaceholderText, "add.scale.own.hint")
        bind_text(self, self.setAccessibleName, "add.scale.add")
        self.textEdited.connect(lambda: self._mark(False))

    def metres(self) -> float | None:
        """What was entered, rounded to a tenth; None, and marked, if it is no usable number."""
        try:
            metres = round(float(self.text().strip().rstrip("m").replace(",", ".")), 1)
        except ValueError:
            metres = float("nan")
        good = SMALLEST_M <= metres <= LARGEST_M
        self._mark(not good)
        return metres if good else None

    def _mark(self, bad: bool) -> None:
        self.setProperty("bad", bad)
        self.setToolTip(
            tr("add.scale.bad", least=f"{SMALLEST_M:g}", most=f"{LARGEST_M:,.0f}") if bad else ""
        )
        self.style().polish(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered.emit()
        else:
            super().keyPressEvent(event)
