"""GeoPackage 1.3: layers ``places``, ``candidates`` and ``footprints``, written with SQLite alone."""

import sqlite3
import struct
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

from gleam_app.cases.exports.facts import NAMES, Value, facts_of
from gleam_app.cases.exports.findings import Findings
from gleam_app.geo.coordinates import LatLon
from gleam_app.geo.rings import split_ring

_WGS84 = 4326
_TYPES = {
    "rank": "INTEGER", "inliers": "INTEGER", "confidence": "REAL", "radius_m": "REAL",
    "heading_deg": "REAL", "score": "REAL", "located_at": "DATETIME",
}  # fmt: skip

# The three tables that the standard asks for (OGC 12-128, annex C), and nothing more.
_TABLES = """
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL,
  description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL,
  identifier TEXT UNIQUE, description TEXT DEFAULT '', last_change DATETIME NOT NULL,
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
  geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents (table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
"""

Feature = tuple[list[list[LatLon]], dict[str, Value]]
"""Rings (a single corner for a point) and facts."""


def write_gpkg(path: Path, findings: Findings) -> None:
    """A point layer of places, one of other candidates where asked for, and a layer of footprints."""
    places: list[Feature] = []
    footprints: list[Feature] = []
    for finding, place in findings.located:
        facts = facts_of(finding, place)
        places.append(([[LatLon(place.lat, place.lon)]], facts))
        if parts := split_ring(place.footprint):
            footprints.append((parts, facts))
    others: list[Feature] = [
        ([[LatLon(place.lat, place.lon)]], facts_of(finding, place))
        for finding in findings.findings
        for place in finding.others
    ]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA application_id = 0x47504B47")  # "GPKG"
        connection.execute("PRAGMA user_version = 10300")
        connection.executescript(f"BEGIN; {_TABLES}")
        _reference_systems(connection)
        changed = findings.facts.changed
        _layer(connection, "places", "POINT", places, changed)
        _layer(connection, "footprints", "MULTIPOLYGON", footprints, changed)
        if others:
            _layer(connection, "candidates", "POINT", others, changed)
        connection.execute("COMMIT")


def _reference_systems(connection: sqlite3.Connection) -> None:
    from pyproj import CRS

    wgs84 = CRS.from_epsg(_WGS84).to_wkt("WKT1_GDAL")
    connection.executemany(
        "INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)",
        [
            ("Undefined Cartesian SRS", -1, "NONE", -1, "undefined", None),
            ("Undefined geographic SRS", 0, "NONE", 0, "undefined", None),
            ("WGS 84 geodetic", _WGS84, "EPSG", _WGS84, wgs84, "longitude, latitude in degrees"),
        ],
    )


def _layer(
    connection: sqlite3.Connection, name: str, kind: str, features: list[Feature], changed: str
) -> None:
    corners = [corner for rings, _ in features for ring in rings for corner in ring]
    box = _box(corners) if corners else (None,) * 4
    connection.execute(
        "INSERT INTO gpkg_contents VALUES (?, 'features', ?, '', ?, ?, ?, ?, ?, ?)",
        (name, name, changed, *box, _WGS84),
    )
    connection.execute(
        "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)", (name, kind, _WGS84)
    )
    defined = ", ".join(f"{column} {_TYPES.get(column, 'TEXT')}" for column in NAMES)
    connection.execute(f"CREATE TABLE {name} (fid INTEGER PRIMARY KEY, geom {kind}, {defined})")
    marks = ", ".join("?" * (len(NAMES) + 1))
    connection.executemany(
        f"INSERT INTO {name} (geom, {', '.join(NAMES)}) VALUES ({marks})",
        ((_geometry(kind, rings), *(facts[c] for c in NAMES)) for rings, facts in features),
    )


def _geometry(kind: str, rings: list[list[LatLon]]) -> bytes:
    """GeoPackage binary: its header, for areas with a box, then little-endian well-known binary."""
    if kind == "POINT":
        at = rings[0][0]
        return struct.pack("<2sBBi", b"GP", 0, 0b001, _WGS84) + struct.pack(
            "<BIdd", 1, 1, at.lon, at.lat
        )
    west, south, east, north = _box(corner for ring in rings for corner in ring)
    header = struct.pack("<2sBBi4d", b"GP", 0, 0b011, _WGS84, west, east, south, north)
    body = struct.pack("<BII", 1, 6, len(rings))
    for ring in rings:
        body += struct.pack("<BII", 1, 3, 1) + _ring(ring)
    return header + body


def _ring(ring: Sequence[LatLon]) -> bytes:
    closed = [*ring, ring[0]]
    numbers = [number for lat, lon in closed for number in (lon, lat)]
    return struct.pack(f"<I{len(numbers)}d", len(closed), *numbers)


def _box(corners: Iterable[LatLon]) -> tuple[float, float, float, float]:
    """West, south, east, north."""
    lats, lons = zip(*corners, strict=True)
    return min(lons), min(lats), max(lons), max(lats)
