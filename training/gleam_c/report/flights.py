"""Real photos against a real map: stage one of the search, without geometric verification."""

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.geo.footprint import distance_m
from gleam_app.geo.frame import LocalFrame
from gleam_app.retrieval.search import Match, distinct_places
from gleam_app.retrieval.tiles.build import add_tile_set
from gleam_app.retrieval.tiles.tileset import TileSet, TileSetStore
from gleam_app.retrieval.turning import turns_for
from training.data.records import read_pixels
from training.gleam_c.report.bench import Bench, key_of, say
from training.gleam_c.report.cuts import Cut
from training.gleam_c.report.figures import Ranks, Row, Vectors, recalls
from training.gleam_c.report.trials import HEADINGS, Asked, Trial, conditions, query_vectors

RIGHT = 0.5  # of a tile's side between its centre and the true point
PLACE_M = 25.0  # photos that look into one such cell are one place to the interval


@dataclass(frozen=True)
class Photo:
    """A photo and the ground point at its centre, WGS 84; ``heading`` in degrees if known."""

    path: Path
    lat: float
    lon: float
    heading: float | None


@dataclass(frozen=True)
class Flight:
    """Photos and the map that they are looked for in."""

    name: str
    photos: tuple[Photo, ...]
    map: Path


def sheffield(folder: Path) -> Flight:
    """Flight B over the map of flight A: the test set. Raises GleamError."""
    try:
        with (folder / "poses.csv").open(encoding="utf-8", newline="") as file:
            photos = tuple(
                Photo(
                    folder / "images" / row["image"],
                    float(row["view_ground_lat"]),
                    float(row["view_ground_lon"]),
                    float(row["heading_deg"]),
                )
                for row in csv.DictReader(file)
                if row["flight"] == "B"
            )
    except (OSError, KeyError, ValueError):
        raise GleamError(
            "The poses of the Sheffield flights cannot be read.",
            "Name the folder that holds poses.csv, images and ortho_flightA_10cm_utm17n.tif.",
        ) from None
    return Flight("Sheffield flight B", photos, folder / "ortho_flightA_10cm_utm17n.tif")


def tile_set_of(flight: Flight, bench: Bench) -> TileSet:
    """The map's tile set as the app makes it, one tile at a time."""
    store, name = TileSetStore(bench.folder), key_of(flight.map, flight.map.stat().st_size)
    if not store.exists(name):
        say(f"  tile set of {flight.name}")
        add_tile_set(store, bench.encoder, [flight.map], name, resume=True)
    return store.open(name)


def trial_of(flight: Flight) -> Trial:
    """The photos as queries; what is right depends on the tiles: see ``right_tiles``."""
    first = flight.photos[0]
    lats, lons = (np.array([getattr(p, name) for p in flight.photos]) for name in ("lat", "lon"))
    east, north = LocalFrame(first.lat, first.lon).to_metres(lats, lons)
    asked = tuple(
        Asked(f"{x // PLACE_M:.0f} {y // PLACE_M:.0f}", photo.heading, ())
        for photo, x, y in zip(flight.photos, east, north, strict=True)
    )
    return Trial(
        flight.name, f"uav, real photos, real map: {flight.name}", "uav", asked,
        lambda i: read_pixels(flight.photos[i].path), (), flight.photos,
    )  # fmt: skip


def right_tiles(photo: Photo, table: NDArray[np.void]) -> tuple[int, ...]:
    """Rows of a tile table whose centre is within half their side of where the photo looks."""
    away = np.array(
        [distance_m((photo.lat, photo.lon), (tile["lat"], tile["lon"])) for tile in table]
    )
    return tuple(np.flatnonzero(away <= RIGHT * table["scale_m"]).tolist())


def measure_flight(flight: Flight, bench: Bench, others: list[Cut]) -> list[Row]:
    """Rows by tile and by distinct place, of the map alone and diluted by other areas."""
    tile_set = tile_set_of(flight, bench)
    trial = trial_of(flight)
    right = [right_tiles(photo, tile_set.table) for photo in flight.photos]
    kept = [i for i, rows in enumerate(right) if rows]
    if len(kept) < len(right):
        say(f"  {len(right) - len(kept)} photos of {flight.name} look beyond the map: left out")
    gallery = np.asarray(tile_set.vectors, np.float32)
    strangers = bench.tiles("other areas", others)
    whole = replace(trial, asked=tuple(replace(trial.asked[i], right=right[i]) for i in kept))
    rows = []
    for condition in conditions(trial):
        queries = query_vectors(trial, bench, condition)[kept]
        diluted = np.concatenate([gallery, strangers])
        alone = whole.rank(queries, gallery)
        mixed = whole.rank(queries, diluted)
        turns = [
            turns_for("uav", a.heading if condition == HEADINGS[0] else None) for a in whole.asked
        ]
        places = _place_ranks(
            tile_set, queries, turns, right=[right[i] for i in kept], strangers=strangers
        )
        name, at_places = whole.measurement, whole.places
        sizes = len(gallery), len(diluted)
        rows += [
            Row(name, condition, len(kept), sizes[0], recalls(alone, at_places)),
            Row(
                f"{name}, distinct places",
                condition,
                len(kept),
                sizes[0],
                recalls(places[0], at_places),
            ),
            Row(f"{name}, diluted", condition, len(kept), sizes[1], recalls(mixed, at_places)),
            Row(
                f"{name}, diluted, distinct places",
                condition,
                len(kept),
                sizes[1],
                recalls(places[1], at_places),
            ),
        ]
    return rows


def _place_ranks(
    tile_set: TileSet,
    queries: Vectors,
    turns: list[NDArray[np.float64]],
    right: list[tuple[int, ...]],
    strangers: Vectors,
) -> tuple[Ranks, Ranks]:
    """Ranks of the first right place, as the app folds tiles into places: alone, and diluted.

    Tiles of other areas are each a place of their own, so those before the right one just count.
    """
    gallery = np.asarray(tile_set.vectors, np.float32)
    alone, mixed = (np.empty(len(queries), np.int64) for _ in range(2))
    for i, turned in enumerate(queries):
        scores = turned @ gallery.T
        best, which = scores.max(axis=0), scores.argmax(axis=0)
        order = np.argsort(-best, kind="stable")
        matches = [
            Match(tile_set, int(row), float(best[row]), float(turns[i][which[row]]))
            for row in order
        ]
        places = distinct_places(matches, len(matches))
        hits = [n for n, match in enumerate(places) if match.row in set(right[i])]
        if not hits:  # every right tile was folded into a wrong neighbour
            alone[i] = mixed[i] = len(gallery) + len(strangers) + 1
            continue
        alone[i] = hits[0] + 1
        before = (turned @ strangers.T).max(axis=0) >= places[hits[0]].score
        mixed[i] = alone[i] + np.count_nonzero(before)
    return alone, mixed
