import numpy as np
import pytest

from gleam_app.retrieval.calibration import VERIFIED, Calibration, honest, verdict_for
from training.gleam_c.calibrate import fit, fit_logistic


def test_the_fit_is_the_minimum_of_the_logistic_loss() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 2))
    right = (rng.random(400) < 1 / (1 + np.exp(-(0.5 + 2 * x[:, 0] - x[:, 1])))).astype(float)
    w = fit_logistic(x, right)
    assert w == pytest.approx([0.5, 2.0, -1.0], abs=0.5)

    positives, negatives = right.sum(), 400 - right.sum()
    target = np.where(right > 0.5, (positives + 1) / (positives + 2), 1 / (negatives + 2))

    def loss(v: np.ndarray) -> float:
        z = v[0] + x @ v[1:]
        return float(np.sum(np.logaddexp(0, z) - target * z) + 0.5e-3 * v @ v)

    for axis in range(3):
        for step in (-0.01, 0.01):
            moved = w.copy()
            moved[axis] += step
            assert loss(moved) > loss(w)


def test_separable_samples_stay_finite_and_become_a_calibration() -> None:
    samples = {
        "fixes": [[6, 40, 0.1, 0, 90, 1]] * 40 + [[60, 120, 0.6, 1, 0.2, 1]] * 40,
        "margins": [[0.01, 0]] * 20 + [[0.2, 1]] * 20,
    }
    geometric, retrieval = fit(samples)
    calibration = Calibration.from_packs({"retrieval": retrieval}, {"geometric": geometric})
    sure = calibration.geometric_confidence(60, 120, 0.6)
    assert 0.9 < sure < 1.0
    assert calibration.geometric_confidence(6, 40, 0.1) < 0.1
    # two places that fit equally well share the probability
    assert calibration.geometric_confidence(60, 120, 0.6, rival_inliers=60) == pytest.approx(
        sure / 2
    )
    assert calibration.retrieval_confidence(0.2) > calibration.retrieval_confidence(0.01)


def test_only_geometry_earns_the_strong_verdicts() -> None:
    assert verdict_for(0.99, geometric=True, looked=True) == "verified"
    assert verdict_for(0.99, geometric=False, looked=False) == "possible"
    assert verdict_for(0.85, geometric=True, looked=True) == "strong"
    assert verdict_for(0.1, geometric=True, looked=True) == "unverified"
    assert verdict_for(0.01, geometric=True, looked=True) == "not_found"
    assert verdict_for(0.01, geometric=False, looked=False) == "unverified"


def test_packs_without_calibration_claim_nothing() -> None:
    calibration = Calibration.from_packs({}, {})
    assert calibration.geometric_confidence(100, 120, 0.9) == 0.0
    assert calibration.retrieval_confidence(0.5) == 0.0


def test_the_shown_number_and_the_verdict_agree() -> None:
    for confidence in (0.944, 0.9449, 0.946, 0.949, 0.95, 0.9999, 0.0049):
        shown = honest(confidence)
        assert (verdict_for(shown, True, True) == "verified") == (shown >= VERIFIED)
        assert shown == float(f"{shown:.2f}") and shown < 1.0
