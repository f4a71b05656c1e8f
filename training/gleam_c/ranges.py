"""The ranges that let the app compute a convolutional pack in 8-bit integers.

A ReLU6 says itself how far its output goes; what the projections of the blocks give has no bounds, and is
measured here on training pictures.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gleam_app.errors import GleamError
from gleam_app.packs.files import write_whole
from gleam_app.packs.manifest import MANIFEST_NAME, Pack, parse_manifest, read_manifest
from gleam_app.retrieval.efficientnet_lite import EfficientNetLite
from gleam_app.retrieval.encoder import Encoder
from training.gleam_c.batches import Loader
from training.gleam_c.recipe import Recipe
from training.gleam_c.sources import open_sources

PAIRS = 256
PAIRS_AT_A_TIME = 16
BEYOND = 1e-4  # share of a batch's values that may lie outside, at each end


def write_ranges(folder: Path, recipe: Recipe, data: Path) -> list[list[float]]:
    """Measure the pack in ``folder`` on pairs of the recipe's last phase; put the ranges into its manifest.

    The pack's vectors change a little by them, and so its identity. Raises GleamError.
    """
    encoder = Encoder(Pack(read_manifest(folder), folder), exact=True)
    if not isinstance(encoder.network, EfficientNetLite):
        raise GleamError("Only convolutional encoders are computed in integers.")
    source, _ = open_sources(recipe.phases[-1], recipe, data)
    chosen = np.random.default_rng(recipe.seed).permutation(len(source.places))[:PAIRS]

    def pictures() -> Iterator[Tensor]:
        parts = np.array_split(chosen, -(-len(chosen) // PAIRS_AT_A_TIME))
        with Loader(source, recipe) as loader:
            for batch in loader.batches(parts, 0):
                for group in (*batch.queries, *batch.satellites):
                    yield encoder.prepared(group.pixels.numpy())

    ranges = block_ranges(encoder.network, pictures())
    path = folder / MANIFEST_NAME
    manifest = parse_manifest(path.read_bytes(), str(path))
    architecture = {**manifest.architecture, "ranges": ranges}
    write_whole(path, manifest.model_copy(update={"architecture": architecture}).to_json())
    return ranges


def block_ranges(network: EfficientNetLite, pictures: Iterable[Tensor]) -> list[list[float]]:
    """(low, high) of each block's output but for ``BEYOND`` of its values: the mean over batches.

    ``pictures``: batches of what the network takes, float (N, 3, H, W).
    """
    found: list[list[list[float]]] = []
    with torch.inference_mode():
        for x in pictures:
            features, ends = network.first(x, 0), []
            for number in range(len(network.blocks)):
                features = network.between(features, number, number + 1)
                values = features.flatten()
                few = max(1, round(BEYOND * len(values)))
                ends.append([-float((-values).topk(few)[0][-1]), float(values.topk(few)[0][-1])])
            found.append(ends)
    means: list[list[float]] = np.mean(found, axis=0).round(2).tolist()
    return means
