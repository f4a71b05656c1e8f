from pathlib import Path

import cv2
import numpy as np
import pytest

from gleam_app.retrieval.calibration import VERIFIED, Calibration, honest, verdict_for
from training.data.records import held_out
from training.gleam_c.calibrate import choose_grounds, fit, fit_logistic


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


def test_grounds_are_few_of_each_set_and_know_what_was_held_out(tmp_path: Path) -> None:
    rows = ["picture,metres_per_pixel,name"]
    for number in range(40):
        side = 60 if number == 39 else 110
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((side, side, 3), number, np.uint8))
        rows.append(f"{number}.png,1.0,{'town' if number % 2 else 'fields'}/{number}.png")
    (tmp_path / "grounds.csv").write_text("\n".join(rows), "utf-8")
    grounds = choose_grounds(tmp_path, 3)
    names = {int(g.pixels[0, 0, 0]): g for g in grounds}
    assert 39 not in names  # too small for the scales
    for number, ground in names.items():
        name = f"{'town' if number % 2 else 'fields'}/{number}.png"
        assert ground.seen != held_out(name)
    seen = [number % 2 for number, ground in names.items() if ground.seen]
    assert seen.count(0) == seen.count(1) == 3
    assert sum(not ground.seen for ground in grounds) >= 2
    assert sum(not ground.gallery for ground in grounds) == 2 + (len(grounds) - 6) // 3
    assert len({(g.easting, g.northing) for g in grounds}) == len(grounds)
