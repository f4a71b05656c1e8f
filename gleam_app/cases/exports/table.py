"""Tables as CSV that spreadsheets open rightly: UTF-8 with a mark, no cell that is a formula."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gleam_app.cases.case import Case
from gleam_app.cases.exports.facts import NAMES, facts_of
from gleam_app.cases.exports.findings import Finding, Findings, Place
from gleam_app.geo.coordinates import format_position

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write_csv(path: Path, findings: Findings) -> None:
    """A row for each query, and one for each other candidate (``kind``); no place: empty cells."""
    rows = [
        row
        for one in findings.findings
        for row in (
            _row("place", one, one.place),
            *(_row("candidate", one, place) for place in one.others),
        )
    ]
    names = ["kind", "query", "lat", "lon", "mgrs", *(name for name in NAMES if name != "query")]
    _write(path, names, ([row[name] for name in names] for row in rows))


def write_history(path: Path, case: Case) -> None:
    """The history, oldest first: when (UTC), what, on which query, with what parameters."""
    names = {one.id: one.name for one in (*case.queries(), *case.queries(removed=True))}
    rows = (
        [
            entry.id,
            entry.at,
            entry.what,
            "" if entry.query is None else names.get(entry.query, entry.query),
            json.dumps(entry.parameters, ensure_ascii=False, sort_keys=True),
        ]
        for entry in case.journal.entries()
    )
    _write(path, ["number", "at", "what", "query", "parameters"], rows)


def _row(kind: str, finding: Finding, place: Place | None) -> dict[str, Any]:
    lat = lon = mgrs = None
    if place is not None:
        lat, lon = f"{place.lat:.7f}", f"{place.lon:.7f}"
        mgrs = format_position(place.lat, place.lon, "mgrs")
    return {"kind": kind, "lat": lat, "lon": lon, "mgrs": mgrs, **facts_of(finding, place)}


def _write(path: Path, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for row in rows:
            writer.writerow([_cell(name, value) for name, value in zip(names, row, strict=True)])


def _cell(name: str, value: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets a ' before it; numbers stay numbers."""
    if name in ("lat", "lon") or not isinstance(value, str):
        return value
    return f"'{value}" if value.lstrip(" ").startswith(_FORMULA) else value
