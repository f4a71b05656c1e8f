"""What ran while the GUI thread did not turn: a second thread looks at its stack as soon as it is late.

The stacks are written by ``faulthandler``: Python's frame objects must not be held from another thread,
they would keep the painters of a paint event alive beyond it.

A stall is not all ours: ``cpu_ms`` of it the GUI thread computed, ``queued_ms`` it could have run but had
no core (Linux tells; else 0), the rest it waited, mostly for Python's lock.
"""

import faulthandler
import re
import tempfile
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from PySide6.QtCore import QTimer

LATE_MS = 50.0
LOOK_MS = 10.0
FRAMES = 3
_THREAD = re.compile(r"(?:Current thread|Thread) (0x[0-9a-f]+)")
_FRAME = re.compile(r'File "(.*)", line (\d+) in (.*)')
_RESTING = ("wait", "_worker", "_poll")
_SCHEDULED = Path("/proc/thread-self/schedstat")


@dataclass(frozen=True, order=True)
class Stall:
    """Milliseconds, and what ran."""

    ms: float
    cpu_ms: float
    queued_ms: float
    what: str

    @property
    def own_ms(self) -> float:
        """What it would have been with a core for the GUI thread alone."""
        return self.ms - self.queued_ms


class StallWatch:
    """Notes every stall of more than ``LATE_MS`` with what the GUI thread did in it.

    Where the watching thread itself could not run, some thread kept Python's lock: what the others did
    at that moment is noted instead, for the culprit is among them.
    """

    def __init__(self) -> None:
        self._gui = threading.get_ident()
        self._beat = time.perf_counter()
        self._spent = _spent()
        self._seen: list[str] = []
        self.stalls: list[Stall] = []
        self.phase = ""  # see ``enter``
        self._timer = QTimer(interval=2)
        self._timer.timeout.connect(self._turn)
        self._over = threading.Event()
        self._dump = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed in stop)
        self._thread = threading.Thread(target=self._watch, name="stall-watch", daemon=True)

    def start(self) -> None:
        self._beat, self._spent = time.perf_counter(), _spent()
        self._timer.start()
        self._thread.start()

    def enter(self, phase: str) -> None:
        """What happens from now on belongs to ``phase``; to none if empty: it is not watched."""
        self._beat, self._spent, self._seen = time.perf_counter(), _spent(), []
        self.phase = phase

    def stop(self) -> None:
        self._timer.stop()
        self._over.set()
        self._thread.join()
        self._dump.close()

    def _turn(self) -> None:
        now, spent = time.perf_counter(), _spent()
        late, seen = (now - self._beat) * 1000, self._seen
        if late > LATE_MS and self.phase:
            cpu, queued = (
                round((after - before) * 1000, 1)
                for after, before in zip(spent, self._spent, strict=True)
            )
            what = Counter(seen).most_common(1)[0][0] if seen else "ended before it was looked at"
            self.stalls.append(Stall(round(late, 1), cpu, queued, f"{self.phase}: {what}"))
        self._beat, self._spent, self._seen = now, spent, []

    def report(self, most: int = 25) -> dict[str, object]:
        """How many stalls there were, and the longest, the worst first."""
        return {
            "stalls_over_50_ms": len(self.stalls),
            "not_for_want_of_a_core": sum(one.own_ms > LATE_MS for one in self.stalls),
            "stalls": [asdict(one) for one in sorted(self.stalls, reverse=True)[:most]],
        }

    def _watch(self) -> None:
        slept = time.perf_counter()
        while not self._over.wait(LOOK_MS / 1000):
            now = time.perf_counter()
            kept_out = (now - slept) * 1000 > 3 * LOOK_MS
            if (now - self._beat) * 1000 > LATE_MS:
                self._seen.append(self._locked() if kept_out else self._gui_stack())
            slept = time.perf_counter()

    def _stacks(self) -> dict[int, list[str]]:
        """Frames of each thread, the innermost first."""
        self._dump.seek(0)
        self._dump.truncate()
        faulthandler.dump_traceback(self._dump, all_threads=True)
        self._dump.seek(0)
        found: dict[int, list[str]] = {}
        frames: list[str] = []
        for line in self._dump.read().splitlines():
            if thread := _THREAD.match(line):
                frames = found[int(thread[1], 16)] = []
            elif frame := _FRAME.search(line):
                path = Path(frame[1])
                mark = "gleam:" if "gleam_app" in path.parts else ""
                frames.append(f"{mark}{path.name}:{frame[2]} {frame[3]}")
        return found

    def _gui_stack(self) -> str:
        return _in_short(self._stacks().get(self._gui, []))

    def _locked(self) -> str:
        own = threading.get_ident()
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        others = [
            f"{names.get(ident, '?')} [{_in_short(frames)}]"
            for ident, frames in self._stacks().items()
            if ident != own and frames and not frames[0].split()[-1].startswith(_RESTING)
        ]
        return "lock kept by one of " + "; ".join(others)


def _spent() -> tuple[float, float]:
    """Seconds for which this thread has computed, and for which it has waited for a core."""
    try:
        queued = int(_SCHEDULED.read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        queued = 0.0
    return time.thread_time(), queued


def _in_short(frames: list[str]) -> str:
    """The innermost frames, and the innermost of ours."""
    shown = frames[:FRAMES]
    ours = next((frame for frame in frames if frame.startswith("gleam:")), "")
    if ours and ours not in shown:
        shown = [*shown, ours]
    return " < ".join(shown) or "?"
