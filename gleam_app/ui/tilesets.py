"""The tile sets the user can search: list, choose, and add imagery to."""

import re
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from gleam_app.errors import GleamError
from gleam_app.imagery.folders import (
    ARCHIVE_SUFFIXES,
    PLACED_SUFFIXES,
    RASTER_SUFFIXES,
    may_be_map,
)
from gleam_app.jobs.work import Work
from gleam_app.retrieval.tileset import TileSet, TileSetInfo
from gleam_app.services import Services
from gleam_app.ui.jobs import Jobs, Task
from gleam_app.ui.session import Session
from gleam_app.ui.strings import tr

DEMO = "demo"
IMAGERY_SUFFIXES = RASTER_SUFFIXES | ARCHIVE_SUFFIXES | PLACED_SUFFIXES
_UNFIT = re.compile(r"[^\w.-]+")


class TileSets(QObject):
    """Works on ``services.tile_sets`` in the background; the chosen one goes into the session."""

    opened = Signal(object)
    added = Signal(str)
    failed = Signal(str, object)
    begun = Signal(str)

    def __init__(self, services: Services, jobs: Jobs, session: Session) -> None:
        super().__init__(session)
        self._services, self._jobs, self._session = services, jobs, session
        self._opening: Task[TileSet] | None = None
        self._adding: set[str] = set()
        self._opened: list[TileSet] = []

    def refresh(self, choose: str = "") -> None:
        """Read the list again; then choose ``choose`` if it is there."""

        def listed(available: list[TileSetInfo]) -> None:
            self._session.set_tile_sets(tuple(available))
            if any(info.name == choose for info in available):
                self.choose(choose)  # one that cannot be opened says why

        self._jobs.start(
            tr("menu.tile_set"),
            lambda work: self._services.tile_sets.list(),
            done=listed,
            failed=self._fail,
            quiet=True,
        )

    def choose(self, name: str) -> None:
        """Open the tile set; it is searched and shown from then on."""
        self.begun.emit("candidates")
        if self._opening is not None:
            self._opening.drop()

        def read(work: Work) -> TileSet:
            tile_set = self._services.tile_sets.open(name)
            _ = tile_set.sources  # opens the imagery here and not on the GUI thread
            return tile_set

        def done(tile_set: TileSet) -> None:
            self._opened.append(tile_set)
            self._session.set_tile_set(tile_set)
            self.opened.emit(tile_set)

        self._opening = self._jobs.start(
            tr("tiles.opening", name=name), read, done=done, failed=self._fail
        )

    def close_previous(self) -> None:
        """Close all but the last two: map tiles of the one before may still be on their way."""
        while len(self._opened) > 2:
            self._opened.pop(0).close()

    def add(self, sources: list[Path], name: str = "") -> None:
        """Make a tile set of this imagery and choose it when it is ready."""
        name = name or self._free_name(sources[0])
        if name in self._adding:
            return
        self.begun.emit("candidates")
        self._adding.add(name)
        self._session.set_adding(name)

        def build(work: Work) -> str:
            from gleam_app.retrieval.build import BegunOtherwise, add_tile_set

            store = self._services.tile_sets
            half_built = any(i.name == name and i.state == "incomplete" for i in store.list())
            encoder = self._services.locator().encoder
            try:
                add_tile_set(store, encoder, sources, name, resume=half_built, work=work)
                return name
            except BegunOtherwise:  # another file of the same name, cancelled earlier: keep that
                unused = name if name == DEMO else _unused(store.list(), name)
            add_tile_set(store, encoder, sources, unused, work=work)
            return unused

        def done(added: str) -> None:
            self.added.emit(added)
            self.refresh(choose=added)

        self._jobs.start(
            tr("tiles.adding", name=name),
            build,
            done=done,
            failed=self._fail,
            ended=lambda: self._added(name),
            lane="model",
        )

    def _added(self, name: str) -> None:
        self._adding.discard(name)
        self._session.set_adding(next(iter(self._adding), ""))

    def sort_files(self, files: list[Path], open_query: Callable[[Path], None]) -> None:
        """Georeferenced files and folders become a tile set, the first of the others the query."""
        likely = [path for path in files if may_be_map(path)]
        others = [path for path in files if path not in likely]
        if others:
            open_query(others[0])
        if not likely:
            return

        def look(work: Work) -> list[Path]:
            return [path for path in likely if _is_map(path)]

        def done(imagery: list[Path]) -> None:
            plain = [path for path in likely if path not in imagery]
            if imagery:
                self.add(imagery)
            if plain and not others:
                open_query(plain[0])

        self._jobs.start(tr("menu.tile_set"), look, done=done, failed=self._fail, quiet=True)

    def ensure_demo(self) -> None:
        """Choose the demo's tile set; build it first where it is missing or of no use any more."""
        imagery = self._services.demo_dir / "map.tif"

        def look(work: Work) -> str:
            if not imagery.is_file():
                raise GleamError(tr("demo.missing"), tr("demo.missing.hint"))
            store = self._services.tile_sets
            state = {info.name: info.state for info in store.list()}.get(DEMO, "")
            if state and state not in ("ready", "incomplete"):
                store.remove(DEMO)  # made from our own imagery: nothing is lost
            return state

        def done(state: str) -> None:
            if state == "ready":
                self.refresh(choose=DEMO)
            else:
                self.add([imagery], DEMO)

        self._jobs.start(tr("menu.tile_set"), look, done=done, failed=self._fail, quiet=True)

    def demo_query(self) -> Path | None:
        """The first of the demo's queries."""
        queries = sorted((self._services.demo_dir / "queries").glob("*.jpg"))
        return queries[0] if queries else None

    def _free_name(self, source: Path) -> str:
        """A name after the file that no tile set has yet."""
        stem = _UNFIT.sub("-", source.stem).strip("-.")[:48] or "imagery"
        taken = {i.name for i in self._session.available if i.state == "ready"} | self._adding
        names = [stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 3))]
        return next(name for name in names if name not in taken)

    def _fail(self, error: BaseException) -> None:
        self.failed.emit("candidates", error)


def _unused(known: list[TileSetInfo], name: str) -> str:
    """``name`` with the first number that no tile set, half-built ones included, has."""
    taken = {info.name for info in known}
    return next(n for n in (f"{name}-{i}" for i in range(2, len(taken) + 3)) if n not in taken)


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
