"""Background jobs as the window sees them: every callback on the GUI thread, progress throttled."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot

from gleam_app.jobs.runner import Job, JobRunner, JobState
from gleam_app.jobs.work import Progress, Work

T = TypeVar("T")
PROGRESS_INTERVAL_S = 0.1


def _ignore(_: Any) -> None:
    return None


@dataclass(eq=False)
class Task(Generic[T]):
    """One job and who waits for it. The three callbacks run on the GUI thread."""

    title: str
    quiet: bool
    connects: bool
    done: Callable[[T], None]
    failed: Callable[[BaseException], None]
    progressed: Callable[[Progress], None]
    ended: Callable[[], None]
    job: Job[T] | None = None
    started: float = field(default_factory=time.monotonic)
    dropped: bool = False
    finished: bool = False
    progress: Progress | None = None
    _told: float = 0.0

    def cancel(self) -> None:
        """Ask it to stop; ``ended`` still comes."""
        if self.job is not None:
            self.job.cancel()

    def pause(self, paused: bool = True) -> None:
        """Let it rest at its next check, or go on; ``Jobs.changed`` tells the panels."""
        if self.job is not None:
            (self.job.work.pause if paused else self.job.work.resume)()

    @property
    def paused(self) -> bool:
        return self.job is not None and self.job.work.paused

    @property
    def waiting(self) -> bool:
        """Whether it has not begun: another job of its lane is before it."""
        return self.job is not None and self.job.state is JobState.WAITING

    def drop(self) -> None:
        """Stop it and hear nothing more of it."""
        self.dropped = True
        self.cancel()


class Jobs(QObject):
    """Starts functions on the runner's lanes and brings what they say to the GUI thread."""

    changed = Signal()
    job_failed = Signal(object)
    _heard = Signal(object, object, object)
    _posted = Signal(object)

    def __init__(self, runner: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._tasks: list[Task[Any]] = []
        self._closed = False
        self._heard.connect(self._hear, Qt.ConnectionType.QueuedConnection)
        self._posted.connect(self._call, Qt.ConnectionType.QueuedConnection)

    def start(
        self,
        title: str,
        function: Callable[[Work], T],
        *,
        done: Callable[[T], None] = _ignore,
        failed: Callable[[BaseException], None] = _ignore,
        progressed: Callable[[Progress], None] = _ignore,
        ended: Callable[[], None] = lambda: None,
        lane: str = "io",
        urgent: bool = False,
        quiet: bool = False,
        connects: bool = False,
    ) -> Task[T]:
        """Run ``function(work)`` in the background.

        Indexing rests while an ``urgent`` job runs. ``quiet`` jobs do not show in the status bar; jobs
        that use the network say so (``connects``).
        """
        task: Task[T] = Task(title, quiet, connects, done, failed, progressed, ended)
        self._tasks.append(task)
        task.job = self._runner.start(
            title, function, lambda job: self._tell(task, job), lane=lane, urgent=urgent
        )
        self.changed.emit()
        return task

    def post(self, function: Callable[[], None]) -> None:
        """From any thread: call ``function`` on the GUI thread, in order."""
        if not self._closed:
            self._posted.emit(function)

    @property
    def running(self) -> list[Task[Any]]:
        """Tasks to show to the user, oldest first."""
        return [task for task in self._tasks if not task.quiet and not task.dropped]

    @property
    def idle(self) -> bool:
        return not self._tasks

    def close(self) -> None:
        """Hear nothing any more; the runner ends the jobs."""
        self._closed = True
        for task in self._tasks:
            task.drop()
        self._tasks.clear()

    def _tell(self, task: Task[Any], job: Job[Any]) -> None:
        """On the worker's thread: pass on a change, but progress not more often than eyes follow."""
        if self._closed:
            return
        now = time.monotonic()
        if job.state is JobState.RUNNING and now - task._told < PROGRESS_INTERVAL_S:
            return
        task._told = now
        self._heard.emit(task, job.state, job.progress)

    @Slot(object, object, object)
    def _hear(self, task: Task[Any], state: JobState, progress: Progress | None) -> None:
        if self._closed or task.finished:
            return
        if state.ended:
            task.finished = True
            self._tasks = [known for known in self._tasks if known is not task]
            self.changed.emit()
            if not task.dropped:
                self._finish(task, state)
        elif not task.dropped:
            if progress is not None:
                task.progress = progress
                task.progressed(progress)
            self.changed.emit()

    def _finish(self, task: Task[Any], state: JobState) -> None:
        job = task.job
        try:
            if job is not None and state is JobState.SUCCEEDED:
                task.done(job.result)
            elif job is not None and state is JobState.FAILED and job.error is not None:
                self.job_failed.emit(job.error)
                task.failed(job.error)
        finally:
            task.ended()

    @Slot(object)
    def _call(self, function: Callable[[], None]) -> None:
        if not self._closed:
            function()
