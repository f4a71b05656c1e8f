"""Building a tile set: plan the grid, embed tile by tile, swap in whole.

The staging folder is its own journal: ``plan.json`` fixes what is built, ``vectors.f16`` and
``coverage.f4`` grow by one chunk at a time, and their common length is how far it got. A kill loses the
chunk in work; ``resume`` goes on behind it.
"""

import hashlib
import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError, disk_trouble
from gleam_app.geo.coordinates import Bounds, LatLon
from gleam_app.geo.footprint import area_m2, distance_m, ring_bounds
from gleam_app.geo.grid import tile_centres
from gleam_app.imagery.folders import folder_kind
from gleam_app.imagery.sources import MapSource, Picture, open_source
from gleam_app.jobs.lock import only_process
from gleam_app.jobs.work import Work
from gleam_app.packs.files import write_whole
from gleam_app.retrieval.encoder import Encoder
from gleam_app.retrieval.tileset import (
    STAGING,
    TILE,
    SourceRecord,
    TileSetInfo,
    TileSetStore,
    write_info,
)

# Sides of what a UAV sees from 50 to 300 m, in steps of half as much again.
UAV_SCALES_M = (48.0, 72.0, 108.0, 162.0, 243.0)
OVERLAP = 0.75  # of a tile with the next one
MIN_COVERAGE = 0.4  # share of a tile that must hold imagery
MIN_TILE_PX = 96  # a tile made of fewer source pixels is blur
CHUNK = 64


class BegunOtherwise(GleamError):
    """What lies half-built under the name was begun from other imagery, scales or encoder."""


@dataclass(frozen=True)
class Plan:
    """What would be built: the tile table before any pixel is read, and how large it is."""

    table: NDArray[Any]
    scales_m: list[float]
    area_km2: float
    bounds: Bounds | None
    pictures: list[str]


def choose_scales(source: MapSource) -> list[float]:
    """Tile sides (metres) that the source's resolution and extent can serve; at least one."""
    extent_m = _shorter_side_m(source)
    fitting = [
        scale
        for scale in UAV_SCALES_M
        if scale >= MIN_TILE_PX * source.resolution_m and scale <= extent_m
    ]
    return fitting or [max(min(extent_m, UAV_SCALES_M[-1]), MIN_TILE_PX * source.resolution_m / 2)]


def plan_maps(sources: list[MapSource], scales_m: list[float] | None) -> Plan:
    """Lay the grid over every source at every scale."""
    scales = scales_m or sorted({s for source in sources for s in choose_scales(source)})
    parts = []
    for index, source in enumerate(sources):
        for scale in scales:
            lats, lons = tile_centres(source.outline, scale, scale * (1 - OVERLAP))
            part = np.zeros(len(lats), TILE)
            part["source"], part["scale_m"] = index, scale
            part["lat"], part["lon"] = lats, lons
            parts.append(part)
    outlines = [source.outline for source in sources]
    area_km2 = sum(area_m2(outline) for outline in outlines) / 1e6
    bounds = ring_bounds([corner for outline in outlines for corner in outline])
    return Plan(np.concatenate(parts), scales, area_km2, bounds, [])


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
    return Plan(table, [], 0.0, bounds, names)


def add_tile_set(
    store: TileSetStore,
    encoder: Encoder,
    sources: list[Path],
    name: str,
    scales_m: list[float] | None = None,
    coords: Path | None = None,
    resume: bool = False,
    work: Work | None = None,
    crs: str | None = None,
) -> tuple[TileSetInfo, dict[str, float]]:
    """Build the tile set ``name`` from ``sources``; returns it with seconds spent by part.

    ``crs`` is the CRS of rasters that name none themselves.

    Raises GleamError for a taken name or unreadable imagery, Cancelled when asked to stop: what was
    embedded by then stays for ``resume``.
    """
    work = work or Work()
    _refuse_taken(store, name)
    timings = {"read": 0.0, "embed": 0.0}
    opened = _open_all(sources, crs, coords)
    try:
        if opened:
            plan = plan_maps(opened, scales_m)
        else:
            from gleam_app.imagery.pictures import read_coords

            plan = plan_pictures(sources[0], read_coords(coords) if coords else {})
        records = _records(sources, opened, crs)
        busy = GleamError(
            f"Tile set {name!r} is being built by another window or command.",
            "Wait for its end, or choose another name.",
        )
        with only_process(store.root / STAGING / f"{store.folder(name).name}.lock", busy):
            _refuse_taken(store, name)  # somebody else may have finished it just now
            staging = _prepare_staging(store, name, plan, records, encoder, resume)
            _embed(staging, plan, opened, sources[0], encoder, work, timings)
            info = _finish(staging, store.folder(name), plan, records, encoder, name)
    except OSError as error:
        trouble = disk_trouble(error)
        begun = (store.root / STAGING / name / "vectors.f16").is_file()
        kept = " What is done by now is kept: add the imagery again with --resume to go on."
        raise GleamError(str(trouble), trouble.hint + (kept if begun else "")) from None
    finally:
        for source in opened:
            source.close()
    return info, timings


def _refuse_taken(store: TileSetStore, name: str) -> None:
    if store.exists(name):
        raise GleamError(
            f"There is already a tile set {name!r}.",
            f"Choose another name, or: gleam tiles remove {name}",
        )


def _open_all(paths: list[Path], crs: str | None, coords: Path | None) -> list[MapSource]:
    """The sources as maps, or nothing for one folder of plain pictures, which ``coords`` may place."""
    if not paths:
        raise GleamError("No imagery was given.", "Name a map file, or a folder of pictures.")
    if len(paths) == 1 and paths[0].is_dir() and (coords or folder_kind(paths[0]) == "pictures"):
        return []
    opened: list[MapSource] = []
    try:
        for path in paths:
            opened.append(open_source(path, crs))
    except GleamError:
        for source in opened:
            source.close()
        raise
    return opened


def _prepare_staging(
    store: TileSetStore,
    name: str,
    plan: Plan,
    records: list[SourceRecord],
    encoder: Encoder,
    resume: bool,
) -> Path:
    staging = store.root / STAGING / store.folder(name).name
    identity = json.dumps(
        {
            "pack": encoder.pack.hash,
            "sources": [[r.path, r.size, r.sha256] for r in records],
            "table": hashlib.sha256(plan.table.tobytes()).hexdigest(),
        }
    )
    described = staging / "plan.json"
    if resume and described.exists():
        if described.read_text("utf-8") == identity:
            return staging
        raise BegunOtherwise(
            f"The half-built tile set {name!r} was begun from other imagery, scales or encoder.",
            "Start again without --resume.",
        )
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    write_whole(described, identity)
    return staging


def _embed(
    staging: Path,
    plan: Plan,
    opened: list[MapSource],
    folder: Path,
    encoder: Encoder,
    work: Work,
    timings: dict[str, float],
) -> None:
    """Append vectors and coverage chunk by chunk, behind what is already there."""
    total, row_bytes = len(plan.table), encoder.dimension * 2
    with (
        (staging / "vectors.f16").open("ab") as vectors,
        (staging / "coverage.f4").open("ab") as cover,
    ):
        done = min(vectors.tell() // row_bytes, cover.tell() // 4)
        vectors.truncate(done * row_bytes)
        cover.truncate(done * 4)
        for start in range(done, total, CHUNK):
            work.report("Embedding tiles", start, total)
            rows = range(start, min(start + CHUNK, total))
            clock = time.perf_counter()
            pictures = [_read_tile(plan, row, opened, folder, encoder.input_px) for row in rows]
            coverage = np.array([picture.coverage for picture in pictures], np.float32)
            timings["read"] += time.perf_counter() - clock
            clock = time.perf_counter()
            chunk = np.zeros((len(pictures), encoder.dimension), np.float16)
            kept = np.flatnonzero(coverage >= MIN_COVERAGE)
            if len(kept):
                chunk[kept] = encoder.embed(np.stack([pictures[i].rgb for i in kept]))
            timings["embed"] += time.perf_counter() - clock
            vectors.write(chunk.tobytes())
            cover.write(coverage.tobytes())
            vectors.flush()
            cover.flush()
        work.report("Embedding tiles", total, total)


def _read_tile(
    plan: Plan, row: int, opened: list[MapSource], folder: Path, size_px: int
) -> Picture:
    if plan.pictures:
        from gleam_app.imagery.pictures import read_picture

        return read_picture(folder / plan.pictures[row], size_px)
    tile = plan.table[row]
    source = opened[int(tile["source"])]
    return source.read_square(
        float(tile["lat"]), float(tile["lon"]), float(tile["scale_m"]), size_px
    )


def _finish(
    staging: Path,
    target: Path,
    plan: Plan,
    records: list[SourceRecord],
    encoder: Encoder,
    name: str,
) -> TileSetInfo:
    """Drop the empty tiles, write the tables, and move the folder to its name."""
    coverage = np.fromfile(staging / "coverage.f4", np.float32)
    kept = np.flatnonzero(coverage >= MIN_COVERAGE)
    if not len(kept):
        raise GleamError(
            "The imagery is empty where tiles would lie.", "Check its nodata value and mask."
        )
    table = plan.table.copy()
    table["coverage"] = coverage
    np.save(staging / "tiles.npy", table[kept], allow_pickle=False)
    whole = len(table) * encoder.dimension * 2
    if len(coverage) != len(table) or (staging / "vectors.f16").stat().st_size != whole:
        raise GleamError(  # a disk that lost what it had taken
            f"The half-built tile set {name!r} is damaged.", "Start again without --resume."
        )
    vectors = np.memmap(
        staging / "vectors.f16", np.float16, "r", shape=(len(table), encoder.dimension)
    )
    compact = staging / "kept.f16"
    with compact.open("wb") as file:
        for start in range(0, len(kept), 4096):
            file.write(np.asarray(vectors[kept[start : start + 4096]]).tobytes())
    del vectors
    compact.replace(staging / "vectors.f16")
    if plan.pictures:
        names = [plan.pictures[row] for row in kept]
        (staging / "pictures.json").write_text(json.dumps(names), "utf-8")
    info = TileSetInfo(
        name=name,
        sources=records,
        tiles=len(kept),
        scales_m=plan.scales_m,
        area_km2=plan.area_km2,
        pack=encoder.pack.label,
        pack_hash=encoder.pack.hash,
        dimension=encoder.dimension,
        bounds=plan.bounds,
    )
    write_info(staging, info)
    for leftover in ("coverage.f4", "plan.json"):
        (staging / leftover).unlink()
    staging.replace(target)
    return info


def _shorter_side_m(source: MapSource) -> float:
    """The shorter side of the source's box on the ground."""
    west, south, east, north = source.bounds
    middle = LatLon((south + north) / 2, west + (east - west) % 360.0 / 2)
    width = distance_m(LatLon(middle.lat, west), LatLon(middle.lat, east))
    height = distance_m(LatLon(south, middle.lon), LatLon(north, middle.lon))
    return min(width, height)


def _records(paths: list[Path], opened: list[MapSource], crs: str | None) -> list[SourceRecord]:
    """Identify the sources; a folder of pictures by its name and time alone."""
    if not opened:
        (folder,) = paths
        mtime_ns = folder.stat().st_mtime_ns
        return [SourceRecord(str(folder), str(folder.resolve()), "pictures", 0, mtime_ns, "")]
    return [
        SourceRecord(str(path), str(path.resolve()), "map", *print_, crs or "")
        for path, print_ in (
            (p, source.fingerprint()) for p, source in zip(paths, opened, strict=True)
        )
    ]
