"""Street maps on satellite pictures as a training set: turned, shifted, scaled, drawn in other styles.

The folder holds ``satellite/NNNN.ext`` and ``map/NNNN.ext``, aligned (``training.data.streetmaps``).
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from gleam_app.imagery.views import View
from gleam_app.retrieval.turning import SQUARE_SHARE, query_pictures
from training.data.streetmaps import read_split
from training.gleam_c.augment import Picture
from training.gleam_c.batches import Sample
from training.gleam_c.map_styles import classes_of, redrawn, restyled
from training.gleam_c.recipe import Recipe
from training.gleam_c.spots import (
    KEPT,
    Aim,
    Ground,
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

METRES_PER_PIXEL = 1.0  # about; no more is known, and nothing here depends on it
TILE_M = (150.0, 384.0)
LEAST_SPREAD = 1.5  # of the grey levels of a map: nine in 100 show less, mostly water


class StreetMaps:
    """Pairs of street maps and tiles; a ``PairSource``."""

    def __init__(self, folder: Path, split: str, recipe: Recipe) -> None:
        """``split``: "train", or "val", one picture in ten by name. Raises GleamError."""
        sizes = recipe.views["map"]
        self._context = context_of(sizes)
        self._reference_px, self._query_px = sizes.reference_px, sizes.query_px[0]
        pairs = read_split(folder, split).pairs()
        self._maps = {pair.place: Path(str(pair.query)) for pair in pairs}
        self._spots = Spots(
            [
                spot
                for pair in pairs
                for spot in spots_of(
                    Ground(Path(str(pair.satellite)), pair.place, METRES_PER_PIXEL, TILE_M),
                    self._context,
                )
                if shows_something(decoded(Path(str(pair.query))), spot, LEAST_SPREAD)
            ]
        )
        self.places = self._spots.places
        self.views: list[View] = ["map"] * len(self.places)

    def sample(self, pair: int, chance: np.random.Generator) -> Sample:
        """A map about the place and its tile; ``overlap`` is the intersection over union."""
        spot = self._spots.spots[pair]
        path = self._maps[spot.ground.name]
        aim = aimed(spot, chance)
        drawn = decoded(path)
        colours = KEPT.get((path, "colours"), lambda: classes_of(drawn)[1])
        classes = KEPT.get((path, "classes"), lambda: classes_of(drawn)[0])
        window = _window(restyled(drawn, classes, colours, chance), aim, self._query_px)
        query = query_pictures(redrawn(window, chance), "map", np.array([aim.turn]), self._query_px)
        satellite = decoded(spot.ground.path)
        tile = reference(satellite, spot, self._context, self._reference_px, chance)
        error = aim.turn - aim.heading
        shown = turned_corners((1, 1), error) / SQUARE_SHARE * aim.side + aim.at
        return Sample(query[0], tile, overlap(shown, spot.at, spot.side))

    def semi_positives(self, pair: int) -> Sequence[str]:
        """Places of the same picture whose tiles share much of the ground."""
        return self._spots.near(pair)


def _window(drawn: Picture, aim: Aim, query_px: int) -> Picture:
    """The map about the aim, its up direction at the aim's heading; the used square is ``query_px``."""
    side = round(query_px / SQUARE_SHARE)
    scale = query_px / aim.side
    at = aim.at
    if scale < 0.67:  # average first, so that lines neither break nor alias
        small = (round(drawn.shape[1] * scale), round(drawn.shape[0] * scale))
        drawn = np.asarray(cv2.resize(drawn, small, interpolation=cv2.INTER_AREA), np.uint8)
        at, scale = (at + 0.5) * scale - 0.5, 1.0
    angle = -np.deg2rad(aim.heading)  # what lies at the heading comes up: turned anticlockwise
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    linear = np.array([[cos, -sin], [sin, cos]])
    shift = (side - 1) / 2 - linear @ at
    matrix = np.hstack([linear, shift[:, None]])
    window = cv2.warpAffine(
        drawn, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(window, np.uint8)
