"""UAV-VisLoc (Xu et al., arXiv 2405.11936): nadir photos of 11 flights and a satellite map of each.

Layout as read in IntelliSensing/UAV-VisLoc's README; column names, the blank in the table's name and
the several maps of flight 09 as read in other public readers of it::

    satellite_ coordinates_range.csv   mapname,LT_lat_map,LT_lon_map,RB_lat_map,RB_lon_map,region
    03/drone/03_0001.JPG
    03/03.csv                          num,filename,date,lat,lon,height,... (lat, lon: the photo's centre)
    03/satellite03.tif                 equal steps in degrees between the corners of the table

The set names no tiles and no split. Ours: square tiles of ``TILE_M`` metres, half overlapping; right is
the tile whose centre is nearest to the photo's, semi-positive every other tile that holds it. ``train``
and ``test`` are the flights of Game4Loc (Yux1angJi/GTA-UAV, ``scripts/prepare_dataset/visloc.py``); a
single flight is named by its number ("03"). Photos outside the map are counted in ``Split.missing``.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import LatLon
from gleam_app.imagery.exif import clean_text
from training.data.layout import (
    bad_line,
    beneath,
    missing,
    need_all,
    need_folder,
    position,
    read_table,
    unknown_split,
)
from training.data.records import Crop, Split

FLIGHTS = tuple(f"{number:02}" for number in range(1, 12))
TRAIN_FLIGHTS, TEST_FLIGHTS = ("01", "03", "05", "08"), ("02", "04", "11")
SPLITS = ("train", "test", *FLIGHTS)
TILE_M = 300.0
_METRES_A_DEGREE = 111_320.0  # of latitude; only the size of tiles hangs on it

_RANGES = ("satellite_ coordinates_range.csv", "satellite_coordinates_range.csv")
_HOLDS = (
    "satellite_ coordinates_range.csv and, for each flight NN, NN/drone/*.JPG, NN/NN.csv and "
    "NN/satelliteNN.tif"
)
_CORNERS = ("LT_lat_map", "LT_lon_map", "RB_lat_map", "RB_lon_map")


@dataclass(frozen=True)
class _Map:
    """A satellite map: its file, size in pixels, and corners (north, west, south, east) in degrees."""

    path: Path
    width: int
    height: int
    north: float
    west: float
    south: float
    east: float

    def pixel(self, where: LatLon) -> tuple[float, float]:
        """(x, y) in pixels."""
        return (
            (where.lon - self.west) / (self.east - self.west) * self.width,
            (self.north - where.lat) / (self.north - self.south) * self.height,
        )

    def tile_px(self) -> tuple[int, int]:
        """Width and height of a tile in pixels: a pixel is not square on the ground."""
        metres_high = (self.north - self.south) * _METRES_A_DEGREE
        narrow = math.cos(math.radians((self.north + self.south) / 2))
        metres_wide = (self.east - self.west) * _METRES_A_DEGREE * narrow
        return (
            max(1, min(self.width, round(self.width * TILE_M / metres_wide))),
            max(1, min(self.height, round(self.height * TILE_M / metres_high))),
        )

    def tiles(self) -> list[Crop]:
        """Half overlapping tiles; the last of a row or column is moved back to the edge."""
        wide, high = self.tile_px()
        return [
            Crop(self.path, x, y, wide, high)
            for y in _starts(self.height, high)
            for x in _starts(self.width, wide)
        ]


def read_split(root: Path, split: str) -> Split:
    """Read one of ``SPLITS``. Raises GleamError."""
    if split not in SPLITS:
        raise unknown_split("UAV-VisLoc", split, SPLITS)
    flights = {"train": TRAIN_FLIGHTS, "test": TEST_FLIGHTS}.get(split, (split,))
    ranges = _ranges(root)
    gallery: list[Crop] = []
    queries: list[Path] = []
    places: list[str] = []
    gold: list[tuple[int, ...]] = []
    semi: list[tuple[int, ...]] = []
    positions: list[LatLon] = []
    outside = 0
    for flight in flights:
        first = len(gallery)
        maps = _maps(root, flight, ranges)
        for chart in maps:
            gallery.extend(chart.tiles())
        finder = _Finder(maps, gallery[first:], first)
        for photo, where in _photos(root, flight):
            holding = finder.holding(where)
            if not holding:
                outside += 1
                continue
            queries.append(photo)
            positions.append(where)
            gold.append((holding[0],))
            semi.append(tuple(holding[1:]))
            places.append(f"{flight}-{holding[0] - first}")
    return Split(
        name=f"uavvisloc/{split}",
        view="uav",
        queries=tuple(queries),
        places=tuple(places),
        gallery=tuple(gallery),
        gold=tuple(gold),
        protocol="own",
        semi_positives=tuple(semi),
        positions=tuple(positions),
        missing=outside,
    )


class _Finder:
    """Which tiles of a flight hold a position."""

    def __init__(self, maps: list[_Map], tiles: list[Crop], first: int) -> None:
        self._maps, self._first = maps, first
        self._paths = np.array([str(tile.path) for tile in tiles])
        self._boxes = np.array([[t.x, t.y, t.width, t.height] for t in tiles], np.float64)

    def holding(self, where: LatLon) -> list[int]:
        """Gallery indices of the tiles that hold it, the one with the nearest centre first."""
        found: list[tuple[float, int]] = []
        for chart in self._maps:
            x, y = chart.pixel(where)
            left, top, wide, high = self._boxes.T
            inside = (left <= x) & (x < left + wide) & (top <= y) & (y < top + high)
            for index in np.flatnonzero(inside & (self._paths == str(chart.path))):
                box = self._boxes[index]
                off = ((x - box[0]) / box[2] - 0.5, (y - box[1]) / box[3] - 0.5)
                found.append((math.hypot(*off), self._first + int(index)))
        return [index for _, index in sorted(found)]


def _starts(length: int, size: int) -> list[int]:
    steps = list(range(0, max(1, length - size + 1), max(1, size // 2)))
    return steps if steps[-1] + size >= length else [*steps, length - size]


def _ranges(root: Path) -> dict[str, tuple[float, float, float, float]]:
    """(north, west, south, east) in degrees by the name of the map."""
    need_folder(root, _HOLDS)
    table = next((root / name for name in _RANGES if (root / name).is_file()), root / _RANGES[0])
    found = {}
    for number, row in read_table(table, ("mapname", *_CORNERS), _HOLDS):
        upper = position(row["LT_lat_map"], row["LT_lon_map"])
        lower = position(row["RB_lat_map"], row["RB_lon_map"])
        if not upper or not lower or upper.lat <= lower.lat or upper.lon >= lower.lon:
            raise bad_line(table, number, "the upper left and lower right corner of each map")
        found[row["mapname"]] = (upper.lat, upper.lon, lower.lat, lower.lon)
    return found


def _maps(
    root: Path, flight: str, ranges: dict[str, tuple[float, float, float, float]]
) -> list[_Map]:
    import rasterio
    from rasterio.errors import RasterioError

    need_folder(root / flight, _HOLDS)
    names = sorted(name for name in ranges if name.startswith(f"satellite{flight}"))
    if not names:
        raise GleamError(
            f"{_RANGES[0]} has no line for satellite{flight}.tif.", f"It should hold {_HOLDS}."
        )
    found = []
    for name in names:
        path = beneath(root / flight, name)
        if not path.is_file():
            raise missing(path, _HOLDS)
        try:
            with rasterio.open(path) as raster:
                found.append(_Map(path, raster.width, raster.height, *ranges[name]))
        except RasterioError:
            raise GleamError(
                f"{clean_text(path, 400)} is not a readable TIFF.", "Download it again."
            ) from None
    return found


def _photos(root: Path, flight: str) -> list[tuple[Path, LatLon]]:
    table, folder = root / flight / f"{flight}.csv", root / flight / "drone"
    found = []
    for number, row in read_table(table, ("filename", "lat", "lon"), _HOLDS):
        where = position(row["lat"], row["lon"])
        if where is None:
            raise bad_line(table, number, "num,filename,date,lat,lon,height ...")
        found.append((beneath(folder, row["filename"]), where))
    need_all([photo for photo, _ in found], _HOLDS)
    return found
