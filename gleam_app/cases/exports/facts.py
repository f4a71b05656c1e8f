"""The facts of a place under the names that every format uses."""

from gleam_app.cases.exports.findings import Finding, Place
from gleam_app.retrieval.results import Verdict

Value = str | float | int | None

_PLACE = (
    "how", "rank", "verdict", "confidence", "radius_m", "heading_deg", "score", "inliers", "method",
    "tile_set", "source", "tile",
)  # fmt: skip
NAMES = (
    "query", "sha256", "state", "decision", *_PLACE, "view", "tags", "note", "error", "located_at",
)  # fmt: skip


def facts_of(finding: Finding, place: Place | None) -> dict[str, Value]:
    """``NAMES`` with their values, in that order; None where there is nothing to say."""
    query = finding.query
    facts: dict[str, Value] = {
        "query": query.name,
        "sha256": query.sha256,
        "state": query.state,
        "decision": query.decision.state,
    }
    facts |= _of_place(query.verdict, place)
    return facts | {
        "view": query.view or query.guessed_view,
        "tags": ", ".join(query.tags) or None,
        "note": query.note or None,
        "error": query.error or None,
        "located_at": finding.at if query.run is not None else None,
    }


def _of_place(verdict: Verdict | None, place: Place | None) -> dict[str, Value]:
    """``verdict`` is the query's, said where it has no place."""
    if place is None:
        return dict.fromkeys(_PLACE) | {"verdict": verdict}
    return {
        "how": place.how,
        "rank": place.rank,
        "verdict": place.verdict,
        "confidence": rounded(place.confidence, 2),
        "radius_m": rounded(place.radius_m, 1),
        "heading_deg": rounded(place.heading_deg, 1),
        "score": rounded(place.score, 4),
        "inliers": place.inliers,
        "method": place.method,
        "tile_set": place.tile_set,
        "source": place.source,
        "tile": place.tile,
    }


def rounded(value: float | None, digits: int) -> float | None:
    """The value to the digits that are true."""
    return None if value is None else round(value, digits)
