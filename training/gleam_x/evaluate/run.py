"""The command: from its arguments to the report, the gallery and the rating sheet in the work folder."""

import argparse
import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gleam_app.errors import GleamError
from gleam_app.packs.files import write_whole
from training.gleam_x.evaluate.desk import Desk, say
from training.gleam_x.evaluate.exam import Plan, Sheet, figures, sit
from training.gleam_x.evaluate.opening import Access, open_system
from training.gleam_x.evaluate.overlap import SentenceVectors
from training.gleam_x.evaluate.pages import write_gallery, write_rating_sheet
from training.gleam_x.evaluate.questions import choose
from training.gleam_x.evaluate.remote import Judge
from training.gleam_x.evaluate.report import markdown, to_json
from training.gleam_x.evaluate.systems import System
from training.gleam_x.kept import Kept
from training.gleam_x.records import PairRecord, read_records
from training.gleam_x.teachers.apply import check_choice

NO_VECTORS = "no sentence similarity: --sentences names no encoder"
NO_REFERENCE = (
    "no likeness and no recall for pairs without explanations: run gleam-x facts or teach"
)
NO_EVIDENCE = "{} of the pairs have no evidence: run gleam-x measure"


def run(arguments: argparse.Namespace) -> str:
    """Measure, write ``report.json``, ``report.md`` and ``gallery.html``; returns the tables. Raises
    GleamError; answers so far are kept, and the same command goes on."""
    langs = tuple(arguments.langs.split(","))
    check_choice(langs, ())
    every = list(read_records(arguments.pairs))
    pool = [record for record in every if record.split == arguments.split]
    records = choose(pool, arguments.limit)
    if not records:
        raise GleamError(f"{arguments.pairs.name} has no pairs of the split {arguments.split}.")
    texts = len(records) if arguments.texts is None else arguments.texts
    plan = Plan(
        tuple(records), tuple(pool), arguments.pairs.parent, langs, texts, arguments.changed
    )
    access = Access(
        os.environ.get(arguments.key_variable, ""),
        arguments.per_minute,
        arguments.timeout,
        arguments.retries,
    )
    fitted_on = [record for record in every if record.split == arguments.fit_on]
    systems = distinct([open_system(named, access, fitted_on) for named in arguments.systems])
    work: Path = arguments.work
    work.mkdir(parents=True, exist_ok=True)
    judge = _judge(arguments, access, work)
    sheets = _sat(plan, systems, work, arguments.sentences, judge)
    say("Measuring")
    document = {
        "pairs": arguments.pairs.name,
        "split": arguments.split,
        "records": len(records),
        "share_other": sum(not record.match for record in records) / len(records),
        "languages": list(langs),
        "judge": judge.name if judge else None,
        "notes": _notes(records, arguments),
        "systems": {sheet.system.name: figures(sheet) for sheet in sheets},
    }
    tables = markdown(document)
    write_whole(work / "report.json", to_json(document))
    write_whole(work / "report.md", tables)
    about = f"{len(records)} pairs of {arguments.pairs.name}, split {arguments.split}."
    write_gallery(work / "gallery.html", sheets, arguments.gallery, about)
    if arguments.rating:
        count = write_rating_sheet(work, sheets, arguments.rating, arguments.seed)
        say(f"Rating sheet with {count} texts: rating.html, rating.csv; the key: rating-key.csv")
    say(f"Written to {work}: report.json, report.md, gallery.html")
    return tables


def distinct(systems: Sequence[System]) -> list[System]:
    """Each system once; those of one name (packs of one version, quantised differently) told apart by a
    few letters of what they are."""
    once = list({(system.name, system.fingerprint): system for system in systems}.values())
    names = Counter(system.name for system in once)
    for system in once:
        if names[system.name] > 1:
            mark = hashlib.sha256(system.fingerprint.encode()).hexdigest()[:6]
            system.name = f"{system.name} {mark}"
    return once


def _sat(
    plan: Plan, systems: Sequence[System], work: Path, encoder: Path | None, judge: Judge | None
) -> list[Sheet]:
    """All systems' answers, one after the other: two models at once would not fit everywhere."""
    vectors = SentenceVectors(encoder).similarity if encoder else None
    desk = Desk(work / "answers")
    sheets = []
    for system in systems:
        say(f"{system.name}: {len(plan.records)} pairs in {len(plan.langs)} languages")
        try:
            sheets.append(sit(plan, system, desk, vectors, judge))
        finally:
            system.close()
    return sheets


def _judge(arguments: argparse.Namespace, access: Access, work: Path) -> Judge | None:
    if not arguments.judge:
        return None
    kept = Kept(work / "grades.jsonl")
    return Judge(access.to(arguments.judge), kept, not arguments.judge_no_images)


def _notes(records: Sequence[PairRecord], arguments: argparse.Namespace) -> list[str]:
    """What could not be measured, and why."""
    notes: list[Any] = []
    if arguments.sentences is None:
        notes.append(NO_VECTORS)
    if any(not record.explanations for record in records):
        notes.append(NO_REFERENCE)
    unmeasured = sum(not record.evidence for record in records)
    if unmeasured:
        notes.append(NO_EVIDENCE.format(unmeasured))
    return notes
