"""How a simulated photo looks at a tile: drawn once, taken for every pack alike."""

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gleam_app.retrieval.turning import SQUARE_SHARE
from training.data.perspective import Camera, photograph
from training.gleam_c.report.cuts import Cut, Picture, read, size_of

PHOTO = (
    400,
    300,
)  # width, height; its used square has 240 pixels, more than any encoder here takes


@dataclass(frozen=True)
class Pose:
    """Where a photo looks. Offsets and scale in sides of the tile, angles in degrees.

    ``scale``: side of the ground square that the encoder is shown. ``tilt`` off nadir.
    """

    east: float
    south: float
    scale: float
    heading: float
    tilt: float
    field: float

    def shown(self, tile: Cut) -> Cut:
        """The ground square that the encoder is shown, were the camera not tilted."""
        x, y = tile.x + self.east * tile.side, tile.y + self.south * tile.side
        return Cut(tile.path, x, y, self.scale * tile.side)

    def share_inside(self, tile: Cut) -> float:
        """Share of that square that lies in the picture; the rest would be its mirror image."""
        seen = self.shown(tile)
        size = np.array(size_of(tile.path), np.float64)
        middle, half = np.array([seen.x, seen.y]), seen.side / 2
        kept = np.minimum(middle + half, size) - np.maximum(middle - half, 0)
        return float(np.prod(np.clip(kept, 0, None)) / seen.side**2)


def draw(chance: np.random.Generator, offset: float, scale: float, tilted: float = 0.0) -> Pose:
    """Any heading; offsets up to ``offset`` each way, scale up to ``scale`` either way; a share
    ``tilted`` of the cameras leans by up to 35 degrees."""
    east, south = chance.uniform(-offset, offset, 2)
    size = np.exp(chance.uniform(-np.log(scale), np.log(scale)))
    heading, field = chance.uniform(0, 360), chance.uniform(50, 85)
    lean = chance.uniform(0, 35)
    tilt = lean if chance.random() < tilted else 0.0
    return Pose(*(float(x) for x in (east, south, size, heading, tilt, field)))


def with_overlap(pose: Pose, share: float, tile: Cut) -> Pose:
    """The pose moved along a diagonal until it shows ``share`` of the tile, as large as the tile.

    Of the four diagonals the one that keeps most of the photo inside the picture.
    """
    off = 1 - float(np.sqrt(share))
    moved = [
        replace(pose, east=east, south=south, scale=1.0)
        for east in (-off, off)
        for south in (-off, off)
    ]
    return max(moved, key=lambda one: one.share_inside(tile))


def take(picture: Path, tile: Cut, pose: Pose) -> Picture:
    """The photo that is taken of ``picture`` (as large as the tile's): uint8 (300, 400, 3)."""
    ground = np.asarray(read(picture), np.uint8)
    seen = pose.shown(tile)
    wide = seen.side / (SQUARE_SHARE * PHOTO[1] / PHOTO[0])
    shrunk = min(1.0, 1.2 * PHOTO[0] / wide)
    if shrunk < 1.0:  # average first, so that the warp does not alias
        size = (round(ground.shape[1] * shrunk), round(ground.shape[0] * shrunk))
        ground = np.asarray(cv2.resize(ground, size, interpolation=cv2.INTER_AREA), np.uint8)
    distance = wide / 2 / np.tan(np.deg2rad(pose.field) / 2)
    height = float(distance * np.cos(np.deg2rad(pose.tilt)))
    camera = Camera(height, pose.heading, pose.tilt, pose.field, *PHOTO)
    centre: NDArray[np.float64] = np.array([seen.x, seen.y]) * shrunk - 0.5
    return photograph(ground, 1 / shrunk, (float(centre[0]), float(centre[1])), camera)
