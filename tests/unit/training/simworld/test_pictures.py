"""Whether pictures show what the facts say, where geometry says they show it."""

import dataclasses
import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from training.data.perspective import Camera, ground_homography
from training.data.simworld.eye import Eye, drone, looking, satellite
from training.data.simworld.facts import Area, Building, Scene, Tree
from training.data.simworld.light import Light
from training.data.simworld.place import Place
from training.data.simworld.plots import rectangle
from training.data.simworld.raster import GROUND, SKY, rasterise
from training.data.simworld.shade import cast_shadows
from training.data.simworld.solids import Solids, raise_solids, roof_corners
from training.data.simworld.streetmap import STYLES, street_map

DULL = Light(sun=0.0, sky=1.0)
RED, BLUE = (200, 40, 40), (40, 60, 200)


def building(
    east: float, north: float, colour: tuple[int, int, int] = RED, roof: str = "flat",
    heading: float = 90.0, height: float = 12.0, length: float = 20.0,
) -> Building:  # fmt: skip
    turn = math.radians(heading)
    along = np.array([math.sin(turn), math.cos(turn)])
    ring = rectangle(np.array([east, north]), along, length, 10.0)
    top = height if roof == "flat" else height + 4
    footprint = tuple((float(x), float(y)) for x, y in ring)
    return Building(
        (east, north), length, 10.0, heading, height, top, roof, "red", colour, colour, footprint
    )


def scene(*buildings: Building, **more: object) -> Scene:
    empty = Scene(5, 0, 200.0, "grid", "town", (), (), buildings, (), (), (), ())
    return dataclasses.replace(empty, **more)


def reddest(pixels: NDArray[np.uint8]) -> tuple[float, float]:
    """Mean (x, y) of the clearly red pixels."""
    r, g, b = (pixels[..., k].astype(int) for k in range(3))
    y, x = np.nonzero((r > g + 40) & (r > b + 40))
    assert len(x)
    return float(x.mean()), float(y.mean())


def naive_projection(
    camera: Camera, target: tuple[float, float], point: tuple[float, float, float]
) -> tuple[float, float]:
    """Turn the world so that the heading is ahead, tip it by the tilt, divide by the depth."""
    heading, tilt = math.radians(camera.heading), math.radians(camera.tilt)
    distance = camera.height_m / math.cos(tilt)
    back = distance * math.sin(tilt)
    east, north, up = point[0] - target[0], point[1] - target[1], point[2] - camera.height_m
    right = east * math.cos(heading) - north * math.sin(heading)
    ahead = east * math.sin(heading) + north * math.cos(heading) + back
    depth = ahead * math.sin(tilt) - up * math.cos(tilt)
    above = ahead * math.cos(tilt) + up * math.sin(tilt)
    focal = camera.width / 2 / math.tan(math.radians(camera.field_of_view) / 2)
    return (
        (camera.width - 1) / 2 + focal * right / depth,
        (camera.height - 1) / 2 - focal * above / depth,
    )


cameras = st.builds(
    Camera,
    height_m=st.floats(40, 200),
    heading=st.floats(0, 360),
    tilt=st.floats(0, 50),
    field_of_view=st.floats(40, 90),
    width=st.just(160),
    height=st.just(120),
)


@given(cameras, st.floats(-40, 40), st.floats(-40, 40), st.floats(0, 25))
def test_drone_projects_as_the_naive_formula(
    camera: Camera, east: float, north: float, up: float
) -> None:
    got = drone(camera, (7.0, -3.0)).project(np.array([east, north, up]))
    expected = naive_projection(camera, (7.0, -3.0), (east, north, up))
    np.testing.assert_allclose(got[:2], expected, atol=1e-6)


@given(cameras, st.floats(-30, 30), st.floats(-30, 30))
def test_drone_agrees_with_the_ground_homography(camera: Camera, east: float, north: float) -> None:
    x, y, w = ground_homography(camera) @ (east, north, 1)
    got = drone(camera, (0.0, 0.0)).project(np.array([east, north, 0.0]))
    np.testing.assert_allclose(got[:2], (x / w, y / w), atol=1e-5)


@settings(max_examples=12, deadline=None)
@given(cameras, st.sampled_from(["flat", "gable", "hip"]), st.floats(0, 180))
def test_a_roof_is_rendered_where_its_corners_project(
    camera: Camera, roof: str, heading: float
) -> None:
    # too small for plant rooms, which stand out beyond a roof's corners
    house = building(3.0, -2.0, roof=roof, heading=heading, length=15.0)
    solids = raise_solids(scene(house))
    eye = drone(camera, (0.0, 0.0))
    shown = rasterise(eye, solids).surface
    y, x = np.nonzero(shown > GROUND)
    corners = np.concatenate([roof_corners(house), roof_corners(house)[:4] * (1, 1, 0)])
    if roof == "flat":
        corners = np.delete(corners, (4, 5), axis=0)
    flat = [naive_projection(camera, (0.0, 0.0), tuple(corner)) for corner in corners]
    size = np.array([camera.width, camera.height])
    for axis, pixels in ((0, x), (1, y)):
        for corner, extreme in (
            (min(flat, key=lambda point: point[axis]), pixels.min()),
            (max(flat, key=lambda point: point[axis]), pixels.max()),
        ):
            if (np.array(corner) > 0).all() and (np.array(corner) < size - 1).all():
                assert abs(extreme - corner[axis]) < 1.6


def naive_surface(eye: Eye, solids: Solids, column: float, row: float) -> int:
    """The nearest of all faces along a pixel's ray, each tried in turn."""
    x, y = (column - eye.centre[0]) / eye.focal, (row - eye.centre[1]) / eye.focal
    inverse = np.linalg.inv(eye.matrix)
    if eye.perspective:
        start, ray = eye.position, inverse @ (x, y, 1)
    else:
        start, ray = eye.position + inverse @ (x, y, 0), inverse[:, 2]
    best, found = math.inf, SKY
    if ray[2] < 0:
        best, found = -start[2] / ray[2], GROUND
    for k in range(len(solids.corners)):
        slope = solids.normal[k] @ ray
        if slope >= 0:
            continue
        t = (solids.offset[k] - solids.normal[k] @ start) / slope
        if (eye.perspective and t < 0) or t >= best:
            continue
        place, ring = start + t * ray, solids.corners[k]
        inside = all(
            np.cross(b - a, place - a) @ solids.normal[k] >= -1e-9
            for a, b in zip(ring, np.roll(ring, -1, axis=0), strict=True)
        )
        if inside:
            best, found = t, k + 1
    return found


@pytest.mark.parametrize(
    "eye",
    [
        drone(Camera(60, 40, 35, 70, 40, 30), (0, 0)),
        looking(np.array([-14.0, -20.0, 2.0]), 20, 3, 80, (40, 30)),
        satellite((0, 0), 60, 40, (0.2, -0.1)),
    ],
    ids=["uav", "street", "satellite"],
)
def test_the_depth_buffer_shows_what_casting_each_ray_shows(eye: Eye) -> None:
    solids = raise_solids(
        scene(building(0, 0), building(14, 18, BLUE, "gable", 30), building(-15, 12, BLUE, "hip"))
    )
    fast = rasterise(eye, solids).surface
    slow = np.array(
        [[naive_surface(eye, solids, x, y) for x in range(eye.width)] for y in range(eye.height)]
    )
    assert len(np.unique(slow)) >= 4
    assert (fast == slow).mean() > 0.8  # edges fall either way on so small a picture
    for y, x in zip(*np.nonzero(fast != slow), strict=True):
        edges = [
            abs(
                cv2.pointPolygonTest(
                    outline(eye, solids, int(face) - 1), (float(x), float(y)), True
                )
            )
            for face in (fast[y, x], slow[y, x])
            if face > GROUND
        ]
        assert min(edges) < 1.1, (x, y)


def outline(eye: Eye, solids: Solids, face: int) -> NDArray[np.float32]:
    """A face's projected corners."""
    return eye.project(solids.corners[face])[:, :2].astype(np.float32)


def test_north_is_at_the_top_of_the_satellite_and_of_a_view_heading_north() -> None:
    place = Place(scene(building(0, 30), building(30, 0, BLUE)), samples=1)
    for shot in (
        place.satellite((0, 0), 100, 100, DULL),
        place.uav(Camera(80, 0, 0, 70, 100, 100), (0, 0), DULL),
    ):
        x, y = reddest(shot.pixels)
        assert y < 30 and 40 < x < 60
        x, y = reddest(shot.pixels[..., ::-1])  # blue
        assert x > 70 and 40 < y < 60
    turned = place.uav(Camera(80, 90, 0, 70, 100, 100), (0, 0), DULL)
    x, y = reddest(turned.pixels[..., ::-1])  # east is up now
    assert y < 30


@pytest.mark.parametrize("heading", [0.0, 90.0, 237.0])
def test_the_middle_of_a_panorama_looks_along_its_heading(heading: float) -> None:
    turn = math.radians(heading)
    ahead = building(40 * math.sin(turn), 40 * math.cos(turn), heading=heading)
    right = building(40 * math.cos(turn), -40 * math.sin(turn), BLUE, heading=heading)
    place = Place(scene(ahead, right), samples=1)
    pixels = place.panorama((0, 0), heading, DULL, 256).pixels
    assert pixels.shape == (128, 256, 3)
    assert abs(reddest(pixels)[0] - 127.5) < 3
    assert abs(reddest(pixels[40:64, :, ::-1])[0] - 191.5) < 4
    photo = place.ground((0, 0), heading, DULL, size=(128, 96))
    assert abs(reddest(photo.pixels)[0] - 63.5) < 2


def test_the_colours_of_the_facts_are_seen_in_dull_light() -> None:
    place = Place(scene(building(0, 0)), samples=1)
    pixel = place.satellite((0, 0), 40, 40, dataclasses.replace(DULL, haze=0.0)).pixels[20, 20]
    assert np.abs(pixel.astype(int) - RED).max() < 45


def test_shadows_fall_away_from_the_sun() -> None:
    solids = raise_solids(scene(building(0, 0, height=15.0)))
    shadows = cast_shadows(solids, Light(azimuth=180, elevation=45), 200)
    north, south = np.array([[0, 12, 0]], np.float32), np.array([[0, -12, 0]], np.float32)
    assert shadows.lit(north)[0] == 0 and shadows.lit(south)[0] == 1
    # 15 m high at 45 degrees: from the wall at 5 m to 20 m, and no further
    assert shadows.lit(np.array([[0, 18, 0]], np.float32))[0] == 0
    assert shadows.lit(np.array([[0, 22, 0]], np.float32))[0] == 1


def test_trees_hide_the_ground_and_are_listed_as_seen() -> None:
    place = Place(scene(building(20, 0), trees=(Tree((-20.0, 0.0), 9.0, 10.0, "broadleaf"),)))
    shot = place.satellite((0, 0), 100, 100, DULL)
    seen = {item.kind: item for item in place.seen(shot)}
    assert set(seen) == {"building", "tree"}
    left, top, right, bottom = seen["building"].box
    assert abs(left - 60) <= 1 and abs(right - 80) <= 2
    assert abs(top - 45) <= 1 and abs(bottom - 55) <= 2
    assert seen["building"].share == pytest.approx(20 * 10 / 100**2, rel=0.1)
    left, top, right, bottom = seen["tree"].box
    assert left >= 24 and right <= 37 and right - left >= 6


@pytest.mark.parametrize("style", ["osm", "topo"])
def test_the_map_shows_houses_and_water_in_place(style: str) -> None:
    pond = Area("water", ((-30.0, -10.0), (-30.0, 10.0), (-10.0, 10.0), (-10.0, -10.0)))
    drawn = street_map(scene(building(20, 0), areas=(pond,)), (0, 0), 100, 200, style)
    assert tuple(drawn[100, 140]) == STYLES[style].houses
    assert tuple(drawn[100, 60]) == STYLES[style].water
    assert tuple(drawn[20, 100]) == STYLES[style].land
