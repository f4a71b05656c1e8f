"""Where the pairs of a phase come from: benchmarks on disk, and sets that are made on the spot."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np

from gleam_app.errors import GleamError
from gleam_app.imagery.views import View
from training.data import open_dataset
from training.data.records import Image, Pair, held_out, read_pixels
from training.data.shards import Shards, Size
from training.gleam_c.augment import Picture
from training.gleam_c.batches import PairSource, Sample
from training.gleam_c.orthophotos import Orthophotos
from training.gleam_c.recipe import DataRecipe, PhaseRecipe, Recipe, ViewRecipe
from training.gleam_c.simulated import SimulatedWorld
from training.gleam_c.street_maps import StreetMaps

Opener = Callable[[Path, str, Recipe], PairSource]
"""Folder of the set, name of the split, the recipe -> its pairs."""


MADE: dict[str, Opener] = {
    "simworld": SimulatedWorld,
    "orthophotos": Orthophotos,
    "streetmaps": StreetMaps,
}
"""Sets whose pairs are made on the spot, by the name that recipes use; their splits are "train" and "val"."""


class FilePairs:
    """The pairs of data sets on disk, several of them as one source. Place ids are kept apart by set.

    With ``shards``, pictures that they hold at the sizes of ``views`` are not decoded again.
    """

    def __init__(
        self,
        sets: Iterable[tuple[str, Sequence[Pair]]],
        shards: Shards | None = None,
        views: Mapping[View, ViewRecipe] | None = None,
    ) -> None:
        self._shards, self._sizes = shards, views or {}
        self._pairs: list[Pair] = []
        self.places: list[str] = []
        self.views: list[View] = []
        places_of: dict[Image, list[str]] = {}
        for name, pairs in sets:
            for pair in pairs:
                place = f"{name}/{pair.place}"
                self._pairs.append(pair)
                self.places.append(place)
                self.views.append(pair.view)
                for image in pair.satellites:
                    known = places_of.setdefault(image, [])
                    if place not in known:
                        known.append(place)
        self._places_of = places_of

    def sample(self, pair: int, chance: np.random.Generator) -> Sample:
        """One of the right satellite pictures, drawn; its overlap where the data set knows it."""
        chosen = self._pairs[pair]
        which = int(chance.integers(len(chosen.satellites)))
        overlap = chosen.overlaps[which] if chosen.overlaps else 1.0
        sizes = self._sizes.get(chosen.view)
        query = self._read(chosen.query, sizes.query_px if sizes else None)
        satellite = self._read(chosen.satellites[which], sizes.reference_px if sizes else None)
        return Sample(query, satellite, overlap)

    def _read(self, image: Image, size: Size | None) -> Picture:
        found = self._shards.find(image, size) if self._shards and size else None
        return read_pixels(image) if found is None else found

    def semi_positives(self, pair: int) -> list[str]:
        """Places of semi-positive pictures, and of others that share a right picture with the pair."""
        chosen = self._pairs[pair]
        images = (*chosen.semi_positives, *chosen.satellites)
        found = {place for image in images for place in self._places_of.get(image, ())}
        return sorted(found - {self.places[pair]})


class Together:
    """Several sources as one; their place ids must not clash."""

    def __init__(self, sources: Sequence[PairSource]) -> None:
        self.places = [place for source in sources for place in source.places]
        self.views: list[View] = [view for source in sources for view in source.views]
        self._sources = sources
        self._ends = list(accumulate(len(source.places) for source in sources))

    def _at(self, pair: int) -> tuple[PairSource, int]:
        which = bisect_right(self._ends, pair)
        return self._sources[which], pair - (self._ends[which - 1] if which else 0)

    def sample(self, pair: int, chance: np.random.Generator) -> Sample:
        source, number = self._at(pair)
        return source.sample(number, chance)

    def semi_positives(self, pair: int) -> Sequence[str]:
        source, number = self._at(pair)
        return source.semi_positives(number)


class Some:
    """The pairs of a source that are chosen."""

    def __init__(self, source: PairSource, chosen: Sequence[int]) -> None:
        self._source, self._chosen = source, chosen
        self.places = [source.places[i] for i in chosen]
        self.views: list[View] = [source.views[i] for i in chosen]

    def sample(self, pair: int, chance: np.random.Generator) -> Sample:
        return self._source.sample(self._chosen[pair], chance)

    def semi_positives(self, pair: int) -> Sequence[str]:
        return self._source.semi_positives(self._chosen[pair])


def open_sources(
    phase: PhaseRecipe, recipe: Recipe, data: Path, shards: Shards | None = None
) -> tuple[PairSource, PairSource | None]:
    """Training and validation pairs of a phase; each data set lies in ``data`` in a folder of its name.

    Without a validation split one place in ten is held out; which ones depends on their names alone.
    ``shards``: pictures of these sets that were decoded before.
    Raises GleamError naming what is missing, and the view that the recipe gives no size for.
    """
    training: list[PairSource] = []
    validation: list[PairSource] = []
    for wanted in phase.data:
        whole = _open(wanted, wanted.split, data, recipe, shards)
        if wanted.validation:
            training.append(whole)
            validation.append(_open(wanted, wanted.validation, data, recipe, shards))
        else:
            kept = [held_out(place) for place in whole.places]
            training.append(Some(whole, [i for i, held in enumerate(kept) if not held]))
            validation.append(Some(whole, [i for i, held in enumerate(kept) if held]))
    sources = Together(training), Together(validation)
    for view in sorted({view for source in sources for view in source.views}):
        if view not in recipe.views:
            raise GleamError(f"The recipe {recipe.name} has no picture size for the view {view!r}.")
    return sources[0], sources[1] if sources[1].places else None


def _open(
    wanted: DataRecipe, split: str, data: Path, recipe: Recipe, shards: Shards | None
) -> PairSource:
    folder = data / wanted.name
    if wanted.name in MADE:
        return MADE[wanted.name](folder, split, recipe)
    pairs = open_dataset(wanted.name, folder, split).pairs()
    return FilePairs([(wanted.name, pairs)], shards, recipe.views)
