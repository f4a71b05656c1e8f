"""Fit the confidence models on simulated queries over imagery that is neither demo nor test.

A gallery of orthophotos is laid out as map sources; queries are simulated UAV photos of them under
another day's light, a third of them of pictures that the gallery does not hold. Every fix that geometric
verification returns is one sample (inliers, share, coverage, right?). What similarity alone is worth
is asked in ``training.gleam_c.similarity``.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image
from rasterio.transform import from_origin

from gleam_app.geo.coordinates import LatLon
from gleam_app.geo.footprint import distance_m
from gleam_app.imagery.query import ExifFacts, Query
from gleam_app.packs.store import PackStore
from gleam_app.retrieval.encoder import Encoder
from gleam_app.retrieval.matcher import Matcher
from gleam_app.retrieval.search import Match, TileIndex, distinct_places
from gleam_app.retrieval.tiles.build import add_tile_set
from gleam_app.retrieval.tiles.tileset import TileSet, TileSetStore
from gleam_app.retrieval.turning import query_pictures, turns_for
from gleam_app.retrieval.verification import QueryFeatures, verify
from training.data.perspective import Camera, another_day, changed_ground, photograph, relief
from training.data.records import read_pixels
from training.gleam_c.orthophotos import read_grounds
from training.gleam_c.spots import Ground as Listed

RIGHT_SHARE = 0.1  # a fix within this share of the footprint's diagonal is right
SCALES_M = [81.0, 121.5]
PLACES = 6  # verified for each query


@dataclass(frozen=True)
class Ground:
    """One orthophoto: RGB pixels, metres a pixel, north-west corner.

    ``gallery``: whether its tiles are searched.
    """

    pixels: NDArray[np.uint8]
    metres_per_pixel: float
    easting: float
    northing: float
    gallery: bool


def choose_grounds(folder: Path, most: int) -> list[Ground]:
    """Up to ``most`` pictures of each set in ``folder``/grounds.csv that are large enough for the scales,
    each on its own spot of UTM zone 31 N. Of each set every third stays out of the gallery.
    """
    sets: dict[str, list[Listed]] = {}
    for ground in read_grounds(folder):
        with Image.open(ground.path) as picture:
            side_m = min(picture.size) * ground.metres_per_pixel
        if side_m >= SCALES_M[0] * 1.2:
            sets.setdefault(ground.name.rpartition("/")[0], []).append(ground)
    grounds: list[Ground] = []
    for _, listed in sorted(sets.items()):
        for number, ground in enumerate(listed[:: max(1, len(listed) // most)][:most]):
            row, column = divmod(len(grounds), 12)
            east, north = 400_000.0 + column * 1500, 5_000_000.0 - row * 1500
            pixels = read_pixels(ground.path)
            kept = number % 3 != 2
            grounds.append(Ground(pixels, ground.metres_per_pixel, east, north, kept))
    return grounds


def write_map(ground: Ground, path: Path) -> Path:
    """The ground as a GeoTIFF in EPSG:32631."""
    height, width = ground.pixels.shape[:2]
    m = ground.metres_per_pixel
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=3, dtype="uint8",
        crs="EPSG:32631", transform=from_origin(ground.easting, ground.northing, m, m),
    ) as file:  # fmt: skip
        file.write(ground.pixels.transpose(2, 0, 1))
    return path


def simulate(
    ground: Ground, other: Ground, rng: np.random.Generator
) -> tuple[Query, float, float, float] | None:
    """A photo of the ground on another day: query, easting and northing its centre looks at, diagonal (m).

    Up to two thirds of the ground has turned into ``other``; what stands on it is displaced.
    """
    m = ground.metres_per_pixel
    height_px, width_px = ground.pixels.shape[:2]
    camera = Camera(
        height_m=float(np.exp(rng.uniform(np.log(35), np.log(110)))),
        heading=float(rng.uniform(0, 360)),
        tilt=float(rng.uniform(0, 25)),
        field_of_view=float(rng.uniform(60, 84)),
    )
    side_m = 2 * camera.height_m * np.tan(np.deg2rad(camera.field_of_view) / 2)
    diagonal_m = side_m * 1.25
    room = diagonal_m / 2 / m * 0.8
    if 2 * room >= min(height_px, width_px):
        return None
    x, y = rng.uniform(room, width_px - room), rng.uniform(room, height_px - room)
    pixels = changed_ground(ground.pixels, other.pixels, float(rng.uniform(0, 0.67)), rng)
    photo = photograph(pixels, m, (x, y), camera)
    photo = another_day(relief(photo, float(rng.uniform(0, 0.06)), rng), rng)
    query = Query("simulated", None, "0" * 64, photo, ExifFacts(), "uav", False)
    east, north = ground.easting + (x + 0.5) * m, ground.northing - (y + 0.5) * m
    return query, float(east), float(north), float(diagonal_m)


def collect(
    grounds: list[Ground], packs: PackStore, queries: int, seed: int, folder: Path
) -> list[list[float]]:
    """Run the simulated queries; ``folder`` keeps the gallery and the samples (``samples.json``).

    Every query is verified where retrieval puts it and, if the gallery holds its place, there too:
    in use the right tile is among the first 24 far more often than among the few looked at here.
    """
    from pyproj import Transformer

    rng = np.random.default_rng(seed)
    to_degrees = Transformer.from_crs("EPSG:32631", "EPSG:4326")
    inside = [ground for ground in grounds if ground.gallery]
    outside = [ground for ground in grounds if not ground.gallery]
    encoder, matcher = Encoder(packs.default("gleam-c")), Matcher(packs.default("matcher"))
    tile_set = _gallery(inside, encoder, folder)
    index = TileIndex(tile_set)
    samples: list[list[float]] = []
    done = 0
    while done < queries:
        ground = grounds[int(rng.integers(len(grounds)))]
        simulated = simulate(ground, outside[int(rng.integers(len(outside)))], rng)
        if simulated is None:
            continue
        done += 1
        query, east, north, diagonal_m = simulated
        truth = LatLon(*to_degrees.transform(east, north))
        turns = turns_for("uav", None)
        vectors = encoder.embed(query_pictures(query.pixels, "uav", turns, encoder.input_px))
        matches = index.search(vectors, turns)
        places = distinct_places(matches, PLACES)
        nearest = min(matches, key=lambda match: _off_m(match, truth))
        if _off_m(nearest, truth) < 0.35 * diagonal_m:
            places.append(nearest)
        features = QueryFeatures(query, matcher)
        for place in places:
            fix = verify(features, place)
            if fix is None or fix.lat is None or fix.lon is None:
                continue
            error_m = distance_m(LatLon(fix.lat, fix.lon), truth)
            hit = float(error_m < RIGHT_SHARE * diagonal_m)
            a = fix.alignment
            sample = [fix.inliers, a.matches, a.coverage, hit, error_m, fix.radius_m or 0.0]
            samples.append(sample)
        (folder / "samples.json").write_text(json.dumps({"queries": done, "fixes": samples}))
    return samples


def _gallery(inside: list[Ground], encoder: Encoder, folder: Path) -> TileSet:
    store = TileSetStore(folder)
    if not store.exists("calibration"):
        maps = [write_map(g, folder / f"ground-{i:03}.tif") for i, g in enumerate(inside)]
        add_tile_set(store, encoder, maps, "calibration", scales_m=SCALES_M)
    return store.open("calibration")


def _off_m(match: Match, truth: LatLon) -> float:
    position = match.tile_set.position(match.row)
    return distance_m(LatLon(*position), truth) if position else np.inf


def fit_logistic(features: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Newton's method with a weak ridge; returns (bias, weights...). Platt's targets keep it finite."""
    positives, negatives = right.sum(), len(right) - right.sum()
    target = np.where(right > 0.5, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    x = np.column_stack([np.ones(len(features)), features])
    w = np.zeros(x.shape[1])
    ridge = 1e-3 * np.eye(len(w))
    for _ in range(100):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        step = np.linalg.solve(
            (x * (p * (1 - p))[:, None]).T @ x + ridge, x.T @ (target - p) - ridge @ w
        )
        w += step
        if np.abs(step).max() < 1e-8:
            break
    return w


def fit_geometry(samples: list[list[float]]) -> dict[str, Any]:
    """``calibration.geometric`` of the matcher's pack, from ``collect``."""
    fixes = np.array(samples)
    inliers, matches, coverage, right = fixes.T[:4]
    w = fit_logistic(np.column_stack([np.log(inliers), inliers / matches, coverage]), right)
    return {
        "bias": round(float(w[0]), 4),
        "weights": {
            "log_inliers": round(float(w[1]), 4),
            "inlier_share": round(float(w[2]), 4),
            "coverage": round(float(w[3]), 4),
        },
        "samples": len(fixes),
        "right": int(right.sum()),
    }


def fit_similarity(samples: list[list[float]]) -> dict[str, Any]:
    """``calibration.retrieval`` of the encoder's pack, from ``similarity.margins``."""
    margins = np.array(samples)
    v = fit_logistic(margins[:, :1], margins[:, 1])
    return {
        "bias": round(float(v[0]), 4),
        "weights": {"margin": round(float(v[1]), 4)},
        "samples": len(margins),
        "right": int(margins[:, 1].sum()),
    }
