"""One thread for what may be done later; it is there only while there is something to do."""

import logging
import threading
from collections import deque
from collections.abc import Callable

from gleam_app.errors import Cancelled
from gleam_app.jobs.work import Work

log = logging.getLogger(__name__)


class Background:
    """Tasks are done one after the other. One that takes long calls ``check`` as it goes."""

    def __init__(self) -> None:
        self._tasks: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()
        self._busy = False

    def add(self, task: Callable[[], None]) -> None:
        with self._lock:
            self._tasks.append(task)
            if not self._busy:
                self._busy = True
                threading.Thread(target=self._run, name="gleam-background").start()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._tasks or _ending():
                    self._busy = False
                    return
                task = self._tasks.popleft()
            try:
                task()
            except Cancelled:
                pass
            except Exception:
                log.exception("a background task failed")


BACKGROUND = Background()


def check(work: Work) -> None:
    """``work.check``; raises Cancelled when the program ends, too."""
    work.check()
    if _ending():
        raise Cancelled


def _ending() -> bool:
    return not threading.main_thread().is_alive()
