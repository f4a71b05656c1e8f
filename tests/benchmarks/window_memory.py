"""Memory of the real window over many queries, and every stall of its thread; one JSON document.

    python -m tests.benchmarks.window_memory [QUERIES]

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

from tests.benchmarks.real_window import demo_photo, located, memory, wait

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
        wait(10)
        idle = memory()
        print("idle", idle, file=sys.stderr, flush=True)
        watch.enter("demo")
        window.intake.open_demo()
        wait(180, lambda: located(window))
        wait(2)
        figures = [{"queries": 1, **memory()}]
        seconds = []
        for number in range(2, queries + 1):
            photo = demo_photo(services.demo_dir / "queries", Path(folder), number)
            watch.enter("locating")
            clock = time.perf_counter()
            window.session.set_location(None)  # what was found before must not count as found
            window.intake.take_files([photo])
            assert wait(PATIENCE_S, lambda: located(window)), _stuck(window, number)
            seconds.append(time.perf_counter() - clock)
            wait(0.3)
            watch.enter("")
            if number % EVERY == 0:
                gc.collect()
                figures.append({"queries": number, **memory()})
                print(figures[-1], file=sys.stderr, flush=True)
        watch.stop()
        give_back()
        trimmed = memory()
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


def _stuck(window: Any, number: int) -> str:
    """How things stand when an answer does not come."""
    session, jobs = window.session, [(task.title, task.waiting) for task in window.jobs._tasks]
    shown = session.query.name if session.query is not None else "nothing"
    return (
        f"query {number} was not located: {shown} is shown, loading {session.loading!r}, "
        f"locating {session.locating}, location {session.location is not None}, jobs {jobs}"
    )


if __name__ == "__main__":
    main()
