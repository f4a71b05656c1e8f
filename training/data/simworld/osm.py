"""An OpenStreetMap extract (.osm.pbf or .osm), and the places it has.

Places lie on one lattice of the whole earth, one a cell: no two overlap on the ground, whichever
extracts they come from, and a place's name, from which ``records.held_out`` chooses, is its cell's.
The file is read into memory whole: cut a city from a larger one first (``osmium extract``).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.geo.frame import LocalFrame
from training.data.simworld.osm_tags import is_at_ground, street_of

Floats = NDArray[np.float64]
_STEP = 0.00465  # degrees of latitude from cell to cell: 514 to 519 m, a scene's side and a little
_METRES = 111_195.0  # a degree of latitude
_INSIDE_M = 200.0  # how far the extract must reach on all sides of a place's centre
_LEAST_BUILDINGS, _LEAST_STREETS_M = 12, 400.0
_NEAR_M, _NEAR_BUILDINGS, _NEAR_STREETS_M = 110.0, 3, 40.0  # around the centre, where pictures are


@dataclass(frozen=True, eq=False)
class Feature:
    """Something on the map. ``kind``: "node", "way" or "area"; an area's ``rings`` are its outer one
    and its holes, without a repeated first corner. Corners (n, 2) are (lat, lon), or metres (east,
    north) in what ``Extract.around`` returns."""

    kind: str
    tags: dict[str, str]
    rings: tuple[Floats, ...]


@dataclass(frozen=True, order=True)
class Cell:
    """A square of about 516 m: row from the equator northwards, column from Greenwich eastwards."""

    row: int
    column: int

    @property
    def name(self) -> str:
        return f"osm_{self.row}_{self.column}"

    @property
    def centre(self) -> tuple[float, float]:
        """(lat, lon) in degrees."""
        return (self.row + 0.5) * _STEP, (self.column + 0.5) * float(_column_step(self.row))

    @property
    def number(self) -> int:
        """A chance number of its own, 0..2**64."""
        return int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:8], "big")


def cells_at(places: Floats) -> NDArray[np.int64]:
    """Row and column (n, 2) of the cells of (n, 2) places (lat, lon)."""
    rows = np.floor(places[:, 0] / _STEP)
    columns = np.floor(places[:, 1] / _column_step(rows))
    return np.column_stack([rows, columns]).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Extract:
    """What an extract holds; ``box`` is (lat, lon) of its south-west and its north-east corner."""

    file: str
    features: tuple[Feature, ...]
    box: tuple[float, float, float, float]

    @property
    def origin(self) -> dict[str, str]:
        """Who made the data, for whatever is drawn from it."""
        return {
            "data": "© OpenStreetMap contributors",
            "licence": "ODbL 1.0",
            "file": self.file,
        }

    def origin_of(self, seed: int) -> dict[str, Any]:
        """The same, with the centre (lat, lon) of a seed's place."""
        return {**self.origin, "centre": self.cell(seed).centre}

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Cells with enough streets and buildings and no coast, in a fixed shuffled order."""
        middles = [self._middles[index] for index, f in enumerate(self.features) if _is_building(f)]
        built, built_near = _count(np.array(middles).reshape(-1, 2))
        streets, streets_near = _count(*self._street_pieces())
        coast = {
            Cell(*cell)
            for f in self.features
            if f.tags.get("natural") == "coastline"
            for cell in cells_at(_dense(f.rings[0])).tolist()
        }
        found = [
            cell
            for cell, buildings in built.items()
            if buildings >= _LEAST_BUILDINGS
            and streets.get(cell, 0) >= _LEAST_STREETS_M
            and built_near.get(cell, 0) >= _NEAR_BUILDINGS
            and streets_near.get(cell, 0) >= _NEAR_STREETS_M
            and cell not in coast
            and self._covers(cell)
        ]
        return tuple(sorted(found, key=lambda cell: cell.number))

    def cell(self, seed: int) -> Cell:
        """The place of a seed; GleamError where there are not so many."""
        if not 0 <= seed < len(self.cells):
            raise GleamError(
                f"{self.file} has {len(self.cells)} places; there is none for seed {seed}.",
                "Use fewer places, or an extract of a larger area.",
            )
        return self.cells[seed]

    def around(self, cell: Cell, reach_m: float) -> list[Feature]:
        """What comes within the square of ``reach_m`` from a cell's centre, in metres from there."""
        lat, lon = cell.centre
        up = reach_m / _METRES
        aside = up / np.cos(np.radians(lat))
        low, high = self._boxes
        met = (low < (lat + up, lon + aside)).all(1) & (high > (lat - up, lon - aside)).all(1)
        chosen = [self.features[index] for index in np.flatnonzero(met)]
        if not chosen:
            return []
        every = np.concatenate([ring for f in chosen for ring in f.rings])
        metres = np.column_stack(LocalFrame(lat, lon).to_metres(every[:, 0], every[:, 1]))
        parts = iter(np.split(metres, np.cumsum([len(r) for f in chosen for r in f.rings])[:-1]))
        return [Feature(f.kind, f.tags, tuple(next(parts) for _ in f.rings)) for f in chosen]

    @cached_property
    def _boxes(self) -> tuple[Floats, Floats]:
        low = np.array([f.rings[0].min(axis=0) for f in self.features]).reshape(-1, 2)
        high = np.array([f.rings[0].max(axis=0) for f in self.features]).reshape(-1, 2)
        return low, high

    @property
    def _middles(self) -> Floats:
        low, high = self._boxes
        return np.asarray((low + high) / 2)

    def _street_pieces(self) -> tuple[Floats, Floats]:
        """Middle (n, 2) in degrees and length (n,) in metres of all straight pieces of streets."""
        lines = [f.rings[0] for f in self.features if f.kind == "way" and street_of(f.tags)]
        if not lines:
            return np.empty((0, 2)), np.empty(0)
        dense = [_dense(line) for line in lines]
        a = np.concatenate([line[:-1] for line in dense])
        b = np.concatenate([line[1:] for line in dense])
        shrink = np.column_stack([np.ones(len(a)), np.cos(np.radians(a[:, 0]))])
        return (a + b) / 2, np.hypot(*((b - a) * shrink).T) * _METRES

    def _covers(self, cell: Cell) -> bool:
        lat, lon = cell.centre
        up = _INSIDE_M / _METRES
        aside = up / np.cos(np.radians(lat))
        south, west, north, east = self.box
        return bool(
            south <= lat - up and lat + up <= north and west <= lon - aside and lon + aside <= east
        )


def read_extract(path: Path) -> Extract:
    """Read a file; GleamError where it is none, or pyosmium is not installed."""
    try:
        import osmium
    except ImportError:
        raise GleamError(
            "Reading OpenStreetMap extracts needs pyosmium, which is not installed.",
            "pip install osmium",
        ) from None
    try:
        processor = osmium.FileProcessor(str(path)).with_areas()
        features = tuple(feature for item in processor for feature in _features(item))
        box = processor.header.box()
    except (RuntimeError, OSError, ValueError):
        raise GleamError(
            f"{path.name} cannot be read as an OpenStreetMap extract.",
            "Give a .osm.pbf or .osm file.",
        ) from None
    if not features:
        raise GleamError(f"{path.name} has nothing on the map.", "Give another extract.")
    if box.valid():
        low, high = box.bottom_left, box.top_right
        return Extract(path.name, features, (low.lat, low.lon, high.lat, high.lon))
    every = np.concatenate([ring for f in features for ring in f.rings])
    (south, west), (north, east) = every.min(axis=0), every.max(axis=0)
    return Extract(path.name, features, (south, west, north, east))


def _features(item: object) -> Iterator[Feature]:
    """What of an object of the file is drawn; parts of buildings and what has no place are not."""
    import osmium.osm

    if not isinstance(item, osmium.osm.Node | osmium.osm.Way | osmium.osm.Area):
        return
    tags = {tag.k: tag.v for tag in item.tags}
    if not tags or not is_at_ground(tags):
        return
    if isinstance(item, osmium.osm.Node):
        if item.location.valid():
            yield Feature("node", tags, (np.array([[item.location.lat, item.location.lon]]),))
    elif isinstance(item, osmium.osm.Way):
        line = _corners(item.nodes)
        if len(line) > 1:
            yield Feature("way", tags, (line,))
    else:
        for outer in item.outer_rings():
            rings = [_corners(outer), *(_corners(inner) for inner in item.inner_rings(outer))]
            yield Feature("area", tags, tuple(ring[:-1] for ring in rings))


def _corners(nodes: object) -> Floats:
    """(n, 2) lat, lon of the nodes whose place is in the file."""
    known = [n.location for n in nodes if n.location.valid()]  # type: ignore[attr-defined]
    return np.array([(place.lat, place.lon) for place in known], np.float64).reshape(-1, 2)


def _is_building(feature: Feature) -> bool:
    return feature.kind == "area" and feature.tags.get("building", "no") != "no"


def _dense(line: Floats) -> Floats:
    """The line with a corner at least every 15 m or so."""
    steps = np.abs(np.diff(line, axis=0)).max(axis=1)
    count = np.maximum(1, np.ceil(steps / 0.00015)).astype(int)
    parts = [
        a + (b - a) * np.arange(n)[:, None] / n
        for a, b, n in zip(line[:-1], line[1:], count, strict=True)
    ]
    return np.concatenate([*parts, line[-1:]])


def _count(
    places: Floats, weights: Floats | None = None
) -> tuple[dict[Cell, float], dict[Cell, float]]:
    """The number, or the sum of weights, of places (lat, lon) in each cell, and of those near its centre."""
    if not len(places):
        return {}, {}
    names, at = np.unique(cells_at(places), axis=0, return_inverse=True)
    cells = [Cell(*name) for name in names.tolist()]
    north, east = (places - np.array([cell.centre for cell in cells])[at.ravel()]).T
    near = np.hypot(north, east * np.cos(np.radians(places[:, 0]))) * _METRES < _NEAR_M
    counted = np.ones(len(places)) if weights is None else weights
    whole, inner = (np.bincount(at.ravel(), counted * part) for part in (near | True, near))
    return dict(zip(cells, whole.tolist(), strict=True)), dict(
        zip(cells, inner.tolist(), strict=True)
    )


def _column_step(row: int | Floats) -> Floats:
    """Degrees of longitude from column to column; no narrower than a scene anywhere in the row."""
    edge = np.maximum(np.abs(np.asarray(row)), np.abs(np.asarray(row) + 1)) * _STEP
    return np.asarray(_STEP / np.maximum(np.cos(np.radians(edge)), 0.01), np.float64)
