"""The written simulated world as a training set: queries turned as the app would turn them."""

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
from training.gleam_c.recipe import Recipe
from training.gleam_c.spots import HEADING_ERROR, overlap, turned_corners


@dataclass(frozen=True)
class _Taken:
    """A query of a place. ``ground`` maps its pixels to metres (east, south) about the tile's centre."""

    folder: Path
    file: str
    view: View
    heading: float
    tile_m: float
    size: tuple[int, int] | None = None
    ground: NDArray[np.float64] | None = None


class SimulatedWorld:
    """Pairs of all views of a recipe; a ``PairSource``. Satellite pictures are the tiles themselves."""

    def __init__(self, folder: Path, split: str, recipe: Recipe) -> None:
        """``split``: "train", or "val", one place in ten. Raises GleamError."""
        self._sizes = recipe.views
        self._taken: list[_Taken] = []
        self.places: list[str] = []
        self.views: list[View] = []
        for path in sorted(folder.glob("places/*/sample.json")):
            place = f"sim{path.parent.name}"
            if held_out(place) != (split == "val"):
                continue
            for taken in _read(path):
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
        return Sample(query, self._window(taken, sizes.reference_margin_px), _shared(taken, turn))

    def semi_positives(self, pair: int) -> list[str]:
        """None: every place is a world of its own."""
        return []

    def _window(self, taken: _Taken, margin: int) -> Picture:
        height, width = self._sizes[taken.view].reference_px
        tile = read_pixels(taken.folder / "satellite.jpg")
        inner = resized(tile, (height - 2 * margin, width - 2 * margin))
        if not margin:
            return inner
        framed = cv2.copyMakeBorder(inner, margin, margin, margin, margin, cv2.BORDER_REFLECT_101)
        return np.asarray(framed, np.uint8)


def _read(path: Path) -> list[_Taken]:
    try:
        pictures = json.loads(path.read_bytes())["pictures"]
        satellite = next(p for p in pictures if p["view"] == "satellite")
        return [_query(path.parent, p, satellite) for p in pictures if p["view"] in VIEWS]
    except (OSError, ValueError, KeyError, TypeError, StopIteration):
        raise GleamError(
            f"sample.json of place {path.parent.name} cannot be read.",
            "Delete that place's folder and write the world again.",
        ) from None


def _query(folder: Path, entry: dict[str, Any], satellite: dict[str, Any]) -> _Taken:
    view, how, tile_m = entry["view"], entry["how"], float(satellite["how"]["side_m"])
    size, ground = None, None
    east, north = np.subtract(entry["position"], satellite["position"])
    if view == "uav":
        names = ("height_m", "heading", "tilt", "field_of_view", "width", "height")
        camera = Camera(**{name: how[name] for name in names})
        size = camera.width, camera.height
        moved = np.array([[1.0, 0, east], [0, -1, -north], [0, 0, 1]])
        ground = moved @ np.linalg.inv(ground_homography(camera))
    return _Taken(folder, str(entry["file"]), view, float(how["heading"]), tile_m, size, ground)


def _shared(taken: _Taken, turn: float) -> float:
    """Intersection over union on the ground of what a photo's used square shows and the tile.

    1 for pictures from the ground, and for maps, which overlap their tiles well by construction.
    """
    if taken.ground is None or taken.size is None:
        return 1.0
    corners = np.column_stack([turned_corners(taken.size, turn), np.ones(4)]) @ taken.ground.T
    return overlap(corners[:, :2] / corners[:, 2:], np.zeros(2), taken.tile_m)
