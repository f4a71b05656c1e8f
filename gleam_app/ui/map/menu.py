"""The map's context menu: what can be done with the position or the candidate it was asked for on."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from gleam_app.geo.coordinates import LatLon, PositionStyle, format_position
from gleam_app.geo.measure import Units, rough_length
from gleam_app.ui import conditions as needs
from gleam_app.ui.strings import tr

if TYPE_CHECKING:
    from gleam_app.ui.window import MainWindow

RADII_M = (200.0, 500.0, 2000.0)
COMMANDS = ("go_to", "all_queries", "measure")


class MapMenu(QObject):
    """``said``: a short confirmation."""

    said = Signal(str)

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self.style: PositionStyle = "dd"
        self.units: Units = "metric"
        window.map.told.connect(self._heard)

    def _heard(self, kind: str, payload: object) -> None:
        if kind != "menu" or not isinstance(payload, dict):
            return
        place = self._window.map.view.mapToGlobal(QPoint(int(payload["x"]), int(payload["y"])))
        if isinstance(payload["rank"], int):
            self._window.session.select(payload["rank"])
            menu = self._window.commands.context_menu("candidate", self._window)
        else:
            lat, lon = (float(value) for value in payload["at"])
            menu = self.of_position(LatLon(max(-90.0, min(90.0, lat)), lon))
        menu.popup(place)

    def of_position(self, at: LatLon) -> QMenu:
        """The menu of a position, made anew; it goes when it closes."""
        menu = QMenu(self._window)
        menu.aboutToHide.connect(menu.deleteLater)
        text = format_position(*at, self.style)
        _add(menu, tr("map.menu.copy", position=text), lambda: self._copy(text))
        tools = self._window.map_tools
        _add(menu, tr("map.menu.mark"), lambda: tools.go_to.put(*at))
        _add(menu, tr("map.menu.measure"), lambda: tools.measure.begin_at(at))
        menu.addSeparator()
        around = menu.addMenu(tr("map.menu.near"))
        around.setEnabled(not needs.can_locate(self._window.session))
        for radius_m in RADII_M:
            _add(
                around,
                tr("map.menu.within", distance=rough_length(radius_m, self.units)),
                partial(self._window.analysis.locate_near, (*at, radius_m)),
            )
        menu.addSeparator()
        for command in COMMANDS:
            menu.addAction(self._window.commands[command])
        return menu

    def _copy(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self.said.emit(tr("goto.copied", position=text))


def _add(menu: QMenu, text: str, does: Callable[[], object]) -> None:
    menu.addAction(text.replace("&", "&&")).triggered.connect(lambda *_: does())
