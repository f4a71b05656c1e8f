"""Real imagery as a training set: UAV photos simulated from orthophotos by true perspective.

The folder holds ``grounds.csv`` with the columns ``picture,metres_per_pixel``: north-up pictures,
relative to it. More columns may follow: ``name``, where file names alone are not unique; ``least_m``,
``most_m``, the sides of its tiles; ``heights``, a height model of the same grid in metres (a raster of
one band, or a float ``.npy``), by which its photos have true parallax. Each picture is cut into places
on a grid; a place has a tile of its own size, and every visit draws another camera, another day and
another offset. Whole pictures are held out for validation, by name.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.imagery.exif import clean_text
from gleam_app.imagery.views import View
from gleam_app.retrieval.turning import SQUARE_SHARE, query_pictures
from training.data.heights import Heights, kept_heights
from training.data.perspective import (
    Camera,
    another_day,
    ground_homography,
    photograph,
    relief,
)
from training.data.records import held_out
from training.gleam_c.augment import Picture, resized
from training.gleam_c.batches import Sample
from training.gleam_c.recipe import Recipe
from training.gleam_c.spots import (
    Aim,
    Ground,
    Spot,
    Spots,
    aimed,
    context_of,
    decoded,
    overlap,
    reference,
    shows_something,
    spots_of,
    turned_corners,
)

TILE_M = (45.0, 220.0)  # side of a tile, drawn for each place between these
TILTED = 0.6  # of the photos
TILT = 35.0
FIELD_OF_VIEW = (50.0, 85.0)
PHOTO = (320, 240)
LEAST_SPREAD = 5.0  # of the grey levels of a tile: 2.4 in 100 show less, mostly water
GROUND = 10  # percentile of a tile's heights that is taken for the ground
SHRINK = 1.5  # ground pixels a photo pixel from which on the ground is averaged first


class Orthophotos:
    """Pairs of simulated UAV photos and tiles; a ``PairSource``."""

    def __init__(self, folder: Path, split: str, recipe: Recipe) -> None:
        """``split``: "train", or "val", one picture in ten. Raises GleamError."""
        sizes = recipe.views["uav"]
        self._context = context_of(sizes)
        self._reference_px, self._query_px = sizes.reference_px, sizes.query_px[0]
        self._spots = Spots(
            [
                spot
                for ground in read_grounds(folder)
                if held_out(ground.name) == (split == "val")
                for spot in spots_of(ground, self._context)
                if shows_something(decoded(ground.path), spot, LEAST_SPREAD)
            ]
        )
        self.spots, self.places = self._spots.spots, self._spots.places
        self.views: list[View] = ["uav"] * len(self.places)

    def sample(self, pair: int, chance: np.random.Generator) -> Sample:
        """A photo of the place and its tile; ``overlap`` is the intersection over union on the ground."""
        spot = self.spots[pair]
        ground = decoded(spot.ground.path)
        metres = spot.ground.metres_per_pixel
        aim = aimed(spot, chance)
        camera = _camera(aim, metres, chance)
        model = spot.ground.heights
        heights = None if model is None else kept_heights(model, spot.size)
        photo = _photo(ground, metres, aim, camera, heights, _plane(heights, spot))
        if heights is None:
            photo = relief(photo, float(chance.uniform(0, 0.05)), chance)
        photo = another_day(photo, chance)
        query = query_pictures(photo, "uav", np.array([aim.turn]), self._query_px)[0]
        tile = reference(ground, spot, self._context, self._reference_px, chance)
        shown = aim.at + _used_ground(camera, aim.turn) / metres
        return Sample(query, tile, overlap(shown, spot.at, spot.side))

    def semi_positives(self, pair: int) -> Sequence[str]:
        """Places of the same picture whose tiles share much of the ground."""
        return self._spots.near(pair)


def read_grounds(folder: Path) -> list[Ground]:
    """The pictures that ``grounds.csv`` lists. Raises GleamError."""
    table = folder / "grounds.csv"
    try:
        with table.open(encoding="utf-8", newline="") as file:
            grounds = [_ground(folder, row) for row in csv.DictReader(file)]
    except FileNotFoundError:
        raise GleamError(
            f"{clean_text(folder.name)} has no grounds.csv.",
            "List its north-up pictures there, with the columns picture,metres_per_pixel.",
        ) from None
    except (KeyError, TypeError, ValueError):
        raise GleamError("grounds.csv needs the columns picture,metres_per_pixel.") from None
    return [ground for ground in grounds if ground.metres_per_pixel > 0]


def _ground(folder: Path, row: dict[str, str]) -> Ground:
    path = folder / row["picture"]
    least, most = (float(row.get(key) or usual) for key, usual in zip(_SIDES, TILE_M, strict=True))
    heights = folder / row["heights"] if row.get("heights") else None
    name, metres = row.get("name") or path.name, float(row["metres_per_pixel"])
    return Ground(path, name, metres, (least, most), heights)


_SIDES = ("least_m", "most_m")


def _camera(aim: Aim, metres: float, chance: np.random.Generator) -> Camera:
    """A camera whose used square shows what is aimed at, from anywhere that people fly."""
    field = float(chance.uniform(*FIELD_OF_VIEW))
    width_m = aim.side * metres / (SQUARE_SHARE * PHOTO[1] / PHOTO[0])
    height = width_m / 2 / np.tan(np.deg2rad(field) / 2)
    tilt = float(chance.uniform(0, TILT)) if chance.random() < TILTED else 0.0
    return Camera(float(height), aim.heading, tilt, field, *PHOTO)


def _photo(
    ground: Picture,
    metres: float,
    aim: Aim,
    camera: Camera,
    heights: Heights | None,
    plane_m: float,
) -> Picture:
    """The photo; where it shows the ground much smaller, the ground is averaged first."""
    factor = aim.side / (SQUARE_SHARE * PHOTO[1])
    if factor < SHRINK:
        at = float(aim.at[0]), float(aim.at[1])
        return photograph(ground, metres, at, camera, heights, plane_m)
    size = round(ground.shape[0] / factor), round(ground.shape[1] / factor)
    x, y = ((aim.at + 0.5) / factor - 0.5).tolist()
    if heights is not None:
        small = cv2.resize(heights, size[::-1], interpolation=cv2.INTER_AREA)
        heights = np.asarray(small, np.float32)
    return photograph(resized(ground, size), metres * factor, (x, y), camera, heights, plane_m)


def _plane(heights: Heights | None, spot: Spot) -> float:
    """The ground about a spot in metres as its model counts them, mostly from the sea."""
    if heights is None:
        return 0.0
    (x, y), half = (int(spot.x), int(spot.y)), int(spot.side / 2)
    about = heights[max(0, y - half) : y + half + 1, max(0, x - half) : x + half + 1]
    return float(np.percentile(about[::4, ::4], GROUND))


def _used_ground(camera: Camera, turn: float) -> NDArray[np.float64]:
    """Corners on the ground of what the encoder sees of a photo: (4, 2) metres (east, south) from its aim."""
    corners = turned_corners((camera.width, camera.height), turn)
    lifted = np.column_stack([corners, np.ones(4)]) @ np.linalg.inv(ground_homography(camera)).T
    return np.asarray(lifted[:, :2] / lifted[:, 2:] * (1, -1), np.float64)
