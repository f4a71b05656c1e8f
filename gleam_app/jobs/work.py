"""What a long computation sees of the person waiting for it: progress out, cancel and pause in.

Every function that may take longer than a blink takes a ``Work`` (default: one that nobody watches),
calls ``work.report`` as it goes, and ``work.check`` where it can stop without leaving a mess.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gleam_app.errors import Cancelled

PAUSED = "paused"


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
    """Progress, cancellation and pauses of one computation; safe to share between threads."""

    on_progress: Callable[[Progress], None] | None = None
    _cancel: threading.Event = field(default_factory=threading.Event)
    _turn: threading.Condition = field(default_factory=threading.Condition)
    _holds: set[str] = field(default_factory=set)
    _what: str = ""
    _started: float = 0.0
    _first_done: float = 0.0

    def cancel(self) -> None:
        """Ask the computation to stop; it does at its next ``check``, paused or not."""
        self._cancel.set()
        with self._turn:
            self._turn.notify_all()

    @property
    def cancelled(self) -> bool:
        return self._cancel.is_set()

    def pause(self) -> None:
        """Ask the computation to wait at its next ``check`` until ``resume``."""
        self.hold(PAUSED)

    def resume(self) -> None:
        """Let it go on."""
        self.release(PAUSED)

    @property
    def paused(self) -> bool:
        """Whether somebody paused it, be it at its next check or already."""
        return PAUSED in self._holds

    def hold(self, reason: str) -> None:
        """Wait at the next ``check`` until every ``reason`` it was held for is released."""
        with self._turn:
            self._holds.add(reason)

    def release(self, reason: str) -> None:
        """``reason`` holds it no longer."""
        with self._turn:
            self._holds.discard(reason)
            self._turn.notify_all()

    def part(self, on_progress: Callable[[Progress], None] | None = None) -> "Work":
        """A part of this work that tells its progress elsewhere; it is held and cancelled with the whole."""
        return Work(on_progress, self._cancel, self._turn, self._holds)

    def check(self) -> None:
        """Wait here while held; raise ``Cancelled`` if the user asked to stop."""
        if self._holds:
            began = time.monotonic()
            with self._turn:
                self._turn.wait_for(lambda: not self._holds or self._cancel.is_set())
            self._started += time.monotonic() - began  # rest is no part of the pace
        if self._cancel.is_set():
            raise Cancelled

    def report(self, what: str, done: float = 0.0, total: float = 0.0) -> None:
        """Tell how far ``what`` is, and wait or stop here if asked to.

        The time left is extrapolated from the pace since this ``what`` began.
        """
        if self._cancel.is_set():
            raise Cancelled
        now = time.monotonic()
        if what != self._what:
            self._what, self._started, self._first_done = what, now, done
        if self.on_progress is not None:
            gained = done - self._first_done
            known = gained > 0 and total > 0
            left = (total - done) * (now - self._started) / gained if known else None
            self.on_progress(Progress(what, done, total, left))
        if self._holds:  # told first: while it rests, people see how far it is
            self.check()
