"""What the window is about just now: query, tile set, location, selection, explanation. No widgets."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from gleam_app.imagery.query import Query, View
from gleam_app.imagery.views import Support
from gleam_app.retrieval.results import Candidate, Location

if TYPE_CHECKING:
    from gleam_app.cases.model import QueryRecord
    from gleam_app.explain.evidence import Evidence
    from gleam_app.explain.explainer import Explanation
    from gleam_app.retrieval.tiles.tileset import TileSet, TileSetInfo


class ExplainPhase(Enum):
    IDLE = "idle"
    STARTING = "starting"
    WRITING = "writing"
    DONE = "done"
    STOPPED = "stopped"


@dataclass(frozen=True)
class ExplainState:
    """The explanation of the selected candidate as far as it is written."""

    phase: ExplainPhase = ExplainPhase.IDLE
    text: str = ""
    evidence: "tuple[Evidence, ...]" = ()
    explanation: "Explanation | None" = None

    @property
    def running(self) -> bool:
        return self.phase in (ExplainPhase.STARTING, ExplainPhase.WRITING)


@dataclass
class _Selection:
    rank: int | None = None
    explain: ExplainState = field(default_factory=ExplainState)


class Session(QObject):
    """The state that panels show and commands depend on; every change is announced.

    ``query_id`` names the query in the case, ``record`` is how it stands there. ``run`` is the answer in
    the case that is shown, None while what is shown is not kept; ``seen_run`` the last one that was.
    """

    query_changed = Signal()
    support_changed = Signal()
    tile_sets_changed = Signal()
    location_changed = Signal()
    candidate_selected = Signal()
    explanation_changed = Signal()
    activity_changed = Signal()
    record_changed = Signal()
    near_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.query: Query | None = None
        self.query_id: int | None = None
        self.record: QueryRecord | None = None
        self.run: int | None = None
        self.seen_run: int | None = None
        self.undo_name = self.redo_name = ""
        self.query_count = 0
        self.read_only = False
        self.can_batch = False
        self.guessed_view: View | None = None
        self.heading_deg: float | None = None
        self.near: tuple[float, float, float] | None = None
        self.support: dict[View, Support] = {}
        self.location: Location | None = None
        self.tile_sets: tuple[TileSet, ...] = ()
        self.available: tuple[TileSetInfo, ...] = ()
        self.loading: str = ""
        self.locating = False
        self.adding: str = ""
        self.explanations: dict[int, Explanation] = {}
        self._selection = _Selection()

    @property
    def rank(self) -> int | None:
        """Rank of the selected candidate."""
        return self._selection.rank

    @property
    def candidate(self) -> Candidate | None:
        """The selected candidate."""
        if self.location is None:
            return None
        return next((one for one in self.location.candidates if one.rank == self.rank), None)

    @property
    def explain(self) -> ExplainState:
        return self._selection.explain

    def set_loading(self, name: str) -> None:
        """A picture of this name is being read; empty: none."""
        self.loading = name
        self.activity_changed.emit()

    def set_query(self, query: Query | None, record: "QueryRecord | None" = None) -> None:
        """Another query, or none; what was found for the old one goes. ``record``: it in the case."""
        self.query = query
        self.query_id = record.id if record is not None else None
        self.guessed_view = query.view if query is not None else None
        self.heading_deg = None
        if record is not None:
            self.guessed_view = record.guessed_view or self.guessed_view
            self.heading_deg = record.heading_deg
        self.loading = ""
        self.seen_run = None
        self.set_near(None)
        self.set_location(None)
        self.set_record(record)
        self.query_changed.emit()
        self.activity_changed.emit()

    def set_record(self, record: "QueryRecord | None") -> None:
        """How the query stands in the case."""
        if record != self.record:
            self.record = record
            self.record_changed.emit()
            self.activity_changed.emit()

    def set_case(
        self, undo_name: str, redo_name: str, query_count: int, read_only: bool, can_batch: bool
    ) -> None:
        """What can be done with the case, and whether queries of it wait to be located."""
        before = self._of_case
        self.undo_name, self.redo_name = undo_name, redo_name
        self.query_count, self.read_only, self.can_batch = query_count, read_only, can_batch
        if self._of_case != before:
            self.activity_changed.emit()

    @property
    def _of_case(self) -> tuple[object, ...]:
        return (
            self.undo_name, self.redo_name, self.query_count, self.read_only, self.can_batch,
        )  # fmt: skip

    def set_near(self, near: tuple[float, float, float] | None) -> None:
        """Search this query only within ``near[2]`` metres of (lat, lon); None: everywhere."""
        if near != self.near:
            self.near = near
            self.near_changed.emit()

    def set_view(self, view: View | None) -> None:
        """Choose the view; None goes back to the guess."""
        if self.query is None or self.guessed_view is None:
            return
        self.query = replace(self.query, view=view or self.guessed_view, view_guessed=view is None)
        self.query_changed.emit()

    def set_support(self, support: dict[View, Support]) -> None:
        """How far the encoder in use was trained for each view."""
        self.support = support
        self.support_changed.emit()

    @property
    def tile_set_names(self) -> tuple[str, ...]:
        """Names of the tile sets in use."""
        return tuple(tile_set.info.name for tile_set in self.tile_sets)

    def set_available(self, available: "tuple[TileSetInfo, ...]") -> None:
        """The tile sets there are, half-built and damaged ones too."""
        self.available = available
        self.tile_sets_changed.emit()

    def set_tile_sets(self, tile_sets: "tuple[TileSet, ...]") -> None:
        """The tile sets that are searched together and shown on the map."""
        self.tile_sets = tile_sets
        self.tile_sets_changed.emit()
        self.activity_changed.emit()

    def set_location(
        self,
        location: Location | None,
        run: int | None = None,
        explanations: "Mapping[int, Explanation] | None" = None,
    ) -> None:
        """Candidates arrived. The selection stays with its tile where that is still listed.

        ``run``: the answer as it is kept in the case; ``explanations`` of it, by rank.
        """
        before = self.candidate
        self.location = location
        rank: int | None = None
        if location is not None and location.candidates:
            same = [
                one.rank
                for one in location.candidates
                if before is not None and one.tile == before.tile and before.rank != 1
            ]
            rank = same[0] if same else location.candidates[0].rank
        self.run = run
        self.seen_run = run if run is not None else self.seen_run
        self.explanations = dict(explanations or {})
        self._selection = self._selected(rank)
        self.location_changed.emit()
        self.candidate_selected.emit()
        self.explanation_changed.emit()
        self.activity_changed.emit()

    def set_locating(self, locating: bool) -> None:
        self.locating = locating
        self.activity_changed.emit()

    def set_adding(self, name: str) -> None:
        """A tile set of this name is being made; empty: none."""
        self.adding = name
        self.activity_changed.emit()

    def select(self, rank: int | None) -> None:
        """Select a candidate, from the list, the map or the keyboard."""
        if rank == self.rank:
            return
        self._selection = self._selected(rank)
        self.candidate_selected.emit()
        self.explanation_changed.emit()
        self.activity_changed.emit()

    def _selected(self, rank: int | None) -> _Selection:
        known = self.explanations.get(rank) if rank is not None else None
        if known is None:
            return _Selection(rank)
        return _Selection(rank, ExplainState(ExplainPhase.DONE, explanation=known))

    def select_next(self, step: int) -> None:
        """Move the selection ``step`` candidates down the list, staying inside it."""
        if self.location is None or not self.location.candidates:
            return
        ranks = [one.rank for one in self.location.candidates]
        place = ranks.index(self.rank) + step if self.rank in ranks else 0
        self.select(ranks[max(0, min(place, len(ranks) - 1))])

    def set_explain(self, state: ExplainState) -> None:
        """The explanation grew or changed its phase."""
        running = self.explain.running
        self._selection.explain = state
        if state.explanation is not None and self.rank is not None:
            self.explanations[self.rank] = state.explanation
        self.explanation_changed.emit()
        if running != state.running:
            self.activity_changed.emit()


def names_in_short(names: "tuple[str, ...]") -> str:
    """The first name, and how many more there are; empty for none."""
    return f"{names[0]} +{len(names) - 1}" if len(names) > 1 else "".join(names)
