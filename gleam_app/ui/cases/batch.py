"""The batch: the waiting queries of the case, one job of the model's lane each.

Other questions come in between two of them. Which are left is read from the case, so a batch goes on
after anything: a pause, another case, a crash.
"""

import time
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, Signal

from gleam_app.jobs.work import Progress, Work
from gleam_app.services import Services
from gleam_app.ui.cases.desk import Desk
from gleam_app.ui.cases.queries import Queries
from gleam_app.ui.jobs import Jobs, Task
from gleam_app.ui.session import Session
from gleam_app.ui.strings import tr

if TYPE_CHECKING:
    from gleam_app.cases.case import Case

Mode = Literal["off", "on", "paused"]
REMEMBERED = "batch"


class Batch(QObject):
    """``changed``: how far it is, or whether it runs. ``mode`` is what the analyst wants of it."""

    changed = Signal()
    failed = Signal(str, object)
    begun = Signal(str)

    def __init__(
        self, services: Services, jobs: Jobs, session: Session, desk: Desk, queries: Queries
    ) -> None:
        super().__init__(desk)
        self._services, self._jobs, self._session = services, jobs, session
        self._desk, self._queries = desk, queries
        self.mode: Mode = "off"
        self._task: Task[bool | None] | None = None
        self.done = 0
        self._spent_s = 0.0
        desk.leaving.connect(self._leave)
        desk.opened.connect(self._recall)
        queries.listed.connect(self._go_on)
        session.tile_sets_changed.connect(self._go_on)

    @property
    def running(self) -> bool:
        """Whether a query is being located by it just now."""
        return self._task is not None

    @property
    def can_start(self) -> bool:
        """Whether there is something to locate, and something to search."""
        return (
            self.mode != "on"
            and self._queries.waiting > 0
            and bool(self._session.tile_sets)
            and not self._session.read_only
        )

    @property
    def progress(self) -> Progress:
        """How many of those waiting when it began are done; the time left from the pace so far."""
        left = self._queries.waiting
        seconds = left * self._spent_s / self.done if self.done else None
        return Progress("batch", self.done, self.done + left, seconds)

    # ---- what the analyst wants -----------------------------------------------------------------

    def start(self) -> None:
        """Locate everything that waits, or go on after a pause."""
        if self.mode == "off":
            self.done, self._spent_s = 0, 0.0
        self.begun.emit("queries")
        self._set_mode("on")
        self._go_on()

    def pause(self) -> None:
        """Finish the query at hand, then rest."""
        if self.mode == "on":
            self._set_mode("paused")

    def stop(self) -> None:
        """Stop at once; the query at hand waits again."""
        self._set_mode("off")
        self._drop()

    def _set_mode(self, mode: Mode) -> None:
        if mode != self.mode:
            self.mode = mode
            self._desk.run(lambda case: case.remember(REMEMBERED, mode))
        self.changed.emit()

    # ---- another case ---------------------------------------------------------------------------

    def _leave(self) -> None:
        self._drop()
        self.mode, self.done, self._spent_s = "off", 0, 0.0

    def _recall(self) -> None:
        """What was under way when the case was left, or the program ended, goes on."""

        def recalled(mode: object) -> None:
            if mode in ("on", "paused") and self.mode == "off" and not self._session.read_only:
                self.mode = "on" if mode == "on" else "paused"
                self.changed.emit()
                self._go_on()

        if self._desk.case is not None:
            self._desk.run(lambda case: case.recall(REMEMBERED, "off"), recalled)
        self.changed.emit()

    def _drop(self) -> None:
        if self._task is not None:
            self._task.drop()
            self._task = None

    # ---- one after another ----------------------------------------------------------------------

    def _go_on(self) -> None:
        """Locate the next, if that is wanted and can be."""
        case = self._desk.case
        if self.mode == "on" and self._task is None and case is not None:
            if self._queries.waiting and self._session.tile_sets:
                self._locate_next(case)
            elif self.done and not self._queries.waiting:
                self._set_mode("off")
        self.changed.emit()

    def _locate_next(self, case: "Case") -> None:
        tile_sets = list(self._session.tile_sets)
        began = time.monotonic()

        def locate(work: Work) -> bool | None:
            from gleam_app.cases.batch import locate_one, locate_with
            from gleam_app.retrieval.locate import LocateOptions

            waiting = case.waiting()  # one may have been located, or removed, since
            if not waiting:
                return None
            locator = self._services.locator()
            find = locate_with(case, locator, tile_sets, LocateOptions())
            return locate_one(case, waiting[0], find, work)

        def located(outcome: bool | None) -> None:
            if outcome is not None:
                self.done += 1
                self._spent_s += time.monotonic() - began

        def ended() -> None:
            if self._task is task:
                self._task = None
                if (
                    task.job is not None and task.job.work.cancelled
                ):  # by its cross in the status bar
                    self._set_mode("off")
                # the next begins once this answer is listed

        def failed(error: BaseException) -> None:
            self._set_mode("off")
            self.failed.emit("queries", error)

        number, total = self.done + 1, self.done + self._queries.waiting
        task = self._task = self._jobs.start(
            tr("batch.job", number=number, total=total),
            locate,
            done=located,
            failed=failed,
            ended=ended,
            lane="model",
        )
