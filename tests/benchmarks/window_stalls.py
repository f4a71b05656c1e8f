"""How long the real window holds up its own thread while it locates, builds and explains; one JSON document.

    python -m tests.benchmarks.window_stalls

``located_while_building``: the photo of ``located`` again while another tile set is built.
``nothing`` is the same watch over the idle window: what the machine's other load costs by itself.
How long it takes to come up is in ``window_start``.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.real_window import wait


def main() -> None:
    from gleam_app.home import resources_dir
    from gleam_app.services import Services
    from gleam_app.ui.app import make_application, open_window
    from gleam_app.ui.session import ExplainPhase

    application = make_application()
    with tempfile.TemporaryDirectory() as home:
        services = Services(home=Path(home))
        window = open_window(services)
        application.processEvents()
        phases = Phases()
        session = window.session
        phases.watch("warm_up", 15, lambda: window.begin([], False))
        phases.watch("nothing", 3, lambda: None)

        def located() -> bool:
            return session.location is not None and session.location.complete

        phases.watch("demo_built_and_located", 180, window.intake.open_demo, located)
        photo = resources_dir() / "demo" / "queries" / "photo-05.jpg"
        wait(2)
        phases.watch(
            "located",
            60,
            lambda: _take(window, photo),
            lambda: not session.locating and located(),
        )
        _building(window, phases, photo, Path(home))
        for pack in services.packs.list():
            if pack.id == "qwen2.5-coder-0.5b":
                services.packs.fetch(pack.id)
                phases.watch(
                    "explained",
                    180,
                    window.analysis.explain,
                    lambda: session.explain.phase is ExplainPhase.DONE,
                )
        report = phases.end()
        window.close()
        services.close()
    sys.stdout.write(json.dumps(report, indent=1) + "\n")
    application.quit()


class Phases:
    """The figures of each phase, and over all of them what ran in the long stalls."""

    def __init__(self) -> None:
        from tests.benchmarks.pulse import Pulse
        from tests.benchmarks.stall_watch import StallWatch

        self.figures: dict[str, object] = {}
        self._pulse, self._watch = Pulse(), StallWatch()
        self._watch.start()

    def watch(self, name: str, *how: Any) -> None:
        """As ``Pulse.watch``."""
        self._watch.enter(name)
        self.figures[name] = self._pulse.watch(*how)
        self._watch.enter("")

    def end(self) -> dict[str, object]:
        self._watch.stop()
        return {"load": os.getloadavg()[0], **self.figures, **self._watch.report()}


def _building(window: Any, phases: Phases, photo: Path, home: Path) -> None:
    """The manager: survey and estimate, building, locating meanwhile, pause, stop."""
    from tests.windows import write_map

    manager, session = window.manager, window.session
    builds, card = manager.builds, manager.panel.card
    imagery = write_map(home / "imagery" / "land.tif", side_px=6000)
    phases.watch(
        "surveyed_and_estimated",
        60,
        lambda: window.intake.take_files([imagery]),
        lambda: card.start.isEnabled(),
    )

    def begun() -> bool:
        build = builds.of("land")
        return build is not None and build.progress is not None and build.progress.done > 0

    phases.watch("build_begun", 120, card.start.click, begun)
    phases.watch("building", 15, lambda: manager.panel.unfold("land"))
    phases.watch(
        "located_while_building",
        120,
        lambda: _take(window, photo),
        lambda: not session.locating and session.location is not None and session.location.complete,
    )
    phases.watch("paused", 5, lambda: builds.pause("land"))
    phases.watch("stopped", 60, lambda: builds.stop("land"), lambda: builds.of("land") is None)


def _take(window: Any, photo: Path) -> None:
    window.session.set_location(None)  # what was found before must not count as found
    window.intake.take_files([photo])


if __name__ == "__main__":
    main()
