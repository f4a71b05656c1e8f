"""What a tile set will hold: where its tiles lie, in blocks that are read and embedded together.

Overlapping tiles share most of their pixels: a block is read once, and as much of the network as the
encoder's pack allows is computed once for all of its tiles.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import Bounds, LatLon
from gleam_app.geo.footprint import area_m2, ring_bounds
from gleam_app.geo.grid import MAX_TILES
from gleam_app.imagery.sources import MapSource
from gleam_app.imagery.views import View
from gleam_app.packs.files import write_whole
from gleam_app.retrieval.tiles.arrays import mapped_array
from gleam_app.retrieval.tiles.blocks import Blocks, Steps
from gleam_app.retrieval.tiles.scales import DEFAULT_VIEWS, choose_scales
from gleam_app.retrieval.tiles.tileset import TILE

__all__ = [
    "BLOCK",
    "Plan",
    "Steps",
    "area_of",
    "plan_maps",
    "plan_of",
    "plan_pictures",
    "refuse_too_many",
]

BLOCK = np.dtype(
    [
        ("source", "<u4"), ("scale_m", "<f4"), ("lat", "<f8"), ("lon", "<f8"),
        ("across", "<u2"), ("first", "<i8"),
    ]
)  # fmt: skip
"""Middle of a block, tiles along its side, and the row of its first tile in the tile table."""


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

    def save(self, folder: Path) -> None:
        """Write it into a folder, to be gone on with by ``load``."""
        for name in _ARRAYS:
            np.save(folder / f"{name}.npy", getattr(self, name), allow_pickle=False)
        rest = {
            "scales_m": self.scales_m,
            "area_km2": self.area_km2,
            "bounds": self.bounds,
            "pictures": self.pictures,
        }
        write_whole(folder / "plan.json", json.dumps(rest))

    @classmethod
    def load(cls, folder: Path) -> "Plan":
        """The plan that was saved there; its arrays are mapped, not read. Raises OSError, ValueError."""
        try:
            arrays: dict[str, Any] = {
                name: mapped_array(folder / f"{name}.npy") for name in _ARRAYS
            }
            rest = json.loads((folder / "plan.json").read_text("utf-8"))
            rest["bounds"] = Bounds(*rest["bounds"]) if rest["bounds"] else None
            plan = cls(**rest, **arrays)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("no whole plan is there") from error
        sizes = {len(plan.table), len(plan.column), len(plan.row)}
        whole = len(sizes) == 1 if plan.blocks.size else len(plan.pictures) == len(plan.table)
        if not whole or plan.table.dtype != TILE or plan.blocks.dtype != BLOCK:
            raise ValueError("the parts of the plan do not fit together")
        return plan


_ARRAYS = ("table", "blocks", "column", "row")


def plan_maps(
    sources: Sequence[MapSource],
    scales_m: Sequence[float] | None,
    steps: Steps,
    views: Collection[View] = DEFAULT_VIEWS,
) -> Plan:
    """Lay the grid over every source at every scale.

    ``scales_m`` in metres; None: those that serve ``views`` and of which some source has the pixels.
    Raises GleamError where there would be more than ``MAX_TILES`` tiles.
    """
    scales = list(
        scales_m or sorted({s for source in sources for s in choose_scales(source, views)})
    )
    area = area_of(sources)
    refuse_too_many({scale: int(area / steps.step_m(scale) ** 2) for scale in scales})
    grids = [
        (index, Blocks.over(outline, scale, steps))
        for index, source in enumerate(sources)
        for scale in scales
        for outline in source.outlines
    ]
    counts = dict.fromkeys(scales, 0)
    for _, grid in grids:
        counts[grid.scale_m] += int(grid.counts.sum())
    refuse_too_many(counts)
    corners = [corner for source in sources for outline in source.outlines for corner in outline]
    return plan_of(grids, scales, area, ring_bounds(corners))


def plan_of(
    grids: Sequence[tuple[int, Blocks]], scales_m: list[float], area: float, bounds: Bounds
) -> Plan:
    """The plan of these blocks, each with the number of its source; ``area`` in square metres.

    The tables have their size from the start: 32 bytes a tile, and little beside.
    """
    total = sum(int(grid.counts.sum()) for _, grid in grids)
    table = np.zeros(total, TILE)
    column, row = np.empty(total, np.uint16), np.empty(total, np.uint16)
    blocks = [np.zeros(0, BLOCK)]
    end = 0
    for index, grid in grids:
        first = end
        for tiles in grid.tiles():
            here = slice(end, end + len(tiles.lats))
            table["lat"][here], table["lon"][here] = tiles.lats, tiles.lons
            column[here], row[here] = tiles.column, tiles.row
            end = here.stop
        table["source"][first:end], table["scale_m"][first:end] = index, grid.scale_m
        blocks.append(_described(index, grid, first))
    return Plan(table, scales_m, area / 1e6, bounds, [], np.concatenate(blocks), column, row)


def plan_pictures(folder: Path, coords: Mapping[str, LatLon]) -> Plan:
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


def area_of(sources: Sequence[MapSource]) -> float:
    """Square metres within the sources' outlines; where sources overlap, it counts for each."""
    return sum(area_m2(outline) for source in sources for outline in source.outlines)


def refuse_too_many(counts: Mapping[float, int]) -> None:
    """Raise GleamError if the ``counts`` of tiles by scale are more than a desktop can search."""
    total = sum(counts.values())
    if total <= MAX_TILES:
        return
    kept = sorted(counts, reverse=True)
    while kept and sum(counts[scale] for scale in kept) > MAX_TILES:
        kept.pop()
    if kept:
        left_out = ", ".join(f"{scale:g} m" for scale in sorted(counts) if scale not in kept)
        rest = sum(counts[scale] for scale in kept)
        scales = ",".join(f"{scale:g}" for scale in sorted(kept))
        hint = f"Leave out {left_out}: --scales {scales} needs {rest:,}."
    else:
        hint = "Choose larger tiles, or add a smaller part of the map."
    raise GleamError(f"The map would need {total:,} tiles, more than {MAX_TILES:,}.", hint)


def _described(index: int, grid: Blocks, first: int) -> NDArray[Any]:
    blocks = np.zeros(len(grid.lats), BLOCK)
    blocks["source"], blocks["scale_m"], blocks["across"] = index, grid.scale_m, grid.across
    blocks["lat"], blocks["lon"] = grid.lats, grid.lons
    blocks["first"] = first + np.cumsum(grid.counts) - grid.counts
    return blocks[grid.counts > 0]
