"""Frames, footprints, Web Mercator and the tile grid, against PROJ and plain loops."""

import math
from itertools import pairwise

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gleam_app.errors import GleamError
from gleam_app.geo import footprint, grid, mercator
from gleam_app.geo.coordinates import Bounds, LatLon
from gleam_app.geo.frame import LocalFrame

GEOD = pyproj.Geod(ellps="WGS84")
lats = st.floats(-89.9, 89.9)
lons = st.floats(-180, 180)


@settings(max_examples=60, deadline=None)
@given(lats, lons, st.floats(-20_000, 20_000), st.floats(-20_000, 20_000))
def test_frame_is_azimuthal_equidistant(lat: float, lon: float, east: float, north: float) -> None:
    frame = LocalFrame(lat, lon)
    there_lat, there_lon = frame.to_degrees(east, north)
    back = frame.to_metres(there_lat, there_lon)
    assert np.allclose(back, (east, north), atol=1e-5)
    proj = pyproj.Proj(proj="aeqd", lat_0=lat, lon_0=lon, ellps="WGS84")
    assert np.allclose(proj(float(there_lon), float(there_lat)), (east, north), atol=1e-3)


def test_frame_keeps_shapes() -> None:
    east, north = LocalFrame(10, 20).to_metres(np.full((3, 4), 10.001), 20.0)
    assert east.shape == north.shape == (3, 4)
    assert LocalFrame(10, 20).to_degrees(1.0, 2.0)[0].shape == ()


@settings(max_examples=60, deadline=None)
@given(lats, lons, st.floats(0, 359.99), st.floats(1, 50_000))
def test_destination_distance_bearing_agree(
    lat: float, lon: float, bearing: float, far: float
) -> None:
    there = footprint.destination(lat, lon, bearing, far)
    assert footprint.distance_m((lat, lon), there) == pytest.approx(far, abs=1e-4)
    off = (footprint.bearing_deg((lat, lon), there) - bearing + 180) % 360 - 180
    assert abs(off) * math.radians(1) * far < 1e-2
    assert 0 <= footprint.bearing_deg((lat, lon), there) < 360


def test_area_of_a_hectare() -> None:
    lats_, lons_ = LocalFrame(51.0, 4.0).to_degrees([-50, 50, 50, -50], [-50, -50, 50, 50])
    ring = list(zip(lats_, lons_, strict=True))
    assert footprint.area_m2(ring) == pytest.approx(10_000, rel=1e-6)
    assert footprint.area_m2(ring[::-1]) == pytest.approx(10_000, rel=1e-6)
    assert footprint.area_m2(ring[:2]) == 0.0


@settings(max_examples=40, deadline=None)
@given(st.floats(-89, 89), lons, st.integers(0, 10_000))
def test_points_in_ring_against_plain_loops(lat: float, lon: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.uniform(0, 2 * np.pi, 9))
    radii = rng.uniform(200, 1000, 9)
    frame = LocalFrame(lat, lon)
    x, y = radii * np.sin(angles), radii * np.cos(angles)
    ring = list(zip(*frame.to_degrees(x, y), strict=True))
    px, py = rng.uniform(-1000, 1000, (2, 50))
    expected = [_inside(list(zip(x, y, strict=True)), *p) for p in zip(px, py, strict=True)]
    found = footprint.points_in_ring(ring, *frame.to_degrees(px, py))
    near_edge = [_edge_distance(x, y, *p) < 0.5 for p in zip(px, py, strict=True)]
    assert all(e == f or n for e, f, n in zip(expected, found, near_edge, strict=True))


def _inside(ring: list[tuple[float, float]], px: float, py: float) -> bool:
    inside = False
    for (x1, y1), (x2, y2) in pairwise([*ring, ring[0]]):
        if (y1 > py) != (y2 > py) and px < x1 + (py - y1) * (x2 - x1) / (y2 - y1):
            inside = not inside
    return inside


def _edge_distance(x: np.ndarray, y: np.ndarray, px: float, py: float) -> float:
    best = math.inf
    for (x1, y1), (x2, y2) in pairwise([*zip(x, y, strict=True), (x[0], y[0])]):
        length2 = (x2 - x1) ** 2 + (y2 - y1) ** 2 or 1.0
        t = max(0.0, min(1.0, ((px - x1) * (x2 - x1) + (py - y1) * (y2 - y1)) / length2))
        best = min(best, math.hypot(px - x1 - t * (x2 - x1), py - y1 - t * (y2 - y1)))
    return best


def test_ring_bounds_through_the_antimeridian_and_around_poles() -> None:
    assert footprint.ring_bounds([(1, 179), (1, -179), (-1, -179), (-1, 179)]) == Bounds(
        179, -1, -179, 1
    )
    assert footprint.ring_bounds([(1, 10), (3, 12), (2, 8)]) == Bounds(8, 1, 12, 3)
    around = [(80.0, lon) for lon in range(-180, 180, 20)]
    assert footprint.ring_bounds(around) == Bounds(-180, 80, 180, 90)
    assert footprint.ring_bounds([(-lat, lon) for lat, lon in around[::-1]]) == Bounds(
        -180, -90, 180, -80
    )
    assert footprint.point_in_ring(around, 89, 77) and not footprint.point_in_ring(around, 79, 77)


@settings(max_examples=60, deadline=None)
@given(st.floats(-85, 85), st.floats(-180, 179.999), st.integers(0, 22))
def test_mercator_tiles_hold_their_positions(lat: float, lon: float, zoom: int) -> None:
    x, y = mercator.tile_at(lat, lon, zoom)
    west, south, east, north = mercator.tile_bounds(zoom, x, y)
    assert west - 1e-9 <= lon <= east + 1e-9 and south - 1e-9 <= lat <= north + 1e-9
    to_metres = pyproj.Transformer.from_crs(4326, 3857, always_xy=True)
    assert np.allclose(
        to_metres.transform(west, north), mercator.tile_extent_m(zoom, x, y)[::3], atol=1e-3
    )
    assert mercator.tile_at(*mercator.tile_centre(zoom, x, y), zoom) == (x, y)


def test_zoom_for_is_no_coarser() -> None:
    zoom = mercator.zoom_for(0.1, 28.0)
    pixel = 2 * mercator.HALF_WORLD_M * math.cos(math.radians(28)) / 2**zoom / 256
    assert pixel <= 0.1 < 2 * pixel


@settings(max_examples=30, deadline=None)
@given(st.floats(-84, 84), lons, st.floats(30, 300), st.floats(0.25, 1.0))
def test_grid_steps_are_true_metres(lat: float, lon: float, side: float, overlap: float) -> None:
    stride = side * overlap
    south, north = lat, lat + 0.01
    east = lon + 0.01 if lon + 0.01 <= 180 else lon + 0.01 - 360
    found_lats, found_lons = grid.tile_centres(Bounds(lon, south, east, north), side, stride)
    rows = np.unique(found_lats)[::-1]
    assert (np.diff(found_lats) <= 0).all()  # from north to south
    for a, b in pairwise(rows):
        assert GEOD.inv(lon, a, lon, b)[2] == pytest.approx(stride, rel=0.005)
    for row in rows[:: max(1, len(rows) // 3)]:
        in_row = found_lons[found_lats == row]
        for a, b in pairwise(in_row[:5]):
            assert GEOD.inv(a, row, b, row)[2] == pytest.approx(stride, rel=0.005)
    # Every corner of the box is covered by some tile.
    for corner in footprint.bounds_ring(Bounds(lon, south, east, north)):
        dx, dy = LocalFrame(*corner).to_metres(found_lats, found_lons)
        assert (np.maximum(np.abs(dx), np.abs(dy)).min()) <= side / 2 * 1.02 + 0.5


def test_grid_crosses_the_antimeridian() -> None:
    found_lats, found_lons = grid.tile_centres(Bounds(179.995, -17, -179.995, -16.99), 100, 100)
    assert (found_lons > 179.99).any() and (found_lons < -179.99).any()
    assert (np.abs(found_lons) > 179.99).all() and found_lats.size > 50


def test_grid_of_a_small_place_is_one_tile_in_its_middle() -> None:
    found_lats, found_lons = grid.tile_centres(Bounds(10, 50, 10.0001, 50.0001), 500, 125)
    assert np.allclose((found_lats, found_lons), ([50.00005], [10.00005]), atol=1e-9)


def test_grid_of_a_turned_outline_leaves_the_corners_out() -> None:
    frame = LocalFrame(45, 7)
    ring = [
        LatLon(*p)
        for p in zip(*frame.to_degrees([0, 1000, 0, -1000], [1000, 0, -1000, 0]), strict=True)
    ]
    found = grid.tile_centres(ring, 100, 50)
    full = grid.tile_centres(footprint.ring_bounds(ring), 100, 50)
    assert 0.45 * full[0].size < found[0].size < 0.7 * full[0].size
    east, north = frame.to_metres(*found)
    assert (np.abs(east) + np.abs(north) < 1000 + 100 + 2).all()
    # each point inside is in some tile
    rng = np.random.default_rng(1)
    for x, y in rng.uniform(-480, 480, (40, 2)):
        assert np.maximum(np.abs(east - x), np.abs(north - y)).min() <= 50.5


def test_grid_at_a_pole() -> None:
    ring = [(89.99, lon) for lon in range(-180, 180, 20)]
    found_lats, found_lons = grid.tile_centres(ring, 200, 100)
    assert (found_lats > 89.98).all() and found_lats.size > 100
    assert np.isfinite(found_lons).all()


def test_grid_too_large_is_refused() -> None:
    with pytest.raises(GleamError, match="tiles"):
        grid.tile_centres(Bounds(-180, -85, 180, 85), 50, 10)


def test_grid_is_the_same_each_time() -> None:
    box = Bounds(3.1, 50.0, 3.12, 50.01)
    first, second = grid.tile_centres(box, 60, 15), grid.tile_centres(box, 60, 15)
    assert np.array_equal(first, second)
