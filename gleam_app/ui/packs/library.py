"""The packs there are: listed, installed, fetched, checked, preferred, removed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, Signal

from gleam_app.errors import GleamError
from gleam_app.jobs.work import Progress, Work
from gleam_app.services import Services
from gleam_app.ui.jobs import Jobs, Task
from gleam_app.ui.settings import Settings
from gleam_app.ui.strings import tr

if TYPE_CHECKING:  # pydantic is slow to import
    from gleam_app.packs.connections import Connections
    from gleam_app.packs.manifest import Pack
    from gleam_app.ui.packs.entries import Entry, Overview

TOP = ""  # the place of errors that belong to no pack


@dataclass(eq=False)
class Doing:
    """What is under way with a pack."""

    what: Literal["fetch", "verify", "remove"]
    task: "Task[object] | None" = None
    stopping: bool = False


class PackLibrary(QObject):
    """Works on ``services.packs`` in the background.

    ``listed``: ``overview`` is new. ``changed``: something about the pack of that id, or the installing.
    ``failed``: (pack id or empty, error); ``begun``: tried anew. ``planned``: (id, what fetching it would
    connect to). ``used_changed``: other packs may be in use now. ``model_progressed``: how far the fetch of
    a language model is.
    """

    listed = Signal()
    changed = Signal(str)
    begun = Signal(str)
    failed = Signal(str, object)
    planned = Signal(str, object)
    used_changed = Signal()
    model_progressed = Signal(object)
    said = Signal(str)

    def __init__(self, services: Services, jobs: Jobs, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._services, self._jobs, self._settings = services, jobs, settings
        self.overview: Overview | None = None
        self.installing: Task[list[Pack]] | None = None
        self._doing: dict[str, Doing] = {}

    def entry(self, pack_id: str) -> "Entry | None":
        """What is known of the pack of that id."""
        entries = self.overview.entries if self.overview is not None else ()
        return next((entry for entry in entries if entry.id == pack_id), None)

    def doing(self, pack_id: str) -> Doing | None:
        """What is under way with it."""
        return self._doing.get(pack_id)

    def refresh(self) -> None:
        """Look at the packs again."""

        def read(work: Work) -> "Overview":
            from gleam_app.ui.packs.entries import look

            return look(self._services, work)

        def listed(overview: "Overview") -> None:
            self.overview = overview
            self.listed.emit()

        self._jobs.start(
            tr("packs.title"), read, done=listed, failed=self._failing(TOP), quiet=True
        )

    # ---- installing -----------------------------------------------------------------------------

    def install(self, paths: Sequence[Path]) -> None:
        """Install what lies in these files and folders, one after another, checking every hash."""
        if self.installing is not None or not paths:
            return
        self.begun.emit(TOP)

        def run(work: Work) -> "list[Pack]":
            packs = []
            try:
                for path in paths:
                    packs.append(self._services.packs.install(path, work))
            finally:
                self._services.packs_changed()
            return packs

        def done(packs: "list[Pack]") -> None:
            names = ", ".join(pack.manifest.title for pack in packs)
            self.said.emit(tr("packs.installed", name=names))

        def ended() -> None:
            self.installing = None
            self.changed.emit(TOP)
            self._tell_used()

        self.installing = self._jobs.start(
            tr("packs.installing", name=", ".join(path.name for path in paths)),
            run,
            done=done,
            failed=self._failing(TOP),
            progressed=lambda _: self.changed.emit(TOP),
            ended=ended,
        )
        self.changed.emit(TOP)

    # ---- fetching -------------------------------------------------------------------------------

    def plan(self, pack_id: str) -> None:
        """Find out what fetching would connect to; nothing does yet. ``planned`` tells."""
        self.begun.emit(pack_id)

        def read(work: Work) -> "Connections":
            from gleam_app.packs.connections import connections_of

            store = self._services.packs
            status = store.status(pack_id)
            if status.manifest is None:
                raise GleamError(status.detail)
            return connections_of(status.manifest, status.folder, store.arrived_bytes(pack_id))

        self._jobs.start(
            tr("packs.asking"),
            read,
            done=lambda plan: self.planned.emit(pack_id, plan),
            failed=self._failing(pack_id),
            quiet=True,
        )

    def fetch(self, pack_id: str) -> None:
        """Fetch it; the one thing here that may use the network."""

        def get(work: Work) -> object:
            pack = self._services.packs.fetch(pack_id, work)
            self._services.packs_changed()
            return pack

        self._do(
            pack_id,
            Doing("fetch"),
            tr("job.fetch", name=self._title(pack_id)),
            get,
            "packs.installed",
            connects=True,
        )

    def pause(self, pack_id: str, paused: bool = True) -> None:
        """Let a fetch rest, or go on."""
        doing = self._doing.get(pack_id)
        if doing is not None and doing.task is not None and not doing.stopping:
            doing.task.pause(paused)
            self.changed.emit(pack_id)

    def stop(self, pack_id: str = TOP) -> None:
        """End what is under way with the pack, or the installing; what was fetched is kept."""
        doing = self._doing.get(pack_id)
        if doing is not None and doing.task is not None:
            doing.stopping = True
            doing.task.cancel()
            self.changed.emit(pack_id)
        elif pack_id == TOP and self.installing is not None:
            self.installing.cancel()

    # ---- looking after them ---------------------------------------------------------------------

    def verify(self, pack_id: str) -> None:
        """Hash every file of it."""
        self._do(
            pack_id,
            Doing("verify"),
            tr("packs.verify.job", name=self._title(pack_id)),
            lambda work: self._services.packs.verify(pack_id, work),
            "packs.verified",
        )

    def prefer(self, pack_id: str) -> None:
        """Use it from now on among those of its kind."""

        def choose(work: Work) -> object:
            pack = self._services.packs.prefer(pack_id)
            self._services.packs_changed()
            return pack

        title = tr("packs.prefer")
        self._do(pack_id, Doing("verify"), title, choose, "packs.preferred", quiet=True)

    def remove(self, pack_id: str) -> None:
        """Delete the user's copy of it."""

        def delete(work: Work) -> object:
            self._services.packs.remove(pack_id)
            self._services.packs_changed()
            return None

        title = tr("packs.removing", name=self._title(pack_id))
        self._do(pack_id, Doing("remove"), title, delete, "packs.removed")

    def choose_folder(self, folder: Path) -> None:
        """New packs go there; those elsewhere stay where they are and are used all the same."""

        def choose(work: Work) -> Path:
            store = self._services.packs
            try:
                (folder / ".staging").mkdir(parents=True, exist_ok=True)
            except OSError:
                raise GleamError(
                    tr("packs.folder.bad", folder=folder), tr("packs.folder.bad.hint")
                ) from None
            store.folder = folder
            return folder

        def chosen(folder: Path) -> None:
            own = folder == self._services.home / "packs"
            self._settings.change(packs_folder="" if own else str(folder))
            self.refresh()

        self.begun.emit(TOP)
        self._jobs.start(tr("packs.folder.title"), choose, done=chosen, failed=self._failing(TOP))

    # ---- the same for all -----------------------------------------------------------------------

    def _do(
        self,
        pack_id: str,
        doing: Doing,
        title: str,
        function: Callable[[Work], object],
        done_key: str,
        quiet: bool = False,
        connects: bool = False,
    ) -> None:
        if pack_id in self._doing:
            return
        name = self._title(pack_id)
        self._doing[pack_id] = doing
        self.begun.emit(pack_id)

        def progressed(progress: Progress) -> None:
            self.changed.emit(pack_id)
            if connects and self._is_language_model(pack_id):
                self.model_progressed.emit(progress)

        def ended() -> None:
            del self._doing[pack_id]
            self._tell_used()

        doing.task = self._jobs.start(
            title,
            function,
            done=lambda _: self.said.emit(tr(done_key, name=name)),
            failed=self._failing(pack_id),
            progressed=progressed,
            ended=ended,
            quiet=quiet,
            connects=connects,
        )
        self.changed.emit(pack_id)

    def _tell_used(self) -> None:
        self.refresh()
        self.used_changed.emit()

    def _failing(self, place: str) -> Callable[[BaseException], None]:
        return lambda error: self.failed.emit(place, error)

    def _is_language_model(self, pack_id: str) -> bool:
        entry = self.entry(pack_id)
        manifest = entry.status.manifest if entry is not None else None
        return manifest is not None and manifest.kind == "gleam-x"

    def _title(self, pack_id: str) -> str:
        entry = self.entry(pack_id)
        return entry.status.title if entry is not None else pack_id
