"""Are the verdicts right, is there a leaning, and do the probabilities mean what they say?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from training.gleam_c.report.figures import Figure
from training.gleam_x.evaluate.resampling import Values, resampled
from training.gleam_x.evaluate.systems import Answer

BINS = 10


@dataclass(frozen=True)
class Judged:
    """An answer beside the truth."""

    answer: Answer
    match: bool
    place: str

    @property
    def credit(self) -> float:
        """1 if right, 0 if wrong; 0.5 if left open, which is what a guess would earn."""
        verdict = self.answer.verdict
        return 0.5 if verdict is None else float(verdict == self.match)


def verdict_figures(judged: Sequence[Judged]) -> dict[str, Figure | None]:
    """By name; shares are 0..1.

    - ``accuracy``, ``balanced`` (the mean of both labels' accuracies): an open answer counts one half.
    - ``f1``, ``precision``, ``recall`` of "the same place": an open answer is none.
    - ``answered``: share that is not open; ``said_no``: share of "no" among these; ``leaning``: that less
      the share of pairs among these that are none (0 is unbiased, above: too many noes).
    - ``brier``: mean squared error of the probabilities; ``ece``: expected calibration error over ten
      equal bins of the probability of a match (Guo et al., arXiv 1706.04599); ``rated``: share with one.
    """
    return resampled(_columns(judged), [one.place for one in judged], _statistics)


def _columns(judged: Sequence[Judged]) -> dict[str, Values]:
    match = np.array([one.match for one in judged], float)
    credit = np.array([one.credit for one in judged])
    yes = np.array([one.answer.verdict is True for one in judged], float)
    no = np.array([one.answer.verdict is False for one in judged], float)
    rated = np.array([one.answer.probability is not None for one in judged], float)
    chance = np.array([one.answer.probability or 0.0 for one in judged])
    excess = rated * (chance - match)
    bins = np.minimum((chance * BINS).astype(int), BINS - 1)
    return {
        "all": np.ones(len(judged)),
        "match": match,
        "credit_match": credit * match,
        "credit_other": credit * (1 - match),
        "true_yes": yes * match,
        "yes": yes,
        "no": no,
        "answered_other": (yes + no) * (1 - match),
        "rated": rated,
        "squares": excess**2,
        **{f"bin{number}": excess * (bins == number) for number in range(BINS)},
    }


def _statistics(sums: Mapping[str, Values]) -> dict[str, Values]:
    every, match, answered = sums["all"], sums["match"], sums["yes"] + sums["no"]
    apart = sum(np.abs(sums[f"bin{number}"]) for number in range(BINS))
    said_no = sums["no"] / answered
    return {
        "accuracy": (sums["credit_match"] + sums["credit_other"]) / every,
        "balanced": (sums["credit_match"] / match + sums["credit_other"] / (every - match)) / 2,
        "f1": 2 * sums["true_yes"] / (sums["yes"] + match),
        "precision": sums["true_yes"] / sums["yes"],
        "recall": sums["true_yes"] / match,
        "answered": answered / every,
        "said_no": said_no,
        "leaning": said_no - sums["answered_other"] / answered,
        "brier": sums["squares"] / sums["rated"],
        "ece": apart / sums["rated"],
        "rated": sums["rated"] / every,
    }
