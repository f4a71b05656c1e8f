"""How long the GUI thread does not turn."""

import time
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEventLoop, QTimer


class Pulse:
    """The longest time for which the event loop did not turn."""

    def __init__(self) -> None:
        self._timer = QTimer(interval=2)
        self._timer.timeout.connect(self._beat)
        self._last, self.gaps = 0.0, list[float]()

    def _beat(self) -> None:
        now = time.perf_counter()
        self.gaps.append((now - self._last) * 1000)
        self._last = now

    def watch(
        self,
        seconds: float,
        start: Callable[[], object],
        over: Callable[[], bool] = lambda: False,
    ) -> dict[str, float]:
        """Call ``start`` and watch for ``seconds``, or until ``over()``."""
        loop = QEventLoop()
        self.gaps, self._last = [], time.perf_counter()
        began = self._last
        self._timer.start()
        QTimer.singleShot(0, start)
        look = QTimer(interval=50)
        ends = time.perf_counter() + seconds
        look.timeout.connect(lambda: (over() or time.perf_counter() > ends) and loop.quit())
        QTimer.singleShot(200, look.start)  # what was started must have had time to begin
        loop.exec()
        look.stop()
        self._timer.stop()
        return {
            "seconds": round(time.perf_counter() - began, 2),
            "longest_ms": round(max(self.gaps), 1),
            "over_50_ms": sum(gap > 50 for gap in self.gaps),
            "p99_ms": round(float(np.percentile(self.gaps, 99)), 1),
        }
