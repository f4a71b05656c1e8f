"""A contact sheet: one row a place, one column a view, to judge by eye whether they match."""

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.simworld.osm import Extract
from training.data.simworld.samples import simulate
from training.data.simworld.textures import Textures

_ROW = 256  # pixels


def contact_sheet(
    path: Path, seeds: Iterable[int], textures: Textures, extract: Extract | None = None
) -> None:
    """Write the sheet: satellite, UAV, map, panorama, ground photo of every seed."""
    rows = []
    for seed in seeds:
        sample = simulate(seed, textures, extract=extract)
        pictures = [sample.satellite, *sample.queries]
        rows.append(np.hstack([_fit(taken.pixels) for taken in pictures]))
    staged = path.with_name(path.stem + ".part" + path.suffix)
    cv2.imwrite(str(staged), np.vstack(rows)[..., ::-1])
    staged.replace(path)


def _fit(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    size = (round(width * _ROW / height), _ROW)
    shrunk = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    shrunk[:, -3:] = 255
    shrunk[-3:] = 255
    return shrunk
