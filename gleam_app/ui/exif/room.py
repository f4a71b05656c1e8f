"""What the file says: on the page behind the picture, under it, and on the map."""

from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QGuiApplication

from gleam_app.geo.coordinates import format_position
from gleam_app.ui.analysis import Analysis
from gleam_app.ui.exif.caution import Contradiction
from gleam_app.ui.exif.facts import FileFacts
from gleam_app.ui.exif.near_bar import NearBar
from gleam_app.ui.exif.panel import FactsPage
from gleam_app.ui.map.panel import MapPanel
from gleam_app.ui.panels.query import QueryPanel
from gleam_app.ui.session import Session
from gleam_app.ui.strings import language, tr


class FileFactsRoom(QObject):
    """``action`` shows the page in place of the picture. ``said``: a short confirmation."""

    said = Signal(str)

    def __init__(
        self,
        session: Session,
        analysis: Analysis,
        query: QueryPanel,
        panel: MapPanel,
        action: QAction,
    ) -> None:
        super().__init__(session)
        self._session, self._analysis, self._map = session, analysis, panel
        self.facts = FileFacts(session)
        self.page, self.caution = FactsPage(self.facts), Contradiction(self.facts, action)
        self.near_bar = NearBar(session, self.facts)
        query.add_file_facts(self.page, self.caution, action)
        panel.add_bar(self.near_bar)
        self.page.near_wanted.connect(self.search_near)
        self.page.show_wanted.connect(self._show_on_map)
        self.page.copy_wanted.connect(self.copy_position)
        self.near_bar.stop.clicked.connect(self.search_everywhere)
        self.facts.changed.connect(self._draw)
        session.near_changed.connect(self._draw)
        language.changed.connect(self._draw)
        panel.page_ready.connect(self._draw)

    def copy_position(self) -> None:
        """The file's position, in the format in use."""
        if self.facts.position is not None:
            position = format_position(*self.facts.position, self.facts.style)
            QGuiApplication.clipboard().setText(position)
            self.said.emit(tr("goto.copied", position=position))

    def search_near(self, radius_m: float) -> None:
        """Locate again, only within ``radius_m`` of where the file has the camera."""
        if self.facts.position is not None:
            self._analysis.locate_near((*self.facts.position, radius_m))

    def search_everywhere(self) -> None:
        """Locate again without a restriction."""
        self._analysis.locate_near(None)

    def _show_on_map(self) -> None:
        if self.facts.position is not None:
            self._map.fly_to(*self.facts.position)

    def _draw(self) -> None:
        near = self._session.near
        self._map.tell("camera", self._camera())
        self._map.tell(
            "near", {"at": near[:2] if near else None, "radius_m": near[2] if near else 0}
        )

    def _camera(self) -> dict[str, Any]:
        known, implied = self.facts, self.facts.implied
        return {
            "at": known.position,
            "accuracy_m": known.facts.gps_accuracy_m or 0,
            "outline": implied.outline,
            "wedge": implied.wedge,
            "aim": implied.aim if implied.look == "oblique" else None,
            "contradicts": known.contradicts,
            "label": tr("exif.on_map"),
            "tip": tr("exif.on_map.tip"),
        }
