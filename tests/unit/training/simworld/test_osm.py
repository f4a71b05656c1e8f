"""Places from OpenStreetMap extracts, on a small town drawn by hand."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import quoteattr

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.geo.frame import LocalFrame
from training.data.simworld.__main__ import main
from training.data.simworld.change import later
from training.data.simworld.facts import Building, Scene
from training.data.simworld.layout import lay_out
from training.data.simworld.osm import Cell, Extract, cells_at, read_extract
from training.data.simworld.osm_shapes import (
    area_of,
    clipped,
    even_runs,
    joined,
    keyhole,
    largest_rectangle,
    pieces_of,
)
from training.data.simworld.osm_tags import colour, land_of, number, path_of, street_of
from training.data.simworld.plots import Ground, inside
from training.data.simworld.samples import place_name, street_spot
from training.data.simworld.streetmap import street_map

osmium = pytest.importorskip("osmium")
Floats = NDArray[np.float64]
HOME = Cell(7241, -133)  # somewhere at 33.7 degrees north


class Town:
    """Writes .osm files, in metres from the centre of HOME."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[float, float], int] = {}
        self._tags: dict[int, dict[str, str]] = {}
        self._rest: list[str] = []
        self._last = 0

    def node(self, east: float, north: float, **tags: str) -> int:
        at = round(east, 3), round(north, 3)
        if at not in self._nodes:
            self._nodes[at] = self._next()
        self._tags.setdefault(self._nodes[at], {}).update(tags)
        return self._nodes[at]

    def way(self, line: list[tuple[float, float]], **tags: str) -> int:
        refs = "".join(f'<nd ref="{self.node(*at)}"/>' for at in line)
        self._rest.append(f'<way id="{self._next()}" version="1">{refs}{_tags(tags)}</way>')
        return self._last

    def block(self, east: float, north: float, length: float, width: float, **tags: str) -> int:
        x, y = length / 2, width / 2
        ring = [(-x, -y), (x, -y), (x, y), (-x, y), (-x, -y)]
        return self.way([(east + a, north + b) for a, b in ring], **tags)

    def relation(self, outer: int, inner: int, **tags: str) -> None:
        members = "".join(
            f'<member type="way" ref="{way}" role="{role}"/>'
            for way, role in ((outer, "outer"), (inner, "inner"))
        )
        tags = {"type": "multipolygon", **tags}
        self._rest.append(
            f'<relation id="{self._next()}" version="1">{members}{_tags(tags)}</relation>'
        )

    def write(self, path: Path, reach: float = 300.0) -> Path:
        frame = LocalFrame(*HOME.centre)
        (south, north), (west, east) = frame.to_degrees([-reach, reach], [-reach, reach])
        bounds = f'<bounds minlat="{south}" minlon="{west}" maxlat="{north}" maxlon="{east}"/>'
        nodes = []
        for (x, y), name in self._nodes.items():
            lat, lon = frame.to_degrees(x, y)
            at = f'lat="{float(lat):.7f}" lon="{float(lon):.7f}"'
            nodes.append(f'<node id="{name}" version="1" {at}>{_tags(self._tags[name])}</node>')
        body = "".join([bounds, *nodes, *self._rest])
        path.write_text(f'<?xml version="1.0"?><osm version="0.6">{body}</osm>')
        return path

    def _next(self) -> int:
        self._last += 1
        return self._last


def _tags(tags: dict[str, str]) -> str:
    pairs = ((key.replace("__", ":"), value) for key, value in tags.items())
    return "".join(f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in pairs)


def town() -> Town:
    made = Town()
    # two streets in two parts each, crossing in the middle; a lane; a tunnel below the houses
    made.way([(-300, 0), (-120, 0), (0, 0)], highway="secondary", name="Grüne Straße", lanes="3")
    made.way([(0, 0), (120, 0), (300, 0)], highway="secondary", name="Grüne Straße", lanes="3")
    made.way([(0, -300), (0, 0), (0, 120)], highway="residential", name="<b>X</b>")
    made.way([(0, 120), (90, 120), (90, 0.001), (120, 0)], highway="residential", width="abc")
    made.way([(-120, 0), (-120, -90)], highway="service")
    made.way([(-300, 40), (300, 60)], highway="motorway", tunnel="yes", layer="-1")
    made.way([(20, 20), (70, 70)], highway="footway")
    made.node(30, 0, highway="crossing", crossing="zebra")
    made.node(-40, 0, highway="crossing", crossing="unmarked")
    made.node(-60, 30, natural="tree", leaf_type="needleleaved")
    for k in range(12):
        made.block(-200 + 24 * (k % 6), 30 + 40 * (k // 6), 12, 9, building="house")
    tall = {"building": "apartments", "building__levels": "7", "roof__shape": "flat"}
    ell = [(40, -20), (90, -20), (90, -60), (76, -60), (76, -34), (40, -34), (40, -20)]
    made.way(ell, **tall, roof__colour="#ff0000")
    made.block(-70, -60, 30, 8, building="yes", height="9 m", roof__shape="gabled")
    made.block(0, -150, 20, 20, building="yes")  # across a street, as maps have it too
    made.relation(
        made.block(60, -110, 50, 40), made.block(60, -110, 24, 16), building="yes", name="court"
    )
    made.relation(made.block(-150, -180, 120, 90), made.block(-150, -180, 40, 30), natural="wood")
    made.block(150, 180, 60, 40, amenity="parking")
    made.block(180, -200, 90, 50, leisure="pitch")
    made.block(-190, 190, 60, 60, natural="water")
    made.block(160, 60, 14, 14, building="roof")
    made.block(200, 60, 12, 12, building="hut", layer="-2")
    made.block(0, 0, 590, 590, landuse="residential")
    return made


@pytest.fixture(scope="module")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Extract:
    return read_extract(town().write(tmp_path_factory.mktemp("osm") / "town.osm"))


@pytest.fixture(scope="module")
def scene(extract: Extract) -> Scene:
    return lay_out(0, extract=extract)


def near(scene: Scene, east: float, north: float, reach: float = 30) -> list[Building]:
    return [
        b for b in scene.buildings if np.hypot(b.position[0] - east, b.position[1] - north) < reach
    ]


def test_a_mapped_scene_keeps_what_every_scene_keeps(
    scene: Scene, stands_apart: Callable[[Scene], None]
) -> None:
    stands_apart(scene)
    assert Scene.from_json(scene.to_json()) == scene
    changed = later(scene, 7, 1.0)
    assert changed.roads == scene.roads and changed.cars != scene.cars
    spot, _ = street_spot(scene, np.random.default_rng(0))
    lines = np.concatenate([np.array(road.line) for road in scene.roads])
    assert np.hypot(*(lines - spot).T).min() < 5
    rings = [np.array(building.footprint) for building in scene.buildings]
    for tree in scene.trees:
        assert not any(
            inside(ring * 0.98 + 0.02 * ring.mean(0), np.array(tree.position)) for ring in rings
        )


def test_streets_are_where_the_map_has_them(scene: Scene) -> None:
    (main_street,) = [r for r in scene.roads if r.name == "Grüne Straße"]  # both parts in one
    assert main_street.rank == "main" and main_street.width_m == 10.0 and main_street.heading == 90
    line = np.array(main_street.line)
    assert np.abs(line[:, 1]).max() < 0.3 and np.ptp(line[:, 0]) > 580
    assert {r.width_m < 5 for r in scene.roads if r.name == ""} == {True, False}
    assert not any(r.width_m > 10 for r in scene.roads)  # the tunnel
    (junction,) = [j for j in scene.junctions if np.hypot(*j.position) < 1]
    assert junction.arms == 4
    (zebra,) = scene.markings
    assert np.hypot(zebra.position[0] - 30, zebra.position[1]) < 1 and zebra.heading % 180 == 0


def test_buildings_have_the_height_roof_and_ground_plan_of_the_map(scene: Scene) -> None:
    wings = near(scene, 70, -38)
    assert len(wings) == 2 and all(w.roof == "flat" and w.height_m > 18 for w in wings)
    assert len({w.roof_colour for w in wings}) == 1 and wings[0].roof_name == "red"
    covered = sum(w.length_m * w.width_m for w in wings)
    assert covered == pytest.approx(50 * 14 + 14 * 26, rel=0.1)
    (gabled,) = near(scene, -70, -60, 5)
    assert gabled.roof == "gable" and gabled.top_m == pytest.approx(9, abs=0.05)
    assert gabled.height_m < gabled.top_m and gabled.heading == 90
    court = near(scene, 60, -110)
    assert len(court) >= 4
    for building in scene.buildings:
        assert not inside(np.array(building.footprint), np.array([60.0, -110.0]))
    assert not near(scene, 160, 60, 12) and not near(scene, 200, 60, 12)
    assert len(near(scene, 0, -150, 12)) == 2  # what the street leaves of it


def test_land_lies_where_the_map_has_it(scene: Scene) -> None:
    def at(east: float, north: float) -> str:
        spot = np.array([east, north])
        return [a.kind for a in scene.areas if inside(np.array(a.ring), spot)][-1]

    assert at(-200, -215) == "wood" and at(-150, -180) != "wood"  # its clearing
    assert at(-190, 190) == "water" and at(180, -200) == "pitch" and at(150, 180) == "car_park"
    assert at(45, 45) == "path"
    woods = [t for t in scene.trees if -210 < t.position[0] < -90 and -225 < t.position[1] < -135]
    assert len(woods) > 60
    clearing = [t for t in woods if -168 < t.position[0] < -132 and -193 < t.position[1] < -167]
    assert len(clearing) < 8  # not the wood's, which would be 25
    assert [t for t in scene.trees if t.position == (-60.0, 30.0) and t.kind == "conifer"]
    assert [
        c for c in scene.cars if abs(c.position[0] - 150) < 30 and abs(c.position[1] - 180) < 20
    ]


def test_the_same_seed_gives_the_same_place_from_another_extract(
    extract: Extract, scene: Scene, tmp_path: Path
) -> None:
    again = read_extract(town().write(tmp_path / "larger.osm", 420.0))
    assert place_name(0, again) == place_name(0, extract) == HOME.name == "osm_7241_-133"
    assert lay_out(0, extract=again).to_json() == scene.to_json()


def test_places_that_are_not_there_are_said_in_one_line(extract: Extract, tmp_path: Path) -> None:
    with pytest.raises(GleamError, match=r"town\.osm has 1 places"):
        lay_out(1, extract=extract)
    small = read_extract(town().write(tmp_path / "small.osm", 150.0))
    assert small.cells == ()  # the map ends in sight of the middle
    shore = town()
    shore.way([(-250, -250), (250, 250)], natural="coastline")
    assert read_extract(shore.write(tmp_path / "shore.osm")).cells == ()
    for name, text in (("bad.osm", "<osm>"), ("bad.osm.pbf", "no"), ("bad.txt", "no")):
        (tmp_path / name).write_text(text)
        with pytest.raises(GleamError, match="cannot be read"):
            read_extract(tmp_path / name)
    with pytest.raises(GleamError, match="cannot be read"):
        read_extract(tmp_path / "absent.osm.pbf")


def test_the_command_says_whose_map_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = town().write(tmp_path / "town.osm")
    folder = tmp_path / "world"
    arguments = [str(folder), "--osm", str(file), "--pixels", "48", "--places", "5"]
    assert main(arguments) == 0
    assert "1 places written" in capsys.readouterr().err
    assert main(arguments) == 0
    assert "0 places written" in capsys.readouterr().err
    said = {"data": "© OpenStreetMap contributors", "licence": "ODbL 1.0", "file": "town.osm"}
    assert json.loads((folder / "world.json").read_text())["maps"] == [said]
    place = folder / "places" / HOME.name
    record = json.loads((place / "sample.json").read_text())
    assert record["origin"] == {**said, "centre": list(HOME.centre)}
    assert cv2.imread(str(place / "satellite.jpg")).shape == (48, 48, 3)
    assert main([str(folder), "--places", "1", "--pixels", "48"]) == 0  # a made-up place beside it
    assert json.loads((folder / "world.json").read_text())["maps"] == [said]
    assert "origin" not in json.loads((folder / "places/0000000/sample.json").read_text())
    assert main([*arguments, "--seed", "1"]) == 3


def test_names_in_any_script_are_drawn(scene: Scene) -> None:
    drawn = street_map(scene, (0.0, 0.0), 200.0, 256, "osm")
    plain = street_map(scene, (0.0, 0.0), 200.0, 256, "plain")
    assert drawn.shape == plain.shape and (drawn.reshape(-1, 3) < 100).all(axis=1).sum() > 60


@settings(deadline=None)
@given(st.floats(-84, 84), st.floats(-179.9, 179.9))
def test_cells_keep_scenes_apart(lat: float, lon: float) -> None:
    """A scene's whole square lies in its own cell, so no two overlap."""
    ((row, column),) = cells_at(np.array([[lat, lon]])).tolist()
    cell = Cell(row, column)
    frame = LocalFrame(*cell.centre)
    edge = np.linspace(-255.9, 255.9, 5)
    east, north = np.meshgrid(edge, edge)
    lats, lons = frame.to_degrees(east.ravel(), north.ravel())
    turns = cell.centre[1] + (lons - cell.centre[1] + 180) % 360 - 180  # across the antimeridian
    assert (cells_at(np.column_stack([lats, turns])) == (row, column)).all()
    assert abs(cell.centre[0] - lat) < 0.0024


@settings(deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 3), st.data())
def test_the_largest_rectangle_is_the_largest(
    rows: int, columns: int, least: int, data: st.DataObject
) -> None:
    bits = data.draw(st.lists(st.booleans(), min_size=rows * columns, max_size=rows * columns))
    mask = np.array(bits).reshape(rows, columns)
    sizes = [
        tall * wide
        for tall in range(least, rows + 1)
        for wide in range(least, columns + 1)
        for top in range(rows - tall + 1)
        for left in range(columns - wide + 1)
        if mask[top : top + tall, left : left + wide].all()
    ]
    top, left, tall, wide = largest_rectangle(mask, least)
    assert tall * wide == max(sizes, default=0)
    assert mask[top : top + tall, left : left + wide].all()


stars = st.lists(st.floats(0.4, 1.0), min_size=4, max_size=9)


def star(radii: list[float], size: float) -> Floats:
    angles = np.linspace(0, 2 * np.pi, len(radii), endpoint=False) + 0.3
    return np.array(radii)[:, None] * size * np.stack([np.cos(angles), np.sin(angles)], axis=1)


@settings(max_examples=30, deadline=None)
@given(stars, st.floats(10, 60))
def test_pieces_lie_in_their_outline_and_side_by_side(radii: list[float], size: float) -> None:
    ring = star(radii, size)
    pieces = pieces_of((ring,), Ground(256))
    outline = ring.astype(np.float32)
    for piece in pieces:
        assert min(piece.length_m, piece.width_m) > 2.5
        for corner in piece.ring:
            assert cv2.pointPolygonTest(outline, tuple(map(float, corner)), True) > -1.5
    covered = sum(piece.length_m * piece.width_m for piece in pieces)
    assert covered <= area_of((ring,)) * 1.05 + 4 * size * 0.5
    for one in pieces:
        for other in pieces:
            assert one is other or not any(inside(other.ring, corner) for corner in one.ring)


@settings(deadline=None)
@given(stars, st.floats(5, 90), st.floats(5, 60))
def test_clipping_keeps_what_is_within(radii: list[float], size: float, reach: float) -> None:
    ring = star(radii, size)
    kept = clipped(ring, reach)
    for spot in np.random.default_rng(0).uniform(-100, 100, (60, 2)):
        within = inside(ring, spot) and bool(np.abs(spot).max() < reach)
        assert within == (len(kept) > 0 and inside(kept, spot))


def test_a_keyhole_has_its_hole() -> None:
    outer, hole = star([1] * 8, 20), star([1] * 5, 6)
    ring = keyhole((outer, hole, hole + 9))
    for spot, there in (((0, 0), False), ((9, 9), False), ((-12, 0), True), ((30, 0), False)):
        assert inside(ring, np.array(spot, float)) == there


def test_lines_are_joined_at_ends_of_two_only() -> None:
    a, b, c, d = (
        np.array(line, float)
        for line in ([(0, 0), (5, 0)], [(9, 0), (5, 0)], [(9, 0), (9, 9)], [(9, 0), (20, 0)])
    )
    long, *rest = joined([a, b, c, d])
    assert sorted(map(len, rest)) == [2, 2]
    assert {tuple(long[0]), tuple(long[-1])} == {(0.0, 0.0), (9.0, 0.0)} and len(long) == 3


def test_even_lines_are_even_round_and_within_reach() -> None:
    bent = np.array([(-400.0, 0), (0, 0), (0, 60), (3, 60), (0, -30)])
    runs = even_runs(np.array([(-400.0, 0), (0, 0), (0, 400)]), 100.0, 6.0)
    assert len(runs) == 1
    steps = np.diff(runs[0], axis=0)
    lengths = np.hypot(*steps.T)
    assert np.ptp(lengths) < 0.2 and np.abs(runs[0]).max() < 100
    turns = np.abs(np.diff(np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))))
    assert turns.max() < lengths.mean() / 5.0  # no sharper than a radius of 5 m
    assert turns.sum() == pytest.approx(math.pi / 2, abs=0.02)
    ends = even_runs(bent, 1000.0, 6.0)[0]
    assert np.allclose(ends[[0, -1]], bent[[0, -1]])
    assert even_runs(bent + 3000, 100.0, 6.0) == []


@settings(deadline=None)
@given(st.text(max_size=12))
def test_odd_values_are_unsaid(text: str) -> None:
    value = number(text)
    assert value is None or math.isfinite(value)
    shade = colour(text)
    assert shade is None or all(0 <= v <= 255 for v in shade)
    for key in ("width", "lanes", "name"):
        street = street_of({"highway": "residential", key: text})
        assert street is not None and 2 < street.width_m < 23
    assert land_of({"landuse": text}) in ("", land_of({"landuse": text.strip()}))


def test_tags_say_what_they_say() -> None:
    assert number("12.5 m") == 12.5 and number("-1") == -1 and number("tall") is None
    assert colour("#F00") == colour("#ff0000") and colour("Light_Grey") == (190, 190, 188)
    assert street_of({"highway": "footway"}) is None
    assert path_of({"highway": "footway", "footway": "sidewalk"}) is None
    assert path_of({"highway": "cycleway", "width": "4"}) == ("path", 4.0)
    assert land_of({"leisure": "pitch", "sport": "tennis"}) == "court"
    assert land_of({"landuse": "retail", "building": "yes"}) == ""
