"""How long the map and compare panels hold up the GUI thread. Prints one JSON document.

    python tests/benchmarks/map_stalls.py [IMAGERY.tif]

A timer of 2 ms on the GUI thread notes the gaps between its calls in each phase. ``nothing`` is the
same with nothing to do: what the machine's other load costs by itself.
"""

import json
import os
import sys
import time
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from gleam_app.home import resources_dir
from gleam_app.imagery.sources import open_source
from gleam_app.ui.compare.panel import ComparePanel
from gleam_app.ui.map.panel import MapPanel
from gleam_app.ui.map.scheme import register_scheme
from tests.benchmarks.pulse import Pulse
from tests.factories import make_alignment, make_candidate, make_location, make_query


def main() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        os.environ.setdefault("QTWEBENGINE_DISABLE_SANDBOX", "1")
    register_scheme()
    application = QApplication([])
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else resources_dir() / "demo" / "map.tif"
    source, pulse, report = open_source(path), Pulse(), {}
    report["nothing"] = pulse.watch(3, lambda: None)
    start = time.perf_counter()
    panel = MapPanel()
    report["map_constructor_ms"] = round((time.perf_counter() - start) * 1000, 1)
    panel.resize(1400, 900)
    report["map_page_comes_up"] = pulse.watch(3, panel.show)
    report["map_first_tiles"] = pulse.watch(3, lambda: panel.set_sources([("map", source)]))
    box = source.bounds
    lat, lon = (box.south + box.north) / 2, (box.west + box.east) / 2

    def wander() -> None:
        """Zoom and pan as fast as a hand might: most tiles are given up before they are made."""
        steps = [(lat, lon, zoom) for zoom in (16, 17, 18, 19, 20, 21)]
        steps += [(lat, lon + shift * 2e-4, 20) for shift in range(-6, 7)]
        for number, (to_lat, to_lon, zoom) in enumerate(steps):
            script = f"gleam.map.setView([{to_lat}, {to_lon}], {zoom}, {{animate: false}}) && 0"
            QTimer.singleShot(
                200 * number, lambda script=script: panel.view.page().runJavaScript(script)
            )

    report["map_wandering"] = pulse.watch(6, wander)
    location = make_location()
    report["map_ten_candidates"] = pulse.watch(1, lambda: panel.show_location(location))
    query = make_query(size=(4000, 3000))
    candidate = make_candidate(alignment=make_alignment(query, inliers=2000))
    compare = ComparePanel()
    compare.resize(1400, 600)
    compare.show()
    report["compare_12_megapixels"] = pulse.watch(2, lambda: compare.show_pair(query, candidate))
    other = make_candidate(2, alignment=make_alignment(query, inliers=90))
    report["compare_next_candidate"] = pulse.watch(1, lambda: compare.show_pair(query, other))
    sys.stdout.write(json.dumps(report, indent=1) + "\n")
    compare.close()
    panel.close()
    application.quit()


if __name__ == "__main__":
    main()
