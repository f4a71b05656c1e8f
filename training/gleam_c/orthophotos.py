"""Real imagery as a training set: UAV photos simulated from orthophotos by true perspective.

The folder holds ``grounds.csv`` with the columns ``picture,metres_per_pixel``: north-up pictures,
relative to it. Each picture is cut into places on a grid; a place has a tile of its own size, and every
visit draws another camera, another day and another offset. Whole pictures are held out for validation.
"""

import csv
import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gleam_app.errors import GleamError
from gleam_app.imagery.exif import clean_text
from gleam_app.imagery.views import View
from gleam_app.retrieval.turning import SQUARE_SHARE, turned_square
from training.data.perspective import Camera, another_day, footprint_pixels, photograph, relief
from training.data.records import held_out, read_pixels
from training.gleam_c.augment import Picture, resized
from training.gleam_c.batches import Sample
from training.gleam_c.recipe import Recipe

TILE_M = (60.0, 220.0)  # side of a tile, drawn for each place between these
STEP = 0.5  # of a tile between two places
HALF_RIGHT = 0.75  # centres nearer than this share of the larger tile: neither right nor wrong
SCALE_ERROR = 1.5  # the query shows between 1/1.5 and 1.5 times the tile's side
OFF_CENTRE = 0.3  # of a tile's side, at most, each way
HEADING_ERROR = 7.5  # half a step of the search over headings
TILT = 35.0
FIELD_OF_VIEW = (50.0, 85.0)
PHOTO = (320, 240)
KEPT_PICTURES = 24  # decoded ones in memory


@dataclass(frozen=True)
class Spot:
    """A place: the centre of its tile in pixels of a picture, and the tile's side in metres."""

    picture: Path
    metres_per_pixel: float
    x: float
    y: float
    tile_m: float


class Orthophotos:
    """Pairs of simulated UAV photos and tiles; a ``PairSource``."""

    def __init__(self, folder: Path, split: str, recipe: Recipe) -> None:
        """``split``: "train", or "val", one picture in ten. Raises GleamError."""
        sizes = recipe.views["uav"]
        pooled = sizes.reference_px[0] - 2 * sizes.reference_margin_px
        self._context = sizes.reference_px[0] / pooled  # cut this many tiles: the margin shows more
        self._reference_px, self._query_px = sizes.reference_px, sizes.query_px[0]
        self.spots = [
            spot
            for picture, metres in _grounds(folder)
            if held_out(picture.name) == (split == "val")
            for spot in _spots(picture, metres, self._context)
        ]
        self.places = [f"ortho/{s.picture.name} {s.x:.0f} {s.y:.0f}" for s in self.spots]
        self.views: list[View] = ["uav"] * len(self.spots)
        self._of_picture: dict[Path, list[int]] = {}
        for number, spot in enumerate(self.spots):
            self._of_picture.setdefault(spot.picture, []).append(number)
        self._read = functools.lru_cache(KEPT_PICTURES)(read_pixels)

    def sample(self, pair: int, chance: np.random.Generator) -> Sample:
        """A photo of the place and its tile; ``overlap`` is the intersection over union on the ground."""
        spot = self.spots[pair]
        ground = np.asarray(self._read(spot.picture), np.uint8)
        side = spot.tile_m / spot.metres_per_pixel
        at = np.array([spot.x, spot.y])
        looks_at = at + chance.uniform(-OFF_CENTRE, OFF_CENTRE, 2) * side
        camera = _camera(spot.tile_m, chance)
        photo = photograph(
            ground, spot.metres_per_pixel, (float(looks_at[0]), float(looks_at[1])), camera
        )
        photo = relief(photo, float(chance.uniform(0, 0.05)), chance)
        query = turned_square(another_day(photo, chance), 0.0, self._query_px)
        corners = footprint_pixels(
            spot.metres_per_pixel, (float(looks_at[0]), float(looks_at[1])), _square_of(camera)
        )
        tile = _cut(ground, at, side * self._context, self._reference_px)
        return Sample(query, tile, _overlap(corners, at, side))

    def semi_positives(self, pair: int) -> Sequence[str]:
        """Places of the same picture whose tiles share much of the ground."""
        spot = self.spots[pair]
        near = []
        for other in self._of_picture[spot.picture]:
            there = self.spots[other]
            limit = HALF_RIGHT * max(spot.tile_m, there.tile_m) / spot.metres_per_pixel
            if other != pair and np.hypot(there.x - spot.x, there.y - spot.y) < limit:
                near.append(self.places[other])
        return near


def _grounds(folder: Path) -> list[tuple[Path, float]]:
    table = folder / "grounds.csv"
    try:
        with table.open(encoding="utf-8", newline="") as file:
            rows = [
                (row["picture"], float(row["metres_per_pixel"])) for row in csv.DictReader(file)
            ]
    except FileNotFoundError:
        raise GleamError(
            f"{clean_text(folder.name)} has no grounds.csv.",
            "List its north-up pictures there, with the columns picture,metres_per_pixel.",
        ) from None
    except (KeyError, TypeError, ValueError):
        raise GleamError("grounds.csv needs the columns picture,metres_per_pixel.") from None
    return [(folder / name, metres) for name, metres in rows if metres > 0]


def _spots(picture: Path, metres: float, context: float) -> list[Spot]:
    """Places on a grid, their sizes drawn by the picture's name; the context stays inside where it can."""
    try:
        with Image.open(picture) as opened:
            width, height = opened.size
    except OSError:
        raise GleamError(f"{clean_text(picture.name)} cannot be read as a picture.") from None
    largest = min(width, height) * metres / context
    if largest < TILE_M[0]:
        return []
    chance = np.random.default_rng(list(picture.name.encode()))
    found: list[Spot] = []
    y = 0.0
    while True:
        tile = float(np.exp(chance.uniform(np.log(TILE_M[0]), np.log(min(TILE_M[1], largest)))))
        half, step = tile * context / 2 / metres, STEP * tile / metres
        if y + 2 * half > height and found:
            return found
        row = min(y + half, height - half)
        count = 1 + int((width - 2 * half) // step)
        found.extend(Spot(picture, metres, half + i * step, row, tile) for i in range(count))
        y += step


def _camera(tile_m: float, chance: np.random.Generator) -> Camera:
    """A camera whose used square shows about the tile, from anywhere that people fly."""
    shown = tile_m * float(np.exp(chance.uniform(-np.log(SCALE_ERROR), np.log(SCALE_ERROR))))
    field = float(chance.uniform(*FIELD_OF_VIEW))
    width_m = shown / (SQUARE_SHARE * PHOTO[1] / PHOTO[0])
    height = width_m / 2 / np.tan(np.deg2rad(field) / 2)
    tilt = float(chance.uniform(0, TILT)) if chance.random() < 0.6 else 0.0
    heading = float(chance.uniform(-HEADING_ERROR, HEADING_ERROR))
    return Camera(float(height), heading, tilt, field, *PHOTO)


def _square_of(camera: Camera) -> Camera:
    """The camera whose whole picture is the middle square that the encoder sees."""
    focal = camera.width / 2 / np.tan(np.deg2rad(camera.field_of_view) / 2)
    side = round(SQUARE_SHARE * min(camera.width, camera.height))
    field = 2 * np.rad2deg(np.arctan(side / 2 / focal))
    return replace(camera, field_of_view=float(field), width=side, height=side)


def _cut(ground: Picture, at: NDArray[np.float64], side: float, size: tuple[int, int]) -> Picture:
    """A square of ``side`` pixels about ``at``, at ``size``; beyond the picture its mirror image."""
    left, top = np.floor(at - side / 2).astype(int).tolist()
    right, bottom = left + round(side), top + round(side)
    height, width = ground.shape[:2]
    inside = ground[max(0, top) : min(height, bottom), max(0, left) : min(width, right)]
    framed = cv2.copyMakeBorder(
        inside, max(0, -top), max(0, bottom - height), max(0, -left), max(0, right - width),
        cv2.BORDER_REFLECT_101,
    )  # fmt: skip
    return resized(np.asarray(framed, np.uint8), size)


def _overlap(photo: NDArray[np.float64], at: NDArray[np.float64], side: float) -> float:
    """Intersection over union of what the photo's used square shows and the tile."""
    tile = at + side / 2 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    used = photo.astype(np.float32)
    common, _ = cv2.intersectConvexConvex(used, tile.astype(np.float32))
    union = cv2.contourArea(used) + side**2 - common
    return float(np.clip(common / union, 0.0, 1.0))
