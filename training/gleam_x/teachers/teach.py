"""A lesson: ask an endpoint for the explanations of many pairs, keep every answer, take the good ones."""

import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from gleam_app.explain.claims import sentences
from gleam_app.explain.wording import Lang
from training.gleam_x.kept import Kept
from training.gleam_x.records import (
    Explanation,
    PairRecord,
    Split,
    StatedClaim,
    read_records,
    write_records,
)
from training.gleam_x.teachers.apply import check_choice, moved, with_explanations
from training.gleam_x.teachers.check import cited
from training.gleam_x.teachers.cost import Cost, Prices, estimate, tokens_of
from training.gleam_x.teachers.endpoint import Answer, Endpoint
from training.gleam_x.teachers.filters import cleaned, fault
from training.gleam_x.teachers.prompts import chat, content_hash
from training.gleam_x.teachers.reading import read

TRIES = 2  # an answer that is not taken is asked for once more
SAY_EVERY = 20
SAMPLED = 40  # pairs that the estimate is made from


@dataclass(frozen=True)
class Lesson:
    """What is to be taught. ``images``: show them; else say what is known of them."""

    pairs: Path
    out: Path
    langs: tuple[Lang, ...] = ("en", "zh")
    splits: tuple[Split, ...] = ("train", "val", "test")
    images: bool = True
    most: int | None = None
    prices: Prices = field(default_factory=Prices)
    most_cost: float | None = None


@dataclass
class Outcome:
    """``taken`` and ``refused`` explanations, the latter by reason; ``cost`` of the fresh answers."""

    taken: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    fresh: int = 0
    cost: float = 0.0
    stopped: bool = False

    def __str__(self) -> str:
        reasons = ", ".join(f"{count} {name}" for name, count in self.refused.most_common())
        spent = f" for {self.cost:.2f}" if self.cost else ""
        return (
            f"{self.taken} explanations taken, {sum(self.refused.values())} refused"
            f"{f' ({reasons})' if reasons else ''}; {self.fresh} fresh answers{spent}"
            f"{'; stopped at the most it may cost' if self.stopped else ''}."
        )


def teach(lesson: Lesson, endpoint: Endpoint, only_estimate: bool = False) -> Outcome:
    """Explain the records of a file and write them; whatever ends this, all answers are kept beside it.

    Raises GleamError, with the explanations so far written.
    """
    check_choice(lesson.langs, lesson.splits)
    records = list(read_records(lesson.pairs))
    chosen = [record for record in records if record.split in lesson.splits][: lesson.most]
    print(f"To be asked: {_estimated(lesson, chosen)}.", file=sys.stderr, flush=True)
    outcome = Outcome()
    if only_estimate:
        return outcome
    found: dict[str, dict[Lang, Explanation]] = {}
    kept = Kept(lesson.out.with_name(f"{lesson.out.stem}-answers.jsonl"))
    try:
        for number, record in enumerate(chosen):
            if number % SAY_EVERY == 0:
                print(f"  {number} of {len(chosen)}: {outcome}", file=sys.stderr, flush=True)
            found[record.id] = _taught(lesson, endpoint, record, kept, outcome)
            if outcome.stopped:
                break
    finally:
        written = [with_explanations(record, found.get(record.id, {})) for record in records]
        write_records(lesson.out, moved(written, lesson.pairs.parent, lesson.out.parent))
    print(str(outcome), file=sys.stderr, flush=True)
    return outcome


def _estimated(lesson: Lesson, chosen: list[PairRecord]) -> Cost:
    """From some pairs, spread evenly: reading all pictures just for this would take long."""
    step = max(1, len(chosen) // SAMPLED)
    sample = chosen[::step]
    folder = lesson.pairs.parent
    chats = [(k, chat(r, folder, k, lesson.images)) for r in sample for k in lesson.langs]
    cost = estimate(chats, lesson.prices)
    share = len(chosen) / max(1, len(sample))
    return Cost(
        round(cost.requests * share),
        round(cost.tokens_in * share),
        round(cost.tokens_out * share),
        cost.price * share,
    )


def _taught(
    lesson: Lesson, endpoint: Endpoint, record: PairRecord, kept: Kept, outcome: Outcome
) -> dict[Lang, Explanation]:
    """The explanations of one record that are good enough, by language."""
    found: dict[Lang, Explanation] = {}
    for lang in lesson.langs:
        messages = chat(record, lesson.pairs.parent, lang, lesson.images)
        wrong = ""
        for attempt in range(TRIES):
            key = content_hash(endpoint.model, messages, attempt)
            if key not in kept:
                if lesson.most_cost is not None and outcome.cost >= lesson.most_cost:
                    outcome.stopped = True
                    return found
                answer = endpoint.ask(messages)
                kept.put(key, [answer.text, answer.whole, answer.tokens_in, answer.tokens_out])
                read_count = answer.tokens_in or tokens_of(messages, lesson.prices)
                outcome.cost += lesson.prices.of(read_count, answer.tokens_out)
                outcome.fresh += 1
            answer = Answer(*kept[key])
            text = cleaned(answer.text, lang)
            wrong = fault(answer, text, record, lang)
            if not wrong:
                found[lang] = _explanation(text, record, lang, endpoint.model)
                outcome.taken += 1
                break
        if wrong:
            outcome.refused[wrong] += 1
    return found


def _explanation(text: str, record: PairRecord, lang: Lang, teacher: str) -> Explanation:
    claims = tuple(
        StatedClaim(
            text=sentence,
            facts=tuple(
                dict.fromkeys(name for a in read(sentence, lang) for name in cited(a, record))
            ),
        )
        for sentence in sentences(text)
    )
    return Explanation(
        text=text,
        claims=claims,
        teacher=teacher,
        verdict="match" if record.match else "no_match",
    )
