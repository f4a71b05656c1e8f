"""Mistakes: hard, fair, and each picture once, against plain loops."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("scipy")

from training.gleam_x.pairs.mining import RIVALS, matches, mistakes, rivals, similarities


def unit(seed: int, *shape: int) -> NDArray[np.float32]:
    made = np.random.default_rng(seed).normal(size=shape)
    return (made / np.linalg.norm(made, axis=-1, keepdims=True)).astype(np.float32)


def nothing(count: int) -> NDArray[np.bool_]:
    return np.zeros((count, count), bool)


def test_similarities_are_those_of_plain_loops() -> None:
    queries, tiles = unit(1, 5, 4, 8), unit(2, 6, 8)
    best, turns = similarities(queries, tiles)
    for i, j in itertools.product(range(5), range(6)):
        scores = [float(queries[i, t] @ tiles[j]) for t in range(4)]
        assert best[i, j] == pytest.approx(max(scores)) and turns[i, j] == int(np.argmax(scores))


def test_each_query_and_each_tile_stands_in_one_mistake() -> None:
    queries, tiles = unit(3, 30, 4, 8), unit(4, 30, 8)
    found = mistakes(queries, tiles, nothing(30), [str(i) for i in range(30)])
    assert sorted(c.query for c in found) == sorted(c.tile for c in found) == list(range(30))
    assert all(c.query != c.tile for c in found)


def test_mistakes_are_the_hardest_that_can_be_shared_out() -> None:
    queries, tiles = unit(5, 6, 1, 4), unit(6, 6, 4)
    best, _ = similarities(queries, tiles)
    found = mistakes(queries, tiles, nothing(6), list("abcdef"))
    orders = [o for o in itertools.permutations(range(6)) if all(i != j for i, j in enumerate(o))]
    hardest = max(sum(best[i, j] for i, j in enumerate(order)) for order in orders)
    assert sum(c.similarity for c in found) == pytest.approx(float(hardest), abs=1e-3)


def test_places_neither_right_nor_wrong_are_no_mistakes() -> None:
    queries, tiles = unit(7, 4, 1, 8), unit(8, 4, 8)
    left_out = nothing(4)
    left_out[0, [1, 2]] = left_out[1, [0, 2]] = True
    found = {c.query: c.tile for c in mistakes(queries, tiles, left_out, list("abcd"))}
    asked = [found[query] for query in (0, 1) if query in found]
    assert asked == [3]  # the one tile that is wrong for both, and each tile once


def test_a_query_with_nothing_wrong_has_no_mistake() -> None:
    left_out = ~np.eye(2, dtype=bool)
    assert mistakes(unit(9, 2, 1, 4), unit(10, 2, 4), left_out, ["a", "b"]) == []


def test_neighbours_in_a_town_are_preferred_a_little() -> None:
    queries = np.array([[[1.0, 0.0]]] * 4, np.float32)
    tiles = np.array([[1.0, 0.0]] * 4, np.float32)
    found = mistakes(queries, tiles, nothing(4), ["a", "b", "a", "b"])
    assert {(c.query, c.tile) for c in found} == {(0, 2), (2, 0), (1, 3), (3, 1)}


def test_ranks_count_ties_against_the_tile_and_leave_out_what_is_neither() -> None:
    queries = np.array([[[1.0, 0.0]], [[0.0, 1.0]], [[0.6, 0.8]]], np.float32)
    tiles = np.array([[0.8, 0.6], [0.8, 0.6], [0.9, np.sqrt(0.19)]], np.float32)
    ranks = [c.rank for c in matches(queries, tiles, nothing(3))]
    assert ranks[0] == 3  # behind tile 2, and level with tile 1
    left_out = nothing(3)
    left_out[0, 2] = True
    found = matches(queries, tiles, left_out)
    assert found[0].rank == 2
    best, _ = similarities(queries, tiles)
    assert rivals(best, left_out, found[0]) == pytest.approx((0.8,))
    assert len(rivals(np.zeros((40, 40), np.float32), nothing(40), found[0])) == RIVALS


def test_only_queries_that_may_turn_are_turned() -> None:
    queries, tiles = unit(11, 40, 4, 8), unit(12, 40, 8)
    turnable = np.arange(40) % 2 == 0
    found = mistakes(queries, tiles, nothing(40), [str(i) for i in range(40)], turnable)
    assert all(c.quarters == 0 for c in found if not turnable[c.query])
    assert any(c.quarters for c in found)
    for c in found:
        assert c.similarity == pytest.approx(
            float(queries[c.query, c.quarters] @ tiles[c.tile]), abs=1e-4
        )
