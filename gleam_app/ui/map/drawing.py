"""Sources and candidates as the messages that map.js draws."""

import math
from collections.abc import Sequence
from typing import Any

from gleam_app.geo.coordinates import Bounds
from gleam_app.imagery.sources import MapSource
from gleam_app.retrieval.results import Candidate, Location
from gleam_app.ui.map.words import SIGNS, candidate_tip
from gleam_app.ui.strings import Lang
from gleam_app.ui.tile_sets.coverage import Coverage
from gleam_app.ui.verdicts import confidence_text

Corner = tuple[float, float]  # (lat, lon)
Box = tuple[Corner, Corner]  # south-west, north-east


def sources_message(
    named: list[tuple[str, MapSource]], generation: int, native_zoom: int
) -> dict[str, Any]:
    """Where there is imagery. ``bounds`` is None when there is none."""
    boxes = [_box(source.bounds) for _, source in named]
    return {
        "generation": generation,
        "native_zoom": native_zoom,
        "bounds": _around(boxes),
        "outlines": [
            {"name": name, "ring": _unwrapped(list(ring))}
            for name, source in named
            for ring in source.outlines
        ],
    }


def coverage_message(outlines: Sequence[Coverage], go_to: Sequence[str] = ()) -> dict[str, Any]:
    """Outlines of tile sets, and of imagery that may become one; ``go_to``: those the map moves to."""
    return {
        "sets": [
            {
                "name": one.name,
                "new": one.new,
                "go": one.name in go_to,
                "rings": [_unwrapped(list(ring)) for ring in one.rings],
            }
            for one in outlines
        ],
    }


def location_message(location: Location | None, lang: Lang) -> dict[str, Any]:
    """The candidates that have a place. ``key`` stays the same through the waves of one query."""
    if location is None:
        return {"key": None, "candidates": []}
    return {
        "key": location.query.sha256,
        "candidates": [
            _candidate(candidate, lang, location.is_rated(candidate))
            for candidate in location.candidates
            if candidate.lat is not None and candidate.lon is not None
        ],
    }


def _candidate(candidate: Candidate, lang: Lang, rated: bool) -> dict[str, Any]:
    """``rated``: whether its confidence is known."""
    return {
        "rank": candidate.rank,
        "lat": candidate.lat,
        "lon": candidate.lon,
        "radius_m": candidate.radius_m
        or (0 if candidate.footprint else candidate.tile.scale_m / 2),
        "ring": candidate.footprint,
        "up": _up(candidate),
        "verdict": candidate.verdict,
        "sign": SIGNS[candidate.verdict],
        "confidence": confidence_text(candidate.confidence) if rated else "",
        "retrieval_only": candidate.method == "retrieval",
        "tip": candidate_tip(candidate, lang, rated),
    }


def _up(candidate: Candidate) -> list[Corner]:
    """A line from the footprint's middle to its top edge: which way the picture's up points."""
    if len(candidate.footprint) != 4 or candidate.lat is None or candidate.lon is None:
        return []
    (a_lat, a_lon), (b_lat, b_lon) = candidate.footprint[:2]
    return [(candidate.lat, candidate.lon), ((a_lat + b_lat) / 2, (a_lon + b_lon) / 2)]


def _box(bounds: Bounds) -> Box:
    """Corners with the east always east of the west, beyond 180 degrees if need be."""
    east = bounds.east + 360 if bounds.west > bounds.east else bounds.east
    return (bounds.south, bounds.west), (bounds.north, east)


def _unwrapped(ring: list[Corner]) -> list[Corner]:
    """The ring with no jump at the antimeridian: longitudes within 180 degrees of the first."""
    if not ring:
        return []
    first = ring[0][1]
    return [(lat, first + (lon - first + 180) % 360 - 180) for lat, lon in ring]


def _around(boxes: list[Box]) -> Box | None:
    usable = [box for box in boxes if all(math.isfinite(v) for corner in box for v in corner)]
    if not usable:
        return None
    south, west = (min(box[0][axis] for box in usable) for axis in (0, 1))
    north, east = (max(box[1][axis] for box in usable) for axis in (0, 1))
    return (south, west), (north, east)
