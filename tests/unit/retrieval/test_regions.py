import itertools
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import Bounds
from gleam_app.geo.footprint import destination, distance_m
from gleam_app.imagery.dates import Days
from gleam_app.retrieval.regions import (
    EVERYWHERE,
    Polygon,
    Region,
    in_box,
    in_polygon,
    read_polygons,
    within_m,
)
from gleam_app.retrieval.tiles.tileset import TILE, SourceRecord, TileSet

SOURCES = ["/maps/north.tif", "/maps/south.mbtiles"]
SQUARE = ((0.0, 0.0), (0.0, 2.0), (2.0, 2.0), (2.0, 0.0))


def tiles(places: Sequence[tuple[float, float]], sources: Sequence[int] = ()) -> TileSet:
    table = np.zeros(len(places), TILE)
    table["lat"], table["lon"] = zip(*places, strict=True) if places else ((), ())
    table["source"] = sources or [0] * len(places)
    records = [SourceRecord(Path(p).name, p, "map", 1, 1, "") for p in SOURCES]
    info = SimpleNamespace(name="set", sources=records, tiles=len(places))
    return cast(TileSet, SimpleNamespace(table=table, info=info))


def rows(region: Region, tile_set: TileSet) -> list[int]:
    found = region.rows(tile_set)
    assert found is not None
    return found.tolist()


def test_nothing_restricts_nothing() -> None:
    assert Region().everywhere and Region().rows(tiles([(1.0, 1.0)])) is None
    assert not Region(sources=("north.tif",)).everywhere


def test_every_condition_must_hold() -> None:
    places = [(1.0, 1.0), (1.0, 1.9), (1.5, 1.0), (1.0, 5.0), (np.nan, np.nan), (1.0, 1.0)]
    made = tiles(places, [0, 0, 0, 0, 0, 1])
    box = Bounds(west=0.5, south=0.5, east=1.5, north=1.2)
    assert rows(Region(polygons=((SQUARE,),)), made) == [0, 1, 2, 5]
    assert rows(Region(box=box), made) == [0, 5]
    assert rows(Region(near=(1.0, 2.0, 30_000.0)), made) == [1]
    assert rows(Region(sources=("north.tif",)), made) == [0, 1, 2, 3, 4]
    assert rows(Region(sources=("/maps/south.mbtiles", "north.tif")), made) == [0, 1, 2, 3, 4, 5]
    both = Region(box=box, polygons=((SQUARE,),), near=(1.0, 1.0, 1e5), sources=("south.mbtiles",))
    assert rows(both, made) == [5]
    assert rows(Region(box=box), tiles([])) == []
    assert rows(Region(box=box), tiles([(np.nan, np.nan)])) == []


def test_days_on_which_imagery_was_taken() -> None:
    may, june = date(2024, 5, 17), date(2024, 6, 2)
    made = tiles([(1.0, 1.0)] * 3, [0, 1, 2])
    written = ("2024-05-17", "2024-05-30/2024-06-02", "")
    records = [
        SourceRecord(f"{n}.tif", f"/{n}.tif", "map", 1, 1, "", acquired=text)
        for n, text in enumerate(written)
    ]
    made.info.sources[:] = records
    assert rows(Region(dates=Days(may, may)), made) == [0]
    assert rows(Region(dates=Days(date.min, june)), made) == [0, 1]
    assert rows(Region(dates=Days(june, date.max)), made) == [1]
    assert rows(Region(dates=Days(june, june), sources=("0.tif", "2.tif")), made) == []
    assert Region(dates=Days(may, june)).undated([made]) == ["2.tif"]
    assert Region().undated([made]) == [] and not Region(dates=Days(may, may)).everywhere


def test_a_source_that_no_set_has_is_told() -> None:
    sets = [tiles([(0.0, 0.0)])]
    Region(sources=("north.tif",)).check_sources(sets)
    EVERYWHERE.check_sources([])
    with pytest.raises(GleamError, match=r"No source 'east\.tif'") as caught:
        Region(sources=("north.tif", "east.tif")).check_sources(sets)
    assert "north.tif, south.mbtiles" in caught.value.hint


def naive_inside(polygon: Polygon, lat: float, lon: float) -> bool:
    """Crossings of a line to the east of the place, its copies a turn away included."""
    odd = False
    for ring in polygon:
        corners, at = [], ring[0][1]
        for i, (y, x) in enumerate(ring):
            step = x - ring[i - 1][1] if i else 0.0
            if 180.0 < abs(step) < 360.0:
                step += -360.0 if step > 0 else 360.0
            at += step
            corners.append((y, at))
        step = ring[0][1] - ring[-1][1]
        if 180.0 < abs(step) < 360.0:
            step += -360.0 if step > 0 else 360.0
        corners.append((ring[0][0], at + step))
        least, most = min(x for _, x in corners), max(x for _, x in corners)
        for turn in range(-4, 5):
            x = lon + 360.0 * turn
            if not least <= x <= most:
                continue
            for (y1, x1), (y2, x2) in itertools.pairwise(corners):
                if (y1 > lat) != (y2 > lat) and x < x1 + (lat - y1) * (x2 - x1) / (y2 - y1):
                    odd = not odd
    return odd


corner = st.tuples(st.integers(-40, 40), st.integers(-90, 89))


@given(
    st.lists(st.lists(corner, min_size=3, max_size=7), min_size=1, max_size=3),
    st.sampled_from([0, 95, 180, -170]),
    st.integers(0, 2**32 - 1),
)
def test_polygons_agree_with_plain_loops(
    rings: list[list[tuple[int, int]]], shift: int, seed: int
) -> None:
    """Shifted so that some cross the antimeridian; places lie between whole degrees, off the corners."""
    polygon = tuple(
        [(float(lat), (lon + shift + 180.0) % 360.0 - 180.0) for lat, lon in ring] for ring in rings
    )
    rng = np.random.default_rng(seed)
    lats = rng.integers(-41, 41, 60) + rng.choice([0.37, 0.52], 60)
    lons = (rng.integers(-91, 91, 60) + 0.4142 + shift + 180.0) % 360.0 - 180.0
    expected = [naive_inside(polygon, y, x) for y, x in zip(lats, lons, strict=True)]
    assert in_polygon(polygon, lats, lons).tolist() == expected


def test_polygons_at_the_ends_of_the_map() -> None:
    def inside(ring: Any, *places: tuple[float, float]) -> list[bool]:
        lats, lons = np.array(places).T
        return in_polygon((ring,), lats, lons).tolist()

    fiji = [(-20.0, 176.0), (-20.0, -178.0), (-12.0, -178.0), (-12.0, 176.0)]
    assert inside(fiji, (-16, 179.5), (-16, -179.5), (-16, 0), (-16, 175)) == [
        True,
        True,
        False,
        False,
    ]
    beyond = [(-20.0, 176.0), (-20.0, 182.0), (-12.0, 182.0), (-12.0, 176.0)]
    assert inside(beyond, (-16, 179.5), (-16, -179.5), (-16, 0), (-16, 175)) == [
        True,
        True,
        False,
        False,
    ]
    arctic = [(70.0, lon) for lon in (0.0, 90.0, 180.0, -90.0)]
    assert inside(arctic, (89, 33), (71, -170), (69, 10), (-80, 10)) == [True, True, False, False]
    world = [(-90.0, -180.0), (-90.0, 180.0), (90.0, 180.0), (90.0, -180.0)]
    assert inside(world, (1, 1), (-89, -179.9), (89, 179.9)) == [True, True, True]
    hole = ([(1.5, 1.5), (1.5, 1.8), (1.8, 1.8), (1.8, 1.5)],)
    lats, lons = np.array([[1.6, 1.6], [1.0, 1.0]]).T
    assert in_polygon((SQUARE, *hole), lats, lons).tolist() == [False, True]


@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(1, 3e6), st.integers(0, 2**32 - 1))
def test_the_radius_is_measured_on_the_ground(
    lat: float, lon: float, radius: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    places = [
        destination(lat, lon, bearing, radius * share)
        for bearing, share in zip(rng.uniform(0, 360, 20), rng.uniform(0.5, 1.5, 20), strict=True)
    ]
    lats, lons = np.array(places).T
    plain = [distance_m((lat, lon), place) <= radius for place in places]
    assert within_m((lat, lon, radius), lats, lons).tolist() == plain


def test_boxes_go_east_from_their_west_side() -> None:
    lats, lons = np.array([(0.0, 179.0), (0.0, -179.0), (0.0, 0.0), (11.0, 180.0), (0.0, -180.0)]).T
    box = Bounds(west=178.0, south=-10.0, east=-178.0, north=10.0)
    assert in_box(box, lats, lons).tolist() == [True, True, False, False, True]
    world = Bounds(west=-180.0, south=-90.0, east=180.0, north=90.0)
    assert in_box(world, lats, lons).all()
    assert in_box(Bounds(0.0, 0.0, 0.0, 0.0), lats, lons).tolist() == [
        False,
        False,
        True,
        False,
        False,
    ]


OUTLINE = [[0, 0], [2, 0], [2, 2, 55.0], [0, 2], [0, 0]]
POLYGON = {"type": "Polygon", "coordinates": [OUTLINE]}
SEVERAL = {"type": "MultiPolygon", "coordinates": [[OUTLINE], [OUTLINE, OUTLINE], []]}


def feature(geometry: Any) -> Any:
    return {"type": "Feature", "properties": None, "geometry": geometry}


@pytest.mark.parametrize(
    ("document", "polygons"),
    [
        (POLYGON, 1),
        (SEVERAL, 2),
        (feature(POLYGON), 1),
        ({"type": "FeatureCollection", "features": [feature(SEVERAL), feature(None)]}, 2),
        ({"type": "GeometryCollection", "geometries": [POLYGON, {"type": "Point"}]}, 1),
    ],
)
def test_geojson_is_read_however_it_is_wrapped(
    tmp_path: Path, document: Any, polygons: int
) -> None:
    path = tmp_path / "region.geojson"
    path.write_text("\ufeff" + json.dumps(document), "utf-8")
    found = read_polygons(path)
    assert len(found) == polygons
    assert found[0][0] == [(0, 0), (0, 2), (2, 2), (2, 0), (0, 0)], "latitude comes first here"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not a region"),
        ("[]", "not a region"),
        ("null", "not a region"),
        ("[" * 100_000, "not a region"),
        ('{"type": "FeatureCollection"}', "not a region"),
        ('{"type": "FeatureCollection", "features": []}', "holds no polygon"),
        ('{"type": "Point", "coordinates": [1, 2]}', "holds no polygon"),
        ('{"type": "Polygon", "coordinates": []}', "holds no polygon"),
        ('{"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]}', "not a region"),
        ('{"type": "Polygon", "coordinates": [[[0, 0], [1, NaN], [1, 1]]]}', "not a region"),
        ('{"type": "Polygon", "coordinates": [[[0, 0], [1], [1, 1]]]}', "not a region"),
        ('{"type": "Polygon", "coordinates": 7}', "not a region"),
        (
            '{"type": "Polygon", "coordinates": [[[500000, 4e6], [5e5, 5e6], [6e5, 5e6]]]}',
            "not a r",
        ),
    ],
)
def test_what_is_no_region_is_told(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "region.geojson"
    path.write_text(text, "utf-8")
    with pytest.raises(GleamError, match=says) as caught:
        read_polygons(path)
    assert "GeoJSON" in caught.value.hint


def test_a_file_that_is_not_there_or_binary_is_told(tmp_path: Path) -> None:
    with pytest.raises(GleamError, match="cannot be read"):
        read_polygons(tmp_path / "nothing.geojson")
    with pytest.raises(GleamError, match="cannot be read"):
        read_polygons(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(GleamError, match="not a region"):
        read_polygons(tmp_path / "binary")
