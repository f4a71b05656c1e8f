"""What the window is about just now: query, tile set, location, selection, explanation. No widgets."""

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from gleam_app.imagery.query import Query, View
from gleam_app.imagery.views import Support
from gleam_app.retrieval.results import Candidate, Location

if TYPE_CHECKING:
    from gleam_app.explain.evidence import Evidence
    from gleam_app.explain.explainer import Explanation
    from gleam_app.retrieval.tileset import TileSet, TileSetInfo


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
    """The state that panels show and commands depend on; every change is announced."""

    query_changed = Signal()
    support_changed = Signal()
    tile_sets_changed = Signal()
    location_changed = Signal()
    candidate_selected = Signal()
    explanation_changed = Signal()
    activity_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.query: Query | None = None
        self.guessed_view: View | None = None
        self.heading_deg: float | None = None
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

    def set_query(self, query: Query) -> None:
        """A new query; what was found for the old one goes."""
        self.query = query
        self.guessed_view = query.view
        self.heading_deg = None
        self.loading = ""
        self.set_location(None)
        self.query_changed.emit()
        self.activity_changed.emit()

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
        self.set_location(None)
        self.tile_sets_changed.emit()
        self.activity_changed.emit()

    def set_location(self, location: Location | None) -> None:
        """Candidates arrived. The selection stays with its tile where that is still listed."""
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
        self.explanations = {}
        self._selection = _Selection(rank)
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
        self._selection = _Selection(rank)
        known = self.explanations.get(rank) if rank is not None else None
        if known is not None:
            self._selection.explain = ExplainState(ExplainPhase.DONE, explanation=known)
        self.candidate_selected.emit()
        self.explanation_changed.emit()
        self.activity_changed.emit()

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
