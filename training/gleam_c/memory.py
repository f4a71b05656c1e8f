"""Vectors remembered from the steps of training: hard negatives that cost nothing.

Sample4Geo embeds the whole training set anew before each search for hard negatives. On two cores that
takes as long as training on it. The step itself has just embedded its pairs: what it found is kept, at
most one epoch old, after the memory bank of Wu et al. (arXiv 1805.01978).
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.gleam_c.batches import PairSource
from training.gleam_c.sampling import nearest_places
from training.gleam_c.vectors import semi_positive_places


class Memory:
    """The latest vectors of each place: its query's (of any view) and its satellite picture's."""

    def __init__(self, places: int, dimension: int) -> None:
        self.queries = torch.zeros(places, dimension)
        self.satellites = torch.zeros(places, dimension)

    def keep(self, places: NDArray[np.int64], queries: Tensor, satellites: Tensor) -> None:
        """``places``: (B,) numbers; ``queries``, ``satellites``: (B, D) unit vectors of a batch."""
        rows = torch.from_numpy(places)
        self.queries[rows] = queries.detach().float().cpu()
        self.satellites[rows] = satellites.detach().float().cpu()

    def neighbours(
        self, source: PairSource, place_of: NDArray[np.int64], count: int
    ) -> NDArray[np.int32]:
        """As ``hard_neighbours``; a place that was not met yet is near to nothing (-1), and nobody's."""
        met = self.satellites.any(dim=1).nonzero().squeeze(1).numpy()
        found = np.full((len(self.satellites), count), -1, np.int32)
        number = {int(place): row for row, place in enumerate(met.tolist())}
        ignored = {
            number[place]: {number[other] for other in others if other in number}
            for place, others in semi_positive_places(source, place_of).items()
            if place in number
        }
        near = nearest_places(
            self.queries[met].numpy(), self.satellites[met].numpy(), count, ignored
        )
        found[met] = np.where(near >= 0, met[near], -1)
        return found
