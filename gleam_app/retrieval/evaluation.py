"""Measuring a tile set against queries of known place."""

import csv
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import LatLon
from gleam_app.geo.footprint import distance_m
from gleam_app.geo.measure import turn_between
from gleam_app.imagery.query import VIEWS, View, load_query
from gleam_app.jobs.work import Work
from gleam_app.retrieval.locate import LocateOptions, Locator
from gleam_app.retrieval.results import Candidate, Location
from gleam_app.retrieval.tiles.tileset import TileSet

SCHEMA = "gleam.evaluate/1"
RANKS = (1, 5, 10)
CONFIDENT = ("verified", "strong")  # verdicts better than "possible"
BINS = 10
RESAMPLES = 1000


@dataclass(frozen=True)
class Truth:
    """One line of a truth file: a position with the radius (metres) that counts as right, or a tile."""

    path: Path
    lat: float | None
    lon: float | None
    radius_m: float
    tile: str | None
    view: View | Literal["auto"]
    heading_deg: float | None


@dataclass(frozen=True)
class Outcome:
    """How one query went. ``right_rank`` is None if no candidate is right; ``error_m`` is of the first."""

    path: str
    right_rank: int | None
    error_m: float | None
    verdict: str
    confidence: float
    heading_error_deg: float | None
    seconds: float


def read_truth(path: Path) -> list[Truth]:
    """Read ``query,lat,lon,radius_m`` or ``query,tile``, optionally with ``view`` and ``heading_deg``.

    Raises GleamError naming the line that is wrong.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise GleamError(
            f"The truth file {path} cannot be read.", "It must be a CSV file in UTF-8."
        ) from error
    if not rows:
        raise GleamError(f"The truth file {path} has no lines.", "Give one line a query.")
    return [_truth(path, number, row) for number, row in enumerate(rows, start=2)]


def _truth(path: Path, number: int, row: dict[str, str | None]) -> Truth:
    def text(column: str) -> str:
        return (row.get(column) or "").strip()

    def value(column: str) -> float | None:
        return float(text(column)) if text(column) else None

    try:
        lat, lon, radius_m = value("lat"), value("lon"), value("radius_m")
        tile = text("tile") or None
        view = text("view") or "auto"
        placed = lat is not None and lon is not None and radius_m is not None
        if not text("query") or not (placed or tile) or view not in ("auto", *VIEWS):
            raise ValueError
        if placed and not (abs(lat or 0) <= 90 and abs(lon or 0) <= 180 and (radius_m or 0) > 0):
            raise ValueError
    except ValueError:
        raise GleamError(
            f"Line {number} of {path.name} is not usable.",
            "Columns are query,lat,lon,radius_m or query,tile; optional view and heading_deg.",
        ) from None
    query = path.parent / text("query")
    return Truth(query, lat, lon, radius_m or 0.0, tile, cast(View, view), value("heading_deg"))


def evaluate(
    truth_file: Path,
    tile_sets: list[TileSet],
    locator: Callable[[], Locator],
    work: Work | None = None,
) -> dict[str, Any]:
    """Locate every query, headings unknown, and measure: the ``gleam.evaluate/1`` document.

    The first query also pays for loading the encoder's index; the models are loaded before the clock
    starts. Raises GleamError for an unreadable truth file or query.
    """
    work = work or Work()
    truths = read_truth(truth_file)
    loaded = locator()
    outcomes = []
    for number, truth in enumerate(truths):
        work.report("Evaluating queries", number, len(truths))
        clock = time.perf_counter()
        query = load_query(truth.path, truth.view)
        # the truth about the place must not leak in through what the camera wrote
        query = replace(query, exif=type(query.exif)())
        # an inner Work: cancelling counts, its progress would drown the outer one
        location = loaded.locate(query, tile_sets, LocateOptions(top=max(RANKS)), _quiet(work))
        outcomes.append(judge(truth, location, time.perf_counter() - clock))
    work.report("Evaluating queries", len(truths), len(truths))
    names = [tile_set.info.name for tile_set in tile_sets]
    return {
        "schema": SCHEMA,
        "tiles": names,
        "packs": loaded.pack_labels,
        **measure(outcomes),
        "outcomes": [vars(outcome) for outcome in outcomes],
    }


def _quiet(work: Work) -> Work:
    return Work(_cancel=work._cancel)


def judge(truth: Truth, location: Location, seconds: float) -> Outcome:
    """Compare a location with the truth."""
    errors = [_error_m(truth, candidate) for candidate in location.candidates]
    right = [
        candidate.tile.id == truth.tile
        if truth.tile
        else error is not None and error <= truth.radius_m
        for candidate, error in zip(location.candidates, errors, strict=True)
    ]
    heading_error = None
    if location.candidates and truth.heading_deg is not None:
        heading = location.candidates[0].heading_deg
        if heading is not None and right[0]:
            heading_error = abs(turn_between(truth.heading_deg, heading))
    return Outcome(
        path=str(truth.path),
        right_rank=right.index(True) + 1 if any(right) else None,
        error_m=errors[0] if errors else None,
        verdict=location.verdict,
        confidence=location.confidence,
        heading_error_deg=heading_error,
        seconds=seconds,
    )


def _error_m(truth: Truth, candidate: Candidate) -> float | None:
    if truth.lat is None or truth.lon is None or candidate.lat is None or candidate.lon is None:
        return None
    return distance_m(LatLon(truth.lat, truth.lon), LatLon(candidate.lat, candidate.lon))


def measure(outcomes: list[Outcome]) -> dict[str, Any]:
    """All figures with 95 % intervals: Wilson's for shares, percentile bootstrap over queries else."""
    ranks = [outcome.right_rank for outcome in outcomes]
    confident = [outcome for outcome in outcomes if outcome.verdict in CONFIDENT]
    right = np.array([rank == 1 for rank in ranks])
    confidences = np.array([outcome.confidence for outcome in outcomes])
    errors = np.array([o.error_m for o in outcomes if o.error_m is not None])
    headings = [o.heading_error_deg for o in outcomes if o.heading_error_deg is not None]
    document: dict[str, Any] = {"queries": len(outcomes)}
    for k in RANKS:
        hits = sum(rank is not None and rank <= k for rank in ranks)
        document[f"recall@{k}"] = share(hits, len(outcomes))
    document["median_error_m"] = _bootstrap(errors, np.median) if len(errors) else None
    document["median_heading_error_deg"] = (
        _bootstrap(np.array(headings), np.median) if headings else None
    )
    document["coverage"] = share(len(confident), len(outcomes))
    document["precision"] = share(sum(o.right_rank == 1 for o in confident), len(confident))
    pairs = np.stack([confidences, right.astype(float)], axis=1)
    document["ece"] = _bootstrap(
        pairs, lambda sample: calibration_error(sample[:, 0], sample[:, 1])
    )
    document["seconds_a_query"] = _bootstrap(
        np.array([outcome.seconds for outcome in outcomes]), np.median
    )
    return document


def share(hits: int, of: int) -> dict[str, Any] | None:
    """A share with Wilson's 95 % score interval; None of nothing."""
    if of == 0:
        return None
    z = 1.959964
    p = hits / of
    centre = (p + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return {"value": round(p, 4), "low": round(low, 4), "high": round(high, 4), "of": of}


def calibration_error(confidences: NDArray[Any], right: NDArray[Any]) -> float:
    """Expected calibration error over ten equal-width bins (Guo et al., arXiv 1706.04599)."""
    bins = np.minimum((confidences * BINS).astype(int), BINS - 1)
    total = 0.0
    for index in range(BINS):
        inside = bins == index
        if inside.any():
            total += inside.mean() * abs(confidences[inside].mean() - right[inside].mean())
    return float(total)


def _bootstrap(values: NDArray[Any], statistic: Callable[[Any], Any]) -> dict[str, float]:
    rng = np.random.default_rng(0)
    resampled = [
        float(statistic(values[rng.integers(0, len(values), len(values))]))
        for _ in range(RESAMPLES)
    ]
    low, high = np.quantile(resampled, [0.025, 0.975])
    return {
        "value": round(float(statistic(values)), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
    }


def summary_lines(document: dict[str, Any]) -> list[str]:
    """The document for people."""
    lines = [f"{document['queries']} queries against {', '.join(document['tiles'])}"]
    for name in ("recall@1", "recall@5", "recall@10", "coverage", "precision"):
        figure = document[name]
        if figure is None:
            lines.append(f"  {name:26} none")
        else:
            lines.append(
                f"  {name:26} {figure['value']:.3f}  [{figure['low']:.3f}, {figure['high']:.3f}]"
            )
    for name in ("median_error_m", "median_heading_error_deg", "ece", "seconds_a_query"):
        figure = document[name]
        if figure is not None:
            lines.append(
                f"  {name:26} {figure['value']:.2f}  [{figure['low']:.2f}, {figure['high']:.2f}]"
            )
    return lines
