"""Places cut from north-up pictures: spots on a grid, their windows, and what queries share with them.

A picture is known by its name, and its spots follow from name, size and range of tiles alone: two
sources that use the same picture in the same way have the same places, and know each other's as near.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gleam_app.errors import GleamError
from gleam_app.imagery.exif import clean_text
from gleam_app.retrieval.turning import SQUARE_SHARE
from training.data.records import read_pixels
from training.gleam_c.augment import Picture, resized
from training.gleam_c.grading import graded
from training.gleam_c.recipe import ViewRecipe

STEP = 0.5  # of a tile between two places
HALF_RIGHT = 0.75  # centres nearer than this share of the larger tile: neither right nor wrong
NEAR = (
    0.15,
    1.25,
)  # most queries: off centre at most by this share of the tile each way; scale error
FAR = 0.35, 2.0  # the others
FAR_SHARE = 0.3
HEADING_ERROR = 7.5  # half a step of the search over headings
GRADED = 0.5  # of the satellite pictures
KEPT_BYTES = 2_000_000_000  # decoded pictures in memory


@dataclass(frozen=True)
class Ground:
    """A north-up picture: its file, its name in the set, the sides of its tiles in metres, its heights."""

    path: Path
    name: str
    metres_per_pixel: float
    tile_m: tuple[float, float]
    heights: Path | None = None


@dataclass(frozen=True)
class Spot:
    """A place: the centre of its tile in pixels of a picture, and the tile's side in metres."""

    ground: Ground
    size: tuple[int, int]  # of the picture: width, height
    x: float
    y: float
    tile_m: float

    @property
    def side(self) -> float:
        """Of the tile, in pixels."""
        return self.tile_m / self.ground.metres_per_pixel

    @property
    def at(self) -> NDArray[np.float64]:
        return np.array([self.x, self.y])


@dataclass(frozen=True)
class Aim:
    """What a query shows: its centre (x, y) and the side of its used square in pixels of the picture."""

    at: NDArray[np.float64]
    side: float
    heading: float
    turn: float
    """By which the query is turned: the heading, as nearly as the search would try it."""


class Spots:
    """The spots of some pictures as the places of a ``PairSource``."""

    def __init__(self, spots: list[Spot]) -> None:
        self.spots = spots
        self.places = [f"ground/{s.ground.name} {s.x:.0f} {s.y:.0f}" for s in spots]
        self._of_ground: dict[str, list[int]] = {}
        for number, spot in enumerate(spots):
            self._of_ground.setdefault(spot.ground.name, []).append(number)

    def near(self, number: int) -> list[str]:
        """Other places of the same picture whose tiles share much of the ground."""
        spot = self.spots[number]
        found = []
        for other in self._of_ground[spot.ground.name]:
            there = self.spots[other]
            limit = HALF_RIGHT * max(spot.side, there.side)
            if other != number and np.hypot(there.x - spot.x, there.y - spot.y) < limit:
                found.append(self.places[other])
        return found


class Kept:
    """What is costly to make again, in memory up to a number of bytes; the longest unused goes first."""

    def __init__(self, most_bytes: int) -> None:
        self._most, self._bytes, self._lock = most_bytes, 0, Lock()
        self._known: OrderedDict[Hashable, NDArray[np.uint8]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], NDArray[np.uint8]]) -> NDArray[np.uint8]:
        """What is known by ``key``, or made now. Safe from several threads."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        made = make()
        with self._lock:
            if key not in self._known:
                self._known[key] = made
                self._bytes += made.nbytes
            while self._bytes > self._most:
                self._bytes -= self._known.popitem(last=False)[1].nbytes
        return made


KEPT = Kept(KEPT_BYTES)
"""Shared by all sources: the satellite side of a street map is an orthophoto, too."""


def decoded(path: Path) -> Picture:
    """The picture of a file, kept."""
    return KEPT.get(path, lambda: read_pixels(path))


def context_of(sizes: ViewRecipe) -> float:
    """How many tiles wide the satellite window is: the margin shows more than the tile."""
    return sizes.reference_px[0] / (sizes.reference_px[0] - 2 * sizes.reference_margin_px)


def spots_of(ground: Ground, context: float) -> list[Spot]:
    """Places on a grid, their sizes drawn by the picture's name; the context stays inside the picture.

    None where the picture is too small for the least tile. Raises GleamError if it cannot be read.
    """
    try:
        with Image.open(ground.path) as opened:
            width, height = opened.size
    except OSError:
        raise GleamError(f"{clean_text(ground.path.name)} cannot be read as a picture.") from None
    least, most = ground.tile_m
    metres = ground.metres_per_pixel
    most = min(most, min(width, height) * metres / context)
    if most < least:
        return []
    chance = np.random.default_rng(list(ground.name.encode()))
    found: list[Spot] = []
    y = 0.0
    while True:
        tile = float(np.exp(chance.uniform(np.log(least), np.log(most))))
        half, step = tile * context / 2 / metres, STEP * tile / metres
        if y + 2 * half > height and found:
            return found
        row = min(y + half, height - half)
        count = 1 + int((width - 2 * half) // step)
        found.extend(
            Spot(ground, (width, height), half + i * step, row, tile) for i in range(count)
        )
        y += step


def shows_something(picture: Picture, spot: Spot, least: float) -> bool:
    """Whether the tile is more than open water or bare ground: its grey levels spread by ``least``."""
    tile = cut(picture, spot.at, spot.side, (48, 48))
    return bool(tile.mean(axis=2).std() >= least)


def misjudged(chance: np.random.Generator) -> tuple[NDArray[np.float64], float]:
    """How far a query lies off a tile (x, y; in tile sides), and how many times as large it is."""
    off_centre, scale = FAR if chance.random() < FAR_SHARE else NEAR
    larger = np.exp(chance.uniform(-np.log(scale), np.log(scale)))
    return chance.uniform(-off_centre, off_centre, 2), float(larger)


def aimed(spot: Spot, chance: np.random.Generator) -> Aim:
    """What somebody's picture of the place shows: mostly about the tile, sometimes a good deal else.

    It stays inside the picture where that is large enough.
    """
    off_centre, scale = misjudged(chance)
    side = min(spot.side * scale, *spot.size)
    size = np.array(spot.size)
    at = spot.at + off_centre * spot.side
    heading = float(chance.uniform(0, 360))
    return Aim(
        np.clip(at, side / 2, size - side / 2),
        side,
        heading,
        heading + float(chance.uniform(-HEADING_ERROR, HEADING_ERROR)),
    )


def cut(ground: Picture, at: NDArray[np.float64], side: float, size: tuple[int, int]) -> Picture:
    """A square of ``side`` pixels about ``at``, at ``size``; beyond the picture its mirror image."""
    left, top = np.floor(at - side / 2).astype(int).tolist()
    right, bottom = left + round(side), top + round(side)
    height, width = ground.shape[:2]
    inside = ground[max(0, top) : min(height, bottom), max(0, left) : min(width, right)]
    beyond = max(0, -top), max(0, bottom - height), max(0, -left), max(0, right - width)
    if any(beyond):
        inside = np.asarray(cv2.copyMakeBorder(inside, *beyond, cv2.BORDER_REFLECT_101), np.uint8)
    return resized(np.ascontiguousarray(inside), size)


def reference(
    picture: Picture, spot: Spot, context: float, size: tuple[int, int], chance: np.random.Generator
) -> Picture:
    """The satellite side of a pair: the spot's tile and its context, at times graded otherwise."""
    tile = cut(picture, spot.at, spot.side * context, size)
    return graded(tile, chance) if chance.random() < GRADED else tile


def overlap(shown: NDArray[np.float64], at: NDArray[np.float64], side: float) -> float:
    """Intersection over union of a convex quadrangle (4, 2) and the tile of ``side`` about ``at``."""
    tile = at + side / 2 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    common, _ = cv2.intersectConvexConvex(shown.astype(np.float32), tile.astype(np.float32))
    union = cv2.contourArea(shown.astype(np.float32)) + side**2 - common
    return float(np.clip(common / union, 0.0, 1.0))


def turned_corners(size: tuple[int, int], turn_deg: float) -> NDArray[np.float64]:
    """Where the corners of the square that the encoder sees lie in the query of ``size`` (w, h): (4, 2)."""
    half = SQUARE_SHARE * min(size) / 2
    corners = half * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    angle = -np.deg2rad(turn_deg)  # back, anticlockwise as seen
    cos, sin = np.cos(angle), np.sin(angle)
    turned = corners @ np.array([[cos, sin], [-sin, cos]])
    return np.asarray(turned + (np.array(size) - 1) / 2, np.float64)
