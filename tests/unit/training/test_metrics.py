"""Every metric against plain loops."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.gleam_c.metrics import (
    Ties,
    average_precision_plain,
    average_precision_trapezoid,
    bootstrap_by_place,
    cmc,
    distances,
    gold_rows,
    mean_distance,
    one_percent_rank,
    rank,
    recall_at,
    spatial_distance_measure,
)

TIES: tuple[Ties, ...] = ("pessimistic", "stable", "optimistic")


def naive_order(scores: Sequence[float], gold: set[int], ties: Ties) -> list[int]:
    """The ranking as one would write it by hand."""
    second = {
        "pessimistic": lambda i: i in gold,
        "optimistic": lambda i: i not in gold,
        "stable": lambda i: i,
    }[ties]
    return sorted(range(len(scores)), key=lambda i: (-scores[i], second(i)))


def naive_rows(scores: Sequence[float], gold: set[int], ties: Ties) -> list[int]:
    return [row for row, i in enumerate(naive_order(scores, gold, ties)) if i in gold]


def naive_trapezoid(rows: list[int]) -> float:
    """The loop of the published code, in our words."""
    total = 0.0
    for i, row in enumerate(rows):
        precision = (i + 1) / (row + 1)
        before = i / row if row != 0 else 1.0
        total += (before + precision) / 2 / len(rows)
    return total


def naive_plain(rows: list[int]) -> float:
    """Precision at every rank that holds a right image, averaged."""
    total = 0.0
    for row in rows:
        total += sum(1 for other in rows if other <= row) / (row + 1)
    return total / len(rows) if rows else 0.0


@st.composite
def ranked(draw: Any) -> tuple[list[float], set[int]]:
    """Scores with many ties, and right indices."""
    scores = draw(st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=30))
    gold = draw(st.sets(st.integers(0, len(scores) - 1), max_size=len(scores)))
    return scores, gold


@given(ranked(), st.sampled_from(TIES))
@settings(max_examples=150, deadline=None)
def test_rows_are_those_of_a_sorted_list(case: tuple[list[float], set[int]], ties: Ties) -> None:
    scores, gold = case
    found = gold_rows(np.array(scores, np.float32), np.array(sorted(gold), np.int64), ties)
    assert found.tolist() == naive_rows(scores, gold, ties)


@given(ranked())
@settings(max_examples=100, deadline=None)
def test_average_precision_is_that_of_the_loop(case: tuple[list[float], set[int]]) -> None:
    rows = naive_rows(*case, "stable")
    array = np.array(rows, np.int64)
    assert average_precision_trapezoid(array) == pytest.approx(naive_trapezoid(rows))
    assert average_precision_plain(array) == pytest.approx(naive_plain(rows))


@st.composite
def searches(draw: Any) -> dict[str, Any]:
    """Whole searches; integer vectors, so that products are exact and ties are real."""
    size, queries = draw(st.integers(1, 12)), draw(st.integers(1, 6))
    indices = st.sets(st.integers(0, size - 1), max_size=4)
    gold = [draw(indices) for _ in range(queries)]
    numbers = st.lists(st.integers(-2, 2), min_size=3, max_size=3)
    return {
        "queries": np.array([draw(numbers) for _ in range(queries)], np.float32),
        "gallery": np.array([draw(numbers) for _ in range(size)], np.float32),
        "gold": [sorted(g) for g in gold],
        "semi_positives": [sorted(draw(indices) - g) for g in gold],
    }


@given(searches(), st.sampled_from(TIES), st.sampled_from([1, 40, 10**6]))
@settings(max_examples=150, deadline=None)
def test_ranking_a_gallery_in_blocks_is_ranking_it_whole(
    case: dict[str, Any], ties: Ties, block_bytes: int
) -> None:
    ranking = rank(**case, ties=ties, block_bytes=block_bytes, top=5)
    for i, query in enumerate(case["queries"]):
        scores = [float(query @ reference) for reference in case["gallery"]]
        gold, semi = set(case["gold"][i]), set(case["semi_positives"][i])
        order = naive_order(scores, gold, ties)
        assert ranking.rows[i].tolist() == [row for row, j in enumerate(order) if j in gold]
        first = next((j for j in order if j not in semi), None)
        assert ranking.hit[i] == (first in gold)
        wrong = set(range(len(scores))) - gold
        best = sorted(range(len(scores)), key=lambda j: (-scores[j], j))
        assert ranking.top[i].tolist() == best[:5]
        assert ranking.tied[i] == any(scores[g] == scores[w] for g in gold for w in wrong)


@given(searches())
@settings(max_examples=60, deadline=None)
def test_optimistic_rank_is_the_count_of_strictly_greater(case: dict[str, Any]) -> None:
    """VIGOR and Sample4Geo: the number of references with a greater similarity than the true one."""
    case["gold"] = [[g[0]] if g else [0] for g in case["gold"]]
    case["semi_positives"] = []
    ranking = rank(**case, ties="optimistic")
    for i, query in enumerate(case["queries"]):
        scores = case["gallery"] @ query
        assert ranking.rows[i][0] == sum(1 for s in scores if s > scores[case["gold"][i][0]])


def test_a_collapsed_encoder_scores_nothing_unless_ties_favour_it() -> None:
    same = np.ones((4, 2), np.float32)
    gold = [[1], [2], [3], [1]]
    assert recall_at(rank(same, same, gold).rows, 1).sum() == 0
    assert recall_at(rank(same, same, gold, ties="optimistic").rows, 1).sum() == 4
    assert rank(same, same, gold, ties="stable").rows[2].tolist() == [3]


@given(st.lists(st.lists(st.integers(0, 9), max_size=3, unique=True).map(sorted), min_size=1))
@settings(max_examples=60, deadline=None)
def test_cmc_and_recall_are_those_of_the_loop(rows: list[list[int]]) -> None:
    arrays = [np.array(found, np.int64) for found in rows]
    curve = cmc(arrays, 10)
    for k in range(1, 11):
        hits = sum(1 for found in rows if any(row < k for row in found))
        assert curve[k - 1] == pytest.approx(hits / len(rows))
        assert recall_at(arrays, k).mean() == pytest.approx(hits / len(rows))


@given(st.lists(st.integers(0, 2000), min_size=1, max_size=50))
@settings(max_examples=100, deadline=None)
def test_with_one_right_image_trapezoid_ap_keeps_within_its_bounds(rows: list[int]) -> None:
    """R@1 <= AP <= R@1 + (1 - R@1) / 4: a published row outside has other columns or another AP."""
    arrays = [np.array([row], np.int64) for row in rows]
    recall = recall_at(arrays, 1).mean()
    ap = np.mean([average_precision_trapezoid(found) for found in arrays])
    assert recall - 1e-12 <= ap <= recall + 0.25 * (1 - recall) + 1e-12


def test_the_bounds_are_reached() -> None:
    assert average_precision_trapezoid(np.array([1])) == 0.25
    assert average_precision_trapezoid(np.array([0])) == 1.0
    assert average_precision_plain(np.array([1])) == 0.5  # plain AP goes beyond


@pytest.mark.parametrize(
    ("convention", "gallery", "k"),
    [
        ("university", 951, 11),  # CMC[round(9.51)] is the eleventh entry
        ("university", 701, 8),
        ("university", 50, 1),  # round(0.5) is 0
        ("sample4geo", 90618, 906),
        ("sample4geo", 99, 0),
        ("vigor", 90618, 907),
        ("vigor", 99, 1),
    ],
)
def test_one_percent_of_the_gallery(convention: Any, gallery: int, k: int) -> None:
    assert one_percent_rank(convention, gallery) == k


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_distance_figures_are_those_of_the_loop(data: st.DataObject) -> None:
    """SDM@k and Dis@k as in GTA-UAV's code, over candidates given by index."""
    coordinate = st.floats(0, 11_000)
    gallery = data.draw(st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=8))
    query = data.draw(st.tuples(coordinate, coordinate))
    k = data.draw(st.integers(1, len(gallery)))
    top = data.draw(st.permutations(range(len(gallery))))
    metres = distances(np.array([top]), np.array([query]), np.array(gallery))
    total = numerator = denominator = 0.0
    for i, index in enumerate(top[:k]):
        metre = math.dist(query, gallery[index])
        total += metre
        numerator += (k - i) / math.exp(0.001 * metre)
        denominator += k - i
    assert mean_distance(metres, k)[0] == pytest.approx(total / k)
    assert spatial_distance_measure(metres, k)[0] == pytest.approx(numerator / denominator)


def test_intervals_resample_places_as_a_loop_does() -> None:
    values = np.array([[1.0, 0.5], [0.0, 0.25], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    places = ["a", "a", "b", "c", "c"]
    low, high = bootstrap_by_place(values, places, resamples=200, seed=7)
    rng = np.random.default_rng(7)
    means = []
    for _ in range(200):
        drawn = [["a", "b", "c"][i] for i in rng.integers(0, 3, 3)]
        sample = [values[i] for place in drawn for i in range(5) if places[i] == place]
        means.append(np.mean(sample, axis=0))
    assert low == pytest.approx(np.quantile(means, 0.025, axis=0))
    assert high == pytest.approx(np.quantile(means, 0.975, axis=0))


def test_many_queries_of_few_places_give_a_wide_interval() -> None:
    values = np.repeat([[0.0], [1.0]], 500, axis=0)
    by_place = bootstrap_by_place(values, ["a"] * 500 + ["b"] * 500)
    by_query = bootstrap_by_place(values, [str(i) for i in range(1000)])
    assert by_place[1] - by_place[0] == pytest.approx(1.0)
    assert by_query[1] - by_query[0] < 0.1
