"""What a long computation sees of the person waiting for it: progress out, cancel in.

Every function that may take longer than a blink takes a ``Work`` (default: one that nobody watches),
calls ``work.report`` as it goes, and ``work.check`` where it can stop without leaving a mess.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gleam_app.errors import Cancelled


@dataclass(frozen=True)
class Progress:
    """A moment of a long computation. ``done`` and ``total`` share any unit; 0 total: unknown."""

    what: str
    done: float
    total: float
    seconds_left: float | None

    @property
    def fraction(self) -> float | None:
        """0..1, or None while the amount of work is unknown."""
        return min(1.0, self.done / self.total) if self.total > 0 else None


@dataclass
class Work:
    """Progress and cancellation of one computation; safe to share between threads."""

    on_progress: Callable[[Progress], None] | None = None
    _cancel: threading.Event = field(default_factory=threading.Event)
    _what: str = ""
    _started: float = 0.0
    _first_done: float = 0.0

    def cancel(self) -> None:
        """Ask the computation to stop; it does at its next ``check``."""
        self._cancel.set()

    @property
    def cancelled(self) -> bool:
        return self._cancel.is_set()

    def check(self) -> None:
        """Raise ``Cancelled`` if the user asked to stop."""
        if self._cancel.is_set():
            raise Cancelled

    def report(self, what: str, done: float = 0.0, total: float = 0.0) -> None:
        """Tell how far ``what`` is, and stop here if asked to.

        The time left is extrapolated from the pace since this ``what`` began.
        """
        self.check()
        now = time.monotonic()
        if what != self._what:
            self._what, self._started, self._first_done = what, now, done
        if self.on_progress is None:
            return
        gained = done - self._first_done
        left = (total - done) * (now - self._started) / gained if gained > 0 and total > 0 else None
        self.on_progress(Progress(what, done, total, left))
