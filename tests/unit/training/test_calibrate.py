from pathlib import Path

import cv2
import numpy as np
import pytest

from gleam_app.retrieval.calibration import VERIFIED, Calibration, honest, verdict_for
from training.gleam_c.calibrate import choose_grounds, fit_geometry, fit_logistic, fit_similarity
from training.gleam_c.report.cuts import Cut
from training.gleam_c.report.trials import Asked, Trial
from training.gleam_c.similarity import margins


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
    geometric = fit_geometry([[6, 40, 0.1, 0, 90, 1]] * 40 + [[60, 120, 0.6, 1, 0.2, 1]] * 40)
    retrieval = fit_similarity([[0.01, 0]] * 20 + [[0.2, 1]] * 20)
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


def test_grounds_are_few_of_each_set(tmp_path: Path) -> None:
    rows = ["picture,metres_per_pixel,name"]
    for number in range(40):
        side = 60 if number == 39 else 110
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((side, side, 3), number, np.uint8))
        rows.append(f"{number}.png,1.0,{'town' if number % 2 else 'fields'}/{number}.png")
    (tmp_path / "grounds.csv").write_text("\n".join(rows), "utf-8")
    grounds = choose_grounds(tmp_path, 3)
    numbers = [int(g.pixels[0, 0, 0]) for g in grounds]
    assert 39 not in numbers  # too small for the scales
    assert [number % 2 for number in numbers] == [0, 0, 0, 1, 1, 1]
    assert [ground.gallery for ground in grounds] == [True, True, False] * 2
    assert len({(g.easting, g.northing) for g in grounds}) == len(grounds)


def test_the_lead_is_over_the_best_tile_of_another_place() -> None:
    """Tiles 0 and 1 show one place, 2 lies beside them, 3 on another picture."""
    tiles = tuple(
        Cut(Path(name), x, 50.0, 40.0) for name, x in (("a", 50), ("a", 60), ("a", 95), ("b", 50))
    )
    gallery = np.eye(4, dtype=np.float32)
    turned = np.array([[0.2, 0.1, 0.0, 0.4], [0.9, 0.8, 0.5, 0.3]], np.float32)
    asked = tuple(Asked("p", 0.0, right, out) for right, out in
                  (((0,), (1,)), ((2,), ()), ((0,), (1,)), ((1,), (0,))))  # fmt: skip
    trial = Trial("t", "t", "uav", asked, lambda _: np.zeros((1, 1, 3), np.uint8), tiles, "t")
    found = margins(trial, np.stack([turned] * 4), gallery)
    assert found[0] == pytest.approx([0.9 - 0.5, 1.0])
    assert found[1] == pytest.approx([0.9 - 0.5, 0.0])
    assert found[2] == pytest.approx([0.5 - 0.4, 0.0])  # its own tiles were taken away
    assert len(found) == 3  # the best of the last is neither right nor wrong
