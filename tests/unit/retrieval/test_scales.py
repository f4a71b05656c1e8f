import math
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import cast, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam_app.geo.coordinates import LatLon
from gleam_app.geo.frame import LocalFrame
from gleam_app.imagery.sources import MapSource
from gleam_app.imagery.views import VIEWS, View
from gleam_app.retrieval.encoder import Encoder
from gleam_app.retrieval.regions import Region
from gleam_app.retrieval.search import TileIndex
from gleam_app.retrieval.tiles.build import add_tile_set
from gleam_app.retrieval.tiles.scales import (
    LADDER_M,
    MIN_TILE_PX,
    SCALES_M,
    choose_scales,
    scales_for,
    scales_to_search,
)
from gleam_app.retrieval.tiles.tileset import TileSetStore
from gleam_app.retrieval.turning import SQUARE_SHARE

WITHIN = 1.23  # a query differs from the nearest tile by no more


def ring(lat: float, lon: float, width_m: float, height_m: float) -> tuple[LatLon, ...]:
    lats, lons = LocalFrame(lat, lon).to_degrees(
        [-width_m / 2, width_m / 2, width_m / 2, -width_m / 2],
        [height_m / 2, height_m / 2, -height_m / 2, -height_m / 2],
    )
    return tuple(LatLon(a, b) for a, b in zip(lats.tolist(), lons.tolist(), strict=True))


def source(resolution_m: float, *sizes_m: float) -> MapSource:
    """Squares of these sizes, ten kilometres apart."""
    outlines = tuple(ring(48.0, 11.0 + 0.15 * i, size, size) for i, size in enumerate(sizes_m))
    return cast(MapSource, SimpleNamespace(outlines=outlines, resolution_m=resolution_m))


def shown_m(height_m: float, diagonal_deg: float = 84.0, aspect: float = 4 / 3) -> float:
    """Side of the square that the encoder sees of a photo straight down."""
    diagonal_m = 2 * height_m * math.tan(math.radians(diagonal_deg) / 2)
    return SQUARE_SHARE * diagonal_m / math.hypot(aspect, 1.0)


@pytest.mark.parametrize(
    ("view", "least_m", "most_m"),
    [
        ("uav", shown_m(50.0), shown_m(300.0)),
        ("ground", 40.0, 80.0),
        ("panorama", 40.0, 80.0),
        ("map", 150.0, 600.0),
    ],
)
def test_every_size_that_a_view_shows_is_near_a_scale(
    view: View, least_m: float, most_m: float
) -> None:
    sides = [least_m * (most_m / least_m) ** (i / 100) for i in range(101)]
    for side in sides:
        nearest = min(max(side / scale, scale / side) for scale in SCALES_M[view])
        assert nearest <= WITHIN, side


def test_all_views_share_one_ladder() -> None:
    assert set(SCALES_M) == set(VIEWS) == set(get_args(View))
    assert scales_for(VIEWS) == list(LADDER_M)
    assert scales_for(("uav", "panorama")) == list(SCALES_M["uav"])
    assert all(1.49 < b / a < 1.51 for a, b in pairwise(LADDER_M))


def test_blurred_and_overlarge_tiles_are_left_out() -> None:
    assert choose_scales(source(0.1, 5000)) == [48.0, 72.0, 108.0, 162.0, 243.0]
    assert choose_scales(source(1.0, 5000)) == [108.0, 162.0, 243.0]
    assert choose_scales(source(0.1, 170)) == [48.0, 72.0, 108.0, 162.0]
    assert choose_scales(source(0.6, 5000), ("map", "ground")) == [72.0, 162.0, 243.0, 364.0, 546.0]


def test_what_counts_is_the_largest_piece_not_the_box_around_all() -> None:
    assert choose_scales(source(0.1, 60, 110)) == [48.0, 72.0, 108.0]


@given(
    resolution=st.floats(0.01, 200), size=st.floats(5, 1e5),
    views=st.lists(st.sampled_from(VIEWS), min_size=1, unique=True),
)  # fmt: skip
def test_there_is_always_a_scale(resolution: float, size: float, views: list[View]) -> None:
    scales = choose_scales(source(resolution, size), views)
    assert scales == sorted(set(scales)) and scales[0] > 0
    if len(scales) > 1:
        assert scales[0] >= MIN_TILE_PX * resolution and scales[-1] <= size * 1.01


def test_street_maps_are_compared_with_large_tiles_where_there_are_some() -> None:
    assert scales_to_search("map", LADDER_M) == list(SCALES_M["map"])
    assert scales_to_search("map", [60.0, 90.0]) is None
    assert scales_to_search("map", [150.0, 300.0]) is None
    for view in ("uav", "ground", "panorama"):
        assert scales_to_search(cast(View, view), LADDER_M) is None


def test_a_search_at_some_scales_is_that_of_their_tiles_alone(
    encoder: Encoder, demo_map: Path, tmp_path: Path
) -> None:
    store = TileSetStore(tmp_path)
    add_tile_set(store, encoder, [demo_map], "two", scales_m=[81.0, 150.0])
    tile_set = store.open("two")
    vectors = np.asarray(tile_set.vectors, np.float32)
    query = vectors[np.flatnonzero(tile_set.table["scale_m"] == 81.0)[:1]]
    large = np.flatnonzero(tile_set.table["scale_m"] == 150.0)
    index = TileIndex(tile_set)
    found = index.search_turns(query, np.zeros(1), None, [150.0, 300.0])
    assert [m.row for m in found] == large[np.argsort(-(vectors[large] @ query[0]))].tolist()
    position = tile_set.position(int(large[0]))
    assert position is not None
    near = index.search_turns(query, np.zeros(1), Region(near=(*position, 1.0)), [150.0])
    assert [m.row for m in near] == [large[0]]
    everything = index.search_turns(query, np.zeros(1))
    assert len(everything) == len(vectors) > len(large) > 0
