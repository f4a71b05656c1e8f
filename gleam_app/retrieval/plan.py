"""What a tile set will hold: where its tiles lie, in blocks that are read and embedded together.

A block is a square part of a map at one scale, with its tiles in rows and columns along north and east
of its own middle. Overlapping tiles share most of their pixels: a block is read once, and as much of
the network as the encoder's pack allows is computed once for all of its tiles.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import Bounds, LatLon
from gleam_app.geo.footprint import Ring, area_m2, distance_m, ring_bounds
from gleam_app.geo.frame import LocalFrame
from gleam_app.geo.grid import tile_centres, tiles_touching
from gleam_app.imagery.sources import MapSource
from gleam_app.retrieval.tileset import TILE

# Sides of what a UAV sees from 50 to 300 m, in steps of half as much again.
UAV_SCALES_M = (48.0, 72.0, 108.0, 162.0, 243.0)
OVERLAP = 0.75  # of a tile with the next one
MIN_TILE_PX = 96  # a tile made of fewer source pixels is blur
BLOCK_TILES = 16  # along each side of a block: a megapixel of map at an overlap of 0.75
STEEPEST_DEG = 85.0  # beyond, north turns within a block: its tiles stand alone

BLOCK = np.dtype(
    [
        ("source", "<u4"), ("scale_m", "<f4"), ("lat", "<f8"), ("lon", "<f8"),
        ("across", "<u2"), ("first", "<i8"),
    ]
)  # fmt: skip
"""Middle of a block, tiles along its side, and the row of its first tile in the tile table."""


@dataclass(frozen=True)
class Steps:
    """The encoder's grid in pixels: side of a tile, and the step to the next one."""

    tile_px: int
    step_px: int

    @classmethod
    def of(cls, tile_px: int, cell_px: int) -> "Steps":
        """About ``OVERLAP``, in whole cells of what tiles share."""
        wanted = tile_px * (1 - OVERLAP)
        return cls(tile_px, max(1, round(wanted / cell_px)) * cell_px)


@dataclass(frozen=True)
class Plan:
    """What would be built, before any pixel is read.

    ``table``: the tiles, block by block; ``column``, ``row`` uint16 (N,): each tile's place in its block,
    from its north-western corner. Plain pictures have neither blocks nor scales.
    """

    table: NDArray[Any]
    scales_m: list[float]
    area_km2: float
    bounds: Bounds | None
    pictures: list[str]
    blocks: NDArray[Any]
    column: NDArray[np.uint16]
    row: NDArray[np.uint16]


def choose_scales(source: MapSource) -> list[float]:
    """Tile sides (metres) that the source's resolution and extent can serve; at least one."""
    extent_m = min(_sides_m(source.bounds))
    fitting = [
        scale
        for scale in UAV_SCALES_M
        if scale >= MIN_TILE_PX * source.resolution_m and scale <= extent_m
    ]
    return fitting or [max(min(extent_m, UAV_SCALES_M[-1]), MIN_TILE_PX * source.resolution_m / 2)]


def plan_maps(sources: list[MapSource], scales_m: list[float] | None, steps: Steps) -> Plan:
    """Lay the grid over every source at every scale."""
    scales = scales_m or sorted({s for source in sources for s in choose_scales(source)})
    parts: list[_Part] = []
    tiles = 0
    for index, source in enumerate(sources):
        for scale in scales:
            for outline in source.outlines:
                parts.append(_lay_out(outline, index, scale, steps, tiles))
                tiles += len(parts[-1].table)
    outlines = [outline for source in sources for outline in source.outlines]
    return Plan(
        table=np.concatenate([part.table for part in parts]),
        scales_m=scales,
        area_km2=sum(area_m2(outline) for outline in outlines) / 1e6,
        bounds=ring_bounds([corner for outline in outlines for corner in outline]),
        pictures=[],
        blocks=np.concatenate([part.blocks for part in parts]),
        column=np.concatenate([part.column for part in parts]),
        row=np.concatenate([part.row for part in parts]),
    )


def plan_pictures(folder: Path, coords: dict[str, LatLon]) -> Plan:
    """Every picture of a folder is one tile; ``coords`` places some of them."""
    from gleam_app.imagery.pictures import list_pictures

    names = [path.relative_to(folder).as_posix() for path in list_pictures(folder)]
    strangers = sorted(set(coords) - set(names))
    if strangers:
        raise GleamError(
            f"The coordinate table names {strangers[0]}, which is not among the pictures.",
            "File names in it are relative to the folder of pictures.",
        )
    table = np.zeros(len(names), TILE)
    for row, name in enumerate(names):
        lat, lon = coords.get(name, (np.nan, np.nan))
        table[row]["lat"], table[row]["lon"] = lat, lon
    known = table[~np.isnan(table["lat"])]
    corners = list(zip(known["lat"].tolist(), known["lon"].tolist(), strict=True))
    bounds = ring_bounds(corners) if corners else None
    nothing = np.zeros(0, np.uint16)
    return Plan(table, [], 0.0, bounds, names, np.zeros(0, BLOCK), nothing, nothing)


@dataclass(frozen=True)
class _Part:
    """The tiles of one outline at one scale."""

    table: NDArray[Any]
    blocks: NDArray[Any]
    column: NDArray[np.uint16]
    row: NDArray[np.uint16]


def _lay_out(outline: Ring, index: int, scale_m: float, steps: Steps, first: int) -> _Part:
    step_m = scale_m * steps.step_px / steps.tile_px
    bounds = ring_bounds(outline)
    width_m, height_m = _sides_m(bounds)
    across = int(np.clip(1 + np.ceil((max(width_m, height_m) - scale_m) / step_m), 1, BLOCK_TILES))
    if max(abs(bounds.south), abs(bounds.north)) > STEEPEST_DEG:
        across = 1
    side_m = (across - 1) * step_m + scale_m
    block_lats, block_lons = tile_centres(outline, side_m, across * step_m)
    column, row = (grid.ravel() for grid in np.meshgrid(np.arange(across), np.arange(across)))
    east, north = (column - (across - 1) / 2) * step_m, ((across - 1) / 2 - row) * step_m
    lats, lons = np.empty((2, len(block_lats), across**2))
    for i, (lat, lon) in enumerate(zip(block_lats.tolist(), block_lons.tolist(), strict=True)):
        lats[i], lons[i] = LocalFrame(lat, lon).to_degrees(east, north)
    kept = tiles_touching(outline, lats.ravel(), lons.ravel(), scale_m).reshape(lats.shape)
    counts = kept.sum(axis=1)
    table = np.zeros(int(counts.sum()), TILE)
    table["source"], table["scale_m"] = index, scale_m
    table["lat"], table["lon"] = lats[kept], lons[kept]
    blocks = np.zeros(len(counts), BLOCK)
    blocks["source"], blocks["scale_m"], blocks["across"] = index, scale_m, across
    blocks["lat"], blocks["lon"] = block_lats, block_lons
    blocks["first"] = first + np.cumsum(counts) - counts
    inside = np.nonzero(kept)[1]
    return _Part(
        table,
        blocks[counts > 0],
        column[inside].astype(np.uint16),
        row[inside].astype(np.uint16),
    )


def _sides_m(bounds: Bounds) -> tuple[float, float]:
    """Width and height of a box on the ground, through its middle."""
    west, south, east, north = bounds
    middle = LatLon((south + north) / 2, west + (east - west) % 360.0 / 2)
    return (
        distance_m(LatLon(middle.lat, west), LatLon(middle.lat, east)),
        distance_m(LatLon(south, middle.lon), LatLon(north, middle.lon)),
    )
