"""What ran while the GUI thread did not turn: a second thread looks at its stack as soon as it is late."""

import sys
import threading
import time
import traceback
from collections import Counter
from pathlib import Path
from types import FrameType

from PySide6.QtCore import QTimer

LATE_MS = 50.0
LOOK_MS = 10.0
FRAMES = 3


class StallWatch:
    """Notes every stall of more than ``LATE_MS`` with what the GUI thread did in it.

    Where the watching thread itself could not run, some thread kept Python's lock: what the others did
    at that moment is noted instead, for the culprit is among them.
    """

    def __init__(self) -> None:
        self._gui = threading.get_ident()
        self._beat = time.perf_counter()
        self._seen: list[str] = []
        self.stalls: list[tuple[float, str]] = []
        self.phase = ""
        self._timer = QTimer(interval=2)
        self._timer.timeout.connect(self._turn)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="stall-watch", daemon=True)

    def start(self) -> None:
        self._beat = time.perf_counter()
        self._timer.start()
        self._thread.start()

    def stop(self) -> None:
        self._timer.stop()
        self._over.set()
        self._thread.join()

    def _turn(self) -> None:
        now = time.perf_counter()
        late, seen = (now - self._beat) * 1000, self._seen
        self._beat, self._seen = now, []
        if late > LATE_MS:
            what = Counter(seen).most_common(1)[0][0] if seen else "ended before it was looked at"
            self.stalls.append((round(late, 1), f"{self.phase}: {what}"))

    def _watch(self) -> None:
        slept = time.perf_counter()
        while not self._over.wait(LOOK_MS / 1000):
            now = time.perf_counter()
            kept_out = (now - slept) * 1000 > 3 * LOOK_MS
            if (now - self._beat) * 1000 > LATE_MS:
                self._seen.append(self._locked() if kept_out else self._gui_stack())
            slept = time.perf_counter()

    def _gui_stack(self) -> str:
        frame = sys._current_frames().get(self._gui)
        return _in_short(frame) if frame is not None else "?"

    def _locked(self) -> str:
        own = threading.get_ident()
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        others = [
            f"{names.get(ident, '?')} [{_in_short(frame)}]"
            for ident, frame in sys._current_frames().items()
            if ident != own and not _waits(frame)
        ]
        return "lock kept by one of " + "; ".join(others)


def _waits(frame: FrameType) -> bool:
    return frame.f_code.co_name in ("wait", "_worker", "_poll_for_tstate_lock") and (
        "threading" in frame.f_code.co_filename or "concurrent" in frame.f_code.co_filename
    )


def _in_short(frame: FrameType) -> str:
    stack = traceback.extract_stack(frame)
    ours = [one for one in stack if "gleam_app" in one.filename]
    shown = stack[-FRAMES:] if not ours or ours[-1] in stack[-FRAMES:] else [ours[-1], *stack[-2:]]
    return " > ".join(f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in shown)
