"""Tile sets that are being built: begun, paused, stopped, gone on with."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, Signal

from gleam_app.imagery.views import View
from gleam_app.jobs.work import Progress, Work
from gleam_app.services import Services
from gleam_app.ui.jobs import Jobs, Task
from gleam_app.ui.session import Session
from gleam_app.ui.strings import tr

if TYPE_CHECKING:
    from gleam_app.retrieval.encoder import Encoder
    from gleam_app.retrieval.tiles.tileset import TileSetInfo, TileSetStore

BuildKind = Literal["add", "resume", "reembed"]
Outcome = Literal["ready", "failed", "stopped"]


@dataclass(frozen=True)
class Request:
    """What to build. ``scales_m`` None: those that suit the imagery; ``crs``: of rasters without one.

    ``coords``: the table that places a folder of plain pictures.
    """

    name: str
    sources: tuple[Path, ...]
    scales_m: tuple[float, ...] | None = None
    views: tuple[View, ...] = ("uav",)
    crs: str | None = None
    coords: Path | None = None


@dataclass(eq=False)
class Build:
    """One build under way. ``area_km2`` is 0 while unknown."""

    name: str
    kind: BuildKind
    area_km2: float
    task: Task[str] | None = None
    stopping: bool = False
    outcome: Outcome = "stopped"

    @property
    def progress(self) -> Progress | None:
        return self.task.progress if self.task is not None else None

    @property
    def paused(self) -> bool:
        return self.task is not None and self.task.paused

    @property
    def waiting(self) -> bool:
        return self.task is not None and self.task.waiting


class Builds(QObject):
    """One build at a time in the background; those asked for meanwhile wait for it.

    ``changed``: something about the build of that name; ``ended``: it is over, and how.
    """

    changed = Signal(str)
    failed = Signal(str, object)
    ended = Signal(str, str)

    def __init__(self, services: Services, jobs: Jobs, session: Session) -> None:
        super().__init__(session)
        self._services, self._jobs, self._session = services, jobs, session
        self._under_way: dict[str, Build] = {}
        jobs.changed.connect(self._tell_all)

    def of(self, name: str) -> Build | None:
        """The build of that tile set, if one is under way."""
        return self._under_way.get(name)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._under_way)

    def add(self, request: Request, area_km2: float = 0.0) -> None:
        """Make a tile set, or join imagery to the one of that name."""

        def build(store: "TileSetStore", encoder: "Encoder", work: Work) -> "TileSetInfo":
            from gleam_app.retrieval.tiles.build import add_tile_set

            scales = list(request.scales_m) if request.scales_m else None
            info, _ = add_tile_set(
                store, encoder, list(request.sources), request.name, scales,
                coords=request.coords, work=work, crs=request.crs, views=request.views,
            )  # fmt: skip
            return info

        self._start(Build(request.name, "add", area_km2), build)

    def resume(self, name: str, area_km2: float = 0.0) -> None:
        """Go on with a half-built one."""

        def build(store: "TileSetStore", encoder: "Encoder", work: Work) -> "TileSetInfo":
            from gleam_app.retrieval.tiles.build import resume_tile_set

            return resume_tile_set(store, encoder, name, work)[0]

        self._start(Build(name, "resume", area_km2), build)

    def reembed(self, name: str, area_km2: float = 0.0) -> None:
        """Embed its imagery again with the encoder that is loaded; the old set serves meanwhile."""

        def build(store: "TileSetStore", encoder: "Encoder", work: Work) -> "TileSetInfo":
            from gleam_app.retrieval.tiles.build import reembed_tile_set

            return reembed_tile_set(store, encoder, name, work)[0]

        self._start(Build(name, "reembed", area_km2), build)

    def pause(self, name: str, paused: bool = True) -> None:
        """Let it rest, or go on; a rest ends with the program, and Resume goes on after that too."""
        build = self._under_way.get(name)
        if build is not None and build.task is not None and not build.stopping:
            build.task.pause(paused)
            self.changed.emit(name)

    def stop(self, name: str) -> None:
        """End it; what is embedded by now is kept for ``resume``."""
        build = self._under_way.get(name)
        if build is not None and build.task is not None:
            build.stopping = True
            build.task.cancel()
            self.changed.emit(name)

    def _start(
        self,
        build: Build,
        make: Callable[["TileSetStore", "Encoder", Work], "TileSetInfo"],
    ) -> None:
        name = build.name
        if name in self._under_way:
            return
        self._under_way[name] = build

        def run(work: Work) -> str:
            encoder = self._services.locator().encoder
            work.check()
            return make(self._services.tile_sets, encoder, work).name

        build.task = self._jobs.start(
            tr("sets.job", name=name),
            run,
            done=lambda _: self._done(build),
            failed=lambda error: self._not_done(build, error),
            ended=lambda: self._ended(name),
            lane="index",
        )
        self._session.set_adding(next(iter(self._under_way)))
        self.changed.emit(name)

    def _done(self, build: Build) -> None:
        build.outcome = "ready"

    def _not_done(self, build: Build, error: BaseException) -> None:
        build.outcome = "failed"
        self.failed.emit(build.name, error)

    def _ended(self, name: str) -> None:
        build = self._under_way.pop(name)
        self._session.set_adding(next(iter(self._under_way), ""))
        self.ended.emit(name, build.outcome)

    def _tell_all(self) -> None:
        for name in tuple(self._under_way):
            self.changed.emit(name)
