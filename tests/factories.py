"""Realistic answers of the retrieval layer, for tests that need no encoder and no map."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gleam_app.imagery.query import ExifFacts, Query, View
from gleam_app.retrieval.results import Alignment, Candidate, Location, TileRef, Verdict

LAT, LON = 28.041253, -82.698301
METRES_PER_DEGREE = 111_195.0


def make_pixels(width: int = 640, height: int = 480, seed: int = 0) -> NDArray[np.uint8]:
    """A picture with large soft shapes: uint8 (height, width, 3)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    field = sum(
        np.sin(x / rng.uniform(20, 90) + rng.uniform(0, 6))
        * np.cos(y / rng.uniform(20, 90) + rng.uniform(0, 6))
        for _ in range(4)
    )
    base = 120.0 + 30.0 * np.asarray(field)
    return np.stack([base, base * 0.95 + 8, base * 0.8], axis=-1).clip(0, 255).astype(np.uint8)


def make_query(
    name: str = "12.jpg", view: View = "uav", size: tuple[int, int] = (640, 480),
    exif: ExifFacts | None = None, path: Path | None = None,
) -> Query:  # fmt: skip
    return Query(name, path, "ab" * 32, make_pixels(*size), exif or ExifFacts(), view, True)


def similarity(
    turn_deg: float, scale: float, centre_from: tuple[float, float], centre_to: tuple[float, float]
) -> NDArray[np.float64]:
    """Homography that turns clockwise (in a picture, y down), scales and moves one centre to another."""
    angle = np.deg2rad(turn_deg)
    linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shift = np.array(centre_to) - linear @ np.array(centre_from)
    matrix = np.eye(3)
    matrix[:2, :2], matrix[:2, 2] = linear, shift
    return matrix


def make_alignment(
    query: Query,
    inliers: int = 143,
    matches: int = 310,
    heading_deg: float = 87.0,
    footprint_width_m: float = 118.0,
    spread: float = 0.8,
    seed: int = 1,
    lat: float | None = LAT,
    lon: float | None = LON,
) -> Alignment:
    """Inliers spread over the middle ``spread`` of the query, on a 512 px window of 240 m."""
    rng = np.random.default_rng(seed)
    width, height = query.size
    window_px, side_m = 512, 240.0
    scale = footprint_width_m / width / (side_m / window_px)
    matrix = similarity(heading_deg, scale, (width / 2, height / 2), (window_px / 2, window_px / 2))
    unit = rng.uniform(-spread / 2, spread / 2, (inliers, 2)) + 0.5
    points = unit * (width, height)
    mapped = points @ matrix[:2, :2].T + matrix[:2, 2]
    noise = rng.normal(0, 1.8, mapped.shape)
    return Alignment(
        query_points=points.astype(np.float32),
        window_points=(mapped + noise).astype(np.float32),
        window_rgb=make_pixels(window_px, window_px, seed=7),
        window_lat=lat,
        window_lon=lon,
        window_side_m=side_m,
        homography=matrix,
        matches=matches,
        residual_px=float(np.median(np.linalg.norm(noise, axis=1))),
        coverage=spread**2,
        metres_per_pixel=footprint_width_m / width,
    )


def make_footprint(
    lat: float, lon: float, width_m: float, height_m: float, heading_deg: float
) -> tuple[tuple[float, float], ...]:
    """Corners (lat, lon), clockwise from the picture's top left."""
    angle = np.deg2rad(heading_deg)
    corners = []
    for right, up in ((-0.5, 0.5), (0.5, 0.5), (0.5, -0.5), (-0.5, -0.5)):
        x, y = right * width_m, up * height_m
        east, north = x * np.cos(angle) + y * np.sin(angle), -x * np.sin(angle) + y * np.cos(angle)
        corners.append(
            (
                lat + north / METRES_PER_DEGREE,
                lon + east / METRES_PER_DEGREE / np.cos(np.deg2rad(lat)),
            )
        )
    return tuple(corners)


def make_candidate(
    rank: int = 1,
    verdict: Verdict = "verified",
    score: float = 0.71,
    confidence: float = 0.97,
    east_m: float = 0.0,
    source: str = "map.tif",
    alignment: Alignment | None = None,
    inliers: int | None = None,
    coordinates: bool = True,
) -> Candidate:
    lat = LAT if coordinates else None
    lon = LON + east_m / METRES_PER_DEGREE / float(np.cos(np.deg2rad(LAT))) if coordinates else None
    known = alignment is not None and lat is not None and lon is not None
    return Candidate(
        rank=rank,
        tile=TileRef("demo", source, f"{source}/{rank}", 120.0, lat, lon),
        lat=lat,
        lon=lon,
        radius_m=6.0 if alignment else 60.0,
        score=score,
        confidence=confidence,
        verdict=verdict,
        method="geometric" if alignment else "retrieval",
        heading_deg=87.4 if alignment else None,
        turn_deg=90.0,
        footprint=make_footprint(lat, lon, 118.0, 88.5, 87.4)
        if known and lat is not None and lon is not None
        else (),
        inliers=len(alignment.query_points) if alignment and inliers is None else (inliers or 0),
        alignment=alignment,
    )


def make_location(verdict: Verdict = "verified", query: Query | None = None) -> Location:
    """Ten candidates, 400 m apart; the first has geometry if the verdict says so."""
    query = query or make_query()
    settings: dict[Verdict, tuple[int, float, float]] = {
        "verified": (143, 0.71, 0.97),
        "strong": (34, 0.66, 0.86),
        "possible": (14, 0.60, 0.41),
        "unverified": (0, 0.58, 0.12),
        "not_found": (0, 0.44, 0.02),
    }
    inliers, score, confidence = settings[verdict]
    alignment = (
        make_alignment(query, inliers, spread=0.8 if inliers > 40 else 0.3) if inliers else None
    )
    first = make_candidate(1, verdict, score, confidence, alignment=alignment)
    others = tuple(
        make_candidate(
            rank, "unverified", 0.60 - 0.02 * rank if score > 0.5 else score - 0.01 * rank,
            0.05, east_m=400.0 * (rank - 1), inliers=6 if rank == 2 else 0,
        )
        for rank in range(2, 11)
    )  # fmt: skip
    timings = {"decode": 21.0, "embed": 240.0, "search": 3.0, "verify": 1900.0}
    return Location(query, verdict, confidence, (first, *others), timings)
