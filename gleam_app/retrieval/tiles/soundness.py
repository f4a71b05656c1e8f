"""Whether a tile set is sound: its tables, its vectors, its index, and the imagery it came from."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.imagery.exif import clean_text
from gleam_app.jobs.work import Work
from gleam_app.retrieval.index_file import index_trouble
from gleam_app.retrieval.tiles.digests import changed_files
from gleam_app.retrieval.tiles.journal import VECTORS
from gleam_app.retrieval.tiles.source_records import check_source
from gleam_app.retrieval.tiles.tileset import TileSet, TileSetStore, quoted

LENGTH_TOLERANCE = 5e-3  # of unit vectors in float16
_ROWS = 1 << 14  # looked at together


def problems(store: TileSetStore, name: str, work: Work | None = None) -> list[GleamError]:
    """What is wrong with a tile set and what to do about it; mostly nothing.

    Reads every byte, some thousands of vectors at a time. Raises GleamError if there is no such set, Cancelled.
    """
    work = work or Work()
    info = store.info(name)
    found: list[GleamError] = []
    try:
        tile_set = store.open(name)
    except GleamError as error:
        found.append(error)
    else:
        again = f"Embed it anew from its imagery: gleam tiles reembed {quoted(name)}"
        for what in (*_table(tile_set), *_vectors(tile_set, work), *_files(tile_set, work)):
            found.append(GleamError(f"Tile set {name!r} is damaged: {what}.", again))
        trouble = index_trouble(tile_set.folder, tile_set.vectors, store.root, work)
        if trouble:
            found.append(
                GleamError(
                    f"The index of tile set {name!r} {trouble}.",
                    "It is built anew at the next search.",
                )
            )
    for number, record in enumerate(info.sources):
        work.report("Checking the imagery", number, len(info.sources))
        try:
            check_source(record)
        except GleamError as error:
            found.append(GleamError(str(error), error.hint.replace("NAME", quoted(name))))
    return found


def _table(tile_set: TileSet) -> Iterator[str]:
    info = tile_set.info
    table: NDArray[Any] = tile_set.table
    placed = table["lat"], table["lon"]
    if tile_set.pictures:
        known = ~np.isnan(placed[0])
        placed = placed[0][known], placed[1][known]
    else:
        if int(table["source"].max(initial=0)) >= len(info.sources):
            yield "tiles of a source that it does not have"
        scales = np.unique(table["scale_m"])
        if not np.isin(scales, np.array(info.scales_m, np.float32)).all():
            yield "tiles of a scale that it does not have"
    if not _within(placed[0], 90.0) or not _within(placed[1], 180.0):
        yield "tiles at places that there are not"
    if not ((table["coverage"] >= 0) & (table["coverage"] <= 1)).all():
        yield "shares of imagery that cannot be"


def _vectors(tile_set: TileSet, work: Work) -> Iterator[str]:
    count, dimension = tile_set.vectors.shape
    with (tile_set.folder / VECTORS).open("rb") as file:  # mapped pages would pile up in memory
        for start in range(0, count, _ROWS):
            work.report("Checking the vectors", start, count)
            data = file.read(min(_ROWS, count - start) * dimension * 2)
            part = np.frombuffer(data, np.float16).reshape(-1, dimension).astype(np.float32)
            lengths = np.sqrt(np.einsum("nd,nd->n", part, part))
            wrong = ~(np.abs(lengths - 1.0) <= LENGTH_TOLERANCE)  # NaN is wrong too
            if wrong.any():
                yield f"the vector of tile {start + int(wrong.argmax())} is none"
                return


def _files(tile_set: TileSet, work: Work) -> Iterator[str]:
    for name in changed_files(tile_set.folder, work):
        yield f"its file {clean_text(name)} is not as it was written"


def _within(degrees: NDArray[np.float64], limit: float) -> bool:
    return bool((np.abs(degrees) <= limit).all())  # of NaN this does not hold
