"""Counterfactuals: one thing of a pair is changed; do verdict and words follow?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.gleam_c.report.figures import Figure
from training.gleam_x.evaluate.overlap import chrf
from training.gleam_x.evaluate.questions import Question
from training.gleam_x.evaluate.resampling import Values, ratios
from training.gleam_x.evaluate.systems import Answer
from training.gleam_x.evaluate.texts import bare
from training.gleam_x.evaluate.verdicts import Judged


@dataclass(frozen=True)
class Followed:
    """The answers to a question as it was and as it was changed."""

    question: Question
    before: Answer
    after: Answer

    @property
    def towards(self) -> bool | None:
        """What a verdict that follows the change would be; None for a picture that is not shown."""
        if self.question.change == "other_evidence":
            return self.question.measured.match
        return self.question.match if self.question.change == "other_tile" else None


def follow_figures(pairs: Sequence[Followed]) -> dict[str, Figure | None]:
    """By name; shares are 0..1.

    - ``accuracy_before``, ``accuracy_after`` and their difference ``drop``, each against the truth of what
      was shown, over the same pairs; an open answer counts one half.
    - ``verdict_changed``: another verdict than before; ``followed``: of those that did not already say
      what the change speaks for, how many say it now.
    - ``shift``: mean absolute change of the probability.
    - ``text_changed``: mean of 1 - chrF between the words before and after.
    """
    if not pairs:
        return {}
    every = np.ones(len(pairs))
    before = np.array([_credit(p.question.record.match, p.before, p) for p in pairs])
    after = np.array([_credit(p.question.match, p.after, p) for p in pairs])
    open_ = np.array(
        [p.towards is not None and p.before.verdict != p.towards for p in pairs], float
    )
    now = np.array([p.towards is not None and p.after.verdict == p.towards for p in pairs], float)
    shifts = [_shift(p) for p in pairs]
    told = [1 - chrf(bare(p.after.text), bare(p.before.text)) if _both(p) else None for p in pairs]
    return ratios(
        {
            "accuracy_before": (before, every),
            "accuracy_after": (after, every),
            "drop": (before - after, every),
            "verdict_changed": (
                np.array([p.before.verdict != p.after.verdict for p in pairs], float),
                every,
            ),
            "followed": (open_ * now, open_),
            "shift": _present(shifts),
            "text_changed": _present(told),
        },
        [p.question.record.place for p in pairs],
    )


def _credit(match: bool, answer: Answer, pair: Followed) -> float:
    return Judged(answer, match, pair.question.record.place).credit


def _shift(pair: Followed) -> float | None:
    before, after = pair.before.probability, pair.after.probability
    return None if before is None or after is None else abs(after - before)


def _both(pair: Followed) -> bool:
    return bool(pair.before.text and pair.after.text)


def _present(values: Sequence[float | None]) -> tuple[Values, Values]:
    return (
        np.array([value or 0.0 for value in values]),
        np.array([value is not None for value in values], float),
    )
