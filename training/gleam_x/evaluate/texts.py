"""What an explanation says, sentence by sentence: true of the scene, backed by evidence, or made up."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from gleam_app.explain.claims import check_claim, sentences
from gleam_app.explain.slots import SlotFiller
from gleam_app.explain.wording import LANGS, Lang
from training.gleam_c.report.figures import Figure
from training.gleam_x.evaluate.overlap import chrf
from training.gleam_x.evaluate.questions import Question
from training.gleam_x.evaluate.resampling import Values, ratios
from training.gleam_x.evaluate.systems import Answer
from training.gleam_x.records import PairRecord, evidence_of
from training.gleam_x.teachers.check import check, cited
from training.gleam_x.teachers.reading import read

Standing = Literal["supported", "contradicted", "unknown", "unchecked"]
Alike = Callable[[str, str], float]
_MARK = re.compile(r"\s*\[E\d{1,3}\]")
_BEGINS: dict[Lang, tuple[str, str]] = {  # "No alignment was found" is no verdict
    "en": (r"\W*yes\s*(?:[^\w\s]|$)", r"\W*no\s*(?:[^\w\s]|$)"),
    "zh": (r"\W*是(?:[^\w\s]|同一|$)", r"\W*(?:否(?:[^\w\s]|$)|不是)"),
}
_NOT_SCENE = (
    "match",
    "view",
)  # the verdict is measured apart, the kind of a picture is told to all


@dataclass(frozen=True)
class Sentence:
    """``scene``: what the facts say to each assertion about the pictures; ``measured``: what the evidence
    says to a sentence that cites it or holds digits, None for any other."""

    text: str
    scene: tuple[Standing, ...]
    measured: Standing | None

    @property
    def standing(self) -> Standing:
        """The worst that was found; "unchecked" where nothing could be held against anything."""
        found = {*self.scene, *((self.measured,) if self.measured else ())}
        for worst in ("contradicted", "unknown", "supported"):
            if worst in found:
                return worst
        return "unchecked"


@dataclass(frozen=True)
class Read:
    """A text held against its pair. ``agrees``: it says in words what the verdict is; None where it says nothing
    of it. ``reached`` of ``wanted`` scene facts of the reference are stated. ``alike``: to the reference by
    name of the measure."""

    place: str
    sentences: tuple[Sentence, ...]
    agrees: bool | None
    reached: int
    wanted: int
    alike: dict[str, float]

    def scene(self, standing: Standing) -> int:
        """How many assertions about the pictures stand so."""
        return sum(s.scene.count(standing) for s in self.sentences)

    def measured(self, standing: Standing) -> int:
        """How many sentences on measurements stand so."""
        return sum(s.measured == standing for s in self.sentences)


def read_text(question: Question, answer: Answer, vectors: Alike | None = None) -> Read:
    """Hold the words of an answer against facts, evidence and reference. ``question`` is of a pair as it is."""
    record, lang = question.record, question.lang
    found = tuple(judged_sentence(text, question) for text in sentences(answer.text))
    words = bare(answer.text)
    stated = {n for s in sentences(words) for a in read(s, lang) for n in cited(a, record)}
    wanted = _told(record, lang)
    return Read(
        place=record.place,
        sentences=found,
        agrees=_agrees(words, lang, answer.verdict),
        reached=len(wanted & stated),
        wanted=len(wanted),
        alike=_alike(words, record, lang, vectors),
    )


def judged_sentence(text: str, question: Question) -> Sentence:
    """One sentence, its slots filled, held against the facts and the evidence of its pair."""
    words = bare(text)
    claims = [a for a in read(words, question.lang) if a.kind not in _NOT_SCENE]
    scene: tuple[Standing, ...] = tuple(check(claim, question.record) for claim in claims)
    measured: Standing | None = None
    if _MARK.search(text) or re.search(r"\d", words):
        status = check_claim(text, question.evidence, question.lang).status
        measured = status if status in ("supported", "contradicted") else "unknown"
    return Sentence(text, scene, measured)


def bare(text: str) -> str:
    """Without the marks of evidence."""
    return _MARK.sub("", text)


def reference(record: PairRecord, lang: Lang) -> str:
    """The explanation that a record brings, its slots filled, without marks; empty where it brings none."""
    known = record.explanations.get(lang)
    if known is None:
        return ""
    filler = SlotFiller(evidence_of(record), lang)
    filler.feed(known.text)
    filler.end()
    return bare(filler.text)


def _told(record: PairRecord, lang: Lang) -> set[str]:
    """Ids of the scene facts that the reference rests on."""
    known = record.explanations.get(lang)
    claims = known.claims if known is not None else ()
    return {name for claim in claims for name in claim.facts if name[0] in "AB"}


def _agrees(words: str, lang: Lang, verdict: bool | None) -> bool | None:
    said = {a.value == "yes" for s in sentences(words) for a in read(s, lang) if a.kind == "match"}
    first = first_word(words, lang)
    if first is not None:
        said.add(first)
    if verdict is None or not said:
        return None
    return said == {verdict}


def first_word(text: str, lang: Lang) -> bool | None:
    """The verdict that a text begins with, in either language, the one asked for first; None without one."""
    for one in (lang, *(other for other in LANGS if other != lang)):
        for value, pattern in zip((True, False), _BEGINS[one], strict=True):
            if re.match(pattern, text, re.IGNORECASE):
                return value
    return None


def _alike(words: str, record: PairRecord, lang: Lang, vectors: Alike | None) -> dict[str, float]:
    wanted = reference(record, lang)
    if not wanted:
        return {}
    found = {"chrf": chrf(words, wanted)}
    if lang == "en" and vectors is not None:
        found["sentence_similarity"] = vectors(words, wanted)
    return found


def text_figures(texts: Sequence[Read]) -> dict[str, Figure | None]:
    """By name; shares are 0..1. Only assertions that the closed vocabulary of scene facts holds are read.

    - ``scene_precision``: supported of those assertions about the pictures that facts can decide;
      ``hallucinated``: contradicted of the same; ``scene_unknown``: undecided of all assertions.
    - ``scene_recall``: of the facts that the reference rests on, how many are stated.
    - ``texts_with_error``: texts with an assertion or a measurement that is contradicted.
    - ``evidence_supported``: of sentences on measurements, those that their evidence bears out;
      ``evidence_wrong``: those it contradicts.
    - ``checked``: sentences of which anything could be checked.
    - ``agrees``: texts that say the verdict in words, where they say one.
    - ``chrf``, ``sentence_similarity``: to the reference.
    """
    if not texts:
        return {}
    supported, contradicted = _count(texts, "supported"), _count(texts, "contradicted")
    decided, unknown = supported + contradicted, _count(texts, "unknown")
    backed, wrong = _cited(texts, "supported"), _cited(texts, "contradicted")
    measured = backed + wrong + _cited(texts, "unknown")
    told = np.array([len(t.sentences) for t in texts], float)
    unread = np.array([sum(s.standing == "unchecked" for s in t.sentences) for t in texts], float)
    parts: dict[str, tuple[Values, Values]] = {
        "scene_precision": (supported, decided),
        "hallucinated": (contradicted, decided),
        "scene_unknown": (unknown, decided + unknown),
        "scene_recall": (
            np.array([t.reached for t in texts], float),
            np.array([t.wanted for t in texts], float),
        ),
        "texts_with_error": ((contradicted + wrong > 0).astype(float), np.ones(len(texts))),
        "evidence_supported": (backed, measured),
        "evidence_wrong": (wrong, measured),
        "checked": (told - unread, told),
        "agrees": (
            np.array([t.agrees is True for t in texts], float),
            np.array([t.agrees is not None for t in texts], float),
        ),
    }
    for name in ("chrf", "sentence_similarity"):
        parts[name] = (
            np.array([t.alike.get(name, 0.0) for t in texts]),
            np.array([name in t.alike for t in texts], float),
        )
    return ratios(parts, [text.place for text in texts])


def _count(texts: Sequence[Read], standing: Standing) -> Values:
    return np.array([text.scene(standing) for text in texts], float)


def _cited(texts: Sequence[Read], standing: Standing) -> Values:
    return np.array([text.measured(standing) for text in texts], float)
