"""Asking a model that was trained on montages: its verdict first, then what it sees, sentence by sentence.

Nothing that is shown contradicts itself: the model goes on from the verdict that is shown, and what it says
of the verdict besides, or is not sure of, is left out.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from gleam_app.explain.claims import denies
from gleam_app.explain.engine import Engine
from gleam_app.explain.evidence import Evidence
from gleam_app.explain.montage import Picture
from gleam_app.explain.pair import WORDS, pair_grammar, pair_messages
from gleam_app.explain.reading import Piece
from gleam_app.explain.scene_text import composed
from gleam_app.explain.slots import SlotFiller
from gleam_app.explain.sureness import Sentence, SentenceCutter, Sureness
from gleam_app.explain.wording import Lang, bounded
from gleam_app.imagery.views import View
from gleam_app.jobs.work import Work


class Looker:
    """Asks about one pair, in one language."""

    def __init__(
        self,
        engine: Engine,
        sureness: Sureness,
        picture: Picture,
        evidence: Sequence[Evidence],
        lang: Lang,
        view: View = "uav",
    ) -> None:
        """``picture``: the montage; ``evidence``: what the model is told was measured; ``view``: of the query."""
        self._engine, self._sureness, self._lang = engine, sureness, lang
        self.evidence, self._view = list(evidence), view
        self.messages: list[dict[str, Any]] = pair_messages(evidence, lang, picture)

    def odds(self, work: Work | None = None) -> float:
        """The model's own, for the same place; a logarithm."""
        words = WORDS[self._lang]
        return self._engine.judge(self.messages, words.yes, words.no, work)

    def sight(self, work: Work | None = None) -> float:
        """The probability that both pictures show one place, by what the model sees alone."""
        return self._sureness.probability(self.odds(work), self._lang)

    def probability(self, work: Work | None = None) -> float:
        """That both pictures show one place, as the pack was calibrated: by what the model sees, and by the
        evidence it is told."""
        return self._sureness.probability(self.odds(work), self._lang, measured_odds(self.evidence))

    def sentences(
        self,
        same: bool,
        work: Work | None = None,
        on_sentence: Callable[[Sentence], None] = lambda _: None,
    ) -> list[Sentence]:
        """All that the model goes on to say from a verdict."""
        words = WORDS[self._lang]
        opening = words.yes if same else words.no
        cutter, found = SentenceCutter(opening), list[Sentence]()

        def hear(piece: Piece) -> None:
            for sentence in cutter.feed(piece):
                found.append(sentence)
                on_sentence(sentence)

        grammar = pair_grammar(self.evidence, self._lang, same)
        self._engine.write(self.messages, grammar, work, on_piece=hear)
        return found

    def told(
        self, same: bool, work: Work | None = None, on_text: Callable[[str], None] = lambda _: None
    ) -> str:
        """What of it is shown, with values in the slots; ``on_text`` hears each sentence once it is settled."""
        filler, gap = SlotFiller(self.evidence, self._lang), WORDS[self._lang].gap

        def hear(sentence: Sentence) -> None:
            if self.shows(sentence):
                on_text(filler.feed(sentence.text + gap))

        self.sentences(same, work, hear)
        on_text(filler.end())
        return filler.text.strip()

    def composed(self, same: bool, settled: bool = False) -> str:
        """What the tower is sure that the pictures show, in composed sentences: for a pack without a language
        model. ``settled``: it was measured that they show one place."""
        query, tile = self._engine.scores(self.messages)
        sure = self._sureness.facts_of
        return composed(
            self._view, sure(self._view, query), sure("tile", tile), same, self._lang, settled
        )

    def shows(self, sentence: Sentence) -> bool:
        """Whether the model is sure of a sentence that does not speak of the verdict: that is told once."""
        verdict = any(denies(sentence.text, same) for same in (True, False))
        return self._sureness.hears(sentence, self._lang) and not verdict


def measured_odds(evidence: Sequence[Evidence]) -> float | None:
    """The logarithm of the odds by the app's own confidence, where the evidence tells one."""
    for item in evidence:
        told = item.value if item.kind == "verdict" and isinstance(item.value, dict) else {}
        confidence = told.get("confidence")
        if isinstance(confidence, float):
            shown = bounded(confidence)
            return math.log(shown / (1 - shown))
    return None
