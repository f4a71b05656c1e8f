"""Where the sources of tile sets lie, to be drawn on the map."""

from dataclasses import dataclass
from pathlib import Path

from gleam_app.errors import GleamError
from gleam_app.geo.footprint import Ring, bounds_ring
from gleam_app.imagery.sources import open_source
from gleam_app.jobs.work import Work
from gleam_app.retrieval.tiles.tileset import TileSetInfo
from gleam_app.ui.tile_sets.entries import Entry


@dataclass(frozen=True)
class Coverage:
    """Outlines under one name, as (lat, lon) rings. ``new``: imagery that is only about to be added."""

    name: str
    rings: tuple[Ring, ...]
    new: bool = False


def coverage_of(entry: Entry, work: Work) -> Coverage:
    """Every source's outline; the box around the whole set where a source is gone.

    Empty for pictures without coordinates. Opens the sources: call off the GUI thread.
    """
    info, half = entry.info, entry.half_built
    places = [(record.path, record.crs) for record in info.sources if record.kind == "map"]
    if not info.sources and half is not None:
        places = [(source, "") for source in half.sources]
    rings: list[Ring] = []
    for path, crs in places:
        work.check()
        try:
            source = open_source(Path(path), crs or None)
        except GleamError:
            return Coverage(info.name, _box(info))
        try:
            rings += [tuple(ring) for ring in source.outlines]
        finally:
            source.close()
    return Coverage(info.name, tuple(rings) or _box(info))


def _box(info: TileSetInfo) -> tuple[Ring, ...]:
    return (tuple(bounds_ring(info.bounds)),) if info.bounds is not None else ()
