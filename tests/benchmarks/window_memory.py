"""Memory of the real window over many queries, and every stall of its thread; one JSON document.

    python tests/benchmarks/window_memory.py [QUERIES]

The demo's photos again and again, each time as a new file (re-encoded), so that all of them are read,
located and kept in the case. ``rss_mb``: this process alone; ``trimmed``: the same after the C library has
given back what it kept for later, so that growth beyond it is ours; ``chromium_mb``: the map's processes, pages
shared with others counted in part. ``stalls``: of more than 50 ms, the longest first, with what ran
(see ``stall_watch``).
"""

import gc
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

EVERY = 10
PATIENCE_S = 120.0


def main() -> None:
    from gleam_app.jobs.memory import give_back
    from gleam_app.services import Services
    from gleam_app.ui.app import make_application, open_window
    from tests.benchmarks.stall_watch import StallWatch

    queries = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    application = make_application()
    watch = StallWatch()
    watch.start()
    with tempfile.TemporaryDirectory() as folder:
        services = Services(home=Path(folder) / "home")
        window = open_window(services)
        watch.enter("start")
        window.begin([], False)
        _wait(10)
        idle = _memory()
        print("idle", idle, file=sys.stderr, flush=True)
        watch.enter("demo")
        window.intake.open_demo()
        _wait(180, lambda: _located(window))
        _wait(2)
        figures = [{"queries": 1, **_memory()}]
        seconds = []
        for number in range(2, queries + 1):
            photo = _photo(services.demo_dir / "queries", Path(folder), number)
            watch.enter("locating")
            clock = time.perf_counter()
            window.session.set_location(None)  # what was found before must not count as found
            window.intake.take_files([photo])
            assert _wait(PATIENCE_S, lambda: _located(window)), _stuck(window, number)
            seconds.append(time.perf_counter() - clock)
            _wait(0.3)
            watch.enter("")
            if number % EVERY == 0:
                gc.collect()
                figures.append({"queries": number, **_memory()})
                print(figures[-1], file=sys.stderr, flush=True)
        watch.stop()
        give_back()
        trimmed = _memory()
        window.close()
        services.close()
    report = {
        "load": os.getloadavg()[0],
        "idle": idle,
        "memory": figures,
        "trimmed": trimmed,
        "seconds_a_query": round(sum(seconds) / max(1, len(seconds)), 2),
        **watch.report(),
    }
    sys.stdout.write(json.dumps(report, indent=1) + "\n")
    application.quit()


def _located(window: Any) -> bool:
    location = window.session.location
    return location is not None and location.complete and not window.session.locating


def _stuck(window: Any, number: int) -> str:
    """How things stand when an answer does not come."""
    session, jobs = window.session, [(task.title, task.waiting) for task in window.jobs._tasks]
    shown = session.query.name if session.query is not None else "nothing"
    return (
        f"query {number} was not located: {shown} is shown, loading {session.loading!r}, "
        f"locating {session.locating}, location {session.location is not None}, jobs {jobs}"
    )


def _photo(queries: Path, folder: Path, number: int) -> Path:
    """One of the demo's photos as another file with the same EXIF."""
    from PIL import Image

    photos = sorted(queries.glob("*.jpg"))
    target = folder / f"query-{number:03}.jpg"
    with Image.open(photos[number % len(photos)]) as image:
        image.save(target, quality=80 + number // len(photos) % 16, exif=image.getexif())
    return target


def _wait(seconds: float, over: Any = lambda: False) -> bool:
    from PySide6.QtCore import QEventLoop, QTimer

    loop, look = QEventLoop(), QTimer(interval=20)
    ends = time.perf_counter() + seconds
    look.timeout.connect(lambda: (over() or time.perf_counter() > ends) and loop.quit())
    look.start()
    loop.exec()
    look.stop()
    return bool(over())


def _memory() -> dict[str, float]:
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


if __name__ == "__main__":
    main()
