"""Finding a tile set's imagery again after it was moved."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from gleam_app.errors import GleamError
from gleam_app.imagery.exif import clean_text
from gleam_app.imagery.folders import files_below
from gleam_app.retrieval.tiles.source_records import SourceRecord, is_at
from gleam_app.retrieval.tiles.tileset import TileSetStore, missing_of


def relink(store: TileSetStore, name: str, places: Sequence[Path]) -> list[SourceRecord]:
    """Look for missing sources in files and folders, and record where they are now.

    A source is found by what it holds, whatever its new name: files of its size below a folder are
    compared, and folders of its name. Half-built work is told too. Returns those still missing.
    Raises GleamError if there is no such set or place.
    """
    for place in places:
        if not place.exists():
            raise GleamError(f"There is nothing at {clean_text(place)}.", "Check the name.")
    staging = store.staging(name)
    if not store.exists(name) and not staging.begun:
        store.info(name)  # raises with what there is
    missing: list[SourceRecord] = []
    with staging.alone():
        request = staging.request()
        if request is not None:
            sources = _found(request.sources, places)
            if sources != request.sources:
                staging.write(replace(request, sources=sources))
            missing += missing_of(sources)
        if store.exists(name):
            info = store.info(name)
            sources = _found(info.sources, places)
            if sources != info.sources:
                store.publish(replace(info, sources=sources))
            missing += [record for record in missing_of(sources) if record not in missing]
    return missing


def _found(records: list[SourceRecord], places: Sequence[Path]) -> list[SourceRecord]:
    """The records, the missing ones at their new places where these are found."""
    gone = missing_of(records)
    found = []
    for record in records:
        place = _place(record, places) if record in gone else None
        found.append(record if place is None else record.moved_to(place))
    return found


def _place(record: SourceRecord, places: Sequence[Path]) -> Path | None:
    for place in places:
        for candidate in _candidates(record, place):
            if is_at(record, candidate):
                return candidate
    return None


def _candidates(record: SourceRecord, place: Path) -> Iterator[Path]:
    """What at that place may be the source, the likeliest first."""
    name = Path(record.path).name
    if not place.is_dir():
        yield place
        return
    yield place / name  # a pattern such as *.tif too
    below = files_below(place)
    yield from (path for path in below if path.name != name and path.stat().st_size == record.size)
    yield place
    yield from sorted({path.parent for path in below if path.parent.name == name})
    yield from (path for path in below if path.name == name and path.parent != place)
