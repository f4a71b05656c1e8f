"""The held-out pictures as trials: orthophotos, the simulated world, street maps."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gleam_app.imagery.views import View
from training.data.perspective import another_day, relief
from training.data.records import held_out, read_pixels
from training.data.simworld.folder import open_simworld
from training.data.streetmaps import read_split
from training.gleam_c.orthophotos import Orthophotos
from training.gleam_c.recipe import read_recipe
from training.gleam_c.report.corruptions import CORRUPTIONS
from training.gleam_c.report.cuts import Cut, Picture, grid, size_of, whole
from training.gleam_c.report.poses import Pose, draw, take, with_overlap
from training.gleam_c.report.trials import Asked, Trial

SEED = 2026
TILE_M = (45.0, 220.0)  # side of a tile on the ground
LEAST_PX = 96  # as the app: a tile of fewer pixels is blur
LARGEST = 0.65  # of a picture's shorter side, so that photos from beside a tile stay inside
STEP = 0.5  # of a tile between two tiles
RIGHT, HALF_RIGHT = 0.25, 0.75  # distances of centres, in tiles: right below, wrong above
PHOTOS = 300
MIDDLE = 0.5  # of a street map's side is the tile: photos may look around it
INSIDE = 0.8  # share of a photo that must lie in the picture where its geometry is stretched

Change = Callable[[Pose, Cut], Pose]
# geometry under test: name -> the pose that a drawn one becomes
STRETCHED: dict[str, Change] = {
    "scale 0.5": lambda pose, tile: replace(pose, scale=0.5),
    "scale 2": lambda pose, tile: replace(pose, scale=2.0),
    "tilt 35": lambda pose, tile: replace(pose, tilt=35.0),
    "overlap 30 %": lambda pose, tile: with_overlap(pose, 0.3, tile),
}
CHANGES = (*STRETCHED, *CORRUPTIONS)


@dataclass(frozen=True)
class Shot:
    """A photo to be taken: of which picture, at which tile, how, and its seed."""

    picture: Path
    tile: Cut
    pose: Pose
    seed: int
    appearance: bool

    def photo(self, change: str = "") -> Picture:
        """uint8 pixels; ``change`` is one of ``CHANGES``."""
        chance = np.random.default_rng([SEED, self.seed])
        pose = STRETCHED[change](self.pose, self.tile) if change in STRETCHED else self.pose
        photo = take(self.picture, self.tile, pose)
        if self.appearance:
            strength = float(chance.uniform(0, 0.05))
            photo = relief(photo, strength, chance)
            photo = another_day(photo, chance)
        if change in CORRUPTIONS:
            photo = CORRUPTIONS[change](photo, np.random.default_rng([SEED, self.seed, 1]))
        return photo

    def fits(self, change: str) -> bool:
        """Whether the picture holds enough of what the changed photo shows."""
        if change not in STRETCHED:
            return True
        return STRETCHED[change](self.pose, self.tile).share_inside(self.tile) >= INSIDE


@dataclass(frozen=True, eq=False)
class ShotTrial(Trial):
    """A trial whose photos are simulated, and so can be changed."""

    shots: tuple[Shot, ...] = ()

    def changed(self, change: str) -> tuple["ShotTrial", list[int]]:
        """The trial under a change, and which of the queries it keeps: those that fit."""
        kept = [i for i, shot in enumerate(self.shots) if shot.fits(change)]
        shots = tuple(self.shots[i] for i in kept)
        trial = replace(
            self,
            name=f"{self.name} {change}",
            asked=tuple(self.asked[i] for i in kept),
            photo=lambda i: shots[i].photo(change),
            made_of=(shots, change),
            shots=shots,
        )
        return trial, kept


def _shot_trial(
    name: str, measurement: str, view: View, asked: list[Asked], tiles: list[Cut], shots: list[Shot]
) -> ShotTrial:
    taken = tuple(shots)
    return ShotTrial(
        name,
        measurement,
        view,
        tuple(asked),
        lambda i: taken[i].photo(),
        tuple(tiles),
        taken,
        taken,
    )


def orthophotos(data: Path) -> ShotTrial:
    """Photos simulated from held-out orthophotos, against all tiles of these pictures."""
    source = Orthophotos(data / "orthophotos", "val", read_recipe("starter-cpu"))
    grounds = sorted({(spot.ground.path, spot.ground.metres_per_pixel) for spot in source.spots})
    tiles = [tile for picture, metres in grounds for tile in _tiles(picture, metres)]
    chance = np.random.default_rng(SEED)
    chosen = np.sort(chance.permutation(len(tiles))[:PHOTOS]).tolist()
    of_picture: dict[Path, list[int]] = {}
    for row, tile in enumerate(tiles):
        of_picture.setdefault(tile.path, []).append(row)
    asked, shots = [], []
    for seed, row in enumerate(chosen):
        tile = tiles[row]
        pose = draw(chance, offset=0.15, scale=1.25, tilted=0.6)
        right, near = near_rows(tile, tiles, of_picture[tile.path])
        asked.append(Asked(tile.path.name, pose.heading, right, near))
        shots.append(Shot(tile.path, tile, pose, seed, True))
    return _shot_trial(
        "orthophotos", "uav, real imagery, simulated camera", "uav", asked, tiles, shots
    )


def _tiles(picture: Path, metres: float) -> list[Cut]:
    """Half-overlapping tiles of one side, which is drawn by the picture's name."""
    width, height = size_of(picture)
    smallest = max(LEAST_PX, TILE_M[0] / metres)
    largest = min(LARGEST * min(width, height), TILE_M[1] / metres)
    if smallest > largest:
        return []
    chance = np.random.default_rng(list(picture.name.encode()))
    side = float(np.exp(chance.uniform(np.log(smallest), np.log(largest))))
    return list(grid(picture, side, STEP * side))


def near_rows(
    tile: Cut, tiles: list[Cut], among: list[int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Rows of ``among`` whose tiles are right for a photo of ``tile``, and those neither right nor wrong."""
    away = np.array([tiles[row].distance(tile) for row in among]) / tile.side
    rows = np.array(among)
    right, near = rows[away < RIGHT], rows[(away >= RIGHT) & (away < HALF_RIGHT)]
    return tuple(right.tolist()), tuple(near.tolist())


def simulated(data: Path, view: View) -> Trial:
    """The held-out places of the simulated world in one view."""
    split = open_simworld(data / "simworld", view)
    kept = [i for i, place in enumerate(split.places) if held_out(place)]
    queries = [split.queries[i] for i in kept]
    asked = [
        Asked(split.places[i], _heading(Path(str(split.queries[i])), view), (row,))
        for row, i in enumerate(kept)
    ]
    tiles = tuple(whole(Path(str(split.gallery[i]))) for i in kept)
    return Trial(
        f"simulated {view}", f"{view}, simulated world", view, tuple(asked),
        lambda i: read_pixels(queries[i]), tiles, queries,
    )  # fmt: skip


def _heading(query: Path, view: View) -> float | None:
    written = json.loads((query.parent / "sample.json").read_text("utf-8"))
    how = next(picture["how"] for picture in written["pictures"] if picture["view"] == view)
    return None if view == "ground" else float(how["heading"])


def street_maps(data: Path) -> Trial:
    """Held-out street maps as they are, against their satellite pictures."""
    split = read_split(data / "streetmaps", "val")
    asked = tuple(Asked(place, 0.0, (row,)) for row, place in enumerate(split.places))
    tiles = tuple(whole(Path(str(picture))) for picture in split.gallery)
    return Trial(
        "street maps", "map, real, as they are", "map", asked,
        lambda i: read_pixels(split.queries[i]), tiles, split.queries,
    )  # fmt: skip


def moved_street_maps(data: Path) -> ShotTrial:
    """The same maps turned, scaled and shifted, against the middle of the satellite pictures."""
    split = read_split(data / "streetmaps", "val")
    asked, tiles, shots = [], [], []
    for row, (place, query, picture) in enumerate(
        zip(split.places, split.queries, split.gallery, strict=True)
    ):
        middle = whole(Path(str(picture)))
        tile = replace(middle, side=MIDDLE * middle.side)
        chance = np.random.default_rng(
            [SEED, *place.encode()]
        )  # by name, whatever stands beside it
        pose = draw(chance, offset=0.15, scale=1.4)
        asked.append(Asked(place, pose.heading, (row,)))
        tiles.append(tile)
        shots.append(Shot(Path(str(query)), tile, pose, row, False))
    return _shot_trial(
        "moved street maps", "map, real, turned, scaled, shifted", "map", asked, tiles, shots
    )
