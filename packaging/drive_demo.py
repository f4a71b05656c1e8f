"""The demo without a screen: the real window, used as a person would, and what was seen kept in a folder.

``python drive_demo.py FOLDER`` writes screenshots, ``locate.json``, ``explain-en.json``,
``explain-zh.json`` and ``report.html`` there, and prints what it found beside the known truth.
"""

import csv
import importlib.metadata
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from _person import GaveUp, Person
from _state import write_whole
from PySide6.QtCore import QTimer

from gleam_app.cases.report import Entry, write_entries
from gleam_app.errors import GleamError
from gleam_app.explain.explainer import Explanation
from gleam_app.geo.footprint import distance_m
from gleam_app.jobs.processes import process_alive
from gleam_app.retrieval.results import Location, locate_document
from gleam_app.services import Services
from gleam_app.ui import app
from gleam_app.ui.strings import language
from gleam_app.ui.theme import theme

WINDOW_SIZE = (1366, 768)
DROPPED = ("photo-05.jpg", "photo-09.jpg")
BUILD_S, LOCATE_S, EXPLAIN_S, MODEL_S = 900, 300, 900, 3600
TELL_EVERY_S = 15


def say(text: str) -> None:
    print(text, flush=True)


class Demo:
    """One way through the program, from the first picture to the report."""

    def __init__(self, services: Services, person: Person, folder: Path) -> None:
        self.services, self.person, self.folder = services, person, folder
        self.window, self.session = person.window, person.window.session
        self.locations: list[Location] = []
        self.explanations: dict[str, Explanation] = {}
        self.missed: list[str] = []

    def run(self) -> None:
        self.person.look("1-first-look")
        self.open_demo()
        for name in DROPPED:
            self.drop(name)
        self.choose_candidates()
        self.see_both_themes()
        self.write_locations()
        if self.wait_for_language_model():
            for lang in ("en", "zh"):
                self.explain(lang)
        self.see_both_themes("explained-")
        self.write_report()

    # ---- what a person does ------------------------------------------------------------------

    def open_demo(self) -> None:
        """The demo's imagery becomes a tile set (the first time), its first photo is located."""
        began = time.monotonic()
        self.person.press("demo")
        self.person.wait_for("the demo's tile set", self._tiles_open, BUILD_S)
        say(f"Demo imagery ready to search in {time.monotonic() - began:.1f} s.")
        self._wait_for_location("photo-01.jpg")

    def drop(self, name: str) -> None:
        self.person.drop(self.services.demo_dir / "queries" / name)
        self._wait_for_location(name)

    def choose_candidates(self) -> None:
        """Look at the second candidate, then go back to the first."""
        location = self.session.location
        if location is None or len(location.candidates) < 2:
            self.missed.append("a second candidate to look at")
            return
        self.person.click_candidate(2)
        self.person.look("3-second-candidate")
        self.person.click_candidate(1)

    def see_both_themes(self, prefix: str = "") -> None:
        for dark in (False, True):
            if theme.dark != dark:
                self.person.press("switch_theme")
            self.person.look(f"4-{prefix}{'dark' if dark else 'light'}")
        self.person.press("switch_theme")

    def explain(self, lang: str) -> None:
        if language.code != lang:
            self.person.press("switch_language")
        self.person.press("explain")
        self.person.wait_for("the explanation", lambda: not self.session.explain.running, EXPLAIN_S)
        explanation = self.session.explain.explanation
        if explanation is None:
            self.missed.append(f"the explanation ({lang}): {self._notice()}")
            return
        self.explanations[lang] = explanation
        self.person.look(f"5-explanation-{lang}")
        self._write(f"explain-{lang}.json", explanation.to_json())
        text = " ".join(str(explanation.to_json()["text"]).split())
        say(f"Explanation ({lang}): {text}")

    # ---- what a person waits for -------------------------------------------------------------

    def _tiles_open(self) -> bool:
        self._give_up_on_trouble("the demo's imagery")
        return bool(self.session.tile_sets)

    def _give_up_on_trouble(self, what: str) -> None:
        """What the window shows as an error will not come, however long one waits."""
        for notice in (self.window.candidates.notice, self.window.query.notice):
            if notice.isVisible():
                raise GaveUp(f"{what}: {notice.message.text()} {notice.hint.text()}")

    def _wait_for_location(self, name: str) -> None:
        def come() -> bool:
            self._give_up_on_trouble(name)
            session = self.session
            found = session.location
            return bool(
                found and found.complete and found.query.name == name and not session.locating
            )

        seconds = self.person.wait_for(f"{name} to be located", come, LOCATE_S)
        location = self.session.location
        assert location is not None
        self.locations.append(location)
        self.person.look(f"2-located-{Path(name).stem}")
        say(describe(location, self._truth().get(name), seconds))

    def wait_for_language_model(self) -> bool:
        """True once explanations can be asked for; tells meanwhile what is still being made."""
        if self._model_ready():
            return True
        self.person.look("3-explanation-waits")
        say("Locating works; the explanation waits for the language model:")
        began = told = time.monotonic()
        idle_since: float | None = None
        while not self._model_ready():
            self.person.pause(500)
            state = self._setup_state()
            working = (
                state is not None and "error" not in state and process_alive(int(state["pid"]))
            )
            now = time.monotonic()
            idle_since = None if working else idle_since or now
            if state is not None and "error" in state:
                return self._no_model(f"{state['error']} {state.get('hint', '')}")
            if idle_since is not None and now - idle_since > 20:
                return self._no_model("its set-up was interrupted; run the same command again.")
            if now - began > MODEL_S:
                return self._no_model(f"it was not ready within {MODEL_S // 60} minutes.")
            if now - told > TELL_EVERY_S and state is not None:
                told = now
                say(f"  … {state['what']}  {now - began:.0f} s")
        say(f"  ready after {time.monotonic() - began:.0f} s")
        self.window.language_model.look()
        return True

    def _no_model(self, why: str) -> bool:
        self.missed.append(f"the explanation: {why}")
        return False

    def _setup_state(self) -> dict[str, Any] | None:
        try:
            text = (self.services.home / "setup-state.json").read_text("utf-8")
            state: dict[str, Any] = json.loads(text)
        except (OSError, ValueError):
            return None
        return state

    def _model_ready(self) -> bool:
        state = self._setup_state()
        if state is not None and "error" not in state and process_alive(int(state["pid"])):
            return False
        try:
            importlib.metadata.version("llama-cpp-python")
            self.services.packs.default("gleam-x")
        except (importlib.metadata.PackageNotFoundError, GleamError):
            return False
        return True

    def _notice(self) -> str:
        notice = self.window.explanation.notice
        return f"{notice.message.text()} {notice.hint.text()}".strip() or "it was stopped"

    # ---- what is kept ------------------------------------------------------------------------

    def _truth(self) -> dict[str, tuple[float, float]]:
        with (self.services.demo_dir / "truth.csv").open(encoding="utf-8", newline="") as lines:
            return {
                Path(row["query"]).name: (float(row["lat"]), float(row["lon"]))
                for row in csv.DictReader(lines)
            }

    def write_locations(self) -> None:
        names = list(self.session.tile_set_names)
        labels = self.services.locator().pack_labels
        self._write("locate.json", locate_document(names, labels, self.locations))

    def write_report(self) -> None:
        """The report that the app itself writes: every located photo, the last one explained."""
        tile_sets = list(self.session.tile_sets)
        if not tile_sets or not self.locations:
            return
        explained = list(self.explanations.values())
        entries = [Entry(location) for location in self.locations[:-1]]
        entries.append(Entry(self.locations[-1], explained))
        labels = self.services.locator().pack_labels
        write_entries(self.folder / "report.html", entries, tile_sets, labels)

    def _write(self, name: str, document: dict[str, Any]) -> None:
        write_whole(self.folder / name, json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def describe(location: Location, truth: tuple[float, float] | None, seconds: float) -> str:
    """One line: what was found, how sure, how long it took, and how far it is from the truth."""
    words = f"{location.query.name}: {location.verdict} (confidence {location.confidence:.2f})"
    best = location.candidates[0] if location.candidates else None
    if best is None or best.lat is None or best.lon is None:
        return f"{words}, no position; {seconds:.1f} s"
    words += f" at {best.lat:.6f}, {best.lon:.6f}"
    if best.radius_m is not None:
        words += f" ± {best.radius_m:.0f} m"
    if best.heading_deg is not None:
        words += f", heading {best.heading_deg:.0f}°"
    words += f", {best.inliers} matched points; {seconds:.1f} s"
    if truth is not None:
        words += f"  [truth: {distance_m(truth, (best.lat, best.lon)):.1f} m away]"
    return words


def process_age_s() -> float | None:
    """Seconds since this process was started, the loading of Python included; None if not on Linux."""
    try:
        started = Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19]
        up = float(Path("/proc/uptime").read_text().split()[0])
    except OSError:
        return None
    return up - int(started) / os.sysconf("SC_CLK_TCK")


def main(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    services = Services()
    application = app.make_application()
    window = app.make_window(services)
    spoken = language.code
    window.resize(*WINDOW_SIZE)
    window.show()
    application.processEvents()
    age = process_age_s()
    if age is not None:
        say(f"The window was up {age:.2f} s after the process began.")
    demo = Demo(services, Person(window, folder), folder)
    code = 0
    try:
        if language.code != "en":
            demo.person.press("switch_language")
        demo.run()
    except GaveUp as problem:
        say(f"The demo stopped: {problem}.")
        demo.person.look("9-stopped")
        code = 1
    finally:
        if language.code != spoken:
            window.preferences.switch_language()
        QTimer.singleShot(0, window.close)
        demo.person.pause(200)
        services.close()
        application.quit()
    for missed in demo.missed:
        say(f"Missing: {missed}")
    kept = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    say(f"Kept in {folder}: {', '.join(kept)}")
    return code or (1 if demo.missed else 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo-out").resolve()))
