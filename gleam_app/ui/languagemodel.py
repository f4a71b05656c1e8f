"""Whether a language model is here, how far its fetching is, and fetching it when asked."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from gleam_app.jobs.work import Progress, Work
from gleam_app.services import Services
from gleam_app.ui.jobs import Jobs, Task
from gleam_app.ui.strings import language, tr

if TYPE_CHECKING:  # pydantic is slow to import
    from gleam_app.packs.manifest import Pack
    from gleam_app.packs.store import PackStatus, PackStore

LOOK_AGAIN_MS = 2000


@dataclass(frozen=True)
class _Standing:
    """``wanted``: the pack to fetch when none is ready. ``percent`` while somebody fetches it."""

    ready: bool
    wanted: "PackStatus | None"
    percent: int | None
    labels: tuple[str, ...]


class LanguageModel(QObject):
    """Looks in the background, again and again only while the model is on its way."""

    state_changed = Signal(str, bool)
    packs_listed = Signal(list)
    failed = Signal(str, object)

    def __init__(self, services: Services, jobs: Jobs, parent: QObject) -> None:
        super().__init__(parent)
        self._services, self._jobs = services, jobs
        self._standing = _Standing(False, None, None, ())
        self._fetching: Task[Pack] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.look)
        language.changed.connect(self._tell)

    def look(self) -> None:
        """See how things stand."""
        self._jobs.start(
            tr("status.packs.hint"),
            lambda work: _stand(self._services.packs),
            done=self._looked,
            failed=lambda error: self.failed.emit("explanation", error),
            quiet=True,
        )

    def fetch(self) -> None:
        """Fetch the preferred model; the one thing here that may use the network."""
        wanted = self._standing.wanted
        if wanted is None or self._fetching is not None:
            return

        def get(work: Work) -> "Pack":
            return self._services.packs.fetch(wanted.id, work)

        self._fetching = self._jobs.start(
            tr("job.fetch", name=wanted.title),
            get,
            failed=lambda error: self.failed.emit("explanation", error),
            progressed=self._progressed,
            ended=self._ended,
            connects=True,
        )
        self._tell()

    def _progressed(self, progress: Progress) -> None:
        fraction = progress.fraction or 0.0
        self.state_changed.emit(tr("explain.fetching", percent=int(100 * fraction)), False)

    def _ended(self) -> None:
        self._fetching = None
        self.look()

    def _looked(self, standing: _Standing) -> None:
        self._standing = standing
        self.packs_listed.emit(list(standing.labels))
        if self._fetching is None:
            self._tell()
        if not standing.ready and standing.percent is not None:
            self._timer.start(LOOK_AGAIN_MS)

    def _tell(self) -> None:
        standing = self._standing
        if standing.ready:
            self.state_changed.emit("", False)
        elif standing.percent is not None:
            self.state_changed.emit(tr("explain.fetching", percent=standing.percent), False)
        else:
            can_fetch = standing.wanted is not None and self._fetching is None
            self.state_changed.emit(tr("explain.no_model"), can_fetch)


def _stand(packs: "PackStore") -> _Standing:
    known = packs.list()
    models = [s for s in known if s.manifest is not None and s.manifest.kind == "gleam-x"]
    models.sort(key=lambda s: -s.manifest.preference if s.manifest else 0)
    ready = [s for s in models if s.state == "ready"]
    fetching = next((s for s in models if s.state == "fetching"), None)
    progress = packs.fetch_progress(fetching.id) if fetching is not None else None
    percent = None
    if progress is not None:
        percent = int(100 * (progress.fraction or 0.0))
    wanted = next((s for s in models if s.state == "not fetched"), None)
    used = []
    for kind in ("gleam-c", "matcher", "gleam-x"):
        of_kind = [
            s for s in known if s.manifest and s.manifest.kind == kind and s.state == "ready"
        ]
        of_kind.sort(key=lambda s: -s.manifest.preference if s.manifest else 0)
        used += [f"{s.id} {s.manifest.version}" for s in of_kind[:1] if s.manifest]
    return _Standing(bool(ready), wanted, percent, tuple(used))
