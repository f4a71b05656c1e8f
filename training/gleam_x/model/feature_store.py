"""What the frozen body makes of every pair, computed once and kept in one file.

``WORK/features-KEY.npy`` (pairs, variants, C, 8, 8) float16, beside it how many pairs are done; KEY names
pack, pairs and changes. Variant 0 shows the pair as it is. An interrupted fill goes on.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gleam_app.explain.montage import Picture, montage
from training.data.records import read_pixels
from training.gleam_c.augment import augment_pair
from training.gleam_c.recipe import AugmentRecipe
from training.gleam_x.model.body import CELLS, Body
from training.gleam_x.records import PairRecord

AT_A_TIME = 8  # pairs
Features = NDArray[np.float16]
Progress = Callable[[int, int], None]


def shown(record: PairRecord, folder: Path) -> Picture:
    """The montage of a pair; ``folder`` is that of the records' file."""
    return montage(read_pixels(folder / record.image1), read_pixels(folder / record.image2))


def changed(
    record: PairRecord, folder: Path, augment: AugmentRecipe, chance: np.random.Generator
) -> Picture:
    """The montage of a pair after changes that leave its verdict as it is."""
    query, tile = read_pixels(folder / record.image1), read_pixels(folder / record.image2)
    return montage(*augment_pair(query, tile, record.view, augment, chance))


class FeatureStore:
    """Features of records, in their order."""

    def __init__(
        self,
        records: Sequence[PairRecord],
        folder: Path,
        body: Body,
        work: Path,
        augment: AugmentRecipe,
        variants: int,
        seed: int,
    ) -> None:
        self._records, self._folder, self._body = records, folder, body
        self._augment, self._seed = augment, seed
        self.shape = len(records), variants, body.channels, CELLS, CELLS
        ids = [record.id for record in records]
        named = [body.pack.hash, ids, augment.model_dump(mode="json"), variants, seed]
        key = hashlib.sha256(json.dumps(named).encode()).hexdigest()[:16]
        self._path = work / f"features-{key}.npy"
        self._mark = self._path.with_suffix(".done")

    def fill(self, progress: Progress = lambda done, count: None) -> Features:
        """The whole array, mapped; what is missing is computed now."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        done = self._done()
        if not done:
            np.lib.format.open_memmap(self._path, "w+", np.float16, self.shape).flush()
        found = np.lib.format.open_memmap(self._path, "r+")
        for start in range(done, len(self._records), AT_A_TIME):
            rows = range(start, min(start + AT_A_TIME, len(self._records)))
            pictures = [self._picture(row, v) for row in rows for v in range(self.shape[1])]
            made = self._body.features(pictures).numpy()
            found[rows.start : rows.stop] = made.reshape(len(rows), *self.shape[1:])
            found.flush()
            self._note(rows.stop)
            progress(rows.stop, len(self._records))
        mapped: Features = np.load(self._path, mmap_mode="r", allow_pickle=False)
        return mapped

    def _picture(self, row: int, variant: int) -> Picture:
        record = self._records[row]
        if variant == 0:
            return shown(record, self._folder)
        chance = np.random.default_rng([self._seed, row, variant])
        return changed(record, self._folder, self._augment, chance)

    def _done(self) -> int:
        if not (self._path.exists() and self._mark.exists()):
            return 0
        return int(self._mark.read_text("utf-8"))

    def _note(self, done: int) -> None:
        staged = self._mark.with_suffix(".new")
        staged.write_text(str(done), "utf-8")
        staged.replace(self._mark)
