"""The query: the picture whose place is sought."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

View = Literal["uav", "ground", "panorama", "map"]
VIEWS: tuple[View, ...] = get_args(View)


@dataclass(frozen=True)
class ExifFacts:
    """What the camera wrote into the file; None where it wrote nothing.

    ``lat``/``lon`` degrees WGS 84, ``altitude_m`` metres above sea level, ``heading_deg`` degrees
    clockwise from north, ``focal_35mm`` millimetres, ``taken_at`` the camera's own clock (ISO 8601).
    """

    lat: float | None = None
    lon: float | None = None
    altitude_m: float | None = None
    heading_deg: float | None = None
    focal_35mm: float | None = None
    taken_at: str | None = None
    camera: str | None = None


@dataclass(frozen=True, eq=False)
class Query:
    """A decoded picture, upright.

    ``pixels`` is uint8 (height, width, 3), RGB, EXIF orientation applied. ``sha256`` is of the file's
    bytes. ``path`` is None for a pasted picture. ``view_guessed`` tells that nobody chose the view.
    """

    name: str
    path: Path | None
    sha256: str
    pixels: NDArray[np.uint8]
    exif: ExifFacts
    view: View
    view_guessed: bool

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]
