"""What the model is asked about a pair, and what it shall answer, in English and Chinese."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gleam_app.explain.wording import Lang
from training.gleam_x.recipe import DialogueRecipe
from training.gleam_x.records import PairRecord


@dataclass(frozen=True)
class Words:
    """The fixed words of a language."""

    system: str
    pictures: str
    judge: str
    explain: str
    measured: str
    yes: str
    no: str
    concluding: str
    gap: str


WORDS: dict[Lang, Words] = {
    "en": Words(
        system="You compare two pictures.",
        pictures="Left: query. Right: candidate.",
        judge="Same place? Yes or No.",
        explain="Same place? Yes or No, and why.",
        measured="Measured:",
        yes="Yes.",
        no="No.",
        concluding="Same place:",
        gap=" ",
    ),
    "zh": Words(
        system="你比较两张图片。",
        pictures="左：查询图片。右：候选地点。",
        judge="是否同一地点？回答是或否。",
        explain="是否同一地点？回答是或否，并说明理由。",
        measured="测量结果：",
        yes="是。",
        no="否。",
        concluding="同一地点：",
        gap="",
    ),
}


@dataclass(frozen=True)
class Piece:
    """A part of an answer, and what each of its tokens weighs in the loss."""

    text: str
    weight: float


@dataclass(frozen=True)
class Turn:
    """One question about a pair and its answer. ``blank``: the pictures are not shown, but grey ones."""

    record: PairRecord
    lang: Lang
    question: str
    answer: tuple[Piece, ...]
    blank: bool = False

    @property
    def system(self) -> str:
        """What the model is told of its task."""
        return WORDS[self.lang].system

    @property
    def text(self) -> str:
        """The whole answer."""
        return "".join(piece.text for piece in self.answer)


def judged(record: PairRecord, lang: Lang, evidence: bool = False, blank: bool = False) -> Turn:
    """The verdict alone: what accuracy is measured on."""
    words = WORDS[lang]
    verdict = words.yes if record.match else words.no
    shown = record if evidence else None
    return Turn(record, lang, _question(words.judge, shown, lang), (Piece(verdict, 1.0),), blank)


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
    question = _question(
        words.explain if explained else words.judge, record if hinted else None, lang
    )
    return Turn(record, lang, question, _answer(record, lang, explained, recipe), blank)


def _question(asked: str, shown: PairRecord | None, lang: Lang) -> str:
    words = WORDS[lang]
    lines = [words.pictures]
    if shown is not None and shown.evidence:
        lines += [words.measured, *told(shown, lang)]
    return "\n".join([*lines, asked])


def told(record: PairRecord, lang: Lang) -> Sequence[str]:
    """The measured evidence, a line each, with the slot that stands for its value."""
    return [f"{{{item['id']}}} {item['text'][lang]}" for item in record.evidence or ()]


def _answer(
    record: PairRecord, lang: Lang, explained: bool, recipe: DialogueRecipe
) -> tuple[Piece, ...]:
    words = WORDS[lang]
    verdict = words.yes if record.match else words.no
    if not explained:
        return (Piece(verdict, recipe.judge_weight),)
    text = record.explanations[lang].text
    if recipe.verdict == "first":
        return Piece(verdict, recipe.judge_weight), Piece(words.gap + text, 1.0)
    closing = f"{words.gap}{words.concluding}{words.gap}"
    return Piece(text + closing, 1.0), Piece(verdict, recipe.judge_weight)
