import numpy as np
import pytest
import torch

from tests.unit.training.gleam_c.tiny import PX, ColouredPlaces, recipe
from training.gleam_c.batches import Batch, Loader, grouped
from training.gleam_c.recipe import ViewRecipe
from training.gleam_c.trainer import chunks_of

PLAN = [np.arange(0, 8), np.arange(8, 16), np.arange(4, 12), np.arange(0, 8), np.arange(8, 16)]


def _same(one: Batch, two: Batch) -> bool:
    parts = ("queries", "satellites", "turned")
    return all(
        torch.equal(a.pixels, b.pixels) and torch.equal(a.rows, b.rows)
        for part in parts
        for a, b in zip(getattr(one, part), getattr(two, part), strict=True)
    ) and torch.equal(one.overlaps, two.overlaps)


def test_a_batch_is_the_same_whoever_makes_it_and_when() -> None:
    source = ColouredPlaces(16)
    with Loader(source, recipe()) as loader:
        straight = list(loader.batches(PLAN, epoch=3))
    with Loader(source, recipe(workers=1)) as alone:
        assert all(map(_same, straight, alone.batches(PLAN, epoch=3)))
        assert all(map(_same, straight[3:], alone.batches(PLAN, epoch=3, first=3)))
        other = next(iter(alone.batches(PLAN, epoch=4)))
    assert len(straight) == 5
    assert not _same(straight[0], other)
    assert not _same(straight[0], straight[3])  # same pairs, other noise


def test_ranks_share_a_batch_and_know_all_of_it() -> None:
    source = ColouredPlaces(16)
    with Loader(source, recipe()) as loader:
        whole = next(loader.batches(PLAN, 0))
    halves = []
    for rank in range(2):
        with Loader(source, recipe(), rank, 2) as loader:
            halves.append(next(loader.batches(PLAN, 0)))
    for part in ("queries", "satellites", "turned"):
        together = torch.cat([getattr(half, part)[0].pixels for half in halves])
        assert torch.equal(together, getattr(whole, part)[0].pixels)
    for part in ("overlaps", "out_queries", "out_satellites"):
        assert torch.equal(
            torch.cat([getattr(half, part) for half in halves]), getattr(whole, part)
        )


def test_semi_positives_are_left_out_in_both_directions() -> None:
    source = ColouredPlaces(6)  # the next place is half right
    with Loader(source, recipe()) as loader:
        batch = next(loader.batches([np.array([3, 0, 4, 5])], 0))
    expected = torch.zeros(4, 4, dtype=torch.bool)
    expected[0, 2] = expected[2, 3] = True  # 3 -> 4, 4 -> 5
    assert torch.equal(batch.out_queries, expected)
    assert torch.equal(batch.out_satellites, expected.T)
    plain = recipe(loss={"mask_semi_positives": False})
    with Loader(source, plain) as loader:
        assert not next(loader.batches([np.array([3, 0, 4, 5])], 0)).out_queries.any()


def test_views_of_different_sizes_stand_in_groups() -> None:
    sizes = {
        "uav": ViewRecipe(query_px=(PX, PX), reference_px=(64, 64), reference_margin_px=8),
        "panorama": ViewRecipe(query_px=(PX, 2 * PX), reference_px=(48, 48)),
    }
    whole = recipe(views=sizes, loss={"wrong_turns": 2})
    with Loader(ColouredPlaces(6, views=("uav", "panorama")), whole) as loader:
        batch = next(loader.batches([np.arange(6)], 0))
    assert [tuple(group.pixels.shape) for group in batch.queries] == [
        (3, PX, PX, 3), (3, PX, 2 * PX, 3),
    ]  # fmt: skip
    assert [group.rows.tolist() for group in batch.queries] == [[0, 2, 4], [1, 3, 5]]
    assert [group.margin_px for group in batch.satellites] == [8, 0]
    assert sorted(torch.cat([group.rows for group in batch.turned]).tolist()) == list(range(12))
    chunks = chunks_of(batch, 2)
    assert max(len(chunk.pictures.rows) for chunk in chunks) == 2
    assert sum(len(chunk.pictures.rows) for chunk in chunks) == 6 + 6 + 12


def test_a_failing_picture_stops_the_run_with_its_own_error() -> None:
    class Broken(ColouredPlaces):
        def sample(self, pair: int, chance: np.random.Generator):  # noqa: ANN202
            raise OSError("torn file")

    with Loader(Broken(8), recipe()) as loader, pytest.raises(OSError, match="torn file"):
        next(loader.batches([np.arange(8)], 0))


def test_rows_say_where_grouped_pictures_belong() -> None:
    small, large = np.zeros((2, 2, 3), np.uint8), np.ones((4, 4, 3), np.uint8)
    groups = grouped([small, large, small])
    assert [group.rows.tolist() for group in groups] == [[0, 2], [1]]
    assert grouped([]) == ()


def test_wrong_turns_count_for_views_that_the_app_turns() -> None:
    sizes = {
        view: ViewRecipe(query_px=(PX, PX), reference_px=(PX, PX)) for view in ("uav", "ground")
    }
    whole = recipe(views=sizes, loss={"wrong_turns": 2})
    with Loader(ColouredPlaces(4, views=("uav", "ground")), whole) as loader:
        batch = next(loader.batches([np.arange(4)], 0))
    assert batch.turned_out.tolist() == [False, False, True, True] * 2
    copies = torch.zeros(8, PX, PX, 3, dtype=torch.uint8)
    copies[batch.turned[0].rows] = batch.turned[0].pixels
    same = [torch.equal(copies[i], batch.queries[0].pixels[i // 2]) for i in range(8)]
    assert same == batch.turned_out.tolist()
