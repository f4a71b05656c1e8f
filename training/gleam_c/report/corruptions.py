"""What photos suffer: each a function of the pixels and of chance."""

from collections.abc import Callable

import cv2
import numpy as np

from training.data.perspective import another_day
from training.gleam_c.report.cuts import Picture

Corruption = Callable[[Picture, np.random.Generator], Picture]


def _bytes(values: object) -> Picture:
    return np.clip(np.asarray(values, np.float32), 0, 255).astype(np.uint8)


def _season(photo: Picture, chance: np.random.Generator) -> Picture:
    """Another day's light, hue turned by up to 30 degrees, saturation from a fifth to almost double."""
    hsv = cv2.cvtColor(another_day(photo, chance), cv2.COLOR_RGB2HSV).astype(np.float32)
    hsv[..., 0] = (hsv[..., 0] + chance.uniform(-15, 15)) % 180  # OpenCV halves the hue
    hsv[..., 1] *= chance.uniform(0.2, 1.8)
    return np.asarray(cv2.cvtColor(_bytes(hsv), cv2.COLOR_HSV2RGB), np.uint8)


def _grey(photo: Picture, chance: np.random.Generator) -> Picture:
    return np.repeat(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2).astype(np.uint8)


def _dark(photo: Picture, chance: np.random.Generator) -> Picture:
    return _bytes(255 * 0.5 * (photo / 255.0) ** 1.8)


def _haze(photo: Picture, chance: np.random.Generator) -> Picture:
    return _bytes(0.4 * photo.astype(np.float32) + 0.6 * 215)


def _blur(photo: Picture, chance: np.random.Generator) -> Picture:
    return np.asarray(cv2.GaussianBlur(photo, (0, 0), 0.01 * min(photo.shape[:2])), np.uint8)


def _noise(photo: Picture, chance: np.random.Generator) -> Picture:
    return _bytes(photo + chance.normal(0, 25, photo.shape))


def _jpeg(photo: Picture, chance: np.random.Generator) -> Picture:
    _, data = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, 20])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _holes(photo: Picture, chance: np.random.Generator) -> Picture:
    """Black rectangles until three tenths of the photo are gone."""
    out = photo.copy()
    height, width = photo.shape[:2]
    gone = np.zeros((height, width), bool)
    while gone.mean() < 0.3:
        h, w = (chance.uniform(0.1, 0.2, 2) * min(height, width)).astype(int)
        top, left = int(chance.integers(height - h)), int(chance.integers(width - w))
        gone[top : top + h, left : left + w] = True
    out[gone] = 0
    return out


CORRUPTIONS: dict[str, Corruption] = {
    "season and colour": _season,
    "grey": _grey,
    "dark": _dark,
    "haze": _haze,
    "blur": _blur,
    "noise": _noise,
    "JPEG 20": _jpeg,
    "holes 30 %": _holes,
}
