"""Figures of the evaluation against values that were worked out by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.training.gleam_x.scenes import record
from training.gleam_x.evaluate.follow import Followed, follow_figures
from training.gleam_x.evaluate.overlap import chrf
from training.gleam_x.evaluate.questions import question
from training.gleam_x.evaluate.resampling import ratios, resampled
from training.gleam_x.evaluate.systems import Answer, Similarity
from training.gleam_x.evaluate.verdicts import Judged, verdict_figures
from training.gleam_x.records import Hardness


def judged(rows: list[tuple[bool | None, bool, float | None]]) -> list[Judged]:
    """Verdict, truth and probability of answers about different places."""
    return [Judged(Answer(v, p), truth, f"place {i}") for i, (v, truth, p) in enumerate(rows)]


FIVE = judged(
    [(True, True, 0.9), (False, True, 0.4), (None, True, None), (True, False, 0.8), (False, False, 0.1)]
)  # fmt: skip


def value(figures: dict[str, object], name: str) -> float:
    return figures[name].value  # type: ignore[attr-defined, no-any-return]


def test_verdicts_by_hand() -> None:
    found = verdict_figures(FIVE)
    assert value(found, "accuracy") == pytest.approx(2.5 / 5)
    assert value(found, "balanced") == pytest.approx((1.5 / 3 + 1 / 2) / 2)
    assert value(found, "precision") == pytest.approx(1 / 2)
    assert value(found, "recall") == pytest.approx(1 / 3, abs=1e-4)
    assert value(found, "f1") == pytest.approx(2 * (1 / 2) * (1 / 3) / (1 / 2 + 1 / 3), abs=1e-4)
    assert value(found, "answered") == pytest.approx(4 / 5)
    assert value(found, "said_no") == pytest.approx(2 / 4)
    assert value(found, "leaning") == pytest.approx(0.0)  # two of the four are none
    brier = (0.1**2 + 0.6**2 + 0.8**2 + 0.1**2) / 4
    assert value(found, "brier") == pytest.approx(brier, abs=1e-4)
    # one answer a bin: |0.9-1|, |0.4-1|, |0.8-0|, |0.1-0|
    assert value(found, "ece") == pytest.approx((0.1 + 0.6 + 0.8 + 0.1) / 4, abs=1e-4)
    assert value(found, "rated") == pytest.approx(4 / 5)


def test_calibration_averages_within_a_bin() -> None:
    found = verdict_figures(judged([(True, True, 0.75), (True, False, 0.72), (True, True, 0.78)]))
    assert value(found, "ece") == pytest.approx(abs((0.75 + 0.72 + 0.78) / 3 - 2 / 3), abs=1e-4)


def test_always_no_leans_and_finds_nothing() -> None:
    found = verdict_figures(judged([(False, truth, None) for truth in (True, True, False, False)]))
    assert value(found, "accuracy") == value(found, "balanced") == 0.5
    assert value(found, "said_no") == 1.0
    assert value(found, "leaning") == 0.5
    assert value(found, "f1") == 0.0
    assert found["precision"] is None and found["brier"] is None and found["ece"] is None


def test_one_label_alone_has_no_balanced_accuracy() -> None:
    assert verdict_figures(judged([(True, True, None)]))["balanced"] is None
    assert verdict_figures([]) == {}


def test_intervals_draw_whole_places() -> None:
    """Two places of fifty equal answers each are two observations, not a hundred."""
    hits = np.array([1.0] * 50 + [0.0] * 50)
    few = ratios({"share": (hits, np.ones(100))}, ["a"] * 50 + ["b"] * 50)["share"]
    many = ratios({"share": (hits, np.ones(100))}, [str(i) for i in range(100)])["share"]
    assert few is not None and many is not None
    assert (few.value, few.low, few.high) == (0.5, 0.0, 1.0)
    assert 0.35 < many.low < 0.45 and 0.55 < many.high < 0.65
    half_width = 1.96 * math.sqrt(0.25 / 100)
    assert many.high - many.low == pytest.approx(2 * half_width, rel=0.15)


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=30))
def test_sums_of_places_are_sums_of_rows(rows: list[tuple[int, bool]]) -> None:
    values = np.array([float(hit) for _, hit in rows])
    places = [str(place) for place, _ in rows]
    found = resampled({"hits": values}, places, lambda sums: {"all": sums["hits"]}, resamples=5)
    assert found["all"] is not None and found["all"].value == sum(hit for _, hit in rows)


def test_an_undefined_share_is_none() -> None:
    assert ratios({"x": (np.zeros(2), np.zeros(2))}, ["a", "b"]) == {"x": None}


def test_chrf_by_hand() -> None:
    # "abcd" against "abce": 3 of 4 letters, 2 of 3 pairs, 1 of 2 threes, 0 of 1 fours; as many each way
    assert chrf("abcd", "abce") == pytest.approx((3 / 4 + 2 / 3 + 1 / 2 + 0) / 4)
    # "ab" against "abcd": precision 1 and 1, recall 2/4 and 1/3 (threes: the text has none)
    precision, recall = 1.0, (2 / 4 + 1 / 3) / 2
    assert chrf("a b", "ab cd") == pytest.approx(5 * precision * recall / (4 * precision + recall))
    assert chrf("两幅图像", "两幅图像") == 1.0
    assert chrf("", "abc") == chrf("xyz", "abc") == 0.0


@given(st.text(max_size=40), st.text(max_size=40))
def test_chrf_is_a_share(one: str, other: str) -> None:
    assert 0.0 <= chrf(one, other) <= 1.0 + 1e-12


def similar(similarity: float, match: bool, view: str = "uav") -> object:
    hardness = Hardness(rank=1, similarity=similarity)
    return record([], [], match, view, hardness=hardness)  # type: ignore[arg-type]


def test_the_threshold_separates_as_well_as_one_can() -> None:
    pairs = [similar(0.8, True), similar(0.6, True), similar(0.5, False), similar(0.3, False)]
    pairs += [similar(0.4, True, "map"), similar(0.2, False, "map")]
    system = Similarity(pairs)  # type: ignore[arg-type]
    assert system.thresholds == {"uav": pytest.approx(0.55), "map": pytest.approx(0.3)}
    asked = question(similar(0.45, True), "en", None, False)  # type: ignore[arg-type]
    assert system.answer(asked, None).verdict is False
    asked = question(similar(0.45, True, "map"), "en", None, False)  # type: ignore[arg-type]
    assert system.answer(asked, None).verdict is True


def test_changes_by_hand() -> None:
    def followed(place: str, before: Answer, after: Answer, change: str) -> Followed:
        pair = record([], [], True, name=place).model_copy(update={"place": place})
        asked = question(pair, "en", None, True)  # type: ignore[arg-type]
        return Followed(replace(asked, match=False, change=change), before, after)  # type: ignore[arg-type]

    pairs = [
        followed("a", Answer(True, 0.9, "abcd"), Answer(False, 0.2, "abce"), "other_tile"),
        followed("b", Answer(True, 0.8), Answer(True, 0.8), "other_tile"),
        followed("c", Answer(False), Answer(False), "other_tile"),
    ]
    found = follow_figures(pairs)
    assert value(found, "accuracy_before") == pytest.approx(2 / 3, abs=1e-4)
    assert value(found, "accuracy_after") == pytest.approx(2 / 3, abs=1e-4)
    assert value(found, "drop") == 0.0
    assert value(found, "verdict_changed") == pytest.approx(1 / 3, abs=1e-4)
    assert value(found, "followed") == 0.5  # c had said so before
    assert value(found, "shift") == pytest.approx(0.35)
    assert value(found, "text_changed") == pytest.approx(1 - chrf("abce", "abcd"), abs=1e-4)
    blank = [replace(p, question=replace(p.question, change="blank_first")) for p in pairs]
    assert follow_figures(blank)["followed"] is None
    assert follow_figures([]) == {}
