"""Real imagery as a training set: UAV photos simulated from orthophotos by true perspective.

The folder holds ``grounds.csv`` with the columns ``picture,metres_per_pixel``: north-up pictures,
relative to it. Three more columns may follow: ``name``, where file names alone are not unique, and
``least_m``, ``most_m``, the sides of its tiles. Each picture is cut into places on a grid; a place has a
tile of its own size, and every visit draws another camera, another day and another offset. Whole
pictures are held out for validation, by name.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.imagery.exif import clean_text
from gleam_app.imagery.views import View
from gleam_app.retrieval.turning import SQUARE_SHARE, query_pictures
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
from training.gleam_c.grading import graded
from training.gleam_c.recipe import Recipe
from training.gleam_c.spots import (
    Aim,
    Ground,
    Spots,
    aimed,
    context_of,
    cut,
    decoded,
    overlap,
    shows_something,
    spots_of,
    turned_corners,
)

TILE_M = (45.0, 220.0)  # side of a tile, drawn for each place between these
TILTED = 0.6  # of the photos
TILT = 35.0
FIELD_OF_VIEW = (50.0, 85.0)
PHOTO = (320, 240)
GRADED = 0.5  # of the satellite pictures
LEAST_SPREAD = 5.0  # of the grey levels of a tile: 2.4 in 100 show less, mostly water
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
                for ground in _grounds(folder)
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
        photo = relief(_photo(ground, metres, aim, camera), float(chance.uniform(0, 0.05)), chance)
        photo = another_day(photo, chance)
        query = query_pictures(photo, "uav", np.array([aim.turn]), self._query_px)[0]
        tile = cut(ground, spot.at, spot.side * self._context, self._reference_px)
        if chance.random() < GRADED:
            tile = graded(tile, chance)
        shown = aim.at + _used_ground(camera, aim.turn) / metres
        return Sample(query, tile, overlap(shown, spot.at, spot.side))

    def semi_positives(self, pair: int) -> Sequence[str]:
        """Places of the same picture whose tiles share much of the ground."""
        return self._spots.near(pair)


def _grounds(folder: Path) -> list[Ground]:
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
    return Ground(path, row.get("name") or path.name, float(row["metres_per_pixel"]), (least, most))


_SIDES = ("least_m", "most_m")


def _camera(aim: Aim, metres: float, chance: np.random.Generator) -> Camera:
    """A camera whose used square shows what is aimed at, from anywhere that people fly."""
    field = float(chance.uniform(*FIELD_OF_VIEW))
    width_m = aim.side * metres / (SQUARE_SHARE * PHOTO[1] / PHOTO[0])
    height = width_m / 2 / np.tan(np.deg2rad(field) / 2)
    tilt = float(chance.uniform(0, TILT)) if chance.random() < TILTED else 0.0
    return Camera(float(height), aim.heading, tilt, field, *PHOTO)


def _photo(ground: Picture, metres: float, aim: Aim, camera: Camera) -> Picture:
    """The photo; where it shows the ground much smaller, the ground is averaged first."""
    factor = aim.side / (SQUARE_SHARE * PHOTO[1])
    if factor < SHRINK:
        return photograph(ground, metres, (float(aim.at[0]), float(aim.at[1])), camera)
    size = round(ground.shape[0] / factor), round(ground.shape[1] / factor)
    x, y = ((aim.at + 0.5) / factor - 0.5).tolist()
    return photograph(resized(ground, size), metres * factor, (x, y), camera)


def _used_ground(camera: Camera, turn: float) -> NDArray[np.float64]:
    """Corners on the ground of what the encoder sees of a photo: (4, 2) metres (east, south) from its aim."""
    corners = turned_corners((camera.width, camera.height), turn)
    lifted = np.column_stack([corners, np.ones(4)]) @ np.linalg.inv(ground_homography(camera)).T
    return np.asarray(lifted[:, :2] / lifted[:, 2:] * (1, -1), np.float64)
