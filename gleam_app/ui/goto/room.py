"""Going to a position on the map, and copying the one under the pointer."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from gleam_app.geo.coordinates import LatLon, PositionStyle, format_position
from gleam_app.ui.goto.bar import GoToBar
from gleam_app.ui.map.panel import MapPanel
from gleam_app.ui.strings import language, tr


class GoTo(QObject):
    """``said``: a short confirmation."""

    said = Signal(str)

    def __init__(self, panel: MapPanel) -> None:
        super().__init__(panel)
        self._map = panel
        self.style: PositionStyle = "dd"
        self.mark: LatLon | None = None
        self._pointer: LatLon | None = None
        self._centre = LatLon(0.0, 0.0)
        self.bar = GoToBar(self._in_imagery)
        panel.add_bar(self.bar)
        self.bar.wanted.connect(self.go)
        self.bar.emptied.connect(self.take_away)
        self.bar.closed.connect(self._close)
        panel.cursor_moved.connect(self._point)
        panel.cursor_left.connect(self._leave)
        panel.told.connect(self._heard)
        panel.page_ready.connect(self._show_mark)
        language.changed.connect(self._show_mark)

    def set_style(self, style: PositionStyle) -> None:
        """The format of coordinates in use."""
        self.style = style
        self._show_mark()

    def go(self, lat: float, lon: float) -> None:
        """Mark a position and take the map there."""
        self.put(lat, lon)
        self._map.fly_to(lat, lon)
        self.said.emit(tr("goto.arrived", position=format_position(lat, lon, self.style)))

    def put(self, lat: float, lon: float) -> None:
        """Mark a position."""
        self.mark = LatLon(lat, lon)
        self._show_mark()

    def take_away(self) -> None:
        """Remove the mark."""
        self.mark = None
        self._show_mark()

    def copy_cursor(self) -> None:
        """The position under the pointer, or, while that is elsewhere, the middle of the map."""
        at = self._pointer or self._centre
        position = format_position(*at, self.style)
        QGuiApplication.clipboard().setText(position)
        self.said.emit(
            tr("goto.copied" if self._pointer else "goto.copied.centre", position=position)
        )

    def _show_mark(self) -> None:
        mark = self.mark
        text = format_position(*mark, self.style) if mark is not None else ""
        self._map.tell("mark", {"at": mark, "text": text, "hint": tr("goto.mark.remove")})

    def _in_imagery(self, position: LatLon) -> bool:
        for _, source in self._map.sources:
            west, south, east, north = source.bounds
            across = (east - west) % 360.0 or 360.0
            if south <= position.lat <= north and (position.lon - west) % 360.0 <= across:
                return True
        return False

    def _close(self) -> None:
        self.bar.hide()
        self._map.view.setFocus()

    def _point(self, lat: float, lon: float) -> None:
        self._pointer = LatLon(lat, lon) if abs(lat) <= 90.0 else None

    def _leave(self) -> None:
        self._pointer = None

    def _heard(self, kind: str, payload: object) -> None:
        if kind == "mark_removed":
            self.take_away()
        elif kind == "centre" and isinstance(payload, list) and len(payload) == 2:
            lat, lon = (float(value) for value in payload)
            self._centre = LatLon(max(-90.0, min(90.0, lat)), lon)
