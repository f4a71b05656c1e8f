"""Measuring on the map: the tape between the page, its bar and the clipboard."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QGuiApplication

from gleam_app.geo.coordinates import LatLon, PositionStyle, format_position
from gleam_app.geo.measure import Units
from gleam_app.ui.map.panel import MapPanel
from gleam_app.ui.measure.bar import MeasureBar
from gleam_app.ui.measure.tape import Mode, Tape
from gleam_app.ui.strings import language, tr


class MeasureTool(QObject):
    """``action`` shows whether one measures. ``said``: a short confirmation."""

    said = Signal(str)

    def __init__(self, panel: MapPanel, action: QAction) -> None:
        super().__init__(panel)
        self._map, self._action = panel, action
        self.tape, self.bar = Tape(), MeasureBar()
        self.units: Units = "metric"
        self.style: PositionStyle = "dd"
        panel.add_bar(self.bar)
        panel.told.connect(self._heard)
        panel.cursor_left.connect(self._cursor_left)
        panel.page_ready.connect(self.refresh)
        action.toggled.connect(self._switch)
        self.bar.mode_chosen.connect(self._choose_mode)
        self.bar.taken_back.connect(lambda: self._heard("measure_undo", None))
        self.bar.cleared.connect(self._clear)
        self.bar.copy_wanted.connect(self.copy)
        self.bar.closed.connect(lambda: action.setChecked(False))
        language.changed.connect(self.refresh)

    def set_formats(self, units: Units, style: PositionStyle) -> None:
        """In which units and format of coordinates it speaks."""
        self.units, self.style = units, style
        self.refresh()

    def begin_at(self, at: LatLon) -> None:
        """Measure from this position, or on to it where one measures already."""
        self._action.setChecked(True)
        self.tape.add(at)
        self.refresh()

    def refresh(self) -> None:
        """Draw and say what is measured."""
        on = self._action.isChecked()
        self._map.tell("measure", self.tape.drawing(self.units) if on else {"on": False})
        figures = self.tape.figures(self.units)
        text = self._in_words() if figures else tr("measure.hint")
        self.bar.show_state(self.tape.mode, text, len(self.tape.points), bool(figures))

    def copy(self) -> None:
        """The figures and the points, one a line, onto the clipboard."""
        figures = self._in_words()
        if figures:
            points = [format_position(*point, self.style) for point in self.tape.points]
            QGuiApplication.clipboard().setText("\n".join([figures, *points]))
            self.said.emit(tr("measure.copied", figures=figures))

    def _in_words(self) -> str:
        return " · ".join(
            tr("measure.figure", word=tr(key), figure=figure)
            for key, figure in self.tape.figures(self.units)
        )

    def _switch(self, on: bool) -> None:
        self.tape.clear()
        self.bar.setVisible(on)
        if on:
            self._map.view.setFocus()  # so that the keys reach it
        self.refresh()

    def _choose_mode(self, mode: Mode) -> None:
        self.tape.mode = mode
        self._map.view.setFocus()
        self.refresh()

    def _clear(self) -> None:
        self.tape.clear()
        self.refresh()

    def _cursor_left(self) -> None:
        if self.tape.cursor is not None:
            self.tape.cursor = None
            self.refresh()

    def _heard(self, kind: str, payload: object) -> None:
        if not kind.startswith("measure_") or not self._action.isChecked():
            return
        if kind == "measure_end":
            self._action.setChecked(False)
            return
        if kind == "measure_undo":
            self.tape.take_back()
        elif isinstance(payload, list) and len(payload) == 2:
            position = LatLon(float(payload[0]), float(payload[1]))
            if kind == "measure_add":
                self.tape.add(position)
            else:
                self.tape.cursor = position
        self.refresh()
