"""A real map whose tiles share computation: the whole raster goes through the first blocks at once."""

from dataclasses import dataclass, replace

import numpy as np
import rasterio
import torch
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.warp import transform

from gleam_app.retrieval.tiles.embedding import MIN_COVERAGE
from training.gleam_c.report.bench import Bench, key_of
from training.gleam_c.report.cuts import Picture
from training.gleam_c.report.figures import Figure, Row, Vectors, recalls
from training.gleam_c.report.flights import RIGHT, Flight, trial_of
from training.gleam_c.report.splits import DEPTHS, SplitEncoder, cut_vectors, label
from training.gleam_c.report.trials import HEADINGS, query_vectors

SCALES_M = (48.0, 72.0, 108.0)
# Tiles must lie on the grid of what is shared: 16 pixels up to block 15, 32 beyond. Three quarters of
# overlap are 48 pixels, so the deeper splits are measured at 64, and what they compare with as well.
STEPS = {48: (0, 9, 15), 64: DEPTHS}


@dataclass(frozen=True)
class Level:
    """A map at one scale: RGB, and its tiles' corners (x, y) in pixels and centres in metres."""

    pixels: Picture
    side_m: float
    corners: tuple[tuple[int, int], ...]
    centres: NDArray[np.float64]


def level_of(flight: Flight, side_m: float, size_px: int, step_px: int) -> Level:
    """The flight's map so that ``side_m`` is ``size_px``; tiles with too little imagery are left out."""
    with rasterio.open(flight.map) as source:
        pixel_m = side_m / size_px
        left, bottom, right, top = source.bounds
        shape = round((top - bottom) / pixel_m), round((right - left) / pixel_m)
        bands = source.read((1, 2, 3), out_shape=(3, *shape), resampling=Resampling.average)
        there = source.dataset_mask(out_shape=shape) > 0
    height, width = shape
    corners = tuple(
        (x, y)
        for y in range(0, height - size_px + 1, step_px)
        for x in range(0, width - size_px + 1, step_px)
        if there[y : y + size_px, x : x + size_px].mean() >= MIN_COVERAGE
    )
    middle = (np.array(corners, np.float64).reshape(-1, 2) + size_px / 2) * pixel_m
    centres = np.array([left, top]) + middle * [1, -1]
    return Level(np.ascontiguousarray(bands.transpose(1, 2, 0)), side_m, corners, centres)


def looked_at(flight: Flight) -> NDArray[np.float64]:
    """Where the photos look, (N, 2) in the map's own metres."""
    with rasterio.open(flight.map) as source:
        lons, lats = ([getattr(p, name) for p in flight.photos] for name in ("lon", "lat"))
        return np.array(transform("EPSG:4326", source.crs, lons, lats)).T


def measure_raster(
    flight: Flight, bench: Bench, strangers: dict[int, Vectors], cost: dict[int, Figure]
) -> list[Row]:
    """Rows for each step and depth, heading unknown, alone and diluted by ``strangers`` (by depth)."""
    trial = trial_of(flight)
    queries = query_vectors(trial, bench, HEADINGS[1])
    truth = looked_at(flight)
    rows: list[Row] = []
    for step, depths in STEPS.items():
        levels = [level_of(flight, side, bench.size, step) for side in SCALES_M]
        found = _vectors(flight, levels, step, depths, bench)
        centres = np.concatenate([level.centres for level in levels])
        sides = np.concatenate([np.full(len(level.corners), level.side_m) for level in levels])
        away = np.linalg.norm(truth[:, None] - centres, axis=2)
        right = [tuple(np.flatnonzero(row <= RIGHT * sides).tolist()) for row in away]
        kept = [i for i, those in enumerate(right) if those]
        some = replace(trial, asked=tuple(replace(trial.asked[i], right=right[i]) for i in kept))
        for depth in depths:
            for words, others in (("", found[depth][:0]), (", diluted", strangers[depth])):
                gallery = np.concatenate([found[depth], others])
                figures = recalls(some.rank(queries[kept], gallery), some.places)
                name = f"split, {flight.name}{words}, step {step} px"
                figures["core-ms a tile"] = cost[depth]
                rows.append(Row(name, label(depth), len(kept), len(gallery), figures))
    return rows


def _vectors(
    flight: Flight, levels: list[Level], step: int, depths: tuple[int, ...], bench: Bench
) -> dict[int, Vectors]:
    split = SplitEncoder(bench.encoder)

    def make() -> Vectors:
        parts: dict[int, list[Vectors]] = {depth: [] for depth in depths}
        for level in levels:
            picture = level.pixels[None]
            for depth, vectors in cut_vectors(split, picture, bench.size, level.corners, depths):
                parts[depth].append(vectors)
        return np.stack([np.concatenate(parts[depth]) for depth in depths])

    key = key_of(flight.map, flight.map.stat().st_size, SCALES_M, step, depths)
    with torch.inference_mode():
        made = bench.kept(f"{flight.name} raster {step}", key, make)
    return dict(zip(depths, made, strict=True))
