"""Changes to the pictures of a pair while training, all drawn from one generator.

The set is Sample4Geo's, written with OpenCV: JPEG, colour, blur or sharpening, holes, mirroring of both
pictures, quarter turns of the satellite picture. Ours is the wrongly turned copy of a query.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gleam_app.imagery.views import View
from training.gleam_c.recipe import AugmentRecipe

Picture = NDArray[np.uint8]  # (height, width, 3) RGB
BLUR = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]], np.float32) / 16


def augment_pair(
    query: Picture,
    satellite: Picture,
    view: View,
    recipe: AugmentRecipe,
    chance: np.random.Generator,
) -> tuple[Picture, Picture]:
    """The pair, changed: geometry of both together, then the looks of each by itself."""
    if chance.random() < recipe.mirror:
        query, satellite = query[:, ::-1], satellite[:, ::-1]
    if chance.random() < recipe.quarter_turns:
        quarters = int(chance.integers(1, 4))
        if view == "panorama":
            satellite = np.rot90(satellite, quarters)
            query = np.roll(query, -quarters * query.shape[1] // 4, axis=1)
        elif view in recipe.turn_queries:
            satellite = np.rot90(satellite, quarters)
        elif query.shape[0] == query.shape[1]:
            satellite, query = np.rot90(satellite, quarters), np.rot90(query, quarters)
    return change_looks(query, recipe, chance), change_looks(satellite, recipe, chance)


def change_looks(picture: Picture, recipe: AugmentRecipe, chance: np.random.Generator) -> Picture:
    """Camera, compression and what stands in the way; the geometry stays."""
    picture = np.ascontiguousarray(picture)
    if chance.random() < recipe.jpeg:
        picture = _recompressed(picture, int(chance.integers(*recipe.jpeg_quality, endpoint=True)))
    if chance.random() < recipe.colour:
        picture = _recoloured(picture, recipe.colour_strength, chance)
    if chance.random() < recipe.blur_or_sharpen:
        # beyond 1 the blurred part is subtracted: sharper
        weight = float(chance.uniform(0.3, 1.7))
        blurred = cv2.filter2D(picture, -1, BLUR)
        picture = _bytes(cv2.addWeighted(picture, weight, blurred, 1 - weight, 0))
    if chance.random() < recipe.holes:
        picture = _with_holes(picture, recipe, chance)
    return picture


def wrongly_turned(picture: Picture, least_deg: float, chance: np.random.Generator) -> Picture:
    """The picture turned by at least ``least_deg`` either way; its corners are mirrored content.

    A panorama (wider than high) rolls instead.
    """
    angle = float(chance.uniform(least_deg, 360.0 - least_deg))
    height, width = picture.shape[:2]
    if width != height:
        return np.ascontiguousarray(np.roll(picture, round(width * angle / 360.0), axis=1))
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, 1.0)
    turned = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    return _bytes(turned)


def resized(picture: Picture, size: tuple[int, int]) -> Picture:
    """The whole picture at ``size`` = (height, width)."""
    if picture.shape[:2] == size:
        return picture
    shrinks = picture.shape[0] >= size[0] and picture.shape[1] >= size[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return _bytes(cv2.resize(picture, size[::-1], interpolation=method))


def _recompressed(picture: Picture, quality: int) -> Picture:
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return _bytes(cv2.imdecode(data, cv2.IMREAD_COLOR)) if done else picture


def _recoloured(picture: Picture, strength: float, chance: np.random.Generator) -> Picture:
    """Brightness, contrast and saturation by factors up to 1 +- strength, hue by as much of a turn / 2."""
    bright, contrast, saturation = chance.uniform(1 - strength, 1 + strength, 3)
    hue = chance.uniform(-strength, strength) * 90
    levels = np.arange(256)
    turned = (levels + hue) % 180, np.clip(levels * saturation, 0, 255), levels
    hsv = cv2.LUT(cv2.cvtColor(picture, cv2.COLOR_RGB2HSV), _table(turned))
    rgb = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    middle = np.mean(cv2.mean(rgb)[:3])
    scaled = np.clip((levels - middle) * contrast + middle * bright, 0, 255)
    return _bytes(cv2.LUT(rgb, _table((scaled,) * 3)))


def _table(channels: tuple[NDArray[np.number[Any]], ...]) -> NDArray[np.uint8]:
    return np.stack(channels, axis=1).astype(np.uint8)[None]


def _with_holes(picture: Picture, recipe: AugmentRecipe, chance: np.random.Generator) -> Picture:
    picture = picture.copy()
    height, width = picture.shape[:2]
    for _ in range(int(chance.integers(*recipe.hole_count, endpoint=True))):
        share_y, share_x = chance.uniform(*recipe.hole_side, 2)
        tall, wide = max(1, round(share_y * height)), max(1, round(share_x * width))
        y = int(chance.integers(0, height - tall + 1))
        x = int(chance.integers(0, width - wide + 1))
        picture[y : y + tall, x : x + wide] = 0
    return picture


def _bytes(picture: object) -> Picture:
    return np.asarray(picture, np.uint8)
