"""The tile sets there are: listed, chosen for searching, looked after."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from gleam_app.errors import GleamError
from gleam_app.imagery.folders import ARCHIVE_SUFFIXES, may_be_map
from gleam_app.jobs.work import Work
from gleam_app.retrieval.tiles.tileset import SourceRecord, TileSet
from gleam_app.services import Services
from gleam_app.ui.jobs import Jobs, Task
from gleam_app.ui.session import Session
from gleam_app.ui.strings import tr
from gleam_app.ui.tile_sets.builds import Builds, Outcome, Request
from gleam_app.ui.tile_sets.entries import Entry, look, new_entry

DEMO = "demo"
T = TypeVar("T")


class TileSets(QObject):
    """Works on ``services.tile_sets`` in the background; those in use go into the session.

    ``listed``: ``entries`` are new. ``opened``: those in use are. ``offered``: imagery was dropped, and
    somebody should ask what to make of it. ``failed`` names the place where it is said: a panel, or
    ``sets:NAME`` for one tile set.
    """

    listed = Signal()
    opened = Signal()
    offered = Signal(list)
    verified = Signal(str)
    relinked = Signal(str, int)
    failed = Signal(str, object)
    begun = Signal(str)

    def __init__(self, services: Services, jobs: Jobs, session: Session, builds: Builds) -> None:
        super().__init__(session)
        self._services, self._jobs, self._session = services, jobs, session
        self.builds = builds
        self.entries: tuple[Entry, ...] = ()
        self._checking: Task[dict[str, tuple[SourceRecord, ...]]] | None = None
        self._opening: Task[_Opened] | None = None
        self._wanted: tuple[str, ...] = ()
        self._opened: list[tuple[TileSet, ...]] = []
        builds.ended.connect(self._build_ended)

    # ---- the list -------------------------------------------------------------------------------

    def entry(self, name: str) -> Entry | None:
        """What is known of the tile set of that name."""
        return next((entry for entry in self.entries if entry.name == name), None)

    def with_builds(self) -> tuple[Entry, ...]:
        """The entries, and one for each tile set that is only just being made; by name."""
        known = {entry.name for entry in self.entries}
        new = [new_entry(name) for name in self.builds.names if name not in known]
        return tuple(sorted((*self.entries, *new), key=lambda entry: entry.name.casefold()))

    def refresh(self, choose: Sequence[str] = (), check: bool = False) -> None:
        """Read the list again; then choose those of ``choose`` that are there.

        ``check``: see whether their imagery is still in its place, too.
        """

        def listed(entries: list[Entry]) -> None:
            known = {entry.name: entry.missing for entry in self.entries}
            self.entries = tuple(
                replace(entry, missing=known.get(entry.name, ())) for entry in entries
            )
            self._session.set_available(tuple(entry.info for entry in entries))
            self.listed.emit()
            if check:
                self._check_sources()
            wanted = [name for name in choose if any(entry.name == name for entry in entries)]
            if wanted:
                self.choose(wanted)  # one that cannot be opened says why

        self._jobs.start(
            tr("menu.tile_set"), self._look, done=listed, failed=self._fail, quiet=True
        )

    def _look(self, work: Work) -> list[Entry]:
        try:
            pack = self._services.packs.default("gleam-c")
        except GleamError:  # said when something is to be located
            pack = None
        return look(self._services.tile_sets, pack, work)

    def _check_sources(self) -> None:
        """See whether the imagery is still where it was; it may lie on a slow disk."""
        if self._checking is not None:
            self._checking.drop()
        names = [entry.name for entry in self.entries if entry.usable]

        def check(work: Work) -> dict[str, tuple[SourceRecord, ...]]:
            missing = {}
            for name in names:
                work.check()
                try:
                    missing[name] = tuple(self._services.tile_sets.missing(name))
                except GleamError:  # removed meanwhile, or damaged: its state says so
                    continue
            return missing

        def checked(missing: dict[str, tuple[SourceRecord, ...]]) -> None:
            before = self.entries
            self.entries = tuple(
                replace(entry, missing=missing.get(entry.name, ())) for entry in before
            )
            if self.entries != before:
                self.listed.emit()

        self._checking = self._jobs.start(
            tr("menu.tile_set"), check, done=checked, failed=self._fail, quiet=True
        )

    # ---- choosing -------------------------------------------------------------------------------

    def choose(self, names: Sequence[str]) -> None:
        """Open these tile sets; they are searched together and shown from then on. None: no more.

        One that cannot be opened is told and left out.
        """
        self.begun.emit("candidates")
        if self._opening is not None:
            self._opening.drop()
            self._opening = None
        self._wanted = tuple(names)
        if not names:
            self._take(_Opened(()))
            return
        open_now = {tile_set.info.name: tile_set for tile_set in self._session.tile_sets}

        def open_one(name: str) -> TileSet:
            store = self._services.tile_sets  # may wait while the models are being loaded
            tile_set = open_now.get(name)
            if tile_set is None or store.info(name) != tile_set.info:  # built anew, or relinked
                tile_set = store.open(name)
                _ = tile_set.sources  # opens the imagery here and not on the GUI thread
            return tile_set

        def read(work: Work) -> _Opened:
            opened: list[TileSet] = []
            trouble: GleamError | None = None
            for name in names:
                work.check()
                try:
                    opened.append(open_one(name))
                except GleamError as error:
                    trouble = trouble or error
            if trouble is not None and not opened:
                raise trouble
            return _Opened(tuple(opened), trouble)

        self._opening = self._jobs.start(
            tr("tiles.opening", name=", ".join(names)),
            read,
            done=self._take,
            failed=self._not_opened,
        )

    def use(self, name: str, wanted: bool) -> None:
        """Search this tile set too, or no longer."""
        now = self._wanted if self._opening is not None else self._session.tile_set_names
        others = [known for known in now if known != name]
        self.choose([*others, name] if wanted else others)

    def _take(self, found: "_Opened") -> None:
        self._opening = None
        self._opened.append(found.tile_sets)
        self._session.set_tile_sets(found.tile_sets)
        self.opened.emit()
        if found.trouble is not None:
            self._fail(found.trouble)

    def _not_opened(self, error: BaseException) -> None:
        self._opening = None
        self._fail(error)

    def close_previous(self) -> None:
        """Close all but the last two choices: map tiles of the one before may still be on their way."""
        while len(self._opened) > 2:
            old = self._opened.pop(0)
            still_open = {id(tile_set) for kept in self._opened for tile_set in kept}
            for tile_set in old:
                if id(tile_set) not in still_open:
                    tile_set.close()

    # ---- looking after them ---------------------------------------------------------------------

    def verify(self, name: str) -> None:
        """Check vectors, index and sources of a tile set."""
        self._care(
            name,
            tr("sets.verifying", name=name),
            lambda work: self._services.tile_sets.verify(name, work),
            lambda _: self.verified.emit(name),
        )

    def relink(self, name: str, places: Sequence[Path]) -> None:
        """Look for the sources of a tile set in these files and folders."""

        def find(work: Work) -> list[SourceRecord]:
            from gleam_app.retrieval.tiles.relink import relink

            return relink(self._services.tile_sets, name, places)

        def found(missing: list[SourceRecord]) -> None:
            self.relinked.emit(name, len(missing))
            in_use = self._session.tile_set_names
            self.refresh(choose=in_use if name in in_use else (), check=True)

        self._care(name, tr("sets.relinking", name=name), find, found)

    def remove(self, name: str) -> None:
        """Delete the tile set, not its imagery."""
        in_use = name in self._session.tile_set_names

        def delete(work: Work) -> None:
            self._services.tile_sets.remove(name)

        def deleted(_: None) -> None:
            if in_use:
                self.use(name, False)
            self.refresh()

        self._care(name, tr("sets.removing", name=name), delete, deleted)

    def discard(self, name: str) -> None:
        """Throw the half-built work away, never a finished set."""
        self._care(
            name,
            tr("sets.removing", name=name),
            lambda work: self._services.tile_sets.discard(name),
            lambda _: self.refresh(),
        )

    def _care(
        self, name: str, title: str, task: Callable[[Work], T], done: Callable[[T], None]
    ) -> None:
        place = f"sets:{name}"
        self.begun.emit(place)
        self._jobs.start(
            title, task, done=done, failed=lambda error: self.failed.emit(place, error)
        )

    # ---- builds ---------------------------------------------------------------------------------

    def _build_ended(self, name: str, outcome: Outcome) -> None:
        """Use the new tile set, unless that would take away what is on the screen."""
        in_use, ready = self._session.tile_set_names, outcome == "ready"
        if ready and name in in_use:
            self.refresh(choose=in_use)
        elif ready and self._session.location is None and not self._session.locating:
            self.refresh(choose=[name])
        else:
            self.refresh()

    # ---- what is dropped ------------------------------------------------------------------------

    def sort_files(self, files: list[Path], open_query: Callable[[Path], None]) -> None:
        """Georeferenced files and folders are offered for adding, the first of the others is the query."""
        likely = [path for path in files if may_be_map(path)]
        others = [path for path in files if path not in likely]
        if others:
            open_query(others[0])
        if not likely:
            return

        def look_at(work: Work) -> list[Path]:
            return [path for path in likely if _is_map(path)]

        def done(imagery: list[Path]) -> None:
            plain = [path for path in likely if path not in imagery]
            if imagery:
                self.offered.emit(imagery)
            if plain and not others:
                open_query(plain[0])

        self._jobs.start(tr("menu.tile_set"), look_at, done=done, failed=self._fail, quiet=True)

    # ---- the demo -------------------------------------------------------------------------------

    def ensure_demo(self) -> None:
        """Choose the demo's tile set; build it first where it is missing or of no use any more."""
        imagery = self._services.demo_dir / "map.tif"

        def look_at(work: Work) -> Entry | None:
            if not imagery.is_file():
                raise GleamError(tr("demo.missing"), tr("demo.missing.hint"))
            store = self._services.tile_sets
            entry = next((entry for entry in self._look(work) if entry.name == DEMO), None)
            if entry is not None and entry.info.state not in ("ready", "incomplete"):
                store.remove(DEMO)  # made from our own imagery: nothing is lost
                return None
            if entry is not None and entry.half_built is not None and not entry.resumable:
                store.discard(DEMO)
                return replace(entry, half_built=None) if entry.usable else None
            return entry

        def done(entry: Entry | None) -> None:
            if entry is None:
                self.builds.add(Request(DEMO, (imagery,)))
            elif not entry.usable:
                self.builds.resume(DEMO, entry.half_built.area_km2 if entry.half_built else 0.0)
            elif entry.fits is False:
                self.builds.reembed(DEMO, entry.info.area_km2)
            else:
                self.refresh(choose=[DEMO])

        self.begun.emit("candidates")
        self._jobs.start(tr("menu.tile_set"), look_at, done=done, failed=self._fail, quiet=True)

    def demo_query(self) -> Path | None:
        """The first of the demo's queries."""
        queries = sorted((self._services.demo_dir / "queries").glob("*.jpg"))
        return queries[0] if queries else None

    def _fail(self, error: BaseException) -> None:
        self.failed.emit("candidates", error)


@dataclass(frozen=True)
class _Opened:
    """What could be opened, and what was wrong with the first that could not."""

    tile_sets: tuple[TileSet, ...]
    trouble: GleamError | None = None


def _is_map(path: Path) -> bool:
    """Whether it is to be added; what is wrong with a folder, an archive or a CRS is told then."""
    from gleam_app.imagery.geotiff import NoCrs
    from gleam_app.imagery.sources import open_source

    if path.is_dir() or path.suffix.lower() in ARCHIVE_SUFFIXES:
        return True
    try:
        open_source(path).close()
    except NoCrs:
        return True
    except GleamError:
        return False
    return True
