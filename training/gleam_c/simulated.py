"""The written simulated world as a training set: queries turned as the app would turn them.

A photo or a map shows less than its place's satellite picture; its tile is the part of that picture
that a search at its scale would hold against it. For pictures from the ground it is the whole one.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.imagery.views import VIEWS, View
from gleam_app.retrieval.turning import TURNED_VIEWS, query_pictures
from training.data.perspective import Camera, ground_homography
from training.data.records import held_out, read_pixels
from training.gleam_c.augment import Picture, resized
from training.gleam_c.batches import Sample
from training.gleam_c.recipe import Recipe, ViewRecipe
from training.gleam_c.spots import (
    HEADING_ERROR,
    context_of,
    cut,
    misjudged,
    overlap,
    turned_corners,
)

LEAST_TILE = 0.35  # of the satellite picture: less would show its pixels


@dataclass(frozen=True)
class Taken:
    """A query of a place. ``ground`` maps pixels of a picture from above, if it had ``size``, to metres
    (east, south) about the satellite picture's centre; ``satellite_m`` is that one's side."""

    folder: Path
    file: str
    view: View
    heading: float
    satellite_m: float
    size: tuple[int, int] | None = None
    ground: NDArray[np.float64] | None = None


class SimulatedWorld:
    """Pairs of all views of a recipe; a ``PairSource``. Satellite pictures are the tiles themselves."""

    def __init__(self, folder: Path, split: str, recipe: Recipe) -> None:
        """``split``: "train", or "val", one place in ten. Raises GleamError."""
        self._sizes = recipe.views
        self._taken: list[Taken] = []
        self.places: list[str] = []
        self.views: list[View] = []
        for path in sorted(folder.glob("places/*/sample.json")):
            place = f"sim{path.parent.name}"
            if held_out(place) != (split == "val"):
                continue
            for taken in read_taken(path):
                if taken.view in recipe.views:
                    self._taken.append(taken)
                    self.places.append(f"simworld/{place}")
                    self.views.append(taken.view)
        if not self._taken:
            raise GleamError(
                f"The simulated world has no places for the split {split}.",
                "Write some: python -m training.data.simworld FOLDER",
            )

    def sample(self, pair: int, chance: np.random.Generator) -> Sample:
        """The query as the search shows it at its best turn; beyond the tile its mirror image."""
        taken = self._taken[pair]
        sizes = self._sizes[taken.view]
        turn = 0.0
        if taken.view in TURNED_VIEWS:
            turn = taken.heading + float(chance.uniform(-HEADING_ERROR, HEADING_ERROR))
        pixels = read_pixels(taken.folder / taken.file)
        query = query_pictures(pixels, taken.view, np.array([turn]), sizes.query_px[0])[0]
        satellite = read_pixels(taken.folder / "satellite.jpg")
        if taken.ground is None:
            return Sample(query, _framed(satellite, sizes))
        shown = shown_corners(taken, turn)
        at, side = tile_about(taken, shown, chance)
        pixels_a_metre = satellite.shape[0] / taken.satellite_m
        window = cut(
            satellite,
            (at + taken.satellite_m / 2) * pixels_a_metre,
            side * pixels_a_metre * context_of(sizes),
            sizes.reference_px,
        )
        return Sample(query, window, overlap(shown, at, side))

    def semi_positives(self, pair: int) -> list[str]:
        """None: every place is a world of its own."""
        return []


def tile_about(
    taken: Taken, shown: NDArray[np.float64], chance: np.random.Generator
) -> tuple[NDArray[np.float64], float]:
    """Centre (east, south) and side in metres of the tile that a search might hold against a query."""
    off_centre, scale = misjudged(chance)
    side = float(np.sqrt(cv2.contourArea(shown.astype(np.float32)))) / scale
    side = float(np.clip(side, LEAST_TILE * taken.satellite_m, taken.satellite_m))
    room = (taken.satellite_m - side) / 2
    return np.clip(shown.mean(axis=0) + off_centre * side, -room, room), side


def read_taken(path: Path) -> list[Taken]:
    """The queries of a place from its ``sample.json``. Raises GleamError."""
    try:
        pictures = json.loads(path.read_bytes())["pictures"]
        satellite = next(p for p in pictures if p["view"] == "satellite")
        return [_query(path.parent, p, satellite) for p in pictures if p["view"] in VIEWS]
    except (OSError, ValueError, KeyError, TypeError, StopIteration):
        raise GleamError(
            f"sample.json of place {path.parent.name} cannot be read.",
            "Delete that place's folder and write the world again.",
        ) from None


def _query(folder: Path, entry: dict[str, Any], satellite: dict[str, Any]) -> Taken:
    view, how, satellite_m = entry["view"], entry["how"], float(satellite["how"]["side_m"])
    size, ground = None, None
    east, north = np.subtract(entry["position"], satellite["position"])
    if view == "uav":
        names = ("height_m", "heading", "tilt", "field_of_view", "width", "height")
        camera = Camera(**{name: how[name] for name in names})
        size = camera.width, camera.height
        moved = np.array([[1.0, 0, east], [0, -1, -north], [0, 0, 1]])
        ground = moved @ np.linalg.inv(ground_homography(camera))
    elif view == "map":
        size = 1, 1
        ground = np.array([[how["side_m"], 0, east], [0, how["side_m"], -north], [0, 0, 1.0]])
    return Taken(folder, str(entry["file"]), view, float(how["heading"]), satellite_m, size, ground)


def shown_corners(taken: Taken, turn: float) -> NDArray[np.float64]:
    """Corners (4, 2) in metres (east, south) about the satellite picture's centre of a query's used square."""
    if taken.size is None or taken.ground is None:
        raise ValueError("only pictures from above show a part of the ground")
    corners = np.column_stack([turned_corners(taken.size, turn), np.ones(4)]) @ taken.ground.T
    return np.asarray(corners[:, :2] / corners[:, 2:], np.float64)


def _framed(tile: Picture, sizes: ViewRecipe) -> Picture:
    """The tile at the size of its window, with its mirror image for the context, which was not written."""
    height, width = sizes.reference_px
    margin = sizes.reference_margin_px
    inner = resized(tile, (height - 2 * margin, width - 2 * margin))
    framed = cv2.copyMakeBorder(inner, margin, margin, margin, margin, cv2.BORDER_REFLECT_101)
    return np.asarray(framed, np.uint8)
