"""The end of a build: empty tiles dropped, tables joined, indexed, and made the tile set at one moment.

Rows of a set that is added to stay where they are, so that its tiles keep their ids; new ones lie
behind them. Everything is put together in a folder of its own: until it is whole, the journal stays.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import Bounds
from gleam_app.imagery.sources import MapSource
from gleam_app.jobs.work import Work
from gleam_app.retrieval.index_file import build_index
from gleam_app.retrieval.tiles.digests import write_digests
from gleam_app.retrieval.tiles.durable import sync_files, sync_folder
from gleam_app.retrieval.tiles.embedding import MIN_COVERAGE
from gleam_app.retrieval.tiles.journal import COVERAGE, VECTORS
from gleam_app.retrieval.tiles.plan import Plan, area_of
from gleam_app.retrieval.tiles.staging import Request, Staging
from gleam_app.retrieval.tiles.tileset import (
    PICTURES,
    TABLE,
    TILE,
    TileSet,
    TileSetInfo,
    TileSetStore,
)

_ROWS = 8192  # copied together


@dataclass(frozen=True)
class Embedded:
    """A plan whose tiles are all in the journal of ``staging``; ``opened`` are its map sources."""

    staging: Staging
    request: Request
    plan: Plan
    opened: list[MapSource]


def finish(store: TileSetStore, done: Embedded, base: TileSet | None, work: Work) -> TileSetInfo:
    """Join what is embedded to ``base`` (None: it is all there is) and make that the tile set.

    Raises GleamError where no tile holds imagery, OSError, Cancelled: these two can be gone on with.
    """
    coverage = np.fromfile(done.staging.folder / COVERAGE, np.float32)
    kept = np.flatnonzero(coverage >= MIN_COVERAGE)
    if not len(kept):
        done.staging.clear()  # going on would end here again
        raise GleamError(
            "The imagery is empty where tiles would lie.",
            "Choose smaller tiles (--scales), or check its nodata value and mask.",
        )
    whole = done.staging.folder / "whole"
    shutil.rmtree(whole, ignore_errors=True)
    whole.mkdir()
    count = _write_tables(whole, done, base, kept, coverage)
    vectors = np.memmap(whole / VECTORS, np.float16, "r", shape=(count, done.request.dimension))
    build_index(whole, vectors, store.root, work)
    del vectors  # some systems do not move what is mapped
    if done.plan.pictures:
        names = [done.plan.pictures[row] for row in kept]
        (whole / PICTURES).write_text(json.dumps(names), "utf-8")
    write_digests(whole, [TABLE, VECTORS, *([PICTURES] if done.plan.pictures else [])], work)
    sync_files(whole)
    info = _info(done, base, count)
    folder = store.folder(info.name)
    target = folder / str(info.generation)
    folder.mkdir(exist_ok=True)
    shutil.rmtree(target, ignore_errors=True)  # of a build that was killed here
    whole.replace(target)
    sync_folder(folder)
    store.publish(info)
    done.staging.clear()
    return info


def _write_tables(
    whole: Path,
    done: Embedded,
    base: TileSet | None,
    kept: NDArray[np.int64],
    coverage: NDArray[np.float32],
) -> int:
    """Tile table and vectors, those of ``base`` first; returns how many tiles there are."""
    first = 0 if base is None else len(base.table)
    table = np.empty(first + len(kept), TILE)
    if base is not None:
        table[:first] = base.table
    new = table[first:]
    for start in range(0, len(kept), _ROWS):  # the plan may be mapped from disk
        new[start : start + _ROWS] = done.plan.table[kept[start : start + _ROWS]]
    new["coverage"] = coverage[kept]
    if not done.plan.pictures:
        new["source"] = np.array(done.request.places, np.uint32)[new["source"]]
    np.save(whole / TABLE, table, allow_pickle=False)
    shape = (len(done.plan.table), done.request.dimension)
    embedded = np.memmap(done.staging.folder / VECTORS, np.float16, "r", shape=shape)
    with (whole / VECTORS).open("wb") as file:
        if base is not None:
            _copy(base.vectors, np.arange(first), file.write)
        _copy(embedded, kept, file.write)
    return len(table)


def _copy(
    vectors: NDArray[np.float16], rows: NDArray[np.int64], write: Callable[[bytes], int]
) -> None:
    for start in range(0, len(rows), _ROWS):
        write(np.asarray(vectors[rows[start : start + _ROWS]]).tobytes())


def _info(done: Embedded, base: TileSet | None, count: int) -> TileSetInfo:
    request, plan = done.request, done.plan
    made = TileSetInfo(
        name=done.staging.name,
        sources=request.sources,
        tiles=count,
        scales_m=plan.scales_m,
        area_km2=plan.area_km2,
        pack=request.pack,
        pack_hash=request.pack_hash,
        dimension=request.dimension,
        bounds=plan.bounds,
        generation=request.generation,
    )
    if base is None:
        return made
    old = base.info
    new = [number for number, place in enumerate(request.places) if place >= len(old.sources)]
    return replace(
        made,
        sources=old.sources + [request.sources[number] for number in new],
        scales_m=sorted({*old.scales_m, *plan.scales_m}),
        area_km2=old.area_km2 + area_of([done.opened[number] for number in new]) / 1e6,
        bounds=_around([box for box in (old.bounds, plan.bounds) if box is not None]),
    )


def _around(boxes: list[Bounds]) -> Bounds | None:
    """The smallest box around some boxes; any of them may cross the antimeridian."""
    if not boxes:
        return None
    widths = [box.east - box.west + 360.0 * (box.west > box.east) for box in boxes]
    # the smallest begins at the west side of one of them
    width, west = min(
        (
            max((box.west - start.west) % 360.0 + w for box, w in zip(boxes, widths, strict=True)),
            start.west,
        )
        for start in boxes
    )
    south, north = min(box.south for box in boxes), max(box.north for box in boxes)
    if width >= 360.0:
        return Bounds(-180.0, south, 180.0, north)
    east = west + width
    return Bounds(west, south, east - 360.0 if east > 180.0 else east, north)
