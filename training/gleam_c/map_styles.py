"""Street maps in other styles: the colours of a drawn map, and what to put in their places."""

import colorsys

import cv2
import numpy as np
from numpy.typing import NDArray

from training.gleam_c.augment import Picture

MOST_COLOURS = 8
LEAST_SHARE = 0.004  # of a picture: rarer colours are edges
LEAST_DISTANCE = 20.0  # between two colours that are told apart, in RGB
AS_IT_IS, ANY_COLOURS, GREY = 0.15, 0.1, 0.1  # of the maps
DARK = 0.3  # of the styles

_Range = tuple[float, float]
# (hue, lightness, saturation) ranges of what is drawn, in light and in dark styles
_HSL = tuple[_Range, _Range, _Range]
_LIGHT: dict[str, _HSL] = {
    "water": ((0.48, 0.66), (0.55, 0.88), (0.15, 0.8)),
    "green": ((0.2, 0.42), (0.65, 0.9), (0.1, 0.6)),
    "main road": ((0.0, 0.17), (0.55, 0.95), (0.3, 1.0)),
    "road": ((0.0, 1.0), (0.95, 1.0), (0.0, 0.3)),
    "ground": ((0.05, 0.2), (0.76, 0.93), (0.0, 0.35)),
}
_DARK: dict[str, _HSL] = {
    "water": ((0.5, 0.68), (0.02, 0.22), (0.2, 0.7)),
    "green": ((0.25, 0.45), (0.12, 0.28), (0.05, 0.4)),
    "main road": ((0.0, 0.2), (0.4, 0.65), (0.1, 0.7)),
    "road": ((0.5, 0.75), (0.32, 0.6), (0.0, 0.25)),
    "ground": ((0.5, 0.75), (0.07, 0.2), (0.0, 0.3)),
}


def classes_of(drawn: Picture) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Class of each pixel, uint8 (H, W), and the colours of the classes, uint8 (classes, 3).

    The commonest colours that differ enough; every pixel belongs to the nearest.
    """
    bins = (drawn >> 3).astype(np.int32) @ np.array([1024, 32, 1], np.int32)
    counts = np.bincount(bins.reshape(-1), minlength=32_768)
    order = np.argsort(-counts, kind="stable")
    colours: list[NDArray[np.float32]] = []
    for code in order[counts[order] >= LEAST_SHARE * bins.size].tolist():
        colour = np.array([code >> 10, code >> 5 & 31, code & 31], np.float32) * 8 + 4
        if all(np.linalg.norm(colour - other) >= LEAST_DISTANCE for other in colours):
            colours.append(colour)
        if len(colours) == MOST_COLOURS:
            break
    if not colours:
        colours.append(drawn.reshape(-1, 3).mean(axis=0).astype(np.float32))
    palette = np.array(colours)
    codes = np.flatnonzero(counts)
    shades = np.stack([codes >> 10, codes >> 5 & 31, codes & 31], axis=1) * 8 + 4
    table = np.zeros(32_768, np.uint8)
    table[codes] = np.argmin(np.linalg.norm(shades[:, None] - palette, axis=2), axis=1)
    # the median takes away the seams, one pixel wide, of colours that are neither side's
    return np.asarray(cv2.medianBlur(table[bins], 3), np.uint8), palette.astype(np.uint8)


def restyled(
    drawn: Picture,
    classes: NDArray[np.uint8],
    colours: NDArray[np.uint8],
    chance: np.random.Generator,
) -> Picture:
    """The map with another colour for each class; sometimes as it is."""
    draw = chance.random()
    if draw < AS_IT_IS:
        return drawn
    if draw < AS_IT_IS + ANY_COLOURS:
        palette = chance.integers(0, 256, (len(colours), 3))
    else:
        style = _DARK if chance.random() < DARK else _LIGHT
        palette = np.array([_colour(style[kind_of(colour)], chance) for colour in colours])
    table = np.zeros((1, 256, 3), np.uint8)
    table[0, : len(palette)] = palette
    return np.asarray(cv2.LUT(cv2.merge([classes] * 3), table), np.uint8)


def kind_of(colour: NDArray[np.uint8]) -> str:
    """What such a colour stands for on most street maps: a key of the styles."""
    red, green, blue = (int(value) for value in colour)
    spread = max(red, green, blue) - min(red, green, blue)
    if blue >= green >= red and spread > 24:
        return "water"
    if green > red and green > blue and spread > 16:
        return "green"
    if red >= green > blue and spread > 48:
        return "main road"
    return "road" if min(red, green, blue) >= 244 else "ground"


def redrawn(window: Picture, chance: np.random.Generator) -> Picture:
    """Lines thinner or thicker, grey, out of focus, compressed: as maps are copied from a screen."""
    draw = chance.random()
    if draw < 0.3:
        thinner = cv2.erode if draw < 0.15 else cv2.dilate
        window = np.asarray(thinner(window, np.ones((3, 3), np.uint8)), np.uint8)
    if chance.random() < GREY:
        window = np.asarray(
            cv2.cvtColor(cv2.cvtColor(window, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8
        )
    if chance.random() < 0.3:
        window = np.asarray(cv2.GaussianBlur(window, (0, 0), chance.uniform(0.4, 1.2)), np.uint8)
    if chance.random() < 0.5:
        flags = [cv2.IMWRITE_JPEG_QUALITY, int(chance.integers(50, 96))]
        data = cv2.imencode(".jpg", window, flags)[1]
        window = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return window


def _colour(ranges: _HSL, chance: np.random.Generator) -> list[int]:
    hue, lightness, saturation = (float(chance.uniform(*limits)) for limits in ranges)
    return [round(255 * value) for value in colorsys.hls_to_rgb(hue, lightness, saturation)]
