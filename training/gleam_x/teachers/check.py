"""Holding explanations against the facts of their pair: what is true, what is not, what nobody knows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gleam_app.explain.claims import sentences
from gleam_app.explain.scene_facts import SOME, Fact
from gleam_app.explain.wording import Lang
from training.gleam_x.records import PairRecord
from training.gleam_x.teachers.reading import Assertion, read

Status = Literal["supported", "contradicted", "unknown"]


@dataclass(frozen=True)
class Checked:
    """An assertion and what the facts say to it. "unknown": no fact of that kind is known of the picture."""

    sentence: str
    assertion: Assertion
    status: Status


def check_text(text: str, record: PairRecord, lang: Lang) -> list[Checked]:
    """Every assertion that can be read in a text, held against the record's facts and label."""
    return [
        Checked(sentence, assertion, check(assertion, record))
        for sentence in sentences(text)
        for assertion in read(sentence, lang)
    ]


def check(assertion: Assertion, record: PairRecord) -> Status:
    """Whether an assertion is true of a record."""
    if assertion.kind == "match":
        return "supported" if (assertion.value == "yes") == record.match else "contradicted"
    if assertion.kind == "view":
        return "supported" if assertion.value == record.view else "contradicted"
    if record.facts is None:
        return "unknown"
    sides = {"image1": [record.facts.image1], "image2": [record.facts.image2]}
    asked = sides.get(assertion.scope, [record.facts.image1, record.facts.image2])
    found = [_of_picture(assertion, facts) for facts in asked]
    if "contradicted" in found:
        return "contradicted"
    return "unknown" if "unknown" in found else "supported"


def _of_picture(assertion: Assertion, facts: Sequence[Fact]) -> Status:
    known = [fact for fact in facts if fact.kind == assertion.kind]
    if not known:
        return "unknown"
    for fact in known:
        if fact.value == assertion.value and assertion.zone in ("", fact.zone):
            return "supported"
    if assertion.kind == "buildings" and assertion.value == SOME:
        return "contradicted" if known[0].value == "none" else "supported"
    if assertion.kind == "junction" and assertion.value != "none":
        # only the two junctions nearest to the middle are facts; there may be more
        return "contradicted" if known[0].value == "none" or len(known) < 2 else "unknown"
    return "contradicted"


def cited(assertion: Assertion, record: PairRecord) -> tuple[str, ...]:
    """Ids of what an assertion that is true rests on; empty where it is not, or nobody knows."""
    if check(assertion, record) != "supported":
        return ()
    if assertion.kind == "match":
        return ("V1",)
    if assertion.kind == "view" or record.facts is None:
        return ("P1",)
    sides = {"image1": [record.facts.image1], "image2": [record.facts.image2]}
    asked = sides.get(assertion.scope, [record.facts.image1, record.facts.image2])
    return tuple(
        fact.id
        for facts in asked
        for fact in facts
        if (fact.kind, fact.value) == (assertion.kind, assertion.value)
        and assertion.zone in ("", fact.zone)
    )
