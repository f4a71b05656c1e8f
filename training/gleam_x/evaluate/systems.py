"""What can be measured: one protocol, and the systems that need no model."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from gleam_app.errors import GleamError
from gleam_app.explain.evidence import Evidence
from gleam_app.explain.explainer import plain_text
from gleam_app.imagery.views import View
from gleam_app.retrieval.calibration import STRONG
from training.gleam_x.evaluate.questions import Question
from training.gleam_x.records import PairRecord

BASELINES = ("always-yes", "always-no", "similarity", "first", "geometry", "evidence")


@dataclass(frozen=True)
class Answer:
    """``verdict``: the same place (True), not (False), or left open. ``probability`` of True, 0..1, where
    the system gives one; ``text``: its words, with marks ("[E3]"), empty where none were asked for.
    ``seconds``: to the verdict and all words."""

    verdict: bool | None
    probability: float | None = None
    text: str = ""
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class System(Protocol):
    """Somebody who answers. ``reads``: which of "images" and "evidence" it is given; ``writes``: it uses
    words; ``speaks``: its answers differ by language; ``fingerprint``: all that it is besides what it is
    asked, empty where answers cost nothing and are not kept."""

    name: str
    fingerprint: str
    reads: frozenset[str]
    writes: bool
    speaks: bool

    def prepare(self, question: Question) -> Any:
        """All that it is told, as JSON: equal questions have equal answers. Raises GleamError."""

    def answer(self, question: Question, told: Any) -> Answer:
        """Raises GleamError."""

    def close(self) -> None:
        """End what runs for it."""


class Baseline:
    """A system that needs no model and knows the record alone."""

    fingerprint = ""
    reads = frozenset[str]()
    writes = False
    speaks = False

    def __init__(self, name: str) -> None:
        self.name = name

    def prepare(self, question: Question) -> Any:
        """As ``System``."""
        return None

    def answer(self, question: Question, told: Any) -> Answer:
        """As ``System``."""
        raise NotImplementedError

    def close(self) -> None:
        """As ``System``."""


class Always(Baseline):
    """One verdict for all."""

    def __init__(self, verdict: bool) -> None:
        super().__init__("always-yes" if verdict else "always-no")
        self._verdict = verdict

    def answer(self, question: Question, told: Any) -> Answer:
        """As ``System``."""
        return Answer(self._verdict)


class Similarity(Baseline):
    """GLEAM-C's similarity against a threshold for each view, chosen on other pairs than are measured."""

    def __init__(self, fitted_on: Iterable[PairRecord]) -> None:
        """Raises GleamError where there is nothing to fit on."""
        super().__init__("similarity")
        known = [r for r in fitted_on if r.hardness.similarity is not None]
        if not known:
            raise GleamError(
                "The threshold of similarity has no pairs to be fitted on.",
                "Name a split of the file with --fit-on, or leave this baseline out.",
            )
        views: dict[View, list[PairRecord]] = {}
        for record in known:
            views.setdefault(record.view, []).append(record)
        self.thresholds = {view: _threshold(of_view) for view, of_view in views.items()}
        self._else = _threshold(known)

    def answer(self, question: Question, told: Any) -> Answer:
        """As ``System``."""
        value = question.record.hardness.similarity
        if value is None:
            return Answer(None)
        return Answer(value >= self.thresholds.get(question.record.view, self._else))


def _threshold(records: Sequence[PairRecord]) -> float:
    """The similarity from which on a match is said, with the best balanced accuracy; the middle between two
    pairs."""
    values = np.array([record.hardness.similarity for record in records], float)
    match = np.array([record.match for record in records])
    steps = np.unique(values)
    cuts = np.concatenate(([steps[0] - 1.0], (steps[1:] + steps[:-1]) / 2, [steps[-1] + 1.0]))
    said = values[None] >= cuts[:, None]
    right = [(said == match)[:, match == label].mean(axis=1) for label in set(match.tolist())]
    return float(cuts[int(np.argmax(np.mean(right, axis=0)))])


class First(Baseline):
    """GLEAM-C's own answer: a match is what it ranks first. It knows all other tiles, too."""

    def __init__(self) -> None:
        super().__init__("first")

    def answer(self, question: Question, told: Any) -> Answer:
        """As ``System``."""
        rank = question.record.hardness.rank
        return Answer(None if rank is None else rank == 1)


class Geometry(Baseline):
    """A match is what geometry calls strong or verified; open where geometry does not look."""

    reads = frozenset({"evidence"})

    def __init__(self) -> None:
        super().__init__("geometry")

    def answer(self, question: Question, told: Any) -> Answer:
        """As ``System``."""
        evidence = question.evidence
        looked = any(item.kind == "inliers" for item in evidence)
        rating = confidence_in(evidence)
        if not looked or rating is None:
            return Answer(None)
        return Answer(rating >= STRONG, rating)


class PlainEvidence(Baseline):
    """The app without any model: its verdict, its confidence, and the evidence as sentences."""

    reads = frozenset({"evidence"})
    writes = True
    speaks = True

    def __init__(self) -> None:
        super().__init__("evidence")

    def answer(self, question: Question, told: Any) -> Answer:
        """As ``System``."""
        evidence = question.evidence
        text = plain_text(evidence, question.lang) if question.explain else ""
        return Answer(verdict_of(evidence), confidence_in(evidence), text)


def verdict_of(evidence: Sequence[Evidence]) -> bool | None:
    """As the app: geometry speaks for the place, for none, or it is open."""
    for item in evidence:
        if item.kind == "verdict" and isinstance(item.value, dict):
            said = item.value["verdict"]
            return (
                True if said in ("verified", "strong") else False if said == "not_found" else None
            )
    return None


def confidence_in(evidence: Sequence[Evidence]) -> float | None:
    """The confidence that the app shows, 0..1; None where it shows none."""
    for item in evidence:
        if item.kind == "verdict" and isinstance(item.value, dict) and "confidence" in item.value:
            return float(item.value["confidence"])
    return None


def baseline(name: str, fitted_on: Iterable[PairRecord]) -> Baseline:
    """The baseline of a name of ``BASELINES``. Raises GleamError."""
    if name.startswith("always-"):
        return Always(name == "always-yes")
    if name == "similarity":
        return Similarity(fitted_on)
    made = {"first": First, "geometry": Geometry, "evidence": PlainEvidence}
    return made[name]()
