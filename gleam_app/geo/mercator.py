"""Web Mercator tiles in XYZ numbering: x from 180° W eastwards, y from the north downwards."""

import math

from gleam_app.geo.coordinates import Bounds, LatLon

EARTH_RADIUS_M = 6378137.0
HALF_WORLD_M = math.pi * EARTH_RADIUS_M  # EPSG:3857 runs from -HALF_WORLD_M to +HALF_WORLD_M
MAX_LAT = math.degrees(2 * math.atan(math.exp(math.pi)) - math.pi / 2)  # 85.0511...


def to_mercator(lat: float, lon: float) -> tuple[float, float]:
    """(easting, northing) in EPSG:3857 metres; ``lat`` within ``MAX_LAT`` of the equator."""
    return math.radians(lon) * EARTH_RADIUS_M, EARTH_RADIUS_M * math.asinh(
        math.tan(math.radians(lat))
    )


def tile_extent_m(zoom: int, x: int, y: int) -> tuple[float, float, float, float]:
    """(west, south, east, north) of a tile in EPSG:3857 metres."""
    side = 2 * HALF_WORLD_M / 2**zoom
    west, north = x * side - HALF_WORLD_M, HALF_WORLD_M - y * side
    return west, north - side, west + side, north


def tile_bounds(zoom: int, x: int, y: int) -> Bounds:
    """The tile's box in degrees."""
    west, south, east, north = tile_extent_m(zoom, x, y)
    return Bounds(
        math.degrees(west / EARTH_RADIUS_M),
        latitude_of(south),
        math.degrees(east / EARTH_RADIUS_M),
        latitude_of(north),
    )


def tile_at(lat: float, lon: float, zoom: int) -> tuple[int, int]:
    """(x, y) of the tile that holds the position; latitudes beyond the map's edge are clamped."""
    count = 2**zoom
    phi = math.radians(max(-MAX_LAT, min(MAX_LAT, lat)))
    x = math.floor((lon + 180.0) / 360.0 * count) % count
    y = math.floor((1.0 - math.asinh(math.tan(phi)) / math.pi) / 2.0 * count)
    return x, max(0, min(count - 1, y))


def tile_centre(zoom: int, x: int, y: int) -> LatLon:
    """The position in the middle of the tile's picture."""
    west, south, east, north = tile_extent_m(zoom, x, y)
    return LatLon(
        latitude_of((south + north) / 2), math.degrees((west + east) / 2 / EARTH_RADIUS_M)
    )


def zoom_for(resolution_m: float, lat: float, tile_px: int = 256) -> int:
    """Smallest zoom (0..22) whose pixels are no coarser than ``resolution_m`` metres at ``lat``."""
    world_px = 2 * HALF_WORLD_M * math.cos(math.radians(lat)) / max(resolution_m, 1e-6)
    return max(0, min(22, math.ceil(math.log2(max(world_px / tile_px, 1.0)) - 1e-9)))


def latitude_of(northing: float) -> float:
    """The latitude (degrees) of an EPSG:3857 northing in metres."""
    return math.degrees(2 * math.atan(math.exp(northing / EARTH_RADIUS_M)) - math.pi / 2)
