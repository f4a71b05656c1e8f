"""The layer of all queries: keeps the page's points in step with the case, sending only what changed."""

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QAction

from gleam_app.imagery.exif import clean_text
from gleam_app.ui.cases.queries import Queries
from gleam_app.ui.map.panel import MapPanel
from gleam_app.ui.map.words import SIGNS
from gleam_app.ui.session import Session
from gleam_app.ui.strings import language, tr

if TYPE_CHECKING:
    from gleam_app.cases.model import QueryRecord

VERDICTS = ("verified", "strong", "possible", "unverified")
DECISIONS = ("open", "accepted", "rejected")
SOON_MS = 250  # a batch changes queries one after another

Point = tuple[int, float, float, int, int, str]  # id, lat, lon, verdict, decision, name


class AllQueries(QObject):
    """``action`` shows whether the layer is on. ``query_chosen``: the id of a point that was clicked."""

    query_chosen = Signal(int)

    def __init__(
        self, panel: MapPanel, queries: Queries, session: Session, action: QAction
    ) -> None:
        super().__init__(panel)
        self._map, self._queries, self._session, self._action = panel, queries, session, action
        self._sent: dict[int, Point] = {}
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self.send)
        action.toggled.connect(self.send)
        queries.listed.connect(self._later)
        session.query_changed.connect(self._later)
        language.changed.connect(self._later)
        panel.page_ready.connect(self._start_anew)
        panel.told.connect(self._heard)

    def send(self) -> None:
        """Bring the page up to date, if the layer is on."""
        if not self._action.isChecked():
            self._sent = {}
            self._map.tell("queries", self._message([], [], anew=True))
            return
        points = {one.id: point for one in self._queries.records if (point := point_of(one))}
        anew = not self._sent
        changed = [point for key, point in points.items() if self._sent.get(key) != point]
        gone = [key for key in self._sent if key not in points]
        self._sent = points
        self._map.tell("queries", self._message(changed, gone, anew))

    def _message(self, points: list[Point], gone: list[int], anew: bool) -> dict[str, Any]:
        without = len(self._queries.records) - len(self._sent)
        return {
            "on": self._action.isChecked(),
            "all": anew,
            "set": points,
            "gone": gone,
            "selected": self._session.query_id,
            "signs": SIGNS,
            "title": tr("overview.title"),
            "legend": self._legend(),
            "note": tr("overview.without", count=without) if without else "",
        }

    def _legend(self) -> list[dict[str, Any]]:
        rows = [(number, 0, tr(f"verdict.{verdict}")) for number, verdict in enumerate(VERDICTS)]
        rows += [(0, 1, tr("overview.accepted")), (0, 2, tr("overview.rejected"))]
        return [{"verdict": v, "decision": d, "text": text} for v, d, text in rows]

    def _later(self) -> None:
        if self._action.isChecked() and not self._soon.isActive():
            self._soon.start()

    def _start_anew(self) -> None:
        self._sent = {}
        self.send()

    def _heard(self, kind: str, payload: object) -> None:
        if kind == "query" and isinstance(payload, int) and payload in self._queries.by_id:
            self.query_chosen.emit(payload)


def point_of(record: "QueryRecord") -> Point | None:
    """How a query is shown: a rejected one where its first candidate was; None where it has no place."""
    decision = record.decision.state
    place = record.place
    if decision == "rejected" and record.lat is not None and record.lon is not None:
        place = (record.lat, record.lon)
    if place is None:
        return None
    verdict = VERDICTS.index(record.verdict) if record.verdict in VERDICTS else len(VERDICTS) - 1
    return (record.id, *place, verdict, DECISIONS.index(decision), clean_text(record.name, 80))
