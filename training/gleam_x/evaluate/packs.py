"""GLEAM-X packs as systems: asked as the app asks them, by the app's own engine."""

import time
from typing import Any, Literal, get_args

import numpy as np

from gleam_app.explain.engine import Engine
from gleam_app.explain.evidence import Evidence
from gleam_app.explain.explainer import (
    compares_montages,
    model_files,
    plain_text,
    sees,
    writes_freely,
)
from gleam_app.explain.grammar import free_grammar, guided_grammar
from gleam_app.explain.looking import Looker
from gleam_app.explain.montage import Picture, montage
from gleam_app.explain.pair import WORDS, measured_line, pair_grammar
from gleam_app.explain.pair import question as asked_of
from gleam_app.explain.prompts import data_url, free_messages, guided_messages
from gleam_app.explain.slots import SlotFiller
from gleam_app.explain.sureness import sureness_of
from gleam_app.packs.manifest import Pack
from training.gleam_x.evaluate.questions import GREY, Question
from training.gleam_x.evaluate.systems import Answer, System, confidence_in, verdict_of

Inputs = Literal["images", "evidence", "both"]
INPUTS: tuple[Inputs, ...] = get_args(Inputs)
READS: dict[Inputs, frozenset[str]] = {
    "images": frozenset({"images"}),
    "evidence": frozenset({"evidence"}),
    "both": frozenset({"images", "evidence"}),
}
JUDGE_TOKENS = 8


class OfPack:
    """What all packs share. ``inputs``: what it is given; pictures that are not given are grey."""

    writes = True
    speaks = True

    def __init__(self, pack: Pack, inputs: Inputs) -> None:
        self.name = f"{pack.label} ({inputs})"
        self.fingerprint = f"{pack.label} {pack.hash}"
        self.reads = READS[inputs]
        self._engine = Engine(model_files(pack))

    def close(self) -> None:
        """As ``System``."""
        self._engine.close()

    def _evidence(self, question: Question) -> list[Evidence]:
        return question.evidence if "evidence" in self.reads else []

    def _pictures(self, question: Question) -> tuple[Picture, Picture]:
        first, second = question.pictures()
        if "images" in self.reads:
            return first, second
        return np.full_like(first, GREY), np.full_like(second, GREY)

    def _written(self, question: Question, messages: list[Any], grammar: str) -> str:
        filler = SlotFiller(self._evidence(question), question.lang)
        filler.feed(self._engine.write(messages, grammar))
        filler.end()
        return filler.text.strip()


class TextPack(OfPack):
    """A model without eyes: the verdict is the evidence's own, the model puts it into words."""

    def __init__(self, pack: Pack, inputs: Inputs) -> None:
        super().__init__(pack, inputs)
        self._free = writes_freely(pack)

    def prepare(self, question: Question) -> Any:
        """As ``System``."""
        if not question.explain:
            return [[item.to_json() for item in question.evidence], None]
        make = free_messages if self._free else guided_messages
        grammar = free_grammar if self._free else guided_grammar
        evidence, lang = question.evidence, question.lang
        return [make(evidence, lang), grammar(evidence, lang)]

    def answer(self, question: Question, told: Any) -> Answer:
        """As ``System``."""
        clock = time.perf_counter()
        evidence = question.evidence
        text = self._written(question, *told) if question.explain else ""
        seconds = time.perf_counter() - clock
        return Answer(verdict_of(evidence), confidence_in(evidence), text, seconds)


class MontagePack(OfPack):
    """A model that was trained to see both pictures as one. Its probability is that of "Yes" against "No"
    as the first word of the answer, calibrated as its pack says; it explains from that verdict on."""

    def __init__(self, pack: Pack, inputs: Inputs) -> None:
        super().__init__(pack, inputs)
        self._sureness = sureness_of(pack)
        self._speaks = pack.has("model")
        self.fingerprint += f" {self._sureness.model_dump_json()}"

    def prepare(self, question: Question) -> Any:
        """As ``System``."""
        evidence = self._evidence(question)
        looker = self._looker(question)
        return [looker.messages, pair_grammar(evidence, question.lang), question.explain]

    def answer(self, question: Question, told: Any) -> Answer:
        """As ``System``."""
        clock = time.perf_counter()
        looker = self._looker(question)
        probability = looker.probability()
        same = probability >= 0.5
        text = ""
        if question.explain:
            words = WORDS[question.lang]
            told = looker.told(same) if self._speaks else self._composed(looker, question, same)
            text = f"{words.yes if same else words.no}{words.gap}{told}".strip()
        return Answer(same, round(probability, 6), text, time.perf_counter() - clock)

    @staticmethod
    def _composed(looker: Looker, question: Question, same: bool) -> str:
        """As the app tells it where there is no language model."""
        gap = WORDS[question.lang].gap
        evidence = plain_text(looker.evidence, question.lang)
        settled = verdict_of(looker.evidence)
        scene = looker.composed(same, settled is True) if settled in (None, same) else ""
        return gap.join(filter(None, (scene, evidence)))

    def _looker(self, question: Question) -> Looker:
        picture = montage(*self._pictures(question))
        evidence = self._evidence(question)
        view = question.record.view
        return Looker(self._engine, self._sureness, picture, evidence, question.lang, view)


class SeeingPack(OfPack):
    """Any other model that sees: asked for the verdict alone, then to explain as the app asks it."""

    def prepare(self, question: Question) -> Any:
        """As ``System``."""
        evidence, lang = self._evidence(question), question.lang
        pictures = self._pictures(question)
        words = WORDS[lang]
        lines = [measured_line(item.id, item.text(lang)) for item in evidence]
        images = [{"type": "image_url", "image_url": {"url": data_url(p)}} for p in pictures]
        judge = [
            {"role": "system", "content": words.system},
            {
                "role": "user",
                "content": [
                    *images,
                    {"type": "text", "text": asked_of(words.judge, lines, lang, "apart")},
                ],
            },
        ]
        if not question.explain:
            return [judge, None, None]
        return [judge, free_messages(evidence, lang, pictures), free_grammar(evidence, lang)]

    def answer(self, question: Question, told: Any) -> Answer:
        """As ``System``."""
        clock = time.perf_counter()
        judge, messages, grammar = told
        words = WORDS[question.lang]
        one_of = f'root ::= "{words.yes}" | "{words.no}"'
        said = self._engine.write(judge, one_of, max_tokens=JUDGE_TOKENS)
        text = self._written(question, messages, grammar) if messages else ""
        verdict = {words.yes: True, words.no: False}.get(said.strip())
        return Answer(verdict, None, text, time.perf_counter() - clock)


def of_pack(pack: Pack, inputs: Inputs | None) -> System:
    """The system for a pack; without ``inputs``, all that it can read."""
    if not sees(pack):
        return TextPack(pack, "evidence")
    kind = MontagePack if compares_montages(pack) else SeeingPack
    return kind(pack, inputs or "both")
