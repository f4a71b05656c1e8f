"""What the model is asked about a pair, and what it shall answer, in English and Chinese."""

from dataclasses import dataclass

import numpy as np

from gleam_app.explain.pair import WORDS, Layout, measured_line
from gleam_app.explain.pair import question as asked_of
from gleam_app.explain.wording import Lang
from training.gleam_x.model.recipe import DialogueRecipe
from training.gleam_x.records import PairRecord


@dataclass(frozen=True)
class Piece:
    """A part of an answer, and what each of its tokens weighs in the loss."""

    text: str
    weight: float


@dataclass(frozen=True)
class Turn:
    """One question about a pair and its answer.

    ``blank``: the pictures are not shown, but grey ones. ``belief_share``: of the verdict to be learnt,
    so much is what our own tower believes, the rest the label.
    """

    record: PairRecord
    lang: Lang
    question: str
    answer: tuple[Piece, ...]
    blank: bool = False
    belief_share: float = 0.0

    @property
    def system(self) -> str:
        """What the model is told of its task."""
        return WORDS[self.lang].system

    @property
    def text(self) -> str:
        """The whole answer."""
        return "".join(piece.text for piece in self.answer)


def judged(
    record: PairRecord,
    lang: Lang,
    evidence: bool = False,
    blank: bool = False,
    layout: Layout = "montage",
) -> Turn:
    """The verdict alone: what accuracy is measured on."""
    words = WORDS[lang]
    verdict = words.yes if record.match else words.no
    question = question_about(words.judge, record if evidence else None, lang, layout)
    return Turn(record, lang, question, (Piece(verdict, 1.0),), blank)


def drawn(record: PairRecord, recipe: DialogueRecipe, chance: np.random.Generator) -> Turn:
    """A turn for training, its language, length and hints drawn by the recipe's shares."""
    langs = sorted(recipe.languages)
    parts = np.array([recipe.languages[lang] for lang in langs], float)
    lang = langs[int(chance.choice(len(langs), p=parts / parts.sum()))]
    explained = lang in record.explanations and chance.random() < recipe.explained
    hinted = record.evidence is not None and chance.random() < recipe.evidence
    # without pictures and without measurements nothing could be learnt but to guess
    blank = hinted and chance.random() >= recipe.pictures
    words = WORDS[lang]
    text = known_text(record, lang, hinted, not blank) if explained else ""
    asked = words.explain if text else words.judge
    question = question_about(asked, record if hinted else None, lang, recipe.layout)
    share = recipe.belief if recipe.verdict == "first" and not blank else 0.0
    # the tower knows nothing of what was measured: there the label has a say
    share = share / 2 if hinted else share
    return Turn(record, lang, question, _answer(record, lang, text, recipe), blank, share)


def known_text(record: PairRecord, lang: Lang, hinted: bool, seen: bool) -> str:
    """The explanation without what the model cannot know: sentences that rest on measurements it was not
    told, or on pictures it was not shown."""
    left_out = ("" if hinted else "E") + ("" if seen else "ABP")
    kept = [
        claim.text
        for claim in record.explanations[lang].claims
        if not any(fact.startswith(tuple(left_out)) for fact in claim.facts)
    ]
    return WORDS[lang].gap.join(kept)


def question_about(asked: str, shown: PairRecord | None, lang: Lang, layout: Layout) -> str:
    """What is asked beside the pictures of a pair; ``shown``: whose measurements are told with it."""
    items = (shown.evidence or ()) if shown is not None else ()
    lines = [measured_line(item["id"], item["text"][lang]) for item in items]
    return asked_of(asked, lines, lang, layout)


def _answer(record: PairRecord, lang: Lang, text: str, recipe: DialogueRecipe) -> tuple[Piece, ...]:
    words = WORDS[lang]
    verdict = words.yes if record.match else words.no
    if not text:
        return (Piece(verdict, recipe.judge_weight),)
    if recipe.verdict == "first":
        return Piece(verdict, recipe.judge_weight), Piece(words.gap + text, 1.0)
    closing = f"{words.gap}{words.concluding}{words.gap}"
    return Piece(text + closing, 1.0), Piece(verdict, recipe.judge_weight)
