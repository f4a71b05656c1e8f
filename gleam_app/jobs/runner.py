"""Background jobs: a function, its ``Work``, its outcome. Knows nothing of Qt.

Model work shares one lane of one thread, so that two computations never fight for the cores and the
encoder needs no lock; short reading and writing has a lane of its own.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, TypeVar

from gleam_app.errors import Cancelled
from gleam_app.jobs.work import Progress, Work

T = TypeVar("T")
log = logging.getLogger(__name__)


class JobState(Enum):
    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


@dataclass
class Job(Generic[T]):
    """One computation in the background.

    Listeners are called on the worker's thread; a user interface queues them to its own.
    """

    title: str
    work: Work = field(default_factory=Work)
    state: JobState = JobState.WAITING
    progress: Progress | None = None
    result: T | None = None
    error: BaseException | None = None
    on_changed: Callable[["Job[T]"], None] | None = None
    _future: "Future[None] | None" = None
    _ended: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """Stop: at once if it has not begun, else at the computation's next check."""
        self.work.cancel()
        if self._future is not None and self._future.cancel():
            self._move(JobState.CANCELLED)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Block until the job has ended; False if it has not within ``timeout_s`` seconds."""
        return self._ended.wait(timeout_s)

    def _move(self, state: JobState) -> None:
        self.state = state
        if state.ended:
            self._ended.set()
        if self.on_changed is not None:
            self.on_changed(self)

    def _progressed(self, progress: Progress) -> None:
        self.progress = progress
        if self.on_changed is not None:
            self.on_changed(self)

    def _run(self, function: Callable[[Work], T]) -> None:
        if self.work.cancelled:
            self._move(JobState.CANCELLED)
            return
        self._move(JobState.RUNNING)
        self.work.on_progress = self._progressed
        try:
            self.result = function(self.work)
        except Cancelled:
            self._move(JobState.CANCELLED)
        except Exception as error:
            self.error = error
            log.info("job %r failed", self.title, exc_info=True)
            self._move(JobState.FAILED)
        else:
            self._move(JobState.SUCCEEDED)


class JobRunner:
    """Runs jobs on two lanes: ``model`` (one thread) and ``io`` (two threads)."""

    def __init__(self) -> None:
        self._lanes = {
            "model": ThreadPoolExecutor(max_workers=1, thread_name_prefix="gleam-model"),
            "io": ThreadPoolExecutor(max_workers=2, thread_name_prefix="gleam-io"),
        }
        self._jobs: list[Job[Any]] = []

    def start(
        self,
        title: str,
        function: Callable[[Work], T],
        on_changed: Callable[[Job[T]], None] | None = None,
        lane: str = "model",
    ) -> Job[T]:
        """Queue ``function(work)``; ``on_changed`` hears every change of state and progress."""
        job: Job[T] = Job(title, on_changed=on_changed)
        self._jobs = [known for known in self._jobs if not known.state.ended]
        self._jobs.append(job)
        job._future = self._lanes[lane].submit(job._run, function)
        return job

    @property
    def active(self) -> list[Job[Any]]:
        """Jobs that wait or run."""
        return [job for job in self._jobs if not job.state.ended]

    def close(self, timeout_s: float = 5.0) -> None:
        """Cancel everything and wait a little for it to end."""
        for job in self.active:
            job.cancel()
        for job in list(self._jobs):
            job.wait(timeout_s)
        for lane in self._lanes.values():
            lane.shutdown(wait=False, cancel_futures=True)
