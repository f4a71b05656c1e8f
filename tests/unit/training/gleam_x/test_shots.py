"""Shots of GLEAM-C's own sources: any of them makes pairs."""

from collections.abc import Sequence

import numpy as np

from gleam_app.imagery.views import View
from training.gleam_c.batches import Sample
from training.gleam_x.pairs.shots import LEAST_OVERLAP, FromPairs, town_of


class Source:
    """Two places; the pictures of the second never show enough of their tile."""

    places = ("ground/a 10 20", "ground/a 90 20")
    views: Sequence[View] = ("uav", "panorama")

    def __init__(self, overlaps: tuple[float, float] = (0.9, 0.1)) -> None:
        self.overlaps = overlaps

    def sample(self, pair: int, chance: np.random.Generator) -> Sample:
        shade = int(chance.integers(255))
        query = np.full((30, 60 if pair else 30, 3), shade, np.uint8)
        return Sample(query, np.full((40, 40, 3), shade, np.uint8), self.overlaps[pair])

    def semi_positives(self, pair: int) -> Sequence[str]:
        return (self.places[1 - pair],)


def test_pictures_come_at_the_size_of_a_record() -> None:
    shot = FromPairs(Source((0.9, 0.9)), north=True).take(1, 3)
    assert shot is not None
    assert shot.query.shape == (256, 512, 3) and shot.tile.shape == (256, 256, 3)


def test_a_shot_is_the_same_again_and_another_by_another_seed() -> None:
    source = FromPairs(Source(), north=True)
    first, again, other = (source.take(0, seed) for seed in (1, 1, 2))
    assert first is not None and again is not None and other is not None
    assert (first.query == again.query).all() and (first.query != other.query).any()


def test_what_shows_too_little_of_its_tile_is_not_taken() -> None:
    assert LEAST_OVERLAP > 0.1
    assert FromPairs(Source(), north=True).take(1, 1) is None


def test_a_heading_is_only_told_where_it_is_known() -> None:
    known, unknown = (FromPairs(Source(), north=north).take(0, 1) for north in (True, False))
    assert known is not None and known.heading_deg == 0.0
    assert unknown is not None and unknown.heading_deg is None


def test_towns() -> None:
    source = FromPairs(Source(), north=True)
    assert source.towns == ["ground/a", "ground/a"] and source.near(0) == ("ground/a 90 20",)
    assert town_of("vigor/Seattle 3") == "vigor/Seattle 3"
