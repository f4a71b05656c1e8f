"""An exam: all systems answer all questions, and what they said is measured."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from gleam_app.explain.wording import Lang
from training.gleam_c.report.figures import Figure
from training.gleam_x.evaluate.desk import Desk, say
from training.gleam_x.evaluate.follow import Followed, follow_figures
from training.gleam_x.evaluate.questions import (
    CHANGES,
    Change,
    Question,
    changed,
    hardness,
    question,
)
from training.gleam_x.evaluate.remote import Judge, grade_figures
from training.gleam_x.evaluate.systems import Answer, System
from training.gleam_x.evaluate.texts import Alike, Read, read_text, text_figures
from training.gleam_x.evaluate.verdicts import Judged, verdict_figures
from training.gleam_x.records import PairRecord

SAY_EVERY_S = 30.0
Item = TypeVar("Item")
Figures = dict[str, Figure | None]
PARTS: dict[str, Callable[[Question], str]] = {
    "view": lambda q: q.record.view,
    "language": lambda q: q.lang,
    "source": lambda q: q.record.source,
    "hardness": lambda q: hardness(q.record),
    "label": lambda q: "match" if q.match else "other",
}


@dataclass(frozen=True)
class Plan:
    """What is asked: ``texts`` of the records are explained in words, ``changes`` of them are asked changed;
    the first ones, as ``choose`` orders them. ``pool``: records that changed ones take from."""

    records: tuple[PairRecord, ...]
    pool: tuple[PairRecord, ...]
    folder: Path
    langs: tuple[Lang, ...] = ("en", "zh")
    texts: int = 0
    changed: int = 0

    def questions(self) -> Iterator[Question]:
        """All pairs as they are."""
        for number, record in enumerate(self.records):
            for lang in self.langs:
                yield question(record, lang, self.folder, number < self.texts)

    def changed_questions(
        self, change: Change, reads: frozenset[str]
    ) -> Iterator[tuple[Question, Question]]:
        """Each as it is, and changed."""
        for number, record in enumerate(self.records[: self.changed]):
            for lang in self.langs:
                before = question(record, lang, self.folder, number < self.texts)
                after = changed(before, change, self.pool, reads)
                if after is not None:
                    yield before, after


@dataclass
class Sheet:
    """What one system answered, beside what it was asked; ``read`` are the texts, None where there is none."""

    system: System
    questions: list[Question] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    read: list[Read | None] = field(default_factory=list)
    followed: dict[Change, list[Followed]] = field(default_factory=dict)
    grades: list[dict[str, int] | None] = field(default_factory=list)


def sit(
    plan: Plan, system: System, desk: Desk, vectors: Alike | None, judge: Judge | None
) -> Sheet:
    """One system's answers. Raises GleamError; what was answered is kept at the desk."""
    sheet = Sheet(system)
    for asked in _told(system.name, list(plan.questions())):
        answer = desk.ask(system, asked)
        sheet.questions.append(asked)
        sheet.answers.append(answer)
        sheet.read.append(read_text(asked, answer, vectors) if answer.text else None)
        if judge is not None and answer.text:
            sheet.grades.append(judge.grades(asked, answer))
    for change in CHANGES:
        pairs = list(plan.changed_questions(change, system.reads))
        sheet.followed[change] = [
            Followed(after, desk.ask(system, before), desk.ask(system, after))
            for before, after in _told(f"{system.name}, {change}", pairs)
        ]
    return sheet


def figures(sheet: Sheet) -> dict[str, Any]:
    """Everything measured of one system, as JSON with ``Figure`` objects in it."""
    rows = list(zip(sheet.questions, sheet.answers, sheet.read, strict=True))

    def of(chosen: Sequence[tuple[Question, Answer, Read | None]]) -> dict[str, Any]:
        judged = [Judged(answer, asked.match, asked.record.place) for asked, answer, _ in chosen]
        texts = [read for _, _, read in chosen if read is not None]
        return {
            "answers": len(judged),
            "verdicts": verdict_figures(judged),
            "texts": len(texts),
            "words": text_figures(texts),
        }

    parts: dict[str, dict[str, Any]] = {}
    for part, name_of in PARTS.items():
        names = sorted({name_of(asked) for asked, _, _ in rows})
        parts[part] = {name: of([r for r in rows if name_of(r[0]) == name]) for name in names}
    return {
        **of(rows),
        "reads": sorted(sheet.system.reads),
        "fingerprint": sheet.system.fingerprint,
        "by": parts,
        "changed": {
            change: {"pairs": len(pairs), **follow_figures(pairs)}
            for change, pairs in sheet.followed.items()
            if pairs
        },
        "grades": _grades(sheet),
        "seconds": _seconds(sheet),
    }


def _grades(sheet: Sheet) -> Figures:
    places = [r.place for r in sheet.read if r is not None]
    return grade_figures(sheet.grades, places) if sheet.grades else {}


def _seconds(sheet: Sheet) -> dict[str, float]:
    """Medians of what an answer took when it was given."""
    kinds = {"verdict": False, "words": True}
    taken = {
        name: [a.seconds for a in sheet.answers if a.seconds and bool(a.text) is wordy]
        for name, wordy in kinds.items()
    }
    return {name: round(float(np.median(t)), 3) for name, t in taken.items() if t}


def _told(what: str, items: Sequence[Item]) -> Iterator[Item]:
    """The items, with a line of progress now and then."""
    last = time.monotonic()
    for number, item in enumerate(items):
        if time.monotonic() - last >= SAY_EVERY_S:
            say(f"  {what}: {number} of {len(items)}")
            last = time.monotonic()
        yield item
