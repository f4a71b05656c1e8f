"""From arrays to Qt images. Safe off the GUI thread, where it belongs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

SMALLEST_LEVEL_PX = 512


def to_image(pixels: NDArray[np.uint8]) -> QImage:
    """A QImage with its own copy of ``pixels`` (uint8 RGB, height x width x 3)."""
    height, width = pixels.shape[:2]
    pixels = np.ascontiguousarray(pixels)
    image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return image.convertToFormat(QImage.Format.Format_RGB32)  # copies, and paints fastest


@dataclass(frozen=True, eq=False)
class Pyramid:
    """The picture at full size, half, a quarter …: painting picks the level it needs."""

    levels: tuple[QImage, ...]

    @property
    def width(self) -> int:
        return self.levels[0].width()

    @property
    def height(self) -> int:
        return self.levels[0].height()

    def level_for(self, scale: float) -> tuple[QImage, float]:
        """The smallest level that is still sharp at ``scale`` (screen pixels a picture pixel), and
        its size relative to the full picture."""
        chosen, relative = self.levels[0], 1.0
        for number, image in enumerate(self.levels):
            if 0.5**number < scale:
                break
            chosen, relative = image, image.width() / self.width
        return chosen, relative


def make_pyramid(pixels: NDArray[np.uint8]) -> Pyramid:
    """All levels of a picture (uint8 RGB, height x width x 3) down to about half a screen."""
    levels = [to_image(pixels)]
    while max(levels[-1].width(), levels[-1].height()) > 2 * SMALLEST_LEVEL_PX:
        last = levels[-1]
        levels.append(
            last.scaled(
                max(1, last.width() // 2),
                max(1, last.height() // 2),
                Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        )
    return Pyramid(tuple(levels))
