"""What a case says about each query, gathered once for every format. No pixels."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from gleam_app.cases.case import Case
from gleam_app.cases.model import CaseFacts, PackUse, QueryRecord
from gleam_app.explain.wording import Lang
from gleam_app.retrieval.results import Verdict

How = Literal["accepted", "candidate"]


@dataclass(frozen=True)
class Place:
    """One place of a query, degrees WGS 84. ``how``: the analyst accepted it, or the program proposes it.

    ``rank`` and what follows are None for a point that the analyst set. ``confidence`` is None too
    where it is none (``Location.is_rated``). ``footprint`` is (lat, lon) corners, empty if unknown.
    """

    how: How
    lat: float
    lon: float
    radius_m: float | None
    rank: int | None = None
    verdict: Verdict | None = None
    confidence: float | None = None
    score: float | None = None
    inliers: int | None = None
    method: str | None = None
    heading_deg: float | None = None
    footprint: tuple[tuple[float, float], ...] = ()
    tile_set: str | None = None
    source: str | None = None
    tile: str | None = None


@dataclass(frozen=True)
class Finding:
    """One query: the place that stands for it, if any, the other candidates, when it was located."""

    query: QueryRecord
    place: Place | None
    others: tuple[Place, ...]
    at: str


@dataclass(frozen=True)
class Findings:
    """All that an export writes; ``lang`` is the language of its words."""

    facts: CaseFacts
    packs: tuple[PackUse, ...]
    findings: tuple[Finding, ...]
    lang: Lang = "en"

    @property
    def located(self) -> list[tuple[Finding, Place]]:
        """Those with a place."""
        return [(one, one.place) for one in self.findings if one.place is not None]


def gather(
    case: Case,
    queries: Sequence[int] | None = None,
    candidates: bool = False,
    lang: Lang = "en",
) -> Findings:
    """What the case says about ``queries`` (None: all), in the analyst's order.

    A query's place is what the analyst accepted, else its first candidate unless it was rejected or
    the verdict is ``not_found``. ``candidates`` adds the others that have coordinates.
    """
    chosen = None if queries is None else set(queries)
    records = [one for one in case.queries() if chosen is None or one.id in chosen]
    return Findings(
        case.facts,
        tuple(case.answers.packs()),
        tuple(_finding(case, record, candidates) for record in records),
        lang,
    )


def _finding(case: Case, record: QueryRecord, candidates: bool) -> Finding:
    decision = record.decision
    run = decision.run or record.run
    rank = 1 if decision.state == "open" else decision.rank
    rows: dict[int | None, sqlite3.Row] = {}
    if run is not None and (candidates or rank is not None):
        found = case.answers.numbers(run, None if candidates else rank)
        rows = {row["rank"]: row for row in found}
    place: Place | None = None
    if decision.state == "accepted" and rank is None:
        if decision.lat is not None and decision.lon is not None:
            place = Place("accepted", decision.lat, decision.lon, decision.radius_m)
    elif rank in rows and (decision.state == "accepted" or record.verdict != "not_found"):
        how: How = "accepted" if decision.state == "accepted" else "candidate"
        place = _place(how, rows[rank])
    known = None if place is None else place.rank
    others = [_place("candidate", row) for one, row in rows.items() if candidates and one != known]
    at = record.located if run == record.run or run is None else case.answers.run(run).at
    return Finding(
        record, place, tuple(one for one in others if one is not None), at or record.added
    )


def _place(how: How, row: sqlite3.Row) -> Place | None:
    """A row of ``candidate``; None where it has no coordinates."""
    if row["lat"] is None or row["lon"] is None:
        return None
    return Place(
        how=how,
        lat=row["lat"],
        lon=row["lon"],
        radius_m=row["radius_m"],
        rank=row["rank"],
        verdict=cast(Verdict, row["verdict"]),
        confidence=row["confidence"] if row["rated"] else None,
        score=row["score"],
        inliers=row["inliers"],
        method=row["method"],
        heading_deg=row["heading_deg"],
        footprint=tuple((lat, lon) for lat, lon in json.loads(row["footprint"])),
        tile_set=row["tile_set"],
        source=row["source"],
        tile=row["tile"],
    )
