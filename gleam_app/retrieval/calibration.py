"""From measurements to an honest confidence and a verdict.

Confidence is a logistic function whose coefficients were fitted on held-out simulated queries
(``python -m training gleam-c calibrate``) and travel in the packs: the matcher's for geometry, the encoder's for
retrieval alone. Nothing is known of a pack without coefficients: its candidates stay unverified.
"""

import math
from dataclasses import dataclass
from typing import Any

from gleam_app.retrieval.results import Verdict

# Least confidence for each verdict.
VERIFIED, STRONG, POSSIBLE, UNVERIFIED = 0.95, 0.80, 0.30, 0.05
# A second place with this share of the best one's inliers makes the scene ambiguous.
RIVAL_SHARE = 0.6


@dataclass(frozen=True)
class Logistic:
    """sigmoid(bias + weights . features), features by name."""

    bias: float
    weights: dict[str, float]

    def __call__(self, **features: float) -> float:
        x = self.bias + sum(weight * features[name] for name, weight in self.weights.items())
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, x))))


@dataclass(frozen=True)
class Calibration:
    """The confidence models of the loaded packs; None where a pack brings none."""

    geometric: Logistic | None
    retrieval: Logistic | None

    @classmethod
    def from_packs(cls, encoder: dict[str, Any], matcher: dict[str, Any]) -> "Calibration":
        return cls(_logistic(matcher.get("geometric")), _logistic(encoder.get("retrieval")))

    def geometric_confidence(
        self, inliers: int, matches: int, coverage: float, rival_inliers: int = 0
    ) -> float:
        """Probability that a geometric fix is right.

        ``matches`` before RANSAC; ``coverage`` the share of the query that the inliers span: many in one
        corner say less; ``rival_inliers`` of the best fix at another place: two places that fit equally
        well share the probability.
        """
        if self.geometric is None or inliers == 0:
            return 0.0
        alone = self.geometric(
            log_inliers=math.log(inliers),
            inlier_share=inliers / max(matches, inliers),
            coverage=coverage,
        )
        if rival_inliers >= RIVAL_SHARE * inliers:
            return alone * inliers / (inliers + rival_inliers)
        return alone

    def retrieval_confidence(self, margin: float) -> float:
        """Probability that the first candidate is right from its lead over the next place alone."""
        return self.retrieval(margin=margin) if self.retrieval is not None else 0.0


def honest(confidence: float) -> float:
    """Two digits, as shown, and never certainty: so that number and verdict cannot disagree."""
    return min(0.99, round(confidence, 2))


def verdict_for(confidence: float, geometric: bool, looked: bool) -> Verdict:
    """The word for a confidence.

    Only geometry can earn ``strong`` or ``verified``. ``looked``: geometry was tried; if it was and
    nothing speaks for the place, the verdict is ``not_found``.
    """
    if geometric and confidence >= VERIFIED:
        return "verified"
    if geometric and confidence >= STRONG:
        return "strong"
    if confidence >= POSSIBLE:
        return "possible"
    if looked and confidence < UNVERIFIED:
        return "not_found"
    return "unverified"


def _logistic(document: dict[str, Any] | None) -> Logistic | None:
    if not document:
        return None
    return Logistic(float(document["bias"]), {k: float(v) for k, v in document["weights"].items()})
