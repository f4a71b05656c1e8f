"""The tour of the window: which card comes when, and where it stands."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Signal
from PySide6.QtWidgets import QWidget

from gleam_app.ui.strings import language, tr
from gleam_app.ui.tour.card import Card, Ring, place


@dataclass(frozen=True)
class Step:
    """``id`` names its words ``tour.<id>.*``; ``panel`` is shown for it; ``parts`` are ringed."""

    id: str
    parts: str
    panel: str = ""


STEPS = (
    Step("query", "query", "query"),
    Step("imagery", "toolbar"),
    Step("candidates", "candidates", "candidates"),
    Step("compare", "compare", "compare"),
    Step("explain", "explanation", "explanation"),
    Step("decide", "decision", "candidates"),
)

MOVED = frozenset(
    {
        QEvent.Type.Resize,
        QEvent.Type.Move,
        QEvent.Type.Show,
        QEvent.Type.Hide,
        QEvent.Type.LayoutRequest,
    }
)
"""After these a step's parts may lie elsewhere."""


class Tour(QObject):
    """``parts``: the widgets that a step rings, by the step's ``parts``; hidden ones are left out,
    and where none is to be seen there is no ring.

    ``ended``: by its last card, or skipped. ``demo_wanted``: the person wants something to look at.
    """

    ended = Signal()
    demo_wanted = Signal()

    def __init__(
        self,
        window: QWidget,
        parts: Mapping[str, Sequence[QWidget]],
        show_panel: Callable[[str], None],
        guide_keys: Callable[[], str],
    ) -> None:
        super().__init__(window)
        self._window, self._parts, self._show_panel = window, parts, show_panel
        self._guide_keys = guide_keys
        self._at = 0
        self.card: Card | None = None
        self._ring: Ring | None = None
        language.changed.connect(self._write)

    @property
    def step(self) -> Step | None:
        """Which card is shown; None: no tour is going on."""
        return STEPS[self._at] if self.card is not None else None

    def start(self, focus: bool = True) -> None:
        """From the first card. ``focus``: the keyboard goes to it; else it only stands there."""
        self.end(said=False)
        self._ring, self.card = Ring(self._window), Card(self._window)
        self.card.turned.connect(self.turn)
        self.card.skipped.connect(self.end)
        self.card.demo_wanted.connect(self._open_demo)
        for widget in self._watched():
            widget.installEventFilter(self)
        self._at = 0
        self._write()
        self.card.show()
        if focus:
            self.card.next.setFocus()

    def turn(self, by: int) -> None:
        """To the next card (+1) or the one before (-1); past the last one it ends."""
        if self._at + by >= len(STEPS):
            self.end()
        elif self._at + by >= 0:
            self._at += by
            self._write()

    def done(self, step: str) -> None:
        """What this card invites to has happened: go on, if it is the one that is shown."""
        if self.step is not None and self.step.id == step:
            self.turn(1)

    def end(self, said: bool = True) -> None:
        """Take the card away."""
        if self.card is None or self._ring is None:
            return
        for widget in self._watched():
            widget.removeEventFilter(self)
        for widget in (self.card, self._ring):
            widget.hide()
            widget.deleteLater()
        self.card = self._ring = None
        if said:
            self.ended.emit()

    def _open_demo(self) -> None:
        self.demo_wanted.emit()
        self.done("query")

    def _write(self) -> None:
        if self.card is None:
            return
        step = STEPS[self._at]
        if step.panel:
            self._show_panel(step.panel)
        self.card.verdicts.setVisible(step.id == "candidates")
        self.card.demo.setVisible(step.id == "query")
        text = tr(f"tour.{step.id}.text", keys=self._guide_keys())
        self.card.say(self._at + 1, len(STEPS), tr(f"tour.{step.id}.title"), text)
        self._place()
        for part in (self._ring, self.card):
            if part is not None:
                part.raise_()  # here, not at every change of layout: the palette may lie above

    def _place(self) -> None:
        if self.card is None or self._ring is None:
            return
        around = self._around(STEPS[self._at])
        self._ring.setVisible(not around.isEmpty())
        self._ring.setGeometry(around.adjusted(-2, -2, 2, 2))
        room = self._window.rect()
        self.card.move(place(self.card.size(), room if around.isEmpty() else around, room))

    def _around(self, step: Step) -> QRect:
        """What the step speaks of, in the window's pixels; empty where none of it is in there."""
        around = QRect()
        for part in self._parts[step.parts]:
            if part.window() is self._window and part.isVisibleTo(self._window):
                corner = part.mapTo(self._window, QPoint(0, 0))
                around = around.united(QRect(corner, part.size()))
        return around

    def _watched(self) -> set[QWidget]:
        """The window, the parts, and what lies between: a dock moves, its panel does not."""
        watched = {self._window}
        for part in (part for parts in self._parts.values() for part in parts):
            above: QWidget | None = part
            while above is not None and above is not self._window:
                watched.add(above)
                above = above.parentWidget()
        return watched

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in MOVED:
            self._place()
        return False
