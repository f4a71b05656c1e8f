"""Whether a language model is here, and how far its fetching is."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from gleam_app.jobs.work import Progress
from gleam_app.services import Services
from gleam_app.ui.jobs import Jobs
from gleam_app.ui.messages.translate import translate
from gleam_app.ui.setupstate import SetupState, read_setup_state
from gleam_app.ui.strings import language, tr

if TYPE_CHECKING:  # pydantic is slow to import
    from gleam_app.packs.manifest import PackKind
    from gleam_app.packs.store import PackStatus, PackStore

LOOK_AGAIN_MS = 2000
_KINDS: "tuple[PackKind, ...]" = ("gleam-c", "matcher", "gleam-x")


@dataclass(frozen=True)
class _Standing:
    """``wanted``: the pack to fetch when none is ready. ``percent`` while somebody fetches it. ``models``: id
    and title of those that are ready."""

    ready: bool
    wanted: "PackStatus | None"
    percent: int | None
    labels: tuple[str, ...]
    setup: SetupState | None = None
    models: tuple[tuple[str, str], ...] = ()


class LanguageModel(QObject):
    """Looks in the background, again and again only while the model is on its way."""

    state_changed = Signal(str, bool)
    packs_listed = Signal(list)
    models_listed = Signal(list)
    failed = Signal(str, object)

    def __init__(self, services: Services, jobs: Jobs, parent: QObject) -> None:
        super().__init__(parent)
        self._services, self._jobs = services, jobs
        self._standing = _Standing(False, None, None, ())
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.look)
        language.changed.connect(self._tell)

    def look(self) -> None:
        """See how things stand."""
        self._jobs.start(
            tr("status.packs.hint"),
            lambda work: _stand(self._services.packs, self._services.home),
            done=self._looked,
            failed=lambda error: self.failed.emit("explanation", error),
            quiet=True,
        )

    @property
    def wanted(self) -> str:
        """The id of the pack to fetch where no model is ready; empty: none is known."""
        wanted = self._standing.wanted
        return wanted.id if wanted is not None else ""

    def follow(self, progress: Progress) -> None:
        """A language model is being fetched by this window."""
        if not self._standing.ready:
            fraction = progress.fraction or 0.0
            self.state_changed.emit(tr("explain.fetching", percent=int(100 * fraction)), False)

    def _looked(self, standing: _Standing) -> None:
        self._standing = standing
        self.packs_listed.emit(list(standing.labels))
        self.models_listed.emit(list(standing.models))
        self._tell()
        setting_up = standing.setup is not None and not standing.setup.error
        if setting_up or (not standing.ready and standing.percent is not None):
            self._timer.start(LOOK_AGAIN_MS)

    def _tell(self) -> None:
        """A model is ready, on its way, still being installed, or could be fetched."""
        standing, setup = self._standing, self._standing.setup
        can_fetch = not standing.ready and standing.wanted is not None
        if not standing.ready and standing.percent is not None:
            self.state_changed.emit(tr("explain.fetching", percent=standing.percent), False)
        elif setup is not None and not setup.error:
            self.state_changed.emit(_setup_words(setup), False)
        elif setup is not None:
            self.state_changed.emit(
                tr("explain.setup_failed", error=translate(setup.error)), can_fetch
            )
        else:
            self.state_changed.emit("" if standing.ready else tr("explain.no_model"), can_fetch)


def _stand(packs: "PackStore", home: Path) -> _Standing:
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
    for kind in _KINDS:
        best = [status for status in packs.by_preference(kind)[:1] if status.state == "ready"]
        used += [status.manifest.label for status in best if status.manifest]
    return _Standing(
        bool(ready),
        wanted,
        percent,
        tuple(used),
        read_setup_state(home),
        tuple((s.id, s.title) for s in ready),
    )


def _setup_words(setup: SetupState) -> str:
    share = "" if setup.percent is None else f" {setup.percent} %"
    return tr("explain.setting_up", what=translate(setup.what)) + share
