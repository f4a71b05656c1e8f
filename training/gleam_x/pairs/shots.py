"""Shots: matching pictures of one place, the raw material of pairs.

Any ``PairSource`` of GLEAM-C gives them; the simulated world gives its facts with them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.imagery.views import VIEWS, View
from gleam_app.retrieval.turning import TURNED_VIEWS, query_pictures
from training.data.records import read_pixels
from training.gleam_c.augment import Picture, resized
from training.gleam_c.batches import PairSource
from training.gleam_c.orthophotos import Orthophotos
from training.gleam_c.recipe import AugmentRecipe, Recipe, ViewRecipe, read_recipe
from training.gleam_c.simulated import Taken, read_taken, shown_corners, tile_about
from training.gleam_c.sources import MADE
from training.gleam_c.spots import HEADING_ERROR, cut

SIDE_PX = 256
LEAST_OVERLAP = 0.3  # intersection over union on the ground: less is no plain match
TRIES = 12


@dataclass(frozen=True, eq=False)
class Shot:
    """A match as pixels: ``query`` uint8 (256, 256, 3), a panorama (256, 512, 3), turned north if known;
    ``tile`` uint8 (256, 256, 3), north up. ``scene``: how to find its facts again, None for real pictures."""

    query: Picture
    tile: Picture
    tile_m: float | None = None
    heading_deg: float | None = None
    scene: dict[str, Any] | None = None


class ShotSource(Protocol):
    """Matches that can be taken; ``towns`` groups places that lie beside each other."""

    @property
    def places(self) -> Sequence[str]: ...
    @property
    def views(self) -> Sequence[View]: ...
    @property
    def towns(self) -> Sequence[str]: ...
    def near(self, number: int) -> Sequence[str]:
        """Places that are neither right nor wrong for a shot."""
        ...

    def take(self, number: int, seed: int) -> Shot | None:
        """A function of its arguments alone; None where no picture shows enough of its tile."""
        ...


class FromPairs:
    """The matches of any source that GLEAM-C trains on."""

    def __init__(self, source: PairSource, north: bool) -> None:
        """``north``: the source turns its queries north; benchmarks give them as they were taken."""
        self._source, self._north = source, north
        self.places, self.views = source.places, source.views
        self.towns = [town_of(place) for place in source.places]
        self._tile_m = (
            [spot.tile_m for spot in source.spots] if isinstance(source, Orthophotos) else None
        )

    def near(self, number: int) -> Sequence[str]:
        return self._source.semi_positives(number)

    def take(self, number: int, seed: int) -> Shot | None:
        for turn in range(TRIES):
            chance = np.random.default_rng([seed, number, turn])
            sample = self._source.sample(number, chance)
            if sample.overlap >= LEAST_OVERLAP:
                wide = 2 if self.views[number] == "panorama" else 1
                return Shot(
                    resized(sample.query, (SIDE_PX, wide * SIDE_PX)),
                    resized(sample.satellite, (SIDE_PX, SIDE_PX)),
                    None if self._tile_m is None else round(self._tile_m[number], 1),
                    0.0 if self._north and self.views[number] in TURNED_VIEWS else None,
                )
        return None


@dataclass(frozen=True)
class _Stand:
    """A query of the simulated world: where its satellite picture lies, and where it was taken from."""

    taken: Taken
    centre: tuple[float, float]
    position: tuple[float, float]
    style: str


class FromWorld:
    """The written simulated world, with what is needed to read the facts of each picture."""

    def __init__(self, folder: Path) -> None:
        self._stands: list[_Stand] = []
        self.places: list[str] = []
        self.views: list[View] = []
        for path in sorted(folder.glob("places/*/sample.json")):
            entries = {p["view"]: p for p in json.loads(path.read_bytes())["pictures"]}
            for taken in read_taken(path):
                entry = entries[taken.view]
                centre, position = entries["satellite"]["position"], entry["position"]
                style = str(entry["how"].get("style", ""))
                self._stands.append(_Stand(taken, tuple(centre), tuple(position), style))
                self.places.append(f"simworld/{path.parent.name}")
                self.views.append(taken.view)
        self.towns = self.places

    def folder(self, number: int) -> Path:
        """Where the scene facts of a shot's place lie."""
        return self._stands[number].taken.folder

    def near(self, number: int) -> Sequence[str]:
        """None: every place is a world of its own."""
        return ()

    def take(self, number: int, seed: int) -> Shot | None:
        chance = np.random.default_rng([seed, number])
        stand = self._stands[number]
        taken = stand.taken
        turn = 0.0
        if taken.view in TURNED_VIEWS:
            turn = taken.heading + float(chance.uniform(-HEADING_ERROR, HEADING_ERROR))
        pixels = _read(taken.folder / taken.file)
        query = query_pictures(pixels, taken.view, np.array([turn]), SIDE_PX)[0]
        satellite = _read(taken.folder / "satellite.jpg")
        heading = taken.heading if taken.view == "ground" else round(taken.heading - turn, 2) % 360
        scene: dict[str, Any] = {"style": stand.style}
        if taken.ground is None:
            at, side = np.zeros(2), taken.satellite_m
            scene["spot"], scene["heading"] = stand.position, taken.heading
        else:
            shown = shown_corners(taken, turn)
            at, side = tile_about(taken, shown, chance)
            scene["frame1"] = _on_ground(shown, stand.centre)
        scene["frame2"] = _on_ground(_square(at, side), stand.centre)
        scale = satellite.shape[0] / taken.satellite_m
        middle = (at + taken.satellite_m / 2) * scale
        tile = cut(satellite, middle, side * scale, (SIDE_PX, SIDE_PX))
        return Shot(query, tile, round(side, 1), heading, scene)


_read = lru_cache(8)(read_pixels)


def _square(at: NDArray[np.float64], side: float) -> NDArray[np.float64]:
    return at + side / 2 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])


def _on_ground(corners: NDArray[np.float64], centre: tuple[float, float]) -> list[list[float]]:
    """(east, south) metres about the satellite picture -> (east, north) in the scene."""
    placed = corners * (1, -1) + centre
    return [[round(float(x), 2), round(float(y), 2)] for x, y in placed]


def town_of(place: str) -> str:
    """The picture that a place was cut from; a place of its own is its own town."""
    return place.rsplit(" ", 2)[0] if place.startswith("ground/") else place


def plain_recipe() -> Recipe:
    """The starter's recipe with every view at the size of a record's pictures, and no context."""
    size = (SIDE_PX, SIDE_PX)
    views = {
        view: ViewRecipe(
            query_px=(SIDE_PX, 2 * SIDE_PX) if view == "panorama" else size,
            reference_px=size,
            reference_margin_px=0,
        )
        for view in VIEWS
    }
    return read_recipe("starter-cpu").model_copy(
        update={"views": views, "augment": AugmentRecipe()}
    )


def open_shots(name: str, folder: Path, split: str) -> ShotSource:
    """The shots of one data set; ``split`` as ``training.data`` names it, ignored by the simulated world.

    Raises GleamError.
    """
    if not folder.is_dir():
        raise GleamError(
            f"There is no folder {folder.name} with the data set {name}.",
            "Make the training data first: python -m training gleam-c inputs, "
            "python -m training.data.simworld",
        )
    if name == "simworld":
        return FromWorld(folder)
    if name in MADE:
        return FromPairs(MADE[name](folder, split, plain_recipe()), north=True)
    from training.data import open_dataset
    from training.gleam_c.sources import FilePairs

    return FromPairs(FilePairs([(name, open_dataset(name, folder, split).pairs())]), north=False)
