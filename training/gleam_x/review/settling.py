"""What becomes of a pair when its reviewers have spoken."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gleam_app.explain.wording import Lang
from training.gleam_x.records import PairRecord
from training.gleam_x.review.answers import Answer, Reason
from training.gleam_x.review.assignment import seats
from training.gleam_x.review.folder import Plan, Review, Reviewer
from training.gleam_x.teachers.filters import cleaned

Outcome = Reason | Literal["accepted", "disagreement", "undecided"]


@dataclass(frozen=True)
class Settled:
    """What became of one language's text. ``text`` is the one to keep, None where it was discarded, for
    ``outcome``; ``by`` names who decided, ``third`` tells that two disagreed and a third one did."""

    text: str | None
    outcome: Outcome
    by: tuple[str, ...]
    third: bool = False
    notes: tuple[str, ...] = ()


class Settling:
    """Settles texts by the answers given so far."""

    def __init__(self, plan: Plan, people: Sequence[Reviewer], use_third: bool = True) -> None:
        self._plan = plan
        self._seated = {one.seat: one for one in people if one.seat is not None}
        self._thirds = [one for one in people if one.seat is None] if use_third else []

    def settle(self, record: PairRecord, lang: Lang) -> Settled:
        """Two who agree decide; where they do not, a third one does, or nobody.

        Of two accepted texts the changed one is taken, of two changed ones that of the person whose
        seat was drawn first for the pair.
        """
        drawn = seats(record.id, self._plan.people, self._plan.share)
        said = [self._seated.get(seat) for seat in drawn]
        spoken = [found for one in said if one and (found := _decided(one, record.id, lang))]
        if len(spoken) < len(drawn):
            return Settled(None, "undecided", tuple(name for name, _ in spoken))
        if len({one.of(lang).decision for _, one in spoken}) == 1:
            return _settled(record, lang, spoken)
        for person in self._thirds:
            last = _decided(person, record.id, lang)
            if last is not None:
                return _settled(record, lang, [last], third=True)
        names, notes = tuple(name for name, _ in spoken), _notes(spoken)
        return Settled(None, "disagreement", names, notes=notes)


_Spoken = tuple[str, Answer]


def _decided(person: Reviewer, pair: str, lang: Lang) -> _Spoken | None:
    answer = person.answers.get(pair)
    if answer is None or answer.of(lang).decision is None:
        return None
    return person.name, answer


def _settled(
    record: PairRecord, lang: Lang, spoken: Sequence[_Spoken], third: bool = False
) -> Settled:
    names, notes = tuple(name for name, _ in spoken), _notes(spoken)
    first = spoken[0][1].of(lang)
    if first.decision == "reject":
        return Settled(None, first.reason or "other", names, third, notes)
    changed = [answer.of(lang).text for _, answer in spoken]
    texts = [cleaned(text, lang) for text in changed if text is not None]
    text = texts[0] if texts else record.explanations[lang].text
    return Settled(text, "accepted", names, third, notes)


def _notes(spoken: Sequence[_Spoken]) -> tuple[str, ...]:
    return tuple(answer.note for _, answer in spoken if answer.note)


def disagreed(review: Review) -> list[str]:
    """Ids of the pairs on which two differ in a language: what a third one is asked about."""
    settling = Settling(review.plan, review.reviewers(), use_third=False)
    return [
        record.id
        for record in review.records
        if any(
            settling.settle(record, lang).outcome == "disagreement" for lang in review.plan.langs
        )
    ]
