"""Building tile sets: new ones, added imagery, another encoder; and going on with any of that.

What is asked for and the plan are written first, then parts are embedded into a journal, at the end the
tables are put together and become the set at one moment. A kill costs the part in work.
"""

import errno
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from gleam_app.errors import GleamError, disk_trouble
from gleam_app.imagery.folders import folder_kind
from gleam_app.imagery.sources import MapSource, open_source
from gleam_app.imagery.views import View
from gleam_app.jobs.work import Work
from gleam_app.packs.files import require_space
from gleam_app.retrieval.encoder import Encoder
from gleam_app.retrieval.tiles.embedding import MIN_COVERAGE, Embedder
from gleam_app.retrieval.tiles.joining import Embedded, finish
from gleam_app.retrieval.tiles.journal import Journal
from gleam_app.retrieval.tiles.pace import remember_pace
from gleam_app.retrieval.tiles.plan import Plan
from gleam_app.retrieval.tiles.source_records import (
    SourceChanged,
    SourceRecord,
    as_now,
    confirm,
    open_all,
    record_map,
    record_pictures,
)
from gleam_app.retrieval.tiles.staging import Request, Staging
from gleam_app.retrieval.tiles.tileset import TILE, TileSetInfo, TileSetStore, quoted
from gleam_app.retrieval.tiles.wanted import Asked, for_joining, for_new, for_replacing, is_same

Built = tuple[TileSetInfo, dict[str, float]]
"""A finished set, and the seconds spent by part; no part if there was nothing to do."""


class BegunOtherwise(GleamError):
    """What lies half-built under the name was begun from other imagery, scales or encoder."""


def add_tile_set(
    store: TileSetStore,
    encoder: Encoder,
    sources: Sequence[Path],
    name: str,
    scales_m: Sequence[float] | None = None,
    coords: Path | None = None,
    resume: bool = False,
    work: Work | None = None,
    crs: str | None = None,
    views: Sequence[View] = ("uav",),
) -> Built:
    """Make the tile set ``name`` of ``sources``, or join them to the one of that name.

    ``crs`` is the CRS of rasters that name none themselves. Of a set that is there only what it does not
    hold yet is embedded: new sources at its own scales (or those named), and further scales of known
    sources where they are named; its tiles keep their ids.

    The same asked for again goes on with what is half-built. With ``resume`` what is not named is as
    it was when that was begun.

    Raises BegunOtherwise where something else is half-built, GleamError for imagery that cannot be used
    or a set of another encoder, Cancelled when asked to stop: what was embedded by then is kept.
    """
    asked = Asked(tuple(sorted(set(scales_m or ()))), coords, tuple(views))
    sources = list({path.resolve(): path for path in reversed(sources)}.values())[::-1]
    with _building(store, encoder, name, work) as build, ExitStack() as open_files:
        opened = _open_given(sources, crs, coords, open_files)
        records = _records(sources, opened, crs)
        begun = build.staging.request()
        tile_set = None if build.info is None else store.open(name)
        if begun is not None:
            if not is_same(begun, records, asked.or_else(begun) if resume else asked, tile_set):
                raise build.begun_otherwise("imagery or scales")
            return build.go_on(begun, _of_request(begun, records, opened))
        if tile_set is None:
            return build.begin(*for_new(records, opened, asked, encoder), opened)
        tile_set.info.require(encoder.pack)
        wanted = for_joining(tile_set, records, opened, asked, encoder)
        if wanted is None:
            return tile_set.info, {}
        request, plan = wanted
        return build.begin(request, plan, _of_request(request, records, opened))


def resume_tile_set(
    store: TileSetStore, encoder: Encoder, name: str, work: Work | None = None
) -> Built:
    """Go on with half-built work, whatever it was: a new set, an addition, another encoder.

    Raises GleamError if there is none, or its imagery is gone or another; else as ``add_tile_set``.
    """
    with _building(store, encoder, name, work) as build:
        request = build.staging.request()
        if request is None:
            info = store.info(name)  # raises if there is nothing at all
            if build.was_over:
                return info, {}
            raise GleamError(f"Nothing of tile set {name!r} is half built.", "It is whole.")
        with ExitStack() as open_files:
            return build.go_on(request, build.open_again(request, open_files))


def reembed_tile_set(
    store: TileSetStore, encoder: Encoder, name: str, work: Work | None = None
) -> Built:
    """Embed the set's imagery, as it is now, at its scales with this encoder.

    The old set serves until the new one takes its place; tiles get new ids. A set with damaged tables is
    mended so. Raises as ``add_tile_set``.
    """
    with _building(store, encoder, name, work) as build, ExitStack() as open_files:
        info = store.info(name)
        begun = build.staging.request()
        if begun is not None:
            if begun.purpose != "replace":
                raise build.begun_otherwise("imagery or scales")
            return build.go_on(begun, build.open_again(begun, open_files))
        opened = [
            _open(Path(record.path), record.crs or None, open_files)
            for record in info.sources
            if record.kind == "map"
        ]
        records = as_now(info.sources, opened)
        try:
            tile_set = store.open(name)
        except GleamError as error:
            if not opened:  # where plain pictures lie is known from the tables alone
                cure = f"gleam tiles remove {quoted(name)}, then add the pictures again."
                raise GleamError(str(error), cure) from None
            tile_set = None
        return build.begin(*for_replacing(info, tile_set, records, opened, encoder), opened)


@dataclass(frozen=True)
class _Build:
    """One process's work on one name. ``info``: the finished set, if there is one; ``was_over``: what
    lay half-built had become the set already."""

    store: TileSetStore
    encoder: Encoder
    staging: Staging
    info: TileSetInfo | None
    was_over: bool
    work: Work

    def begin(self, request: Request, plan: Plan, opened: list[MapSource]) -> Built:
        """Write down what is to be done, and do it."""
        self.store.root.mkdir(parents=True, exist_ok=True)
        require_space(self.store.root, request.tiles * (request.dimension * 2 + TILE.itemsize))
        with self.staging.beginning(request) as folder:
            plan.save(folder)
        return self._carry_out(request, plan, opened)

    def go_on(self, request: Request, opened: list[MapSource]) -> Built:
        """Do the rest of what was begun."""
        if request.pack_hash != self.encoder.pack.hash:
            raise self.begun_otherwise(f"encoder ({request.pack})")
        try:
            plan = Plan.load(self.staging.folder)
        except (OSError, ValueError):
            raise self.staging.damaged() from None
        return self._carry_out(request, plan, opened)

    def open_again(self, request: Request, open_files: ExitStack) -> list[MapSource]:
        """The map sources of what was begun, if they are still the same."""
        try:
            opened = open_all(request.sources)
        except GleamError as error:
            raise self._kept(error) from None
        for source in opened:
            open_files.callback(source.close)
        return opened

    def begun_otherwise(self, what: str) -> BegunOtherwise:
        name = quoted(self.staging.name)
        return BegunOtherwise(
            f"The half-built work on tile set {self.staging.name!r} was begun with other {what}.",
            f"Go on with it: gleam tiles add --resume --name {name}; "
            f"or throw it away: gleam tiles discard {name}",
        )

    def _carry_out(self, request: Request, plan: Plan, opened: list[MapSource]) -> Built:
        embedder = Embedder(plan, opened, Path(request.sources[0].path), self.encoder)
        try:
            embedded = _embed(self.staging.folder, embedder, self.work)
            confirm(request.sources, opened)  # imagery may change, or go, while it is read
        except GleamError as error:
            raise self._kept(error) from None
        except OSError as error:
            raise self._kept(_trouble(error)) from None
        remember_pace(self.store.root.parent, self.encoder, embedder.timings, embedded)
        clock = time.perf_counter()
        base = self.store.open(self.staging.name) if request.purpose == "join" else None
        try:
            info = finish(
                self.store, Embedded(self.staging, request, plan, opened), base, self.work
            )
        except OSError as error:
            raise self._kept(_trouble(error)) from None
        return info, {**embedder.timings, "index": time.perf_counter() - clock}

    def _kept(self, error: GleamError) -> GleamError:
        """The same trouble, and that what was done is kept."""
        name = quoted(self.staging.name)
        hint = error.hint
        if isinstance(error, SourceChanged):
            hint = f"Put it back as it was, or throw the work away: gleam tiles discard {name}."
        hint = hint.replace("NAME", name)
        go_on = f"gleam tiles add --resume --name {name}"
        return GleamError(str(error), f"{hint} What is done by now is kept; go on with: {go_on}")


@contextmanager
def _building(
    store: TileSetStore, encoder: Encoder, name: str, work: Work | None
) -> Iterator[_Build]:
    """Keep other processes away from the name, and clear what finished work left behind."""
    staging = store.staging(name)
    try:
        with staging.alone():
            generation = store.generation(name)
            request = staging.request()
            was_over = request is not None and request.generation <= generation
            if was_over:
                staging.clear()
            elif request is not None and request.generation != generation + 1:
                raise staging.damaged()  # the set it was to be joined to is gone
            store.sweep(name)
            info = store.info(name) if generation else None
            yield _Build(store, encoder, staging, info, was_over, work or Work())
    except OSError as error:
        raise _trouble(error) from None


def _embed(folder: Path, embedder: Embedder, work: Work) -> int:
    """Embed the parts that the journal does not hold yet; returns how many tiles held imagery."""
    total, embedded = len(embedder.plan.table), 0
    with Journal(folder, embedder.bounds, embedder.encoder.dimension) as journal:
        for part in range(journal.parts, len(embedder.bounds) - 1):
            work.report("Embedding tiles", journal.tiles, total)
            found = embedder.embed(part)
            journal.append(found.vectors, found.coverage)
            embedded += int((found.coverage >= MIN_COVERAGE).sum())
        work.report("Embedding tiles", total, total)
        journal.sync()
    return embedded


def _open_given(
    paths: Sequence[Path], crs: str | None, coords: Path | None, open_files: ExitStack
) -> list[MapSource]:
    """The sources as maps, or nothing for one folder of plain pictures, which ``coords`` may place."""
    if not paths:
        raise GleamError("No imagery was given.", "Name a map file, or a folder of pictures.")
    if len(paths) == 1 and paths[0].is_dir() and (coords or folder_kind(paths[0]) == "pictures"):
        return []
    return [_open(path, crs, open_files) for path in paths]


def _open(path: Path, crs: str | None, open_files: ExitStack) -> MapSource:
    source = open_source(path, crs)
    open_files.callback(source.close)
    return source


def _records(paths: Sequence[Path], opened: list[MapSource], crs: str | None) -> list[SourceRecord]:
    if not opened:
        return [record_pictures(paths[0])]
    return [record_map(path, source, crs) for path, source in zip(paths, opened, strict=True)]


def _of_request(
    request: Request, records: list[SourceRecord], opened: list[MapSource]
) -> list[MapSource]:
    """Of the sources that were opened, those of the request, in its order."""
    by_hash = {
        record.sha256: source for record, source in zip(records, opened, strict=False)
    }  # none of plain pictures
    return [by_hash[record.sha256] for record in request.sources if record.kind == "map"]


def _trouble(error: OSError) -> GleamError:
    if error.errno is None and "requested and" in str(error):  # so NumPy tells of a full disk
        error = OSError(errno.ENOSPC, "No space left on device")
    return disk_trouble(error)
