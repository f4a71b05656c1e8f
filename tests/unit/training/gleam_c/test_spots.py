from pathlib import Path

import numpy as np
import pytest

from training.data.perspective import _noisy, another_day
from training.gleam_c.grading import graded
from training.gleam_c.spots import (
    FAR,
    FAR_SHARE,
    HEADING_ERROR,
    NEAR,
    Ground,
    Kept,
    Spot,
    aimed,
    cut,
    shows_something,
)

FIELD = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)


def test_what_is_unused_longest_is_made_again() -> None:
    made: list[str] = []

    def make(name: str) -> np.ndarray:
        made.append(name)
        return np.zeros(40, np.uint8)

    kept = Kept(100)
    for name in ("a", "b", "a", "c", "a", "b"):
        kept.get(name, lambda name=name: make(name))  # type: ignore[misc]
    assert made == ["a", "b", "c", "b"]


def test_a_cut_beyond_the_edge_is_mirrored() -> None:
    whole = cut(FIELD, np.array([60.0, 45.0]), 40, (40, 40))
    np.testing.assert_array_equal(whole, FIELD[25:65, 40:80])
    corner = cut(FIELD, np.array([10.0, 45.0]), 40, (40, 40))
    np.testing.assert_array_equal(corner[:, 10:], FIELD[25:65, :30])
    np.testing.assert_array_equal(corner[:, :10], FIELD[25:65, 10:0:-1])


def test_queries_are_mostly_near_and_stay_inside() -> None:
    spot = Spot(Ground(Path("a.png"), "a", 0.5, (20, 60)), (800, 700), 400.0, 350.0, 50.0)
    chance = np.random.default_rng(1)
    aims = [aimed(spot, chance) for _ in range(2000)]
    ratio = np.array([abs(np.log(aim.side / spot.side)) for aim in aims])
    off = np.array([np.abs(aim.at - spot.at).max() / spot.side for aim in aims])
    assert ratio.max() <= np.log(FAR[1]) + 1e-9 and off.max() <= FAR[0] + 1e-9
    beyond = FAR_SHARE * (1 - np.log(NEAR[1]) / np.log(FAR[1]))
    assert (ratio > np.log(NEAR[1])).mean() == pytest.approx(beyond, abs=0.04)
    assert max(abs(aim.turn - aim.heading) for aim in aims) <= HEADING_ERROR
    edge = Spot(spot.ground, (120, 110), 60.0, 55.0, 50.0)
    for aim in (aimed(edge, chance) for _ in range(200)):
        assert (aim.at - aim.side / 2 >= -1e-9).all()
        assert (aim.at + aim.side / 2 <= np.array(edge.size) + 1e-9).all()


def test_open_water_shows_nothing() -> None:
    spot = Spot(Ground(Path("a.png"), "a", 1.0, (20, 60)), (120, 90), 60.0, 45.0, 40.0)
    assert shows_something(FIELD, spot, 5.0)
    assert not shows_something(np.full_like(FIELD, 70), spot, 1.0)


def test_another_supplier_moves_nothing() -> None:
    picture = np.full((32, 32, 3), (60, 110, 70), np.uint8)
    picture[8:20, 8:20] = (190, 180, 170)
    found = [graded(picture, np.random.default_rng(seed)).astype(int) for seed in range(8)]
    for other in found:
        assert len(np.unique(other.reshape(-1, 3), axis=0)) == 2
        assert other[10, 10].mean() > other[0, 0].mean() + 50
    assert len({other.tobytes() for other in found}) == 8


def test_another_day_is_the_same_for_the_same_seed_and_noisy_in_every_channel() -> None:
    photo = np.full((96, 128, 3), 128, np.uint8)
    days = [another_day(photo, np.random.default_rng(seed)) for seed in (1, 2, 1)]
    np.testing.assert_array_equal(days[0], days[2])
    assert (days[0] != days[1]).any()
    noise = _noisy(photo, 6.0, np.random.default_rng(3)).astype(float) - 128
    assert noise.std(axis=(0, 1)) == pytest.approx([6.0] * 3, rel=0.05)
    assert np.abs(noise.mean(axis=(0, 1))).max() < 0.3
