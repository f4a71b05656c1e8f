"""A batch of 88 photos in the real window: dropped, located, sorted, decided, reported; one JSON document.

    python -m tests.benchmarks.window_batch [TRUTH.csv MAP.tif] [--keep FOLDER]

Photos and their true places are those of a truth file (``query,lat,lon,radius_m``); without one, the demo's
twelve, each as several files. ``--keep``: pictures of the window on the way, and the report, go there.
``decided_while_locating``: the analyst decides about what is there while the rest is being located.
"""

import argparse
import csv
import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.benchmarks.real_window import demo_photo, memory, wait

PHOTOS = 88
EARLY = 5  # answers after which the analyst begins to decide
PATIENCE_S = 3600.0
GOOD = ("verified", "strong")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("truth", nargs="?", type=Path)
    parser.add_argument("map", nargs="?", type=Path)
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    from gleam_app.services import Services
    from gleam_app.ui.app import make_application, open_window
    from tests.benchmarks.stall_watch import StallWatch
    from tests.windows import drop

    application = make_application()
    with tempfile.TemporaryDirectory() as folder:
        services = Services(home=Path(folder) / "home")
        demo = services.demo_dir
        if asked.truth is None:
            photos = [demo_photo(demo / "queries", Path(folder), one) for one in range(PHOTOS)]
            rows = list(_truth(demo / "truth.csv").values())
            truth = {photo.name: rows[number % len(rows)] for number, photo in enumerate(photos)}
        else:
            truth = _truth(asked.truth)
            photos = [asked.truth.parent / row["query"] for row in truth.values()]
        tiles_s = _build(services, asked.map or demo / "map.tif")
        window = open_window(services)
        window.resize(1440, 900)
        window.begin([], False)
        watch, batch = StallWatch(), Batch(window, asked.keep)
        watch.start()
        wait(5)
        window.tile_sets.choose(["batch"])
        assert wait(60, lambda: bool(window.session.tile_sets))
        wait(2)
        report: dict[str, Any] = {"photos": len(photos), "tiles_s": tiles_s, "before": memory()}
        watch.enter("locating")
        clock = time.perf_counter()
        drop(window, *photos)
        assert wait(PATIENCE_S, lambda: batch.answered >= EARLY)
        early = batch.answered
        decided = batch.decide(early)
        report["decided_while_locating"] = decided
        assert wait(PATIENCE_S, lambda: batch.over(len(photos)))
        report["located_s"] = round(time.perf_counter() - clock, 1)
        report["seconds_a_photo"] = round(report["located_s"] / len(photos), 2)
        wait(1)
        report["located"] = memory()
        watch.enter("sorting and deciding")
        window.cases.panel.listed.choose_order("confidence")
        wait(1)
        batch.look("sorted")
        clock = time.perf_counter()
        report["decided"] = batch.decide(len(photos))
        report["deciding_s"] = round(time.perf_counter() - clock, 1)
        batch.look("decided")
        watch.enter("report")
        report |= _report(window, (asked.keep or Path(folder)) / "batch.pdf")
        watch.enter("")
        wait(2)
        report["after"] = memory()
        report |= batch.rightness(truth)
        watch.stop()
        window.close()
        services.close()
    report = {"load": os.getloadavg()[0], **report, **watch.report()}
    sys.stdout.write(json.dumps(report, indent=1) + "\n")
    application.quit()


class Batch:
    """The analyst at the list of queries."""

    def __init__(self, window: Any, keep: Path | None) -> None:
        self._window, self._keep = window, keep
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)

    @property
    def _records(self) -> Any:
        return self._window.cases.queries.records

    @property
    def answered(self) -> int:
        return sum(one.state == "done" for one in self._records)

    def over(self, count: int) -> bool:
        """Whether all are listed and none waits."""
        states = [one.state for one in self._records]
        return len(states) == count and all(state in ("done", "failed") for state in states)

    def decide(self, most: int) -> dict[str, int]:
        """Down the list: accept the first candidate of good answers, reject those not found."""
        window, made = self._window, Counter[str]()
        session, panel = window.session, window.cases.panel
        for query in panel.listed.ids()[:most]:
            record = window.cases.queries.by_id[query]
            if record.state != "done" or record.decision.state != "open":
                continue
            panel.list.setCurrentIndex(panel.listed.index_of(query))
            shown = wait(
                30, lambda query=query: session.query_id == query and bool(session.location)
            )
            assert shown, f"{record.name} was not shown"
            name = {"not_found": "reject"}.get(record.verdict, "accept")
            if name == "accept" and record.verdict not in GOOD:
                made["open"] += 1
                continue
            command = window.commands[name]
            assert wait(30, command.isEnabled), f"{record.name}: {name} is not to be had"
            command.trigger()
            assert wait(30, lambda: session.record.decision.state != "open"), record.name
            made[session.record.decision.state] += 1
        return dict(made)

    def look(self, name: str) -> None:
        if self._keep is not None:
            self._window.grab().save(str(self._keep / f"{name}.png"))

    def rightness(self, truth: dict[str, dict[str, str]]) -> dict[str, Any]:
        """How many of each verdict are right within the radius of the truth file."""
        from gleam_app.geo.coordinates import LatLon
        from gleam_app.geo.footprint import distance_m

        case = self._window.cases.desk.case
        right, all_of, errors = Counter[str](), Counter[str](), []
        for record in self._records:
            all_of[str(record.verdict)] += 1
            location = case.location(record.id, record.run)
            if location is None or not location.candidates:
                continue
            best, row = location.candidates[0], truth[record.name]
            place = LatLon(float(row["lat"]), float(row["lon"]))
            errors.append(distance_m(LatLon(best.lat, best.lon), place))
            right[str(record.verdict)] += errors[-1] <= float(row["radius_m"])
        return {
            "verdicts": dict(all_of),
            "right_within_radius": dict(right),
            "right": sum(right.values()),
            "median_error_m": round(sorted(errors)[len(errors) // 2], 2) if errors else None,
        }


def _build(services: Any, source: Path) -> float:
    from gleam_app.retrieval.tiles.build import add_tile_set

    clock = time.perf_counter()
    add_tile_set(services.tile_sets, services.locator().encoder, [source], "batch")
    return round(time.perf_counter() - clock, 1)


def _truth(path: Path) -> dict[str, dict[str, str]]:
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    return {Path(row["query"]).name: row for row in rows}


def _report(window: Any, path: Path) -> dict[str, float]:
    from PySide6.QtPdf import QPdfDocument

    from gleam_app.ui.cases.export_sheet import Wish

    clock = time.perf_counter()
    window.cases.exports.write(Wish("pdf", ("en",), None, False), path)
    assert wait(PATIENCE_S, path.exists)
    seconds = round(time.perf_counter() - clock, 1)
    document = QPdfDocument()
    assert document.load(str(path)) == QPdfDocument.Error.None_
    pages = document.pageCount()
    document.close()
    return {"pdf_s": seconds, "pdf_pages": pages, "pdf_mb": round(path.stat().st_size / 1e6, 1)}


if __name__ == "__main__":
    main()
