"""Fill shards with the pictures that a recipe reads from files, each at the size it is trained at."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from training.data import open_dataset
from training.data.records import Image, read_pixels
from training.data.shards import Picture, Progress, Size, write_shards
from training.gleam_c.augment import resized
from training.gleam_c.recipe import Recipe
from training.gleam_c.sources import MADE


def fill_shards(recipe: Recipe, data: Path, folder: Path, progress: Progress) -> int:
    """Decode every picture of the recipe's data sets that ``folder`` has not yet; how many that were.

    Sets that are made on the spot are left out. Raises GleamError.
    """
    return write_shards(folder, data, wanted(recipe, data), decoded, recipe.workers, progress)


def wanted(recipe: Recipe, data: Path) -> Iterator[tuple[Image, Size]]:
    """Pictures and sizes, some more than once."""
    sets = {(one.name, split) for phase in recipe.phases for one in phase.data
            for split in (one.split, one.validation) if split}  # fmt: skip
    for name, split in sorted(sets):
        if name in MADE:
            continue
        for pair in open_dataset(name, data / name, split).pairs():
            sizes = recipe.views.get(pair.view)
            if sizes is None:
                continue  # fit says that the recipe lacks it
            yield pair.query, sizes.query_px
            for image in pair.satellites:
                yield image, sizes.reference_px


def decoded(image: Image, size: Size) -> Picture:
    """As a batch would have it before its changes."""
    return np.ascontiguousarray(resized(read_pixels(image), size))
