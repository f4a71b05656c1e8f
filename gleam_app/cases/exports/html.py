"""The report of a whole case: one self-contained page, the same whenever it is written."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from gleam_app.cases.case import Case
from gleam_app.cases.exports.findings import Finding, Findings
from gleam_app.cases.model import QueryRecord, RunRecord
from gleam_app.cases.report import Entry, Frame, Point, render
from gleam_app.cases.report_words import WORDS
from gleam_app.errors import GleamError
from gleam_app.explain.wording import Lang
from gleam_app.jobs.work import Work
from gleam_app.retrieval.tiles.tileset import TileSet, TileSetStore


def write_html(
    path: Path,
    case: Case,
    findings: Findings,
    langs: Sequence[Lang],
    store: TileSetStore | None,
    work: Work,
) -> None:
    """Every query with an answer; what is shown of it is the accepted candidate, else the first.

    Pictures are the case's own previews and windows; maps are drawn from the tile sets of ``store``
    that were searched, and left out where these or their imagery are gone or others by now.
    """
    entries = _entries(case, findings, langs, work)
    words = WORDS[langs[0]]
    facts = findings.facts
    parameters = {words["case"]: facts.id}
    if facts.note:
        parameters[words["note"]] = facts.note
    unlocated = [
        (one.query.name, one.query.error or words["waiting"])
        for one in findings.findings
        if one.query.run is None
    ]
    frame = Frame(
        {pack.kind: f"{pack.label}  {pack.sha256}".strip() for pack in findings.packs},
        parameters,
        [use.document for use in case.answers.tile_sets()],
        _moment(facts.changed),
        langs,
        facts.title,
        unlocated,
    )
    with _searched(case, store) as tile_sets:
        path.write_text(render(entries, tile_sets, frame), "utf-8", newline="\n")


@contextmanager
def _searched(case: Case, store: TileSetStore | None) -> Iterator[list[TileSet]]:
    """The searched tile sets as far as they are there with the same imagery; closed at the end."""
    opened: dict[str, TileSet] = {}
    try:
        for use in case.answers.tile_sets():
            if store is None or use.name in opened:
                continue
            with suppress(GleamError):
                if _imagery(use.document) <= _imagery_of(store, use.name):
                    opened[use.name] = store.open(use.name)
        yield list(opened.values())
    finally:
        for tile_set in opened.values():
            tile_set.close()


def _imagery(document: Mapping[str, Any]) -> set[str]:
    return {source["sha256"] for source in document.get("sources", [])}


def _imagery_of(store: TileSetStore, name: str) -> set[str]:
    return {source.sha256 for source in store.info(name).sources}


def _entries(case: Case, findings: Findings, langs: Sequence[Lang], work: Work) -> Iterator[Entry]:
    total = len(findings.findings)
    for number, finding in enumerate(findings.findings):
        work.report("Writing the report", number, total)
        entry = _entry(case, finding, langs)
        if entry is not None:
            yield entry


def _entry(case: Case, finding: Finding, langs: Sequence[Lang]) -> Entry | None:
    query = finding.query
    decision = query.decision
    run = decision.run or query.run
    location = None if run is None else case.location(query.id, run, original=False)
    if location is None or run is None:
        return None
    rank = decision.rank or 1
    explanations = [one for one in case.answers.explanations(run, langs) if one.rank == rank]
    point = None
    if decision.rank is None and decision.lat is not None and decision.lon is not None:
        point = Point(decision.lat, decision.lon, decision.radius_m)
    return Entry(
        location,
        explanations,
        rank,
        decision.state,
        point,
        query.note,
        query.tags,
        list(_made(query, case.answers.run(run), WORDS[langs[0]])),
    )


def _made(
    query: QueryRecord, run: RunRecord, words: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """How it was located: when, by what, where, with which options."""
    yield words["hash"], query.sha256
    yield words["located"], _moment(run.at)
    yield words["version"], run.software
    yield words["packs"], ", ".join(pack.label for pack in run.facts.packs)
    yield words["tile_sets"], ", ".join(use.name for use in run.facts.tile_sets)
    yield words["options"], _shown(_said(run.facts.options))
    yield words["timings"], _shown({k: f"{v:.0f} ms" for k, v in run.timings_ms.items()})


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without the options that were left empty."""
    kept = {k: _said(v) if isinstance(v, Mapping) else v for k, v in values.items()}
    return {k: v for k, v in kept.items() if v not in (None, "", [], {})}


def _moment(at: str) -> str:
    """A time of the case for people, in UTC."""
    return datetime.fromisoformat(at).strftime("%Y-%m-%d %H:%M UTC")


def _shown(values: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {value if isinstance(value, str) else json.dumps(value)}"
        for name, value in values.items()
    )
