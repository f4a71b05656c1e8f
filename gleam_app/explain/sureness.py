"""How sure a model is of what it says, and how sure it must be to be heard.

A pack carries what was fitted on pairs that nothing else was learnt from (``gleam-x calibrate``), in the
field ``calibration`` of its manifest, by language:
``{"verdict": {"en": {"temperature": 1.8, "bias": 0.1}}, "sentences": {"en": {"measure": "mean", "threshold": -0.4}}}``. A pack whose tower tells scene facts names their bars
by view, "tile" for image 2: ``{"facts": {"tile": {"water present": 0.9}}}``.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gleam_app.errors import GleamError
from gleam_app.explain.reading import Piece
from gleam_app.explain.scene_facts import Fact
from gleam_app.explain.wording import Lang
from gleam_app.packs.manifest import Pack

Measure = Literal["mean", "least", "low"]
MEASURES: tuple[Measure, ...] = get_args(Measure)
LOW_SHARE = 0.25
_STOPS = ".。"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class VerdictScale(_Part):
    """Turns a logarithm of odds into a probability: Platt's scaling, temperature and bias.

    ``measured`` is the weight of what was measured, as far as it departs from the ``usual``.
    """

    temperature: Annotated[float, Field(gt=0)] = 1.0
    bias: float = 0.0
    measured: float = 0.0
    usual: float = 0.0

    def probability(self, odds: float, measured: float | None = None) -> float:
        """``measured``: the logarithm of the odds by evidence; None where there is no evidence."""
        scaled = odds / self.temperature + self.bias
        if measured is not None:
            scaled += self.measured * (measured - self.usual)
        return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, scaled))))


class SentenceBar(_Part):
    """The sureness below which a sentence is not shown."""

    measure: Measure
    threshold: float


class Sureness(_Part):
    """What a pack says of both; without it the verdict's odds are taken as they are, and all is shown."""

    verdict: dict[Lang, VerdictScale] = {}
    sentences: dict[Lang, SentenceBar] = {}
    facts: dict[str, dict[str, float]] = {}

    def probability(self, odds: float, lang: Lang, measured: float | None = None) -> float:
        """That both pictures show one place."""
        return self.verdict.get(lang, VerdictScale()).probability(odds, measured)

    def hears(self, sentence: "Sentence", lang: Lang) -> bool:
        """Whether the model was sure enough of a sentence."""
        bar = self.sentences.get(lang)
        return bar is None or sentence.sureness(bar.measure) >= bar.threshold

    def facts_of(self, view: str, scores: Mapping[tuple[str, str], float]) -> list[Fact]:
        """What a picture shows, of what its ``scores`` (0..1) by kind and value reach their bars; of each kind
        the surest. ``view``: that of a query, or "tile"."""
        bars, found = self.facts.get(view, {}), dict[str, tuple[float, str]]()
        for (kind, value), score in scores.items():
            bar = bars.get(f"{kind} {value}")
            if bar is not None and score >= bar and score > found.get(kind, (0.0, ""))[0]:
                found[kind] = (score, value)
        return [Fact(id="", kind=kind, value=value) for kind, (_, value) in found.items()]


def sureness_of(pack: Pack) -> Sureness:
    """What the pack's manifest says. Raises GleamError where it cannot be understood."""
    try:
        return Sureness.model_validate(pack.manifest.calibration)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise GleamError(
            f"The calibration of pack {pack.label} cannot be read: {place}: {first['msg']}.",
            "Install a version of the pack that fits this program.",
        ) from None


@dataclass(frozen=True)
class Sentence:
    """A sentence as the model wrote it, with slots; the logarithm of the probability of each token."""

    text: str
    log_probabilities: tuple[float, ...]

    def sureness(self, measure: Measure) -> float:
        """``mean`` and ``least`` of the tokens, or the mean of the ``low`` quarter of them."""
        ordered = sorted(self.log_probabilities)
        if measure == "least":
            return ordered[0]
        if measure == "low":
            ordered = ordered[: math.ceil(len(ordered) * LOW_SHARE)]
        return sum(ordered) / len(ordered)


class SentenceCutter:
    """Cuts a model's pieces into sentences as they settle. ``opening``: what the text begins with and is no
    sentence; its tokens are not counted."""

    def __init__(self, opening: str = "") -> None:
        self._skip = len(opening)
        self._text = ""
        self._tokens: list[float] = []

    def feed(self, piece: Piece) -> Iterator[Sentence]:
        """The sentences that end with this piece."""
        text = piece.text[self._skip :]
        self._skip = max(0, self._skip - len(piece.text))
        if not text:
            return
        # a character of several tokens counts as many, each with an equal share
        self._tokens += [piece.log_probability / piece.tokens] * piece.tokens
        for letter in text:
            self._text += letter
            if letter in _STOPS and (done := self._settled()) is not None:
                yield done

    def _settled(self) -> Sentence | None:
        text, tokens = self._text.strip(), tuple(self._tokens)
        self._text, self._tokens = "", []
        return Sentence(text, tokens) if tokens and any(map(str.isalpha, text)) else None


def cut(pieces: Sequence[Piece], opening: str = "") -> list[Sentence]:
    """All sentences of a whole answer."""
    cutter = SentenceCutter(opening)
    return [sentence for piece in pieces for sentence in cutter.feed(piece)]
