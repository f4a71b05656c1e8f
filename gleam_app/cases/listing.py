"""Queries as a list shows them: one statement for thousands, no pixels."""

import json
import sqlite3
from pathlib import Path

from gleam_app.cases.codec import exif_of
from gleam_app.cases.edits import decision_of
from gleam_app.cases.model import OPEN, QueryRecord, QueryState

LISTING = """
SELECT query.*, run.at AS located, run.verdict, run.confidence, run.candidates,
  candidate.rated, candidate.lat, candidate.lon, candidate.radius_m
FROM query
LEFT JOIN run ON run.id = query.run
LEFT JOIN candidate ON candidate.run = query.run AND candidate.rank = 1
"""
_OPEN_DOCUMENT = '{"state": "open"}'


def record_of(row: sqlite3.Row, locating: int | None) -> QueryRecord:
    """A row of ``LISTING`` as a record; ``locating`` is the query that is being located."""
    document = row["decision"]
    return QueryRecord(
        id=row["id"],
        name=row["name"],
        path=None if row["path"] is None else Path(row["path"]),
        sha256=row["sha256"],
        added=row["added"],
        size=None if row["width"] is None else (row["width"], row["height"]),
        guessed_view=row["guessed_view"],
        view=row["view"],
        heading_deg=row["heading_deg"],
        exif=exif_of(row["exif"]),
        state="locating" if row["id"] == locating else _state(row),
        error=row["error"] or "",
        hint=row["hint"] or "",
        decision=OPEN if document == _OPEN_DOCUMENT else decision_of(document),
        note=row["note"],
        tags=() if row["tags"] == "[]" else tuple(json.loads(row["tags"])),
        run=row["run"],
        verdict=row["verdict"],
        confidence=row["confidence"] if row["rated"] else None,
        lat=row["lat"],
        lon=row["lon"],
        radius_m=row["radius_m"],
        candidates=row["candidates"] or 0,
        located=row["located"] or "",
    )


def _state(row: sqlite3.Row) -> QueryState:
    """From what is committed alone, so that no state outlives what it spoke of."""
    if row["queued"]:
        return "waiting"
    return "failed" if row["error"] is not None else "done"
