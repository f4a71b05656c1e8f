"""Building a tile set: plan the grid, embed part by part, index, swap in whole.

The staging folder is its own journal: ``plan.json`` fixes what is built, ``vectors.f16`` and
``coverage.f4`` grow by one part at a time, and their common length is how far it got. A kill loses the
part in work; ``resume`` goes on behind it.
"""

import hashlib
import json
import shutil
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError, disk_trouble
from gleam_app.imagery.folders import folder_kind
from gleam_app.imagery.sources import MapSource, open_source
from gleam_app.jobs.lock import only_process
from gleam_app.jobs.work import Work
from gleam_app.packs.files import write_whole
from gleam_app.retrieval.embedding import MIN_COVERAGE, Embedder
from gleam_app.retrieval.encoder import Encoder
from gleam_app.retrieval.index_file import build_index
from gleam_app.retrieval.plan import Plan, Steps, plan_maps, plan_pictures
from gleam_app.retrieval.tileset import (
    STAGING,
    SourceRecord,
    TileSetInfo,
    TileSetStore,
    write_info,
)


class BegunOtherwise(GleamError):
    """What lies half-built under the name was begun from other imagery, scales or encoder."""


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
    opened = _open_all(sources, crs, coords)
    try:
        if opened:
            plan = plan_maps(opened, scales_m, Steps.of(encoder.input_px, encoder.cell_px))
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
            embedder = Embedder(plan, opened, sources[0], encoder)
            _embed(staging, embedder, work)
            clock = time.perf_counter()
            info = _finish(staging, store.folder(name), plan, records, encoder, name, work)
            timings = {**embedder.timings, "index": time.perf_counter() - clock}
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


def _embed(staging: Path, embedder: Embedder, work: Work) -> None:
    """Append vectors and coverage part by part, behind what is already there."""
    total, row_bytes = len(embedder.plan.table), embedder.encoder.dimension * 2
    bounds = embedder.bounds
    with (
        (staging / "vectors.f16").open("ab") as vectors,
        (staging / "coverage.f4").open("ab") as cover,
    ):
        written = min(vectors.tell() // row_bytes, cover.tell() // 4)
        whole = int(np.searchsorted(bounds, written, "right")) - 1  # parts that are all there
        vectors.truncate(int(bounds[whole]) * row_bytes)
        cover.truncate(int(bounds[whole]) * 4)
        for part in range(whole, len(bounds) - 1):
            work.report("Embedding tiles", int(bounds[part]), total)
            found = embedder.embed(part)
            vectors.write(found.vectors.tobytes())
            cover.write(found.coverage.tobytes())
            vectors.flush()
            cover.flush()
        work.report("Embedding tiles", total, total)


def _finish(
    staging: Path,
    target: Path,
    plan: Plan,
    records: list[SourceRecord],
    encoder: Encoder,
    name: str,
    work: Work,
) -> TileSetInfo:
    """Drop the empty tiles, write the tables and the index, and move all that to its name.

    It is put together in a folder of its own: until it is whole, ``resume`` finds what was embedded.
    """
    coverage = np.fromfile(staging / "coverage.f4", np.float32)
    kept = np.flatnonzero(coverage >= MIN_COVERAGE)
    if not len(kept):
        raise GleamError(
            "The imagery is empty where tiles would lie.", "Check its nodata value and mask."
        )
    whole = staging / "whole"
    shutil.rmtree(whole, ignore_errors=True)
    whole.mkdir()
    table = plan.table.copy()
    table["coverage"] = coverage
    np.save(whole / "tiles.npy", table[kept], allow_pickle=False)
    size = len(table) * encoder.dimension * 2
    if len(coverage) != len(table) or (staging / "vectors.f16").stat().st_size != size:
        raise GleamError(  # a disk that lost what it had taken
            f"The half-built tile set {name!r} is damaged.", "Start again without --resume."
        )
    vectors = _vectors(staging, len(table), encoder.dimension)
    with (whole / "vectors.f16").open("wb") as file:
        for start in range(0, len(kept), 4096):
            file.write(np.asarray(vectors[kept[start : start + 4096]]).tobytes())
    del vectors  # some systems do not move or delete what is mapped
    build_index(whole, _vectors(whole, len(kept), encoder.dimension), target.parent, work)
    if plan.pictures:
        names = [plan.pictures[row] for row in kept]
        (whole / "pictures.json").write_text(json.dumps(names), "utf-8")
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
    write_info(whole, info)
    whole.replace(target)
    shutil.rmtree(staging, ignore_errors=True)
    return info


def _vectors(folder: Path, count: int, dimension: int) -> NDArray[np.float16]:
    return np.memmap(folder / "vectors.f16", np.float16, "r", shape=(count, dimension))


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
