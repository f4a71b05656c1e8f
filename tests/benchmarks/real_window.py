"""What the benchmarks of the real window have in common: its environment, waiting, memory."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def wait(seconds: float, over: Callable[[], bool] = lambda: False) -> bool:
    """Let the event loop turn for ``seconds``, or until ``over()``; whether it is over."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop, look = QEventLoop(), QTimer(interval=20)
    ends = time.perf_counter() + seconds
    look.timeout.connect(lambda: (over() or time.perf_counter() > ends) and loop.quit())
    look.start()
    loop.exec()
    look.stop()
    return bool(over())


def located(window: Any) -> bool:
    """Whether the whole answer for the query that is shown has come."""
    location = window.session.location
    return location is not None and location.complete and not window.session.locating


def demo_photo(queries: Path, folder: Path, number: int) -> Path:
    """One of the demo's photos as another file with the same EXIF."""
    from PIL import Image

    photos = sorted(queries.glob("*.jpg"))
    target = folder / f"query-{number:03}.jpg"
    with Image.open(photos[number % len(photos)]) as image:
        image.save(target, quality=80 + number // len(photos) % 16, exif=image.getexif())
    return target


def memory() -> dict[str, float]:
    """Megabytes (10^6 bytes) of this process and of Chromium's."""
    own = _field(Path("/proc/self/status"), "VmRSS:")
    children = [
        _field(Path(f"/proc/{pid}/smaps_rollup"), "Pss:")
        for pid in _descendants(os.getpid())
        if _name(pid).startswith("QtWebEngine")
    ]
    return {"rss_mb": round(own / 1e6, 1), "chromium_mb": round(sum(children) / 1e6, 1)}


def _descendants(pid: int) -> list[int]:
    found = []
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in listing.read_text().split():
            found += [int(child), *_descendants(int(child))]
    return found


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _field(path: Path, name: str) -> float:
    try:
        for line in path.read_text().splitlines():
            if line.startswith(name):
                return float(line.split()[1]) * 1024
    except OSError:
        pass
    return 0.0
