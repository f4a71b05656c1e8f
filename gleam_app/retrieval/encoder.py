"""The encoder: pictures -> unit vectors, from a ``gleam-c`` pack.

One shared encoder serves every view and the satellite side (GLEAM-C, arXiv 2509.07450). A pack names its
architecture family: ``efficientnet-lite`` (ours) or ``transformers`` (any vision model with a config and
safetensors).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.packs.manifest import Pack
from gleam_app.packs.weights import load_tensors, loading

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

BATCH = 32


def gem(features: "Tensor", power: float) -> "Tensor":
    """Generalised-mean pooling (Radenović et al., arXiv 1711.02512): (N, C, H, W) -> (N, C)."""
    pooled: Tensor = features.clamp(min=1e-6).pow(power).mean(dim=(-2, -1)).pow(1.0 / power)
    return pooled


class Encoder:
    """Embeds pictures with the weights of one pack. Holds no state: several threads may use it.

    Where the pack allows it and the computer is fast at it, the network is computed in 8-bit integers
    (``integers``); ``exact`` keeps to floating point, which that is measured against.
    """

    def __init__(self, pack: Pack, exact: bool = False) -> None:
        self.pack = pack
        with loading(pack, "gleam-c"):
            self._load(pack, exact)

    def _load(self, pack: Pack, exact: bool) -> None:
        import torch

        architecture, preprocessing = pack.manifest.architecture, pack.manifest.preprocessing
        self.input_px = int(preprocessing["size"])
        self._mean = torch.tensor(preprocessing["mean"]).view(1, 3, 1, 1) * 255.0
        self._std = torch.tensor(preprocessing["std"]).view(1, 3, 1, 1) * 255.0
        self._pooling = str(preprocessing.get("pooling", "gem"))
        self._power = float(preprocessing.get("gem_power", 3.0))
        weights: dict[str, Tensor] = {
            name: tensor.float() for name, tensor in load_tensors(pack, "weights").items()
        }
        # what stands behind the backbone: pooled -> minus centre -> projection -> unit length
        self._centre = weights.pop("embedding.centre", None)
        self._projection = weights.pop("embedding.projection", None)
        network: Any = _network(architecture, weights, pack.folder)
        convolutional = architecture.get("family") == "efficientnet-lite"
        self._shared = int(architecture.get("shared_blocks", 0)) if convolutional else 0
        self.integers = False
        if convolutional and not exact and (ranges := architecture.get("ranges")):
            from gleam_app.retrieval import efficientnet_int8

            if efficientnet_int8.supported():
                network = efficientnet_int8.IntegerLite(network, ranges, self._mean, self._std)
                self.integers = True
        self.network: Any = network
        self.dimension = int(preprocessing["dimension"])

    @property
    def views(self) -> tuple[str, ...]:
        """The views this encoder was made for."""
        return tuple(self.pack.manifest.views)

    def embed(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8 (N, H, W, 3) RGB, H and W free (the pack names its own size) -> float32 (N, D), unit length."""
        import torch

        vectors = np.empty((len(pictures), self.dimension), np.float32)
        with torch.inference_mode():
            for start in range(0, len(pictures), BATCH):
                part = torch.from_numpy(np.ascontiguousarray(pictures[start : start + BATCH]))
                vectors[start : start + BATCH] = self._embed(part).numpy()
        return vectors

    @property
    def cell_px(self) -> int:
        """Tiles of one picture share work where their corners lie on multiples of this; 1: anywhere."""
        return self.network.stride(self._shared) if self._shared else 1

    def embed_tiles(
        self, picture: NDArray[np.uint8], corners: Sequence[tuple[int, int]], share: bool = True
    ) -> NDArray[np.float32]:
        """The tiles of ``input_px`` of one uint8 (H, W, 3) RGB picture -> float32 (N, D), unit length.

        ``corners``: (column, row) of each tile's upper left pixel, in multiples of ``cell_px``. As many
        of the first layers as the pack names (architecture.shared_blocks) are computed once for all
        tiles, so that they see what lies around each; without ``share``, each tile is embedded alone.
        """
        import torch

        side = self.input_px
        if not (self._shared and share):
            return self.embed(np.stack([picture[y : y + side, x : x + side] for x, y in corners]))
        cell = self.cell_px
        cells = side // cell
        vectors = np.empty((len(corners), self.dimension), np.float32)
        with torch.inference_mode():
            (shared,) = self.network.first(self.prepared(picture[None]), self._shared)
            for start in range(0, len(corners), BATCH):
                part = torch.stack(
                    [
                        shared[:, y // cell : y // cell + cells, x // cell : x // cell + cells]
                        for x, y in corners[start : start + BATCH]
                    ]
                ).contiguous(memory_format=torch.channels_last)
                features = self.network.rest(part, self._shared)
                vectors[start : start + BATCH] = self.vectors_from(features).numpy()
        return vectors

    def _embed(self, pictures: "torch.Tensor") -> "torch.Tensor":
        return self.vectors_from(self.network(self._prepared(pictures)))

    def prepared(self, pictures: NDArray[np.uint8]) -> "Tensor":
        """uint8 (N, H, W, 3) RGB -> what the network takes: (N, 3, H, W), float or as it is."""
        import torch

        return self._prepared(torch.from_numpy(np.ascontiguousarray(pictures)))

    def _prepared(self, pictures: "Tensor") -> "Tensor":
        x = pictures.permute(0, 3, 1, 2)
        return x if self.integers else (x.float() - self._mean) / self._std

    def vectors_from(self, features: Any) -> "Tensor":
        """What the network gives -> vectors (N, D) of unit length: pooled, centred, projected."""
        from torch.nn import functional

        vectors = self._pool(features)
        if self._centre is not None:
            vectors = vectors - self._centre
        if self._projection is not None:
            vectors = vectors @ self._projection.T
        return functional.normalize(vectors, dim=1)

    def _pool(self, features: Any) -> "Tensor":
        if hasattr(features, "last_hidden_state"):  # a transformers model
            pooled = getattr(features, "pooler_output", None)
            if self._pooling == "pooler" and pooled is not None:
                return cast("Tensor", pooled)
            features = features.last_hidden_state
            if features.dim() == 3:  # tokens: (N, T, C)
                return cast(
                    "Tensor", features[:, 0] if self._pooling == "cls" else features.mean(1)
                )
        if self._pooling == "gem":
            return gem(features, self._power)
        return cast("Tensor", features.mean(dim=(-2, -1)))


def _network(
    architecture: dict[str, Any], weights: dict[str, "Tensor"], folder: Path
) -> "nn.Module":
    family = architecture.get("family")
    if family == "efficientnet-lite":
        import torch

        from gleam_app.retrieval.efficientnet_lite import EfficientNetLite

        network = EfficientNetLite(
            str(architecture["variant"]), str(architecture.get("padding", "zeros"))
        )
        _load(network, weights)
        return network.eval().fuse().to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]
    if family == "transformers":
        from transformers import AutoConfig, AutoModel

        model = AutoModel.from_config(
            AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        )
        _load(model, weights)
        return cast("nn.Module", model.eval())
    raise GleamError(
        f"The encoder pack uses the architecture family {family!r}, which this version does not know.",
        "Update the program, or install another encoder pack.",
    )


def _load(network: "nn.Module", weights: dict[str, "Tensor"]) -> None:
    missing, unexpected = network.load_state_dict(weights, strict=False)
    # a counter that only training needs
    learned = [name for name in missing if not name.endswith("num_batches_tracked")]
    if learned or unexpected:
        raise GleamError(
            "The encoder pack's weights do not fit the architecture it names.",
            "Reinstall the pack: gleam packs verify shows whether a file is damaged.",
        )
