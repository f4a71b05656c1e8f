"""From the command to a window that can be used, in fresh processes; one JSON document.

    python -m tests.benchmarks.window_start [TIMES]

Seconds since the process was started, the middle of all times and the range: ``shown``: the window is painted;
``map``: the map's page is up; ``imagery``: the demo's imagery can be seen on it; ``ready``: the models are loaded,
a first search begins at once. ``help``: ``gleam --help`` from beginning to end, for comparison.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.real_window import wait

TIMES = 5
BEGAN = "GLEAM_BENCH_BEGAN"  # the clock when the process was started


def main() -> None:
    if BEGAN in os.environ:
        _start()
        return
    times = int(sys.argv[1]) if len(sys.argv) > 1 else TIMES
    marks: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as home:
        here = {**os.environ, "GLEAM_HOME": home}
        _run(["-m", "gleam_app.main", "tiles", "add", str(_map()), "--name", "demo"], here)
        for number in range(times + 1):
            clock = time.time()
            _run(["-m", "gleam_app.main", "--help"], here)
            found = {"help": time.time() - clock}
            started = {**here, BEGAN: str(time.time())}
            found |= json.loads(_run(["-m", "tests.benchmarks.window_start"], started))
            if number:  # the first one filled the system's cache
                for name, seconds in found.items():
                    marks.setdefault(name, []).append(seconds)
    report = {
        name: {
            "middle_s": round(statistics.median(seconds), 2),
            "least_s": round(min(seconds), 2),
            "most_s": round(max(seconds), 2),
        }
        for name, seconds in marks.items()
    }
    sys.stdout.write(json.dumps({"load": os.getloadavg()[0], "times": times} | report) + "\n")


def _start() -> None:
    """One start; writes its marks."""
    from gleam_app.services import Services
    from gleam_app.ui.app import make_application, open_window

    began, marks = float(os.environ[BEGAN]), dict[str, float]()

    def mark(name: str) -> None:
        marks.setdefault(name, time.time() - began)

    application = make_application()
    services = Services()
    services.home.mkdir(parents=True, exist_ok=True)
    window = open_window(services)
    window.map.page_ready.connect(lambda: mark("map"))
    window.analysis.warmed_up.connect(lambda: mark("ready"))
    application.processEvents()
    mark("shown")
    window.begin([], False)
    window.tile_sets.choose(["demo"])
    wait(60, lambda: "map" in marks and _imagery(window))
    mark("imagery")
    wait(60, lambda: "ready" in marks)
    sys.stdout.write(json.dumps(marks))
    sys.stdout.flush()
    window.close()
    services.close()


def _imagery(window: object) -> bool:
    """Whether the page shows a tile of the imagery."""
    from gleam_app.ui.map.panel import MapPanel

    panel = getattr(window, "map", None)
    assert isinstance(panel, MapPanel)
    found: list[object] = []
    script = "document.querySelectorAll('.leaflet-tile-loaded').length"
    panel.view.page().runJavaScript(script, 0, found.append)
    wait(5, lambda: bool(found))
    return bool(found and found[0])


def _map() -> Path:
    from gleam_app.home import resources_dir

    return resources_dir() / "demo" / "map.tif"


def _run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, *command], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


if __name__ == "__main__":
    main()
