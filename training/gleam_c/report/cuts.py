"""Squares of pictures: what a gallery is made of, with as much true context as the picture has."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gleam_app.errors import GleamError
from gleam_app.imagery.exif import clean_text
from training.data.records import read_pixels

Picture = NDArray[np.uint8]

# a square's neighbours come from the same file: a few decoded ones spare most of the reading
read = functools.lru_cache(8)(read_pixels)


@dataclass(frozen=True)
class Cut:
    """A north-up square of a picture: its centre and side in the picture's pixels."""

    path: Path
    x: float
    y: float
    side: float

    def window(self, size_px: int, margin_px: int = 0) -> Picture:
        """The square at ``size_px``, and ``margin_px`` more on each edge: uint8 (S, S, 3).

        Beyond the picture stands its mirror image.
        """
        whole = size_px + 2 * margin_px
        side = max(2, round(self.side * whole / size_px))
        ground = read(self.path)
        height, width = ground.shape[:2]
        left, top = round(self.x - side / 2), round(self.y - side / 2)
        right, bottom = left + side, top + side
        inside = ground[max(0, top) : min(height, bottom), max(0, left) : min(width, right)]
        framed = cv2.copyMakeBorder(
            inside, max(0, -top), max(0, bottom - height), max(0, -left), max(0, right - width),
            cv2.BORDER_REFLECT_101,
        )  # fmt: skip
        how = cv2.INTER_AREA if side > whole else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(framed, (whole, whole), interpolation=how), np.uint8)

    def distance(self, other: "Cut") -> float:
        """Between the centres, in pixels of the picture; infinite between two pictures."""
        if self.path != other.path:
            return np.inf
        return float(np.hypot(self.x - other.x, self.y - other.y))


def size_of(path: Path) -> tuple[int, int]:
    """Width and height of a picture, without decoding it. Raises GleamError."""
    try:
        with Image.open(path) as opened:
            return opened.size
    except OSError:
        raise GleamError(f"{clean_text(path.name)} cannot be read as a picture.") from None


def whole(path: Path) -> Cut:
    """The largest middle square of a picture."""
    width, height = size_of(path)
    return Cut(path, width / 2, height / 2, min(width, height))


def grid(path: Path, side: float, step: float) -> Iterator[Cut]:
    """All squares of ``side`` that lie inside a picture, ``step`` pixels apart, by row."""
    width, height = size_of(path)
    for y in np.arange(side / 2, height - side / 2 + 1e-6, step):
        for x in np.arange(side / 2, width - side / 2 + 1e-6, step):
            yield Cut(path, float(x), float(y), side)
