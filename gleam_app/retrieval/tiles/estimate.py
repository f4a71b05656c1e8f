"""What a tile set would take, told before anything is built: tiles a scale, disk and time."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import Bounds
from gleam_app.geo.footprint import Ring, area_m2, ring_bounds
from gleam_app.geo.grid import MAX_TILES, share_inside
from gleam_app.imagery.folders import folder_kind
from gleam_app.imagery.sources import MapSource, open_source
from gleam_app.imagery.views import View
from gleam_app.jobs.work import Work
from gleam_app.retrieval.encoder import Encoder
from gleam_app.retrieval.index import is_small
from gleam_app.retrieval.tiles.blocks import BLOCK_TILES, Blocks, Steps
from gleam_app.retrieval.tiles.embedding import MIN_COVERAGE
from gleam_app.retrieval.tiles.pace import Pace, measure, remember_pace, remembered
from gleam_app.retrieval.tiles.plan import area_of, refuse_too_many
from gleam_app.retrieval.tiles.scales import (
    DEFAULT_VIEWS,
    LADDER_M,
    SCALES_M,
    choose_scales,
    finest_m,
    largest_m,
)
from gleam_app.retrieval.tiles.tileset import TILE

__all__ = ["Cost", "Estimate", "ScaleCost", "estimate", "remember_pace"]

WhyNot = Literal["", "too_fine", "too_large"]
INDEX_BYTES = 8  # for each tile of a large set, beside a quarter of a byte for each dimension
FIXED_BYTES = 4 << 10  # descriptions, names, folders
SAMPLED = 16  # blocks at an edge of which the tiles are looked at
PATIENCE_S = 3.0  # with reading blocks, before larger ones are only reckoned
PICTURES = 8  # of a folder that are read and embedded to learn the pace


@dataclass(frozen=True)
class ScaleCost:
    """One scale that could be built. ``tiles``: as many as the set should hold of it, if the imagery
    fills its outline; ``views``: those it serves; ``suggested``: serves a view that was asked for and
    suits the imagery. ``too_fine``: the source's pixels are too coarse for it; ``too_large``: no part
    of the source is as large as a tile."""

    scale_m: float
    tiles: int
    views: tuple[View, ...]
    suggested: bool
    why_not: WhyNot


@dataclass(frozen=True)
class Cost:
    """Of some scales together. ``seconds`` is None where no imagery was found to try."""

    tiles: int
    disk_bytes: int
    seconds: float | None


@dataclass(frozen=True)
class Estimate:
    """Area within the outlines (km²), the finest source pixel (metres), the scales that could be built,
    ascending; neither area nor scales for plain pictures. ``notes``: what was left out, for people."""

    area_km2: float
    resolution_m: float
    scales: tuple[ScaleCost, ...]
    notes: tuple[str, ...]
    bounds: Bounds | None
    _outlines: tuple[Ring, ...] = field(repr=False)
    _steps: Steps = field(repr=False)
    _dimension: int = field(repr=False)
    _paces: dict[float, Pace] = field(repr=False)
    _pictures: int = 0

    @property
    def suggested_m(self) -> list[float]:
        """The suggested scales: what is built if nobody chooses."""
        return [scale.scale_m for scale in self.scales if scale.suggested]

    def cost(self, scales_m: Sequence[float]) -> Cost:
        """What a set of these scales takes, also of ones that are not listed.

        Raises GleamError where there would be more tiles than can be searched.
        """
        counts = {scale: self._tiles(scale) for scale in scales_m}
        refuse_too_many(counts)
        tiles = self._pictures + sum(counts.values())
        seconds = None
        if self._paces:
            paced = {0.0: self._pictures, **counts}
            seconds = sum(count * self._seconds(scale) for scale, count in paced.items())
        return Cost(tiles, disk_bytes(tiles, self._dimension) if tiles else 0, seconds)

    def to_json(self, scales_m: Sequence[float]) -> dict[str, Any]:
        """The estimate, and the cost of the scales chosen."""
        cost = self.cost(scales_m)
        return {
            "schema": "gleam.estimate/1",
            "area_km2": round(self.area_km2, 4),
            "resolution_m": round(self.resolution_m, 4),
            "scales": [
                {
                    "scale_m": scale.scale_m,
                    "tiles": scale.tiles,
                    "views": list(scale.views),
                    "suggested": scale.suggested,
                    "why_not": scale.why_not,
                }
                for scale in self.scales
            ],
            "chosen_m": list(scales_m),
            "tiles": cost.tiles,
            "disk_bytes": cost.disk_bytes,
            "seconds": None if cost.seconds is None else round(cost.seconds, 1),
            "notes": list(self.notes),
        }

    def _tiles(self, scale_m: float) -> int:
        known = self._counted.get(scale_m)
        if known is None:
            known = self._counted[scale_m] = _tiles(self._outlines, scale_m, self._steps)
        return known

    @cached_property
    def _counted(self) -> dict[float, int]:
        return {scale.scale_m: scale.tiles for scale in self.scales}

    def _seconds(self, scale_m: float) -> float:
        """A tile's, read as at the nearest scale that was tried."""
        nearest = min(self._paces, key=lambda scale: abs(scale - scale_m))
        return self._paces[nearest].embed_s + self._paces[nearest].read_s


def estimate(
    sources: Sequence[Path],
    encoder: Encoder,
    home: Path,
    views: Sequence[View] = DEFAULT_VIEWS,
    crs: str | None = None,
    coords: Path | None = None,
    work: Work | None = None,
) -> Estimate:
    """Estimate a tile set of these sources, named as for ``add_tile_set``.

    Counts tiles by the sources' outlines alone. For the time a block of each suggested scale is read
    from the largest source; one is embedded too, unless a build has told the pace of that.
    Raises GleamError for imagery that cannot be read, Cancelled.
    """
    work = work or Work()
    work.report("Estimating")
    if not sources:
        raise GleamError("No imagery was given.", "Name a map file, or a folder of pictures.")
    first = sources[0]
    if len(sources) == 1 and first.is_dir() and (coords or folder_kind(first) == "pictures"):
        return _of_pictures(first, encoder)
    with _opened(sources, crs) as opened:
        return _of_maps(opened, encoder, home, views, work)


def disk_bytes(tiles: int, dimension: int) -> int:
    """Bytes of a finished set: vectors of two bytes a number, tile table, and the index of a large one.

    While it is built, the vectors lie there twice.
    """
    each = 2 * dimension + TILE.itemsize
    if not is_small(tiles, dimension):
        each += dimension // 4 + INDEX_BYTES
    return FIXED_BYTES + tiles * each


def _of_maps(
    opened: list[MapSource], encoder: Encoder, home: Path, views: Sequence[View], work: Work
) -> Estimate:
    outlines = tuple(outline for source in opened for outline in source.outlines)
    steps = Steps.of(encoder.input_px, encoder.cell_px)
    chosen = {scale for source in opened for scale in choose_scales(source, views)}
    finest = min(finest_m(source) for source in opened)
    largest = max(largest_m(source) for source in opened)
    scales: list[ScaleCost] = []
    for scale in sorted({*LADDER_M, *chosen}):
        work.report("Estimating")
        why_not: WhyNot = ""
        if scale not in chosen and scale < finest:
            why_not = "too_fine"
        elif scale not in chosen and scale > largest:
            why_not = "too_large"
        serves = tuple(view for view, sides in SCALES_M.items() if scale in sides)
        tiles = _tiles(outlines, scale, steps)
        scales.append(ScaleCost(scale, tiles, serves or tuple(views), scale in chosen, why_not))
    paces = _paces(opened, sorted(chosen), encoder, home, work)
    return Estimate(
        area_of(opened) / 1e6,
        min(source.resolution_m for source in opened),
        tuple(scales),
        tuple(note for source in opened for note in source.notes),
        ring_bounds([corner for outline in outlines for corner in outline]),
        outlines,
        steps,
        encoder.dimension,
        paces,
    )


def _paces(
    opened: list[MapSource], scales_m: list[float], encoder: Encoder, home: Path, work: Work
) -> dict[float, Pace]:
    """The pace at each scale, tried on the largest part of the largest source."""
    source = max(opened, key=lambda source: area_of([source]))
    outline = max(source.outlines, key=area_m2)
    steps = Steps.of(encoder.input_px, encoder.cell_px)
    embed_s = remembered(home, encoder)
    paces: dict[float, Pace] = {}
    reading = 0.0
    for scale in scales_m:
        work.report("Estimating")
        if area_m2(outline) / steps.step_m(scale) ** 2 > MAX_TILES:
            continue
        if reading > PATIENCE_S:  # each of its pixels is read, so the larger the tile the longer
            tried, pace = max(paces.items())
            paces[scale] = Pace(pace.embed_s, pace.read_s * (scale / tried) ** 2)
            continue
        found = measure(source, Blocks.over(outline, scale, steps), encoder, embed_s)
        if found is not None:
            paces[scale], embed_s = found, found.embed_s
            reading += found.read_s * BLOCK_TILES**2
    return paces


def _of_pictures(folder: Path, encoder: Encoder) -> Estimate:
    from gleam_app.imagery.pictures import list_pictures, read_picture

    paths = list_pictures(folder)
    some = paths[:: max(1, len(paths) // PICTURES)][:PICTURES]
    clock = time.perf_counter()
    pictures = np.stack([read_picture(path, encoder.input_px).rgb for path in some])
    read_s = (time.perf_counter() - clock) / len(some)
    encoder.embed(pictures[:1])
    clock = time.perf_counter()
    encoder.embed(pictures)
    pace = Pace((time.perf_counter() - clock) / len(some), read_s)
    steps = Steps.of(encoder.input_px, encoder.cell_px)
    return Estimate(0.0, 0.0, (), (), None, (), steps, encoder.dimension, {0.0: pace}, len(paths))


@contextmanager
def _opened(paths: Sequence[Path], crs: str | None) -> Iterator[list[MapSource]]:
    with ExitStack() as stack:
        opened: list[MapSource] = []
        for path in paths:
            opened.append(open_source(path, crs))
            stack.callback(opened[-1].close)
        yield opened


def _tiles(outlines: Sequence[Ring], scale_m: float, steps: Steps) -> int:
    """Tiles of a scale that hold enough of their outline to be kept; by area if that is too many."""
    by_area = sum(map(area_m2, outlines)) / steps.step_m(scale_m) ** 2
    if by_area > MAX_TILES:
        return int(by_area)
    return sum(_kept(Blocks.over(outline, scale_m, steps)) for outline in outlines)


def _kept(blocks: Blocks) -> int:
    """Of the tiles at the edge the share is learnt from some blocks."""
    total, at_edge = int(blocks.counts.sum()), int(blocks.counts[blocks.at_edge].sum())
    if not at_edge:
        return total
    edge = blocks.at_edge
    some = blocks.some(edge[np.unique(np.linspace(0, len(edge) - 1, SAMPLED).astype(int))])
    shares = [
        share_inside(blocks.outline, tiles.lats, tiles.lons, blocks.scale_m)
        for tiles in some.tiles()
    ]
    return total - at_edge + round(at_edge * float((np.concatenate(shares) >= MIN_COVERAGE).mean()))
