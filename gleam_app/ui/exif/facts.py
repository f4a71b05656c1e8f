"""What the query's file says, worked out once for the panel, the strip and the map. No widgets."""

from PySide6.QtCore import QObject, Signal

from gleam_app.geo.coordinates import LatLon, PositionStyle
from gleam_app.geo.measure import Units
from gleam_app.imagery.doubts import Doubt, HeadingCheck, PositionCheck, doubts_of
from gleam_app.imagery.exif import ExifFacts
from gleam_app.imagery.implied import Implied, imply
from gleam_app.retrieval.against_file import heading_check, place_check
from gleam_app.ui.session import Session


class FileFacts(QObject):
    """``changed``: another query, another candidate, or other units.

    ``check`` and ``heading`` are of the selected candidate: its place and its heading against the file's.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.units: Units = "metric"
        self.style: PositionStyle = "dd"
        self.facts = ExifFacts()
        self.size = (0, 0)
        self.implied = Implied()
        self.doubts: list[Doubt] = []
        self.check: PositionCheck | None = None
        self.heading: HeadingCheck | None = None
        session.query_changed.connect(self._read)
        session.candidate_selected.connect(self._compare)
        self._read()

    @property
    def position(self) -> LatLon | None:
        """Where the file has the camera."""
        if self.facts.lat is None or self.facts.lon is None:
            return None
        return LatLon(self.facts.lat, self.facts.lon)

    @property
    def rank(self) -> int:
        """The candidate that ``check`` and ``heading`` are about."""
        return self._session.rank or 0

    @property
    def contradicts(self) -> bool:
        """Whether the positions do: a heading alone does not count, compasses are too easily disturbed."""
        return self.check is not None and not self.check.agrees

    def set_formats(self, units: Units, style: PositionStyle) -> None:
        """How lengths and positions are written."""
        self.units, self.style = units, style
        self.changed.emit()

    def _read(self) -> None:
        query = self._session.query
        self.facts = query.exif if query is not None else ExifFacts()
        self.size = query.original_size if query is not None else (0, 0)
        self.implied = imply(self.facts, query.full_size) if query is not None else Implied()
        self.doubts = doubts_of(self.facts, self.size) if query is not None else []
        self._compare()

    def _compare(self) -> None:
        location, candidate = self._session.location, self._session.candidate
        self.check = self.heading = None  # of the query as it was located: so the evidence has it
        if location is not None and candidate is not None:
            self.check = place_check(location.query, candidate)
            self.heading = heading_check(location.query, candidate)
        self.changed.emit()
