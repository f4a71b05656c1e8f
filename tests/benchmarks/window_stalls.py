"""How long the real window holds up its own thread while it locates, builds and explains; one JSON document.

    python tests/benchmarks/window_stalls.py

``located_while_building``: the photo of ``located`` again while another tile set is built.
``nothing`` is the same watch over the idle window: what the machine's other load costs by itself.
``visible_s`` is from the start of the process to the shown window.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

STARTED = time.perf_counter() - time.process_time()  # imports below count too

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def main() -> None:
    from gleam_app.home import resources_dir
    from gleam_app.services import Services
    from gleam_app.ui.app import make_application, make_window
    from gleam_app.ui.session import ExplainPhase

    application = make_application()
    with tempfile.TemporaryDirectory() as home:
        services = Services(home=Path(home))
        window = make_window(services)
        window.show()
        application.processEvents()
        report: dict[str, object] = {"visible_s": round(time.perf_counter() - STARTED, 2)}
        from tests.benchmarks.pulse import Pulse

        session, pulse = window.session, Pulse()
        report["warm_up"] = pulse.watch(15, lambda: window.begin([], False))
        report["nothing"] = pulse.watch(3, lambda: None)

        def located() -> bool:
            return session.location is not None and session.location.complete

        report["demo_built_and_located"] = pulse.watch(180, window.intake.open_demo, located)
        photo = resources_dir() / "demo" / "queries" / "photo-05.jpg"
        _settle()
        report["located"] = pulse.watch(
            60, lambda: _take(window, photo), lambda: not session.locating and located()
        )
        report |= _building(window, pulse, photo, Path(home))
        for pack in services.packs.list():
            if pack.id == "qwen2.5-coder-0.5b":
                services.packs.fetch(pack.id)
                report["explained"] = pulse.watch(
                    180,
                    window.analysis.explain,
                    lambda: session.explain.phase is ExplainPhase.DONE,
                )
        window.close()
        services.close()
    sys.stdout.write(json.dumps(report, indent=1) + "\n")
    application.quit()


def _building(window: Any, pulse: Any, photo: Path, home: Path) -> dict[str, object]:
    """The manager: survey and estimate, building, locating meanwhile, pause, stop."""
    from tests.windows import write_map

    manager, session = window.manager, window.session
    builds, card = manager.builds, manager.panel.card
    imagery = write_map(home / "imagery" / "land.tif", side_px=6000)
    report: dict[str, object] = {}
    report["surveyed_and_estimated"] = pulse.watch(
        60, lambda: window.take_files([imagery]), lambda: card.start.isEnabled()
    )

    def begun() -> bool:
        build = builds.of("land")
        return build is not None and build.progress is not None and build.progress.done > 0

    report["build_begun"] = pulse.watch(120, card.start.click, begun)
    report["building"] = pulse.watch(15, lambda: manager.panel.unfold("land"))
    report["located_while_building"] = pulse.watch(
        120,
        lambda: _take(window, photo),
        lambda: not session.locating and session.location is not None and session.location.complete,
    )
    report["paused"] = pulse.watch(5, lambda: builds.pause("land"))
    report["stopped"] = pulse.watch(
        60, lambda: builds.stop("land"), lambda: builds.of("land") is None
    )
    return report


def _take(window: Any, photo: Path) -> None:
    window.session.set_location(None)  # what was found before must not count as found
    window.take_files([photo])


def _settle() -> None:
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(2000, loop.quit)
    loop.exec()


if __name__ == "__main__":
    main()
