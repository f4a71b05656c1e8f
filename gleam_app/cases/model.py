"""What a case holds, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from gleam_app.imagery.exif import ExifFacts
from gleam_app.imagery.views import View
from gleam_app.retrieval.results import Verdict

QueryState = Literal["waiting", "locating", "done", "failed"]
DecisionState = Literal["open", "accepted", "rejected"]


@dataclass(frozen=True)
class CaseFacts:
    """The case itself. ``created`` and ``changed`` are UTC, ISO 8601; ``software`` made the file."""

    id: str
    title: str
    note: str
    created: str
    changed: str
    software: str


@dataclass(frozen=True)
class Decision:
    """What the analyst decided. An accepted place is a candidate (``run``, ``rank``) or a free point.

    ``lat``/``lon`` degrees WGS 84 and ``radius_m`` are kept with it, whatever is located later; None
    where the candidate has no coordinates.
    """

    state: DecisionState = "open"
    run: int | None = None
    rank: int | None = None
    lat: float | None = None
    lon: float | None = None
    radius_m: float | None = None


OPEN = Decision()
REJECTED = Decision("rejected")


@dataclass(frozen=True)
class QueryRecord:
    """One query as a list shows it; no pixels. ``exif`` and ``size`` are None until it was opened.

    ``view`` is the chosen one, None where it is left to be guessed. ``verdict`` to ``radius_m`` are of
    the first candidate of its last run, None without one; ``confidence`` is None too where that
    candidate's is none (``Location.is_rated``). ``candidates`` is how many that run has, ``located`` when it was (empty without one).
    """

    id: int
    name: str
    path: Path | None
    sha256: str
    added: str
    size: tuple[int, int] | None
    guessed_view: View | None
    view: View | None
    heading_deg: float | None
    exif: ExifFacts | None
    state: QueryState
    error: str
    hint: str
    decision: Decision
    note: str
    tags: tuple[str, ...]
    run: int | None
    verdict: Verdict | None
    confidence: float | None
    lat: float | None
    lon: float | None
    radius_m: float | None
    candidates: int
    located: str

    @property
    def place(self) -> tuple[float, float] | None:
        """Where it stands on a map, (lat, lon): what was accepted, else the first candidate.

        None where it was rejected or not found, or nothing has coordinates.
        """
        decision = self.decision
        if decision.state == "rejected" or (
            decision.state == "open" and self.verdict == "not_found"
        ):
            return None
        at = decision if decision.state == "accepted" else self
        return None if at.lat is None or at.lon is None else (at.lat, at.lon)


@dataclass(frozen=True)
class PackUse:
    """A pack that took part. ``label`` is "id version"; ``sha256`` its hash, empty if not known."""

    kind: str
    label: str
    sha256: str = ""


@dataclass(frozen=True)
class TileSetUse:
    """A tile set that was searched: ``document`` is all of its ``tileset.json``, sources with hashes."""

    name: str
    document: Mapping[str, Any]


@dataclass(frozen=True)
class RunFacts:
    """How a query was located: the options as JSON values, what was searched, with what."""

    options: Mapping[str, Any] = field(default_factory=dict)
    tile_sets: tuple[TileSetUse, ...] = ()
    packs: tuple[PackUse, ...] = ()


@dataclass(frozen=True)
class RunRecord:
    """One locating of one query."""

    id: int
    query: int
    at: str
    software: str
    verdict: Verdict
    confidence: float
    timings_ms: Mapping[str, float]
    facts: RunFacts


@dataclass(frozen=True)
class HistoryEntry:
    """One action: when (UTC), what, on which query, with what parameters."""

    id: int
    at: str
    what: str
    query: int | None
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """What listeners hear after a commit: what happened, and to which queries (empty: to the case)."""

    what: str
    queries: tuple[int, ...] = ()
