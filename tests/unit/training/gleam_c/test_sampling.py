from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.gleam_c.sampling import Packing, Sampler, nearest_places


def _unit(count: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, 6)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@given(
    places=st.integers(1, 40),
    pairs=st.integers(1, 120),
    batch=st.integers(1, 12),
    neighbours=st.booleans(),
    equal=st.booleans(),
    seed=st.integers(0, 999),
)
@settings(max_examples=60, deadline=None)
def test_a_place_comes_once_a_batch_and_a_pair_once_an_epoch(
    places: int, pairs: int, batch: int, neighbours: bool, equal: bool, seed: int
) -> None:
    chance = np.random.default_rng(seed)
    names = [f"p{i}" for i in chance.integers(0, places, pairs)]
    views = [("uav", "map", "ground")[i] for i in chance.integers(0, 3, pairs)]
    packing = Packing(batch, 8, 4, epoch_pairs=pairs if equal else None)
    sampler = Sampler(names, views, packing, seed)
    if neighbours:
        count = sampler.place_count
        sampler.set_neighbours(nearest_places(_unit(count, 1), _unit(count, 2), 8))
    drawn: Counter[int] = Counter()
    for members in sampler.plan():
        assert len(members) == batch
        assert len({names[i] for i in members}) == batch
        drawn.update(members.tolist())
        if equal:
            counts = Counter(views[i] for i in members)
            spread = [counts[view] for view in sampler.view_names]
            assert max(spread) - min(spread) <= 1
    if not equal:
        assert not drawn or max(drawn.values()) == 1


def test_hard_negatives_stand_in_the_same_batch() -> None:
    count = 200
    references = _unit(count, 3)
    sampler = Sampler([f"{i:03d}" for i in range(count)], ["uav"] * count, Packing(20, 19, 19), 4)
    sampler.set_neighbours(nearest_places(references, references, 19))

    def closeness() -> float:
        inside = [references[b] @ references[b].T for b in sampler.plan()]
        return float(np.mean([(s.sum() - len(s)) / (s.size - len(s)) for s in inside]))

    hard = closeness()
    sampler.set_neighbours(None)
    easy = closeness()
    assert hard > easy + 0.2
    # the first pair of each batch brings its nearest place, unless an earlier batch had it
    sampler.set_neighbours(nearest_places(references, references, 19))
    first = sampler.plan()[0]
    nearest = sampler.neighbours[sampler.places[first[0]]]  # type: ignore[index]
    assert set(nearest[:9].tolist()) <= set(sampler.places[first].tolist())


def test_the_nearer_half_is_always_there_the_rest_is_drawn() -> None:
    count = 60
    vectors = _unit(count, 5)
    near = nearest_places(vectors, vectors, 20)
    picked = []
    for seed in range(30):
        sampler = Sampler(
            [f"{i:02d}" for i in range(count)], ["uav"] * count, Packing(9, 20, 8), seed
        )
        sampler.set_neighbours(near)
        first = sampler.places[sampler.plan()[0]]
        row = near[first[0]].tolist()
        ranks = sorted(row.index(place) for place in first[1:].tolist())
        assert ranks[:4] == [0, 1, 2, 3]
        assert all(4 <= r < 20 for r in ranks[4:])
        picked.append(tuple(ranks[4:]))
    assert len(set(picked)) > 5


def test_equal_views_repeat_the_small_one() -> None:
    places = [f"u{i}" for i in range(90)] + [f"m{i}" for i in range(10)]
    views = ["uav"] * 90 + ["map"] * 10
    sampler = Sampler(places, views, Packing(8, epoch_pairs=80), 0)
    drawn = Counter(int(i) for batch in sampler.plan() for i in batch)
    by_view = Counter(views[i] for i in drawn.elements())
    assert by_view == {"uav": 40, "map": 40}
    assert {count for i, count in drawn.items() if views[i] == "map"} == {4}


@pytest.mark.parametrize("stop", [0, 3, 7])
def test_a_restored_sampler_goes_on_where_the_other_stood(stop: int) -> None:
    names = [f"p{i % 30}" for i in range(100)]

    def fresh() -> Sampler:
        return Sampler(names, ["uav"] * 100, Packing(10, 8, 4), 11)

    one = fresh()
    one.set_neighbours(nearest_places(_unit(30, 1), _unit(30, 2), 8))
    for _ in range(stop):
        one.batch_done()
    other = fresh()
    other.restore(one.state(), one.neighbours)
    for _ in range(25):
        np.testing.assert_array_equal(one.remaining()[0], other.remaining()[0])
        assert one.batch_done() == other.batch_done()
    assert one.epoch == other.epoch > 0


def test_neighbours_change_only_between_epochs() -> None:
    sampler = Sampler([str(i) for i in range(20)], ["uav"] * 20, Packing(5), 0)
    sampler.batch_done()
    with pytest.raises(ValueError, match="between epochs"):
        sampler.set_neighbours(None)


@given(places=st.integers(1, 30), count=st.integers(1, 12), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_nearest_places_are_those_of_a_full_sort(places: int, count: int, seed: int) -> None:
    queries, references = _unit(places, seed), _unit(places, seed + 1000)
    ignored = {0: [places - 1]}
    found = nearest_places(queries, references, count, ignored)
    assert found.shape == (places, count)
    for place in range(places):
        out = {place, *ignored.get(place, [])}
        ranked = sorted(
            (i for i in range(places) if i not in out),
            key=lambda i: -(queries[place] @ references[i]),
        )
        expected = [*ranked[:count], *[-1] * max(0, count - len(ranked))]
        assert found[place].tolist() == expected


def test_views_have_their_parts_of_every_batch_and_of_an_epoch() -> None:
    views = ["uav"] * 90 + ["map"] * 40 + ["ground"] * 20
    packing = Packing(16, epoch_pairs=160, view_shares={"uav": 5, "map": 2})
    sampler = Sampler([f"p{i}" for i in range(150)], views, packing, 3)
    assert dict(zip(sampler.view_names, sampler.shares().tolist(), strict=True)) == {
        "ground": 2, "map": 4, "uav": 10,
    }  # fmt: skip
    plan = sampler.plan()
    assert len(plan) >= 9
    for members in plan:
        counts = Counter(views[i] for i in members)
        assert counts == {"uav": 10, "map": 4, "ground": 2}
