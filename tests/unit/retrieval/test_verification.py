from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gleam_app.geo.coordinates import LatLon
from gleam_app.geo.footprint import bearing_deg, distance_m
from gleam_app.imagery.query import ExifFacts, Query
from gleam_app.imagery.sources import open_source
from gleam_app.retrieval.locate import Locator
from gleam_app.retrieval.tiles.tileset import TileSet
from gleam_app.retrieval.verification import (
    apply,
    centre_spread,
    plausible,
    ring_area,
    turned_whole,
    up_bearing,
    window_to_degrees,
)
from training.data.perspective import Camera, another_day, footprint_pixels, photograph

SIZE = (800, 600)


def similarity(turn_deg: float, scale: float, x: float, y: float) -> np.ndarray:
    c, s = scale * np.cos(np.deg2rad(turn_deg)), scale * np.sin(np.deg2rad(turn_deg))
    return np.array([[c, -s, x], [s, c, y], [0, 0, 1.0]])


@given(st.floats(0, 359.9), st.floats(0.2, 3), st.floats(-500, 500), st.floats(-500, 500))
def test_a_turned_picture_points_where_it_was_turned(
    turn: float, scale: float, x: float, y: float
) -> None:
    model = similarity(turn, scale, x, y)
    error = (up_bearing(model, SIZE) - turn + 180) % 360 - 180
    assert abs(error) < 1e-6
    assert plausible(model, SIZE, turn, scale)
    assert not plausible(model, SIZE, turn + 90, scale)
    assert not plausible(model, SIZE, turn, scale * 3)


def test_mirrored_and_folded_pictures_are_not_plausible() -> None:
    mirrored = np.diag([-1.0, 1.0, 1.0])
    assert not plausible(mirrored, SIZE, 0.0, 1.0)
    folded = np.eye(3)
    folded[2, 0] = -2 / SIZE[0]  # the horizon runs through the picture
    assert not plausible(folded, SIZE, 0.0, 1.0)


@given(st.floats(-70, 70), st.floats(-179, 179), st.floats(20, 2000))
@settings(max_examples=25)
def test_window_pixels_land_where_a_geodesic_says(lat: float, lon: float, side_m: float) -> None:
    middle_of_edges = np.array([[49.5, -0.5], [99.5, 49.5], [49.5, 99.5], [-0.5, 49.5]])
    lats, lons = window_to_degrees(middle_of_edges, (lat, lon), side_m, 100)
    for at, bearing in zip(range(4), (0.0, 90.0, 180.0, 270.0), strict=True):
        there = LatLon(float(lats[at]), float(lons[at]))
        assert distance_m(LatLon(lat, lon), there) == pytest.approx(side_m / 2, rel=1e-3)
        off = (bearing_deg(LatLon(lat, lon), there) - bearing + 180) % 360 - 180
        assert abs(off) < 0.1


def test_ring_area_is_pillows_polygon() -> None:
    assert ring_area(np.array([[0.0, 0], [4, 0], [4, 3], [0, 3]])) == 12
    assert ring_area(np.array([[0.0, 0], [4, 0], [0, 3]])) == 6


def test_turned_whole_keeps_every_pixel_on_the_canvas() -> None:
    pixels = np.full((300, 400, 3), 200, np.uint8)
    for turn in (0.0, 30.0, 90.0, 200.0):
        canvas, inside, matrix = turned_whole(pixels, turn, 240)
        corners = (
            np.array([[0, 0], [399, 0], [399, 299], [0, 299]]) @ matrix[:, :2].T + matrix[:, 2]
        )
        assert corners.min() > -1.5
        assert (corners <= np.array(canvas.shape[1::-1]) + 0.5).all()
        assert canvas[inside].min() > 190
        assert inside.mean() > 0.4


def test_spread_grows_with_noise() -> None:
    rng = np.random.default_rng(1)
    points = rng.uniform(0, 600, (60, 2)).astype(np.float32)
    model = similarity(20, 0.5, 100, 100)
    spreads = []
    for noise in (0.1, 1.0, 4.0):
        moved = apply(model, points) + rng.normal(0, noise, points.shape)
        spreads.append(centre_spread(points, moved.astype(np.float32), SIZE))
    assert spreads == sorted(spreads)
    # 60 points, noise 1 px: the centre is known to a few tenths
    assert 0.05 < spreads[1] < 1.5


@pytest.mark.parametrize(("heading", "tilt"), [(33.0, 0.0), (140.0, 12.0), (275.0, 22.0)])
def test_a_simulated_photo_is_fixed_where_its_camera_looked(
    demo_map: Path, demo_set: TileSet, locator: Locator, heading: float, tilt: float
) -> None:
    source = open_source(demo_map)
    bounds = source.bounds
    lat = (bounds.south + bounds.north) / 2
    lon = (bounds.west + bounds.east) / 2
    side_px, metres = 1400, 0.1
    ground = source.read_square(lat, lon, side_px * metres, side_px)
    camera = Camera(55.0, heading, tilt, 75.0)
    centre = ((side_px - 1) / 2 + 60.0, (side_px - 1) / 2 - 40.0)
    photo = another_day(photograph(ground.rgb, metres, centre, camera), np.random.default_rng(5))
    query = Query("simulated", None, "0" * 64, photo, ExifFacts(), "uav", False)

    best = locator.locate(query, [demo_set]).candidates[0]

    lats, lons = window_to_degrees(np.array([centre]), (lat, lon), side_px * metres, side_px)
    truth = LatLon(float(lats[0]), float(lons[0]))
    assert best.lat is not None and best.lon is not None and best.heading_deg is not None
    assert distance_m(truth, LatLon(best.lat, best.lon)) < 1.0
    assert abs((best.heading_deg - heading + 180) % 360 - 180) < 1.5
    corners = footprint_pixels(metres, centre, camera)
    lats, lons = window_to_degrees(corners, (lat, lon), side_px * metres, side_px)
    for (c_lat, c_lon), t_lat, t_lon in zip(best.footprint, lats, lons, strict=True):
        assert distance_m(LatLon(c_lat, c_lon), LatLon(float(t_lat), float(t_lon))) < 4.0
    source.close()
