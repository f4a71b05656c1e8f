"""The frozen part of the tower: GLEAM-C's encoder up to its last block, on montages."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gleam_app.errors import GleamError
from gleam_app.explain.montage import Picture
from gleam_app.packs.manifest import Pack, read_manifest
from gleam_app.packs.weights import load_tensors, loading
from gleam_app.retrieval.efficientnet_lite import EfficientNetLite
from training.gleam_x.model.port import folded

CELLS = 8  # a side
STRIDE = 32
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class LocalEmbedding:
    """What GLEAM-C does to each cell before it pools, and to the pooled after: head (F, C) and its bias,
    projection (D, F) and the bias that takes off the centre."""

    head: Tensor
    head_bias: Tensor
    projection: Tensor
    projection_bias: Tensor


class Body:
    """The encoder of a ``gleam-c`` pack with zeros around the picture, as llama.cpp will run it."""

    def __init__(self, pack: Path) -> None:
        """Raises GleamError if the pack cannot be read, or its encoder is not convolutional."""
        self.pack = Pack(read_manifest(pack), pack)
        with loading(self.pack, "gleam-c"):
            architecture = self.pack.manifest.architecture
            if architecture.get("family") != "efficientnet-lite":
                raise GleamError(
                    f"The tower takes over a convolutional encoder; {self.pack.label} is another.",
                    "Give the bundled starter pack, or another EfficientNet-Lite.",
                )
            weights = {k: v.float() for k, v in load_tensors(self.pack, "weights").items()}
            self._centre = weights.pop("embedding.centre")
            self._projection = weights.pop("embedding.projection")
            network = EfficientNetLite(str(architecture["variant"]), "zeros")
            network.load_state_dict(weights, strict=False)  # without the counters of batch norms
            self.network = network.eval().fuse()
            preprocessing = self.pack.manifest.preprocessing
            self.mean: Triple = tuple(preprocessing["mean"])
            self.std: Triple = tuple(preprocessing["std"])

    @property
    def channels(self) -> int:
        """Of ``features``."""
        return int(self.network.head.conv.in_channels)

    def prepared(self, montages: Sequence[Picture]) -> Tensor:
        """Pictures -> float (N, 3, S, S), normalised."""
        x = torch.from_numpy(np.stack(montages)).permute(0, 3, 1, 2).float() / 255.0
        mean, std = torch.tensor(self.mean), torch.tensor(self.std)
        return (x - mean[:, None, None]) / std[:, None, None]

    @torch.inference_mode()
    def features(self, montages: Sequence[Picture]) -> Tensor:
        """float16 (N, C, 8, 8): what the head and the comparer see of each."""
        x = self.prepared(montages).contiguous(memory_format=torch.channels_last)
        return self.network.first(x, len(self.network.blocks)).half().contiguous()

    def local_embedding(self) -> LocalEmbedding:
        """The encoder's own view of one cell, where the comparer begins."""
        weight, bias = folded(self.network.head)
        projection = self._projection
        return LocalEmbedding(weight.flatten(1), bias, projection, -(projection @ self._centre))
