"""A review on disk: the pairs as they were when it began, how they are shared out, who said what.

``pairs.jsonl`` holds the records under review (their pictures stay where they are), ``review.json`` the
``Plan``, ``answers/NAME.jsonl`` what each reviewer said.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gleam_app.errors import GleamError
from gleam_app.explain.wording import Lang
from gleam_app.imagery.exif import clean_text
from gleam_app.packs.files import write_whole
from training.gleam_x.records import (
    RECORDS,
    PairRecord,
    Split,
    read_records,
    write_records,
)
from training.gleam_x.review.answers import Answer, Header, Journal, read_answers
from training.gleam_x.review.assignment import place_in_queue, seats
from training.gleam_x.teachers.apply import check_choice, moved

PLAN = "review.json"
ANSWERS = "answers"
NAME = re.compile(r"[\w-]{1,24}")


class Plan(BaseModel):
    """How pairs are shared out. ``share`` of them (0..1) are looked at by two of the ``people``.

    ``blind``: the reviewer first says match or not, then sees label and texts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["gleam.review-plan/1"] = Field(default="gleam.review-plan/1", alias="schema")
    langs: tuple[Lang, ...] = ("en", "zh")
    splits: tuple[Split, ...] = ("test",)
    people: int = Field(default=2, ge=1, le=50)
    share: float = Field(default=1.0, ge=0.0, le=1.0)
    blind: bool = False


def make_plan(chosen: dict[str, Any]) -> Plan:
    """A plan of what was chosen. Raises GleamError naming what cannot be."""
    check_choice(chosen.get("langs", ()), chosen.get("splits", ()))
    try:
        return Plan.model_validate(chosen)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise GleamError(
            f"{first['loc'][0]} cannot be {clean_text(first['input'], 40)}.", f"{first['msg']}."
        ) from None


@dataclass(frozen=True)
class Reviewer:
    """One person's answers. ``seat`` is None for the third of pairs on which two disagree."""

    name: str
    seat: int | None
    answers: dict[str, Answer]


class Review:
    """A review that has begun. Made by ``begin`` or ``open``."""

    def __init__(self, folder: Path, plan: Plan, records: Sequence[PairRecord]) -> None:
        self.folder = folder
        self.plan = plan
        self.records = tuple(records)
        self._pairs = content_hash(self.records)

    @classmethod
    def begin(cls, folder: Path, pairs: Path, plan: Plan) -> "Review":
        """Take the records of ``pairs`` that have texts in every language. Raises GleamError."""
        chosen = choose(pairs, plan)
        if not chosen:
            raise GleamError(
                f"{clean_text(pairs.name)} has no pairs of {', '.join(plan.splits)} with texts in "
                f"{' and '.join(plan.langs)}.",
                "Write them first: python -m training gleam-x facts, or teach.",
            )
        try:
            write_records(folder / RECORDS, moved(chosen, pairs.parent, folder))
            write_whole(folder / PLAN, plan.model_dump_json(by_alias=True, indent=1) + "\n")
        except OSError as error:
            raise GleamError(
                f"{clean_text(folder)} cannot be written: {clean_text(error.strerror)}.",
                "Choose another folder: --work FOLDER.",
            ) from None
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path) -> "Review":
        """A review that was begun before. Raises GleamError."""
        path = folder / PLAN
        try:
            plan = Plan.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            raise GleamError(
                f"{clean_text(folder)} is no folder of a review.",
                "Begin one: python -m training gleam-x review PAIRS.jsonl --reviewer NAME.",
            ) from None
        records = list(read_records(folder / RECORDS))
        if len({record.id for record in records}) < len(records):
            raise GleamError(f"{clean_text(folder)} holds a pair twice.", "Begin the review anew.")
        return cls(folder, plan, records)

    def same_pairs(self, pairs: Path) -> bool:
        """Whether a file still holds what this review began with."""
        return content_hash(choose(pairs, self.plan)) == self._pairs

    def reviewers(self) -> list[Reviewer]:
        """All who have answered, by name. Raises GleamError."""
        found = []
        for path in sorted((self.folder / ANSWERS).glob("*.jsonl")):
            header, answers = read_answers(path)
            if header.pairs != self._pairs:
                raise GleamError(
                    f"{clean_text(path.name)} holds answers to other pairs.",
                    "Take it out of the folder.",
                )
            found.append(Reviewer(header.reviewer, header.seat, answers))
        return found

    def join(self, name: str, third: bool = False, seat: int | None = None) -> Journal:
        """The person's own file, on the seat held before, the one named, or the next free. Raises GleamError.

        Nobody else's answers are told: a ``third`` person gets only the pairs on which two disagree.
        """
        path = self.file_of(name)
        known = {one.name.casefold(): one for one in self.reviewers()}
        before = known.get(name.casefold())
        if before is not None:
            if before.name != name or third != (before.seat is None):
                raise GleamError(
                    f"{name} has answered here already as {before.name}"
                    f"{', a third reviewer' if before.seat is None else ''}.",
                    "Choose another name.",
                )
            seat = before.seat
        elif not third:
            seat = self._free_seat([one for one in known.values() if one.seat is not None], seat)
        header = Header(reviewer=name, seat=seat, pairs=self._pairs)
        return Journal(path, header)

    def file_of(self, name: str) -> Path:
        """Where a person's answers are, or will be. GleamError for what is no name."""
        if not NAME.fullmatch(name):
            raise GleamError(
                "A reviewer's name is 1 to 24 letters, digits, - or _.",
                "Choose initials or a pseudonym: it is published with the test set.",
            )
        return self.folder / ANSWERS / f"{name}.jsonl"

    def _free_seat(self, taken: Sequence[Reviewer], wanted: int | None) -> int:
        free = sorted(set(range(self.plan.people)) - {one.seat for one in taken})
        if wanted is not None and wanted in free:
            return wanted
        if not free or wanted is not None:
            names = ", ".join(one.name for one in taken)
            raise GleamError(
                f"This review is for {self.plan.people}: {names}."
                if not free
                else f"Seat {(wanted or 0) + 1} is taken, or there is none.",
                "A third reviewer of what two disagree on takes --third.",
            )
        return free[0]

    def queue(self, seat: int | None, disagreed: Sequence[str] = ()) -> list[PairRecord]:
        """The records of one person, in the person's own order. ``disagreed``: those for a third."""
        people, share = self.plan.people, self.plan.share
        mine = [
            record
            for record in self.records
            if (record.id in disagreed if seat is None else seat in seats(record.id, people, share))
        ]
        return sorted(mine, key=lambda record: place_in_queue(record.id, seat))


def choose(pairs: Path, plan: Plan) -> list[PairRecord]:
    """The records of the splits that have a text in every language."""
    return [
        record
        for record in read_records(pairs)
        if record.split in plan.splits and all(lang in record.explanations for lang in plan.langs)
    ]


def content_hash(records: Sequence[PairRecord]) -> str:
    """SHA-256 of what is reviewed (ids, labels, texts), wherever the pictures lie."""
    rows = sorted(
        [record.id, record.match, {k: v.text for k, v in sorted(record.explanations.items())}]
        for record in records
    )
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()
