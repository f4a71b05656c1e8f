"""What can be done with one candidate besides deciding on it."""

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication

from gleam_app.geo.coordinates import LatLon, PositionStyle, format_position
from gleam_app.ui.panels.candidates import CandidateModel
from gleam_app.ui.session import Session
from gleam_app.ui.strings import tr


class CandidateCommands(QObject):
    """``said``: a short confirmation. ``place_wanted``: the map should go there (lat, lon in degrees)."""

    said = Signal(str)
    place_wanted = Signal(float, float)

    def __init__(self, session: Session, model: CandidateModel) -> None:
        super().__init__(session)
        self._session, self._model = session, model

    def copy_selected(self) -> None:
        """The position of the selected candidate, in the format in use."""
        self.copy(self._session.rank)

    def copy(self, rank: int | None) -> None:
        """The position of the candidate of that rank, if it has one."""
        place = self._place(rank)
        if place is not None:
            self._put(format_position(*place, self._model.style))

    def copy_as(self, style: PositionStyle) -> None:
        """The position of the selected candidate, in another format."""
        place = self._place(self._session.rank)
        if place is not None:
            self._put(format_position(*place, style))

    def copy_geo(self) -> None:
        """The position as a link that map programs understand (RFC 5870)."""
        place = self._place(self._session.rank)
        if place is not None:
            self._put(_geo_uri(place))

    def open_elsewhere(self) -> None:
        """Let the desktop's own map program show the position."""
        place = self._place(self._session.rank)
        if place is not None and not QDesktopServices.openUrl(QUrl(_geo_uri(place))):
            self._put(_geo_uri(place))
            self.said.emit(tr("candidates.no_map_program"))

    def show_on_map(self) -> None:
        place = self._place(self._session.rank)
        if place is not None:
            self.place_wanted.emit(*place)

    def _place(self, rank: int | None) -> LatLon | None:
        row = self._model.row_of(rank)
        candidate = self._model.candidates[row] if row >= 0 else None
        if candidate is None or candidate.lat is None or candidate.lon is None:
            return None
        return LatLon(candidate.lat, candidate.lon)

    def _put(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self.said.emit(tr("candidates.copied", position=text))


def _geo_uri(place: LatLon) -> str:
    return f"geo:{place.lat:.6f},{place.lon:.6f}"
