"""Vectors of a whole source: for the search of hard negatives, and for validation."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.gleam_c.batches import Loader, PairSource, Pictures
from training.gleam_c.gather import gather, rank, ranks
from training.gleam_c.model import GleamC
from training.gleam_c.recipe import AugmentRecipe, Recipe
from training.gleam_c.sampling import nearest_places

PAIRS_AT_A_TIME = 32  # a rank
_ROWS = 1024


def embed_groups(model: GleamC, groups: tuple[Pictures, ...], device: torch.device) -> Tensor:
    """Pictures in groups of one size -> (rows, D) in the order of their rows."""
    parts = [model(group.pixels.to(device, non_blocking=True), group.margin_px) for group in groups]
    return torch.cat(parts)[torch.argsort(torch.cat([group.rows for group in groups])).to(device)]


@torch.no_grad()
def embed_pairs(
    model: GleamC,
    source: PairSource,
    pairs: NDArray[np.int64],
    recipe: Recipe,
    device: torch.device,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Vectors of the queries and of the satellite pictures of ``pairs``, each (N, D).

    Without augmentation. Every rank embeds its share and gets all.
    """
    plain = recipe.model_copy(
        update={
            "augment": AugmentRecipe(),
            "loss": recipe.loss.model_copy(update={"wrong_turns": 0, "mask_semi_positives": False}),
        }
    )
    at_a_time = PAIRS_AT_A_TIME * ranks()
    padded = np.resize(pairs, -(-len(pairs) // at_a_time) * at_a_time)
    plan = list(padded.reshape(-1, at_a_time))
    was = model.training
    model.eval()
    found: list[Tensor] = []
    with Loader(source, plain, rank(), ranks()) as loader:
        for batch in loader.batches(plan, 0):
            sides = [
                embed_groups(model, groups, device) for groups in (batch.queries, batch.satellites)
            ]
            found.append(gather(torch.stack(sides, dim=1)).cpu())
    model.train(was)
    vectors = torch.cat(found)[: len(pairs)].float().numpy()
    return np.ascontiguousarray(vectors[:, 0]), np.ascontiguousarray(vectors[:, 1])


def hard_neighbours(
    model: GleamC,
    source: PairSource,
    place_of: NDArray[np.int64],
    count: int,
    recipe: Recipe,
    device: torch.device,
) -> NDArray[np.int32]:
    """For each place the ``count`` places most easily taken for it; semi-positives are none of them.

    ``place_of``: each pair's place as a number. A place with several queries gives their mean.
    """
    queries, satellites = embed_pairs(model, source, np.arange(len(place_of)), recipe, device)
    places = int(place_of.max()) + 1
    mean = np.zeros((places, queries.shape[1]), np.float32)
    np.add.at(mean, place_of, queries)
    mean /= np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12)
    first = np.zeros(places, np.int64)
    first[place_of[::-1]] = np.arange(len(place_of))[::-1]
    return nearest_places(mean, satellites[first], count, semi_positive_places(source, place_of))


def semi_positive_places(source: PairSource, place_of: NDArray[np.int64]) -> Mapping[int, set[int]]:
    """For each place, by number, those that are neither right nor wrong for its queries."""
    number = {source.places[pair]: int(place) for pair, place in enumerate(place_of.tolist())}
    found: dict[int, set[int]] = {}
    for pair, place in enumerate(place_of.tolist()):
        semi = {number[name] for name in source.semi_positives(pair) if name in number}
        if semi:
            found.setdefault(int(place), set()).update(semi)
    return found


def recalls(
    model: GleamC, source: PairSource, recipe: Recipe, device: torch.device
) -> dict[str, float]:
    """Recall@1/5/10 of a validation source, in all and by set and view: queries against one picture a
    place.

    Semi-positives are left out of a query's ranking; a tie counts against it.
    """
    queries, satellites = embed_pairs(model, source, np.arange(len(source.places)), recipe, device)
    first: dict[str, int] = {}
    for pair, place in enumerate(source.places):
        first.setdefault(place, pair)
    column = {place: i for i, place in enumerate(first)}
    gallery = satellites[list(first.values())]
    ranks_found = np.empty(len(queries), np.int64)
    for start in range(0, len(queries), _ROWS):
        scores = queries[start : start + _ROWS] @ gallery.T
        for row, values in enumerate(scores):
            pair = start + row
            right = column[source.places[pair]]
            values[[column[p] for p in source.semi_positives(pair) if p in column]] = -np.inf
            ranks_found[pair] = np.count_nonzero(values >= values[right])
    # a place's name begins with its set's
    pairs = zip(source.places, source.views, strict=True)
    kinds = np.array([f"{place.partition('/')[0]} {view}" for place, view in pairs])
    figures = {f"recall@{k}": float((ranks_found <= k).mean()) for k in (1, 5, 10)}
    for kind in sorted(set(kinds.tolist())):
        figures[f"{kind} recall@1"] = float((ranks_found[kinds == kind] <= 1).mean())
    return figures
