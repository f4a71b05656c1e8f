"""Blocks of overlapping tiles: how they cover one outline at one scale.

A block is a square part of a map at one scale, with its tiles in rows and columns along north and east
of its own middle. Only blocks at the outline's edge are laid out tile by tile to be counted: so maps of
millions of tiles are counted in moments.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gleam_app.geo.coordinates import Bounds, LatLon
from gleam_app.geo.footprint import Ring, distance_m, points_in_ring, ring_bounds
from gleam_app.geo.frame import wgs84
from gleam_app.geo.grid import away_from_edge, tile_centres, tiles_touching

OVERLAP = 0.75  # of a tile with the next one
BLOCK_TILES = 16  # along each side of a block: a megapixel of map at an overlap of 0.75
STEEPEST_DEG = 85.0  # beyond, north turns within a block: its tiles stand alone
_AT_ONCE = 1 << 17  # tiles laid out together ...
_BLOCKS_AT_ONCE = 1 << 12  # ... and blocks


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

    def step_m(self, scale_m: float) -> float:
        """Metres from a tile of that side to the next one."""
        return scale_m * self.step_px / self.tile_px


@dataclass(frozen=True)
class Tiles:
    """The tiles of some blocks, block by block: centres in degrees, float64 (N,), and each tile's place
    in its block from the north-western corner, uint16 (N,)."""

    lats: NDArray[np.float64]
    lons: NDArray[np.float64]
    column: NDArray[np.uint16]
    row: NDArray[np.uint16]


@dataclass(frozen=True)
class Blocks:
    """The blocks that cover an outline with tiles of ``scale_m``.

    ``lats``, ``lons`` float64 (N,), degrees: their middles. Each has ``across`` tiles along its side,
    ``step_m`` metres apart, of which those count that touch the outline: all of them but in the blocks
    ``at_edge`` (indexes, ascending), where they are looked at one by one.
    """

    outline: Ring
    scale_m: float
    step_m: float
    across: int
    lats: NDArray[np.float64]
    lons: NDArray[np.float64]
    at_edge: NDArray[np.int64]

    @classmethod
    def over(cls, outline: Ring, scale_m: float, steps: Steps) -> "Blocks":
        """Raises GleamError where the outline would need an absurd number of blocks."""
        step_m = steps.step_m(scale_m)
        bounds = ring_bounds(outline)
        across = int(
            np.clip(1 + np.ceil((max(sides_m(bounds)) - scale_m) / step_m), 1, BLOCK_TILES)
        )
        if across == 1 or max(abs(bounds.south), abs(bounds.north)) > STEEPEST_DEG:
            lats, lons = tile_centres(outline, scale_m, step_m)
            return cls(outline, scale_m, step_m, 1, lats, lons, np.zeros(0, np.int64))
        side_m = (across - 1) * step_m + scale_m
        lats, lons = tile_centres(bounds, side_m, across * step_m)
        apart = np.concatenate(
            [
                away_from_edge(outline, lats[part], lons[part], side_m)
                for part in _parts(len(lats), across)
            ]
        )
        kept = ~apart
        kept[apart] = points_in_ring(outline, lats[apart], lons[apart])
        return cls(
            outline, scale_m, step_m, across, lats[kept], lons[kept], np.flatnonzero(~apart[kept])
        )

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Tiles of each block, int64 (N,); at the edge there may be none."""
        counts = np.full(len(self.lats), self.across**2, np.int64)
        counts[self.at_edge] = self._kept_at_edge.sum(axis=1)
        return counts

    def tiles(self) -> Iterator[Tiles]:
        """All of them, some blocks at a time."""
        for part in _parts(len(self.lats), self.across):
            blocks = np.arange(part.start, min(part.stop, len(self.lats)))
            kept = np.ones((len(blocks), self.across**2), bool)
            edge = slice(*np.searchsorted(self.at_edge, (part.start, part.stop)).tolist())
            kept[self.at_edge[edge] - part.start] = self._kept_at_edge[edge]
            lats, lons = self._centres(blocks)
            inside = np.nonzero(kept)[1]
            flat = kept.ravel()
            yield Tiles(lats[flat], lons[flat], self._columns[inside], self._rows[inside])

    def some(self, chosen: NDArray[np.int64]) -> "Blocks":
        """These blocks alone (ascending indexes)."""
        edge = np.flatnonzero(np.isin(chosen, self.at_edge))
        return replace(self, lats=self.lats[chosen], lons=self.lons[chosen], at_edge=edge)

    @cached_property
    def _columns(self) -> NDArray[np.uint16]:
        return np.tile(np.arange(self.across, dtype=np.uint16), self.across)

    @cached_property
    def _rows(self) -> NDArray[np.uint16]:
        return np.repeat(np.arange(self.across, dtype=np.uint16), self.across)

    @cached_property
    def _kept_at_edge(self) -> NDArray[np.bool_]:
        """Bool (blocks at the edge, across ** 2): the tiles of them that touch the outline."""
        kept = np.zeros((len(self.at_edge), self.across**2), bool)
        for part in _parts(len(kept), self.across):
            lats, lons = self._centres(self.at_edge[part])
            kept[part] = tiles_touching(self.outline, lats, lons, self.scale_m).reshape(
                kept[part].shape
            )
        return kept

    def _centres(
        self, blocks: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(lats, lons) of all tiles of these blocks, in or out."""
        east = (self._columns - (self.across - 1) / 2) * self.step_m
        north = ((self.across - 1) / 2 - self._rows) * self.step_m
        lons, lats, _ = wgs84().fwd(
            np.repeat(self.lons[blocks], len(east)),
            np.repeat(self.lats[blocks], len(east)),
            np.tile(np.degrees(np.arctan2(east, north)), len(blocks)),
            np.tile(np.hypot(east, north), len(blocks)),
        )
        return lats, lons


def _parts(blocks: int, across: int) -> Iterator[slice]:
    size = min(_BLOCKS_AT_ONCE, _AT_ONCE // across**2)
    return (slice(start, start + size) for start in range(0, blocks, size))


def sides_m(bounds: Bounds) -> tuple[float, float]:
    """Width and height of a box on the ground in metres, through its middle."""
    west, south, east, north = bounds
    middle = LatLon((south + north) / 2, west + (east - west) % 360.0 / 2)
    return (
        distance_m(LatLon(middle.lat, west), LatLon(middle.lat, east)),
        distance_m(LatLon(south, middle.lon), LatLon(north, middle.lon)),
    )
