"""Scales: how large a tile is on the ground, so that it shows about what a query shows.

One ladder serves every view, each step half as large again, so that whatever a query shows is within
a factor of 1.23 of a tile and what views have in common is embedded once. Of a query from above the
encoder sees a square of 0.8 of its shorter side (``turning.SQUARE_SHARE``). A usual drone camera (4:3,
84 degrees across the diagonal) that looks down from height h has 1.08 h on its shorter side, so that
square is 0.86 h: from 50 to 300 m up, 43 to 259 m. A picture from the ground shows the 40 to 80 m
around it, a cut from a street map 150 to 600 m.
"""

from collections.abc import Collection

from gleam_app.geo.footprint import ring_bounds
from gleam_app.imagery.sources import MapSource
from gleam_app.imagery.views import View
from gleam_app.retrieval.tiles.blocks import sides_m

LADDER_M = (48.0, 72.0, 108.0, 162.0, 243.0, 364.0, 546.0)
SCALES_M: dict[View, tuple[float, ...]] = {
    "uav": LADDER_M[:5],
    "ground": LADDER_M[:2],
    "panorama": LADDER_M[:2],
    "map": LADDER_M[3:],
}
"""Tile sides in metres by view."""
_LEAST_MAP_M = SCALES_M["map"][0] / 1.23
DEFAULT_VIEWS: tuple[View, ...] = ("uav",)
MIN_TILE_PX = 96  # a tile made of fewer source pixels is blur


def scales_for(views: Collection[View]) -> list[float]:
    """The scales of some views, ascending, each once."""
    return sorted({scale for view in views for scale in SCALES_M[view]})


def finest_m(source: MapSource) -> float:
    """Side of the smallest tile that the source's pixels still fill."""
    return MIN_TILE_PX * source.resolution_m


def largest_m(source: MapSource) -> float:
    """Side of the largest tile that some part of the source can fill."""
    return max(min(sides_m(ring_bounds(outline))) for outline in source.outlines)


def choose_scales(source: MapSource, views: Collection[View] = DEFAULT_VIEWS) -> list[float]:
    """Tile sides (metres) that the source's resolution and extent can serve; at least one."""
    wanted, finest, largest = scales_for(views), finest_m(source), largest_m(source)
    fitting = [scale for scale in wanted if finest <= scale <= largest]
    return fitting or [max(min(largest, wanted[-1]), finest / 2)]


def scales_to_search(view: View, scales_m: Collection[float]) -> list[float] | None:
    """Which of a set's scales a query is compared with; None: all of them.

    A street map shows hundreds of metres, and a set made for photos too has ten times as many tiles far
    smaller than that, which crowd the right ones out: of 72 cuts of 12 held-out street maps among 17,011
    tiles, 0.85 found their place among the first 10 at these scales, 0.71 at all. Coarse tiles are so
    few that photos lose nothing by them.
    """
    own = [scale for scale in scales_m if scale >= _LEAST_MAP_M]
    return own if view == "map" and 0 < len(own) < len(scales_m) else None
