"""How another supplier would have coloured the same satellite picture: mildly, and alike everywhere."""

import cv2
import numpy as np

from training.gleam_c.augment import Picture


def graded(picture: Picture, chance: np.random.Generator) -> Picture:
    """Gamma, white balance, saturation and haze."""
    levels = np.linspace(0, 1, 256)[:, None]
    curve = levels ** chance.uniform(0.75, 1.33) * chance.uniform(0.93, 1.07, 3)
    haze = chance.uniform(0, 0.15)
    curve = curve * (1 - haze) + haze * chance.uniform(0.7, 0.9)
    table = np.clip(255 * curve + 0.5, 0, 255).astype(np.uint8)[None]
    return saturated(np.asarray(cv2.LUT(picture, table), np.uint8), chance.uniform(0.6, 1.3))


def saturated(picture: Picture, factor: float) -> Picture:
    """Colours drawn away from grey (the mean of the three) by ``factor``."""
    mix = np.full((3, 3), (1 - factor) / 3) + np.eye(3) * factor
    return np.asarray(cv2.transform(picture, mix), np.uint8)
