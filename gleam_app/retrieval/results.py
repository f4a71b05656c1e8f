"""What locating a query yields: candidates with their measurements, and the JSON contract."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gleam_app.imagery.query import Query
from gleam_app.imagery.views import Support
from gleam_app.retrieval.support import warnings_json

Verdict = Literal["verified", "strong", "possible", "unverified", "not_found"]


@dataclass(frozen=True)
class TileRef:
    """Which tile: ``source`` the file as the user gave it, ``id`` within the set, ``scale_m`` its side on the ground."""

    tile_set: str
    source: str
    id: str
    scale_m: float
    lat: float | None
    lon: float | None


@dataclass(frozen=True, eq=False)
class Alignment:
    """How the query lies on the candidate's window, from local features and RANSAC.

    ``query_points`` and ``window_points`` are float32 (N, 2) pixel coordinates (x, y) of the inlier
    matches, in the full query and in ``window_rgb`` (uint8, north up). ``homography`` is float64 (3, 3)
    query pixel -> window pixel. ``window_side_m`` is the ground side of the window, whose centre is
    ``window_lat``, ``window_lon`` (None for a picture without coordinates). ``coverage`` is the share
    of the query's area that its inliers span (0..1), ``metres_per_pixel`` the query's ground sampling,
    ``residual_px`` the median reprojection error in window pixels, ``matches`` the matches before RANSAC.
    """

    query_points: NDArray[np.float32]
    window_points: NDArray[np.float32]
    window_rgb: NDArray[np.uint8]
    window_lat: float | None
    window_lon: float | None
    window_side_m: float
    homography: NDArray[np.float64]
    matches: int
    residual_px: float
    coverage: float
    metres_per_pixel: float


@dataclass(frozen=True, eq=False)
class Candidate:
    """A proposed place.

    ``lat``/``lon`` is the ground point at the query's image centre where geometry is known, else the
    tile's centre. ``footprint`` is the query's outline on the ground, (lat, lon) corners clockwise from
    the picture's top left, empty when unknown. ``turn_deg`` is the clockwise turn of the query at which
    the encoder agreed best (of a panorama, the bearing that its centre column then looked to);
    ``heading_deg`` the measured bearing of the picture's up direction.
    ``thumbnail`` is the tile, uint8 (96, 96, 3).
    """

    rank: int
    tile: TileRef
    lat: float | None
    lon: float | None
    radius_m: float | None
    score: float
    confidence: float
    verdict: Verdict
    method: Literal["geometric", "retrieval"]
    heading_deg: float | None = None
    turn_deg: float | None = None
    footprint: tuple[tuple[float, float], ...] = ()
    inliers: int = 0
    alignment: Alignment | None = None
    thumbnail: NDArray[np.uint8] | None = None

    def to_json(self) -> dict[str, Any]:
        """The candidate as in ``gleam.locate/1``."""
        ring = [[round(lon, 7), round(lat, 7)] for lat, lon in self.footprint]
        return {
            "rank": self.rank,
            "lat": None if self.lat is None else round(self.lat, 7),
            "lon": None if self.lon is None else round(self.lon, 7),
            "radius_m": None if self.radius_m is None else round(self.radius_m, 1),
            "score": round(self.score, 4),
            "confidence": round(self.confidence, 2),
            "verdict": self.verdict,
            "heading_deg": None if self.heading_deg is None else round(self.heading_deg, 1),
            "footprint": {"type": "Polygon", "coordinates": [[*ring, ring[0]]] if ring else []},
            "method": self.method,
            "inliers": self.inliers,
            "tile": {"source": self.tile.source, "id": self.tile.id, "scale_m": self.tile.scale_m},
        }


@dataclass(frozen=True, eq=False)
class Location:
    """The answer for one query: candidates, best first, and the verdict on the first."""

    query: Query
    verdict: Verdict
    confidence: float
    candidates: tuple[Candidate, ...]
    timings_ms: dict[str, float] = field(default_factory=dict)
    complete: bool = True  # False for the first wave, before geometric verification
    support: Support = "trained"  # how far the encoder was made for the query's view

    def is_rated(self, candidate: Candidate) -> bool:
        """Whether its confidence is one: not before verification, and not where similarity alone speaks
        for a view that the encoder saw no real pictures of, for which nobody fitted how sure that is."""
        return self.complete and (candidate.method == "geometric" or self.support == "trained")

    def to_json(self) -> dict[str, Any]:
        return {
            "query": str(self.query.path or self.query.name),
            "sha256": self.query.sha256,
            "view": self.query.view,
            "verdict": self.verdict,
            "confidence": round(self.confidence, 2),
            "warnings": warnings_json(self.support, self.query.view),
            "candidates": [candidate.to_json() for candidate in self.candidates],
            "timings_ms": {name: round(ms, 1) for name, ms in self.timings_ms.items()},
        }


def locate_document(
    tiles: list[str], packs: dict[str, str], locations: list[Location]
) -> dict[str, Any]:
    """The ``gleam.locate/1`` document. ``packs`` maps kind -> "id version"."""
    return {
        "schema": "gleam.locate/1",
        "tiles": tiles,
        "packs": packs,
        "queries": [location.to_json() for location in locations],
    }
