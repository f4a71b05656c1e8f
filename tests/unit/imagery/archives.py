"""Map tiles whose content is a function of where on the map they lie, in every kind of archive."""

import io
import math
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rasterio.transform import Affine

from gleam_app.geo.mercator import HALF_WORLD_M, tile_at, tile_extent_m
from tests.unit.imagery.rasters import write_raster

LAT, LON = 28.04, -82.69
FINEST, COARSEST = 18, 14
Tile = tuple[int, int, int]


def ground(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Soft waves some 60 to 200 m long, uint8 (..., 3), of Web Mercator metres."""
    layers = [
        127 + 60 * np.sin(x / a + y / b) + 50 * np.sin(x / c - y / a)
        for a, b, c in ((11.0, 17.0, 23.0), (19.0, -12.0, 14.0), (-15.0, 21.0, 31.0))
    ]
    return np.rint(np.stack(layers, axis=-1)).astype(np.uint8)


def pixels_of(tile: Tile, side: int = 256) -> NDArray[np.uint8]:
    west, south, east, north = tile_extent_m(*tile)
    at = (np.arange(side) + 0.5) / side
    return ground(*np.meshgrid(west + at * (east - west), north - at * (north - south)))


def encoded(pixels: NDArray[np.uint8], kind: str = "png") -> bytes:
    out = io.BytesIO()
    options = {"png": {}, "jpg": {"quality": 95}, "webp": {"lossless": True}}[kind]
    name = {"jpg": "JPEG"}.get(kind, kind.upper())
    Image.fromarray(pixels).save(out, name, **options)
    return out.getvalue()


def block(lat: float = LAT, lon: float = LON, finest: int = FINEST, around: int = 2) -> list[Tile]:
    """The finest tiles around a place."""
    x, y = tile_at(lat, lon, finest)
    steps = range(-around, around + 1)
    return [(finest, (x + i) % 2**finest, y + j) for j in steps for i in steps]


def pyramid(finest: list[Tile], coarsest: int = COARSEST) -> list[Tile]:
    """Those tiles and all above them."""
    tiles = set(finest)
    for zoom in range(finest[0][0] - 1, coarsest - 1, -1):
        tiles |= {(zoom, x // 2, y // 2) for z, x, y in tiles if z == zoom + 1}
    return sorted(tiles)


def drawn(tiles: list[Tile], kind: str = "png", side: int = 256) -> Iterator[tuple[Tile, bytes]]:
    for tile in tiles:
        yield tile, encoded(pixels_of(tile, side), kind)


def write_mbtiles(
    path: Path, tiles: list[Tile], kind: str = "png", side: int = 256, **about: str
) -> Path:
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE metadata (name TEXT, value TEXT)")
        file.execute(
            "CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB)"
        )
        file.execute("CREATE UNIQUE INDEX place ON tiles (zoom_level, tile_column, tile_row)")
        file.executemany("INSERT INTO metadata VALUES (?, ?)", {"format": kind, **about}.items())
        file.executemany(
            "INSERT INTO tiles VALUES (?, ?, ?, ?)",
            ((z, x, 2**z - 1 - y, data) for (z, x, y), data in drawn(tiles, kind, side)),
        )
    file.close()
    return path


def write_folder(
    folder: Path, tiles: list[Tile], kind: str = "png", side: int = 256, tms: bool = False
) -> Path:
    for (z, x, y), data in drawn(tiles, kind, side):
        row = 2**z - 1 - y if tms else y
        place = folder / str(z) / str(x) / f"{row}.{kind}"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    if tms:
        (folder / "tilemapresource.xml").write_text(
            '<?xml version="1.0" encoding="utf-8"?><TileMap version="1.0.0"><SRS>EPSG:3857</SRS>'
            "</TileMap>"
        )
    return folder


def write_pmtiles(path: Path, tiles: list[Tile], kind: str = "png", side: int = 256) -> Path:
    """By the reference implementation."""
    from pmtiles.tile import Compression, TileType, zxy_to_tileid
    from pmtiles.writer import write

    number = {tile: zxy_to_tileid(*tile) for tile in tiles}
    boxes = [tile_extent_m(*tile) for tile in tiles if tile[0] == max(t[0] for t in tiles)]
    radius = HALF_WORLD_M / math.pi
    west, east = min(b[0] for b in boxes), max(b[2] for b in boxes)
    if east - west > HALF_WORLD_M:  # through the antimeridian
        west = min(b[0] for b in boxes if b[0] > 0)
        east = max(b[2] for b in boxes if b[2] < 0)

    def lat(y: float) -> int:
        return round(math.degrees(2 * math.atan(math.exp(y / radius)) - math.pi / 2) * 1e7)

    def lon(x: float) -> int:
        return round(math.degrees(x / radius) * 1e7)

    types = {"png": TileType.PNG, "jpg": TileType.JPEG, "webp": TileType.WEBP}
    with write(str(path)) as file:
        for tile, data in drawn(sorted(tiles, key=number.__getitem__), kind, side):
            file.write_tile(number[tile], data)
        file.finalize(
            {
                "tile_type": types[kind],
                "tile_compression": Compression.NONE,
                "min_lon_e7": lon(west),
                "min_lat_e7": lat(min(b[1] for b in boxes)),
                "max_lon_e7": lon(east),
                "max_lat_e7": lat(max(b[3] for b in boxes)),
            },
            {},
        )
    return path


def write_as_raster(path: Path, finest: list[Tile], overviews: bool = True) -> Path:
    """The same ground as one GeoTIFF in Web Mercator."""
    boxes = [tile_extent_m(*tile) for tile in finest]
    west, north = min(b[0] for b in boxes), max(b[3] for b in boxes)
    east, south = max(b[2] for b in boxes), min(b[1] for b in boxes)
    pixel = (boxes[0][2] - boxes[0][0]) / 256
    xs = np.arange(west + pixel / 2, east, pixel)
    ys = np.arange(north - pixel / 2, south, -pixel)
    data = np.moveaxis(ground(*np.meshgrid(xs, ys)), 2, 0)
    place = Affine(pixel, 0, west, 0, -pixel, north)
    return write_raster(path, data, "EPSG:3857", place, overviews=overviews, tiled=True)
