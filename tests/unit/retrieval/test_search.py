from typing import cast

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gleam_app.geo.coordinates import Bounds
from gleam_app.retrieval.regions import Region
from gleam_app.retrieval.search import (
    DEPTH,
    Match,
    TileIndex,
    best_of_tiles,
    distinct_places,
    matches_of,
)
from gleam_app.retrieval.tiles.tileset import TileSet

SOMEWHERE = cast(TileSet, object())


@given(st.integers(1, 6), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_folding_turns_agrees_with_plain_loops(turns: int, depth: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = np.stack([rng.permutation(12)[:depth] for _ in range(turns)])
    scores = rng.choice([0.1, 0.2, 0.3, 0.4], (turns, depth)).astype(np.float32)
    angles = np.arange(turns) * 15.0

    best: dict[int, tuple[float, float]] = {}
    for turn in range(turns):
        for place in range(depth):
            row, score = int(rows[turn, place]), float(scores[turn, place])
            if row not in best or score > best[row][0]:
                best[row] = (score, angles[turn])
    expected = sorted(best.items(), key=lambda item: (-item[1][0], item[0]))

    found = best_of_tiles(matches_of(SOMEWHERE, scores, rows, angles))
    assert [(m.row, (m.score, m.turn_deg)) for m in found] == expected


def test_a_tile_finds_itself(demo_set: TileSet) -> None:
    index = TileIndex(demo_set)
    row = demo_set.info.tiles // 2
    vector = np.asarray(demo_set.vectors[row : row + 1], np.float32)
    matches = index.search(vector, np.zeros(1))
    assert matches[0].row == row
    plain = np.asarray(demo_set.vectors, np.float32) @ vector[0]
    assert [m.row for m in matches[:5]] == np.argsort(-plain, kind="stable")[:5].tolist()


def test_near_restricts_before_searching(demo_set: TileSet) -> None:
    index = TileIndex(demo_set)
    position = demo_set.position(0)
    assert position is not None
    vector = np.asarray(demo_set.vectors[-1:], np.float32)
    near = index.search(vector, np.zeros(1), Region(near=(*position, 20.0)))
    assert 0 < len(near) < demo_set.info.tiles
    assert all(match.row != demo_set.info.tiles - 1 for match in near)
    assert index.search(vector, np.zeros(1), Region(near=(0.0, 0.0, 1000.0))) == []


@given(st.integers(1, 24), st.floats(0.05, 1.0), st.integers(0, 2**32 - 1))
def test_turned_queries_in_a_region_agree_with_plain_loops(
    demo_set: TileSet, turns: int, share: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    table = demo_set.table
    west, east = np.quantile(table["lon"], sorted([0.0, share]))
    box = Bounds(float(west), -90.0, float(east), 90.0)
    pictures = demo_set.vectors[rng.integers(0, demo_set.info.tiles, turns)].astype(np.float32)
    queries = pictures + rng.normal(0.0, 0.03, pictures.shape).astype(np.float32)
    angles = np.arange(turns) * 360.0 / turns

    best: dict[int, tuple[float, float]] = {}
    for query, angle in zip(queries, angles.tolist(), strict=True):
        inside = [
            (float(np.float32(vector) @ query), -row)
            for row, vector in enumerate(demo_set.vectors)
            if west <= table[row]["lon"] <= east
        ]
        for score, row in sorted(inside, reverse=True)[:DEPTH]:
            if -row not in best or score > best[-row][0]:
                best[-row] = (score, angle)

    found = TileIndex(demo_set).search(queries, angles, Region(box=box))
    assert {m.row for m in found} == set(best)
    assert [m.score for m in found] == sorted((m.score for m in found), reverse=True)
    for match in found:
        score, turn = best[match.row]
        assert abs(match.score - score) < 1e-5
        assert match.turn_deg == turn or len(set(map(bytes, pictures))) < turns


def test_overlapping_tiles_are_one_place(demo_set: TileSet) -> None:
    matches = [Match(demo_set, row, 1.0, 0.0) for row in range(demo_set.info.tiles)]
    places = distinct_places(matches, 100)
    assert 1 < len(places) < demo_set.info.tiles / 2
    for i, a in enumerate(places):
        for b in places[:i]:
            here, there = demo_set.position(a.row), demo_set.position(b.row)
            assert here is not None and there is not None
            north = (here[0] - there[0]) * 111_000
            east = (here[1] - there[1]) * 111_000 * np.cos(np.deg2rad(here[0]))
            assert np.hypot(north, east) >= 0.49 * 72.0


def test_a_place_counts_again_at_a_turn_far_from_its_others(demo_set: TileSet) -> None:
    at = [Match(demo_set, 0, 0.9 - turn / 1e3, turn) for turn in (0.0, 30.0, 60.0, 345.0, 180.0)]
    at.sort(key=lambda match: -match.score)
    assert [m.turn_deg for m in distinct_places(at, 9, 45.0)] == [0.0, 60.0, 180.0]
    assert [m.turn_deg for m in distinct_places(at, 9)] == [0.0]
    assert len(distinct_places(at, 2, 45.0)) == 2
