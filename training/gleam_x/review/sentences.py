"""What each sentence of an explanation rests on, as far as the record knows; also of changed sentences."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gleam_app.explain import scene_words_en as words_en
from gleam_app.explain import scene_words_zh as words_zh
from gleam_app.explain.claims import sentences
from gleam_app.explain.scene_facts import Fact
from gleam_app.explain.slots import SlotFiller
from gleam_app.explain.wording import Lang
from training.gleam_x.records import Explanation, PairRecord, StatedClaim, evidence_of
from training.gleam_x.teachers.check import Status, check, cited
from training.gleam_x.teachers.endpoint import Answer
from training.gleam_x.teachers.filters import cleaned, fault
from training.gleam_x.teachers.reading import read

_SLOT = re.compile(r"\{(E\d{1,2})\}")


@dataclass(frozen=True)
class Sentence:
    """A sentence as it stands in the text, and ids as in ``StatedClaim``.

    "unknown": no fact or measurement tells whether it is true, a person must look.
    """

    text: str
    facts: tuple[str, ...]
    status: Status


def study(text: str, record: PairRecord, lang: Lang) -> list[Sentence]:
    """The sentences of a text, held against the record's facts, measurements and label."""
    stated = {claim.text: claim.facts for claim in record.explanations[lang].claims}
    measured = {item["id"] for item in record.evidence or ()}
    return [
        _study(one, stated.get(one), record, lang, measured)
        for one in sentences(cleaned(text, lang))
    ]


def _study(
    sentence: str,
    stated: tuple[str, ...] | None,
    record: PairRecord,
    lang: Lang,
    measured: set[str],
) -> Sentence:
    assertions = read(sentence, lang)
    slots = _SLOT.findall(sentence)
    facts = stated
    if facts is None:
        found = [fact for one in assertions for fact in cited(one, record)] + slots
        facts = tuple(dict.fromkeys(found))
    said = {check(one, record) for one in assertions}
    if "contradicted" in said or not measured.issuperset(slots):
        return Sentence(sentence, facts, "contradicted")
    backed = bool(said) or any(fact.startswith("E") for fact in facts)
    return Sentence(sentence, facts, "supported" if backed and "unknown" not in said else "unknown")


def revised(record: PairRecord, lang: Lang, text: str) -> Explanation:
    """An explanation with the text that people settled on; the very same where they changed nothing."""
    before = record.explanations[lang]
    if text == before.text:
        return before
    claims = tuple(StatedClaim(text=one.text, facts=one.facts) for one in study(text, record, lang))
    return before.model_copy(
        update={"text": text, "claims": claims, "teacher": f"{before.teacher}, revised"}
    )


def flaw(text: str, record: PairRecord, lang: Lang) -> str:
    """Why a teacher's text would not be learnt from (``filters.fault``), measured values left aside."""
    words = _SLOT.sub("", cleaned(text, lang))
    return fault(Answer(words, True, 0, 0), words, record, lang)


def filled(sentence: str, record: PairRecord, lang: Lang) -> str:
    """The sentence as the app would show it: measured values and marks, ``0.56 [E7]``, for slots."""
    filler = SlotFiller(evidence_of(record), lang)
    filler.feed(sentence)
    filler.end()
    return filler.text


def words_of(fact_id: str, record: PairRecord, lang: Lang) -> str:
    """What a fact or measurement says, in a few words; empty for the kinds of pictures and the verdict."""
    for item in evidence_of(record):
        if item.id == fact_id:
            return item.text(lang)
    known: Sequence[Fact] = ()
    if record.facts is not None:
        known = (*record.facts.image1, *record.facts.image2)
    words = words_en if lang == "en" else words_zh
    for fact in known:
        if fact.id == fact_id:
            zone = words.ZONES.get(fact.zone, "")
            place = f" {zone}" if zone and lang == "en" else zone
            noun: str = words.NOUNS[fact.kind, fact.value][0]
            return noun.replace("{at}", place)
    return ""
