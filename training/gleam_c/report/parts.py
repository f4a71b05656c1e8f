"""The parts of the report, by letter: what each measures of a pack."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from training.data.simworld.samples import VIEWS
from training.gleam_c.report import heldout
from training.gleam_c.report.bench import Bench
from training.gleam_c.report.caliterra import caliterra
from training.gleam_c.report.dilution import other_areas
from training.gleam_c.report.figures import Row
from training.gleam_c.report.flights import measure_flight, sheffield
from training.gleam_c.report.hardships import measure_changes
from training.gleam_c.report.rasters import measure_raster
from training.gleam_c.report.splits import costs, label, window_vectors
from training.gleam_c.report.trials import HEADINGS, Trial, measure, query_vectors, thinned

THINNED = 4  # windows cost four times a tile: of the wrong orthophoto tiles one in four is split


@dataclass(frozen=True)
class Places:
    """Where the inputs lie: training data, open imagery, the Sheffield flights, and scratch space."""

    data: Path
    open: Path
    sheffield: Path
    work: Path


def _orthophotos(bench: Bench, places: Places) -> list[Row]:
    return measure(heldout.orthophotos(places.data), bench)


def _simulated(bench: Bench, places: Places) -> list[Row]:
    return [row for view in VIEWS for row in measure(heldout.simulated(places.data, view), bench)]


def _street_maps(bench: Bench, places: Places) -> list[Row]:
    plain, moved = heldout.street_maps(places.data), heldout.moved_street_maps(places.data)
    return measure(plain, bench) + measure(moved, bench)


def _flights(bench: Bench, places: Places) -> list[Row]:
    others = other_areas(places.open, places.data)
    flights = [sheffield(places.sheffield), caliterra(places.open, places.work)]
    return [row for flight in flights for row in measure_flight(flight, bench, others)]


def _changes(bench: Bench, places: Places) -> list[Row]:
    trials = heldout.orthophotos(places.data), heldout.moved_street_maps(places.data)
    return [row for trial in trials for row in measure_changes(trial, bench)]


def _splits(bench: Bench, places: Places) -> list[Row]:
    cost = costs(bench)
    ortho = thinned(heldout.orthophotos(places.data), THINNED)
    maps = heldout.moved_street_maps(places.data)
    windows = {
        trial.name: window_vectors(trial.name, trial.tiles, bench) for trial in (ortho, maps)
    }

    def rows(trial: Trial) -> list[Row]:
        queries = query_vectors(trial, bench, HEADINGS[1])
        found = []
        for depth, gallery in windows[trial.name].items():
            ranked = trial.rank(queries, gallery)
            row = trial.row(label(depth), ranked, len(gallery), f"split, {trial.measurement}")
            row.figures["core-ms a tile"] = cost[depth]
            found.append(row)
        return found

    flight = measure_raster(sheffield(places.sheffield), bench, windows[ortho.name], cost)
    return rows(ortho) + rows(maps) + flight


PARTS: dict[str, Callable[[Bench, Places], list[Row]]] = {
    "a": _orthophotos,
    "b": _simulated,
    "c": _street_maps,
    "d": _flights,
    "e": _changes,
    "f": _splits,
}
