"""Restricting a search, before it is made, to a part of the ground or to some of the sources."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import Bounds
from gleam_app.geo.footprint import Ring
from gleam_app.geo.frame import LocalFrame
from gleam_app.imagery.dates import Days
from gleam_app.imagery.exif import clean_text
from gleam_app.retrieval.tiles.tileset import SourceRecord, TileSet

Polygon = tuple[Ring, ...]
"""Rings of (lat, lon), open or closed: what lies in an odd number of them is inside (holes are not)."""

LARGEST_FILE = 32 << 20
DEGREE_M = 110_500.0  # no degree of latitude is shorter
_HINT = "It must be GeoJSON with a Polygon or MultiPolygon, longitude before latitude, in degrees."


@dataclass(frozen=True)
class Region:
    """Where a query may have been taken; every condition that is given must hold of a tile's centre.

    ``near`` = (lat, lon, radius in metres). ``box`` goes east from its west side to its east side,
    through the antimeridian where west > east. ``polygons``: inside any of them; their sides are
    straight in degrees and go the shorter way around. ``sources``: paths or file names of the tile
    set's sources. ``dates``: taken, or perhaps taken, on one of these days; sources that do not say
    when they were taken are left out. Tiles without coordinates are nowhere.
    """

    near: tuple[float, float, float] | None = None
    box: Bounds | None = None
    polygons: tuple[Polygon, ...] = ()
    sources: tuple[str, ...] = ()
    dates: Days | None = None

    @property
    def everywhere(self) -> bool:
        return self == EVERYWHERE

    def rows(self, tile_set: TileSet) -> NDArray[np.int64] | None:
        """The rows of the tile table that fulfil it, ascending; None where nothing restricts."""
        if self.everywhere:
            return None
        table = tile_set.table
        rows = np.arange(len(table))
        if self.sources or self.dates:
            wanted = [
                number
                for number, record in enumerate(tile_set.info.sources)
                if self._holds_source(record)
            ]
            rows = rows[np.isin(table["source"], wanted)]
        if self.near or self.box or self.polygons:
            lats, lons = np.asarray(table["lat"])[rows], np.asarray(table["lon"])[rows]
            inside = ~np.isnan(lats)
            if self.box:
                inside &= in_box(self.box, lats, lons)
            if self.near:
                inside[inside] = within_m(self.near, lats[inside], lons[inside])
            if self.polygons:
                lats, lons = lats[inside], lons[inside]
                inside[inside] = np.any([in_polygon(p, lats, lons) for p in self.polygons], axis=0)
            rows = rows[inside]
        return rows.astype(np.int64)

    def _holds_source(self, record: SourceRecord) -> bool:
        if self.sources and not any(_is_named(record, name) for name in self.sources):
            return False
        taken = Days.of_iso(record.acquired)
        return self.dates is None or (taken is not None and taken.meets(self.dates))

    def undated(self, tile_sets: list[TileSet]) -> list[str]:
        """File names of the sources that are left out because nothing says when they were taken."""
        if self.dates is None:
            return []
        records = [record for tile_set in tile_sets for record in tile_set.info.sources]
        return sorted({record.name for record in records if not record.acquired})

    def check_sources(self, tile_sets: list[TileSet]) -> None:
        """Raise GleamError for a source that none of the tile sets has."""
        records = [record for tile_set in tile_sets for record in tile_set.info.sources]
        for name in self.sources:
            if not any(_is_named(record, name) for record in records):
                known = ", ".join(sorted({clean_text(Path(r.path).name) for r in records}))
                raise GleamError(
                    f"No source {clean_text(name)!r} is in the tile set.", f"There are: {known}."
                )


EVERYWHERE = Region()


def _is_named(record: SourceRecord, name: str) -> bool:
    return name in (record.given, record.path, Path(record.path).name)


def within_m(
    near: tuple[float, float, float], lats: NDArray[np.float64], lons: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which positions are at most ``near[2]`` metres (geodesic) from (``near[0]``, ``near[1]``)."""
    lat, lon, radius_m = near
    inside = np.abs(lats - lat) <= radius_m / DEGREE_M  # cheap, and leaves few to measure
    inside[inside] = np.hypot(*LocalFrame(lat, lon).to_metres(lats[inside], lons[inside])) <= (
        radius_m
    )
    return inside


def in_box(box: Bounds, lats: NDArray[np.float64], lons: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which positions lie in the box, its sides included."""
    west, south, east, north = box
    width = 360.0 if east - west >= 360.0 else (east - west) % 360.0
    return (south <= lats) & (lats <= north) & ((lons - west) % 360.0 <= width)


def in_polygon(
    polygon: Polygon, lats: NDArray[np.float64], lons: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which positions lie inside; on its sides they may or may not."""
    inside = np.zeros(lats.shape, bool)
    order = np.argsort(lats)  # so that each side looks only at the positions of its latitudes
    y, x = lats[order], lons[order]
    for ring in polygon:
        corner_y, corner_x = _unrolled(ring)
        west, east = corner_x.min(), corner_x.max()
        first = west + (x - west) % 360.0
        for at in np.arange(0.0, east - west, 360.0):
            inside[order] ^= _crossed_an_odd_number(corner_y, corner_x, y, first + at)
    return inside


def _unrolled(ring: Ring) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A ring's corners, closed, with longitudes that run on across the antimeridian.

    A side spans less than 180 degrees of longitude, or all 360. A ring that goes once around the
    earth is closed over the pole on its own side of the equator.
    """
    lats, lons = (np.array(axis, float) for axis in zip(*ring, *ring[:1], strict=True))
    steps = np.diff(lons)
    around = (np.abs(steps) > 180.0) & (np.abs(steps) < 360.0)
    steps = np.where(around, (steps + 180.0) % 360.0 - 180.0, steps)
    lons = lons[0] + np.append(0.0, np.cumsum(steps))
    if abs(lons[-1] - lons[0]) > 180.0:
        pole = math.copysign(90.0, lats.mean())
        lats = np.append(lats, [pole, pole, lats[0]])
        lons = np.append(lons, [lons[-1], lons[0], lons[0]])
    return lats, lons


def _crossed_an_odd_number(
    corner_y: NDArray[np.float64],
    corner_x: NDArray[np.float64],
    y: NDArray[np.float64],
    x: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Whether a line from each point towards the east crosses an odd number of sides; ``y`` ascends."""
    odd = np.zeros(x.shape, bool)
    starts = np.searchsorted(y, np.minimum(corner_y[:-1], corner_y[1:]), "right")
    ends = np.searchsorted(y, np.maximum(corner_y[:-1], corner_y[1:]), "right")
    for side in np.flatnonzero(ends > starts):
        y1, y2 = corner_y[side : side + 2]
        x1, x2 = corner_x[side : side + 2]
        some = slice(starts[side], ends[side])
        odd[some] ^= x[some] < x1 + (y[some] - y1) * ((x2 - x1) / (y2 - y1))
    return odd


def read_polygons(path: Path) -> tuple[Polygon, ...]:
    """The polygons of a GeoJSON file (RFC 7946), whatever they are wrapped in.

    Raises GleamError for a file that cannot be read, holds none, or none in degrees.
    """
    name = clean_text(path.name)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise GleamError(f"{name} is too large for a region.", "Simplify its outline.")
        polygons = tuple(_polygons(json.loads(path.read_text("utf-8-sig"))))
    except OSError as error:
        raise GleamError(f"{name} cannot be read: {error.strerror or error}.", _HINT) from None
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError):
        raise GleamError(f"{name} is not a region in GeoJSON.", _HINT) from None
    if not polygons:
        raise GleamError(f"{name} holds no polygon.", _HINT)
    return polygons


def _polygons(node: dict[str, Any]) -> Iterator[Polygon]:
    kind = node["type"]
    if kind == "FeatureCollection":
        for feature in node["features"]:
            yield from _polygons(feature)
    elif kind == "Feature":
        if node["geometry"] is not None:
            yield from _polygons(node["geometry"])
    elif kind == "GeometryCollection":
        for geometry in node["geometries"]:
            yield from _polygons(geometry)
    elif kind in ("Polygon", "MultiPolygon"):
        for rings in [node["coordinates"]] if kind == "Polygon" else node["coordinates"]:
            if rings:  # an empty one is nowhere
                yield tuple(_ring(ring) for ring in rings)


def _ring(positions: list[list[float]]) -> Ring:
    ring = [(float(position[1]), float(position[0])) for position in positions]
    if len(set(ring)) < 3 or not all(abs(lat) <= 90.0 and abs(lon) <= 360.0 for lat, lon in ring):
        raise ValueError
    return ring
