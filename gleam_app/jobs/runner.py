"""Background jobs: a function, its ``Work``, its outcome. Knows nothing of Qt.

Model work shares one lane of one thread, so that two computations never fight for the cores; short
reading and writing has a lane of its own. Indexing takes minutes to hours and nobody waits for its next
step: it rests, at its next check, while somebody waits for an answer.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, TypeVar

from gleam_app.errors import Cancelled
from gleam_app.jobs import threads
from gleam_app.jobs.memory import give_back
from gleam_app.jobs.work import Progress, Work

T = TypeVar("T")
log = logging.getLogger(__name__)


LONG_S = 1.0  # after which a job of any lane gives memory back: a report takes 400 MB, for a while
FOREGROUND = "foreground"  # why an indexing job is held: somebody waits for an answer


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
    lane: str = "io"
    urgent: bool = False
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
        threads.take_on()
        began = time.monotonic()
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
        if self.lane == "model" or time.monotonic() - began > LONG_S:
            give_back()


class JobRunner:
    """Runs jobs on lanes: ``model`` (one thread), ``io`` (four) and ``index`` (one).

    Jobs of ``index`` rest in their checks while a job of ``model``, or one started as ``urgent``, waits
    or runs.
    """

    def __init__(self) -> None:
        self._lanes = {
            "model": ThreadPoolExecutor(max_workers=1, thread_name_prefix="gleam-model"),
            "io": ThreadPoolExecutor(max_workers=4, thread_name_prefix="gleam-io"),
            "index": ThreadPoolExecutor(max_workers=1, thread_name_prefix="gleam-index"),
        }
        self._jobs: list[Job[Any]] = []
        self._lock = threading.Lock()

    def start(
        self,
        title: str,
        function: Callable[[Work], T],
        on_changed: Callable[[Job[T]], None] | None = None,
        lane: str = "model",
        urgent: bool = False,
    ) -> Job[T]:
        """Queue ``function(work)``; ``on_changed`` hears every change of state and progress."""
        executor = self._lanes[lane]
        job: Job[T] = Job(title, lane=lane, urgent=urgent or lane == "model")

        def changed(job: Job[T]) -> None:
            if job.state.ended:
                self._make_way()
            if on_changed is not None:
                on_changed(job)

        job.on_changed = changed
        with self._lock:
            self._jobs = [known for known in self._jobs if not known.state.ended]
            self._jobs.append(job)
        self._make_way()
        job._future = executor.submit(job._run, function)
        return job

    def _make_way(self) -> None:
        """Hold the indexing jobs while an urgent one is there, and let them go on when none is."""
        with self._lock:
            active = [job for job in self._jobs if not job.state.ended]
            busy = any(job.urgent for job in active)
            for job in active:
                if job.lane == "index":
                    (job.work.hold if busy else job.work.release)(FOREGROUND)

    @property
    def active(self) -> list[Job[Any]]:
        """Jobs that wait or run."""
        with self._lock:
            return [job for job in self._jobs if not job.state.ended]

    def close(self, timeout_s: float = 5.0) -> None:
        """Cancel everything and wait a little for it to end."""
        jobs = self.active
        for job in jobs:
            job.cancel()
        for job in jobs:
            job.wait(timeout_s)
        for lane in self._lanes.values():
            lane.shutdown(wait=False, cancel_futures=True)
