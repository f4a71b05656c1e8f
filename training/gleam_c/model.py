"""GLEAM-C's network: a backbone, mean-centred pooling and a projection, shared by all views.

What is trained here is what ``gleam_app.retrieval.encoder.Encoder`` computes from the exported pack:
pooled features, minus a fixed centre, times a projection, to unit length. Adapters are merged on export,
so a pack always holds the plain architecture that it names.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from gleam_app.errors import GleamError
from gleam_app.retrieval.efficientnet_lite import VARIANTS, EfficientNetLite
from gleam_app.retrieval.encoder import gem
from training.gleam_c.imagenet import load_imagenet
from training.gleam_c.recipe import ModelRecipe


class LowRank(nn.Module):
    """A frozen linear layer plus a learnable correction of low rank (LoRA, arXiv 2106.09685)."""

    def __init__(self, layer: nn.Linear, rank: int) -> None:
        super().__init__()
        self.layer = layer.requires_grad_(False)
        self.down = nn.Parameter(
            torch.randn(rank, layer.in_features) / math.sqrt(layer.in_features)
        )
        self.up = nn.Parameter(torch.zeros(layer.out_features, rank))  # starts as the layer itself

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.layer(x)) + x @ self.down.T @ self.up.T

    def merged(self) -> Tensor:
        """The weight of the one linear layer that computes the same."""
        return (self.layer.weight + self.up @ self.down).detach()


class GleamC(nn.Module):
    """Pictures -> unit vectors. ``backbone`` gives a feature map, tokens, or a ``transformers`` output."""

    centre: Tensor
    mean: Tensor
    std: Tensor

    def __init__(self, backbone: nn.Module, channels: int, recipe: ModelRecipe) -> None:
        super().__init__()
        self.backbone, self.recipe = backbone, recipe
        self.register_buffer("centre", torch.zeros(channels))
        self.register_buffer("mean", torch.tensor(recipe.mean).view(1, 3, 1, 1) * 255.0)
        self.register_buffer("std", torch.tensor(recipe.std).view(1, 3, 1, 1) * 255.0)
        self.projection: nn.Linear | None = None
        if recipe.dimension:
            self.projection = nn.Linear(channels, recipe.dimension, bias=False)
            nn.init.orthogonal_(self.projection.weight)  # keeps the backbone's similarities
        self.dimension = recipe.dimension or channels
        if recipe.frozen_blocks:
            _freeze(backbone, recipe.frozen_blocks)

    def forward(self, pictures: Tensor, margin_px: int = 0, shared: int | None = None) -> Tensor:
        """uint8 (N, H, W, 3) RGB -> float32 (N, D), unit length.

        ``margin_px``: how much of each edge is context only, seen by the convolutions but not pooled.
        ``shared``: only so many blocks see it (and the stem), the others the middle alone; None: all.
        """
        pooled = self.pooled(pictures, margin_px, shared)
        return functional.normalize(self.project(pooled).float(), dim=1)

    def pooled(self, pictures: Tensor, margin_px: int = 0, shared: int | None = None) -> Tensor:
        """The backbone's pooled features, before centre and projection: float32 (N, C)."""
        x = pictures.permute(0, 3, 1, 2).float()
        x = (x - self.mean) / self.std
        if not isinstance(self.backbone, EfficientNetLite):
            return self._pool(self.backbone(x), x.shape[-1], margin_px).float()
        frozen = self.recipe.frozen_blocks
        with torch.set_grad_enabled(torch.is_grad_enabled() and not frozen):
            features = self.backbone.first(x, frozen)
        if margin_px and shared is not None:
            features = self.backbone.between(features, frozen, max(frozen, shared))
            features = _middle(features, margin_px / x.shape[-1])
            features = self.backbone.rest(features, max(frozen, shared))
            return self._pool(features, x.shape[-1], 0).float()
        return self._pool(self.backbone.rest(features, frozen), x.shape[-1], margin_px).float()

    def project(self, pooled: Tensor) -> Tensor:
        """Pooled features (N, C) -> vectors (N, D) that are not yet of unit length."""
        centred = pooled - self.centre
        return centred if self.projection is None else self.projection(centred)

    def _pool(self, features: Any, input_px: int, margin_px: int) -> Tensor:
        """As ``Encoder`` pools: the same names in ``pack.json``, the same arithmetic."""
        if hasattr(features, "last_hidden_state"):  # a transformers model
            if self.recipe.pooling == "pooler" and features.pooler_output is not None:
                return cast(Tensor, features.pooler_output)
            features = features.last_hidden_state
            if features.dim() == 3:  # tokens: (N, T, C)
                tokens = features[:, 0] if self.recipe.pooling == "cls" else features.mean(1)
                return cast(Tensor, tokens)
        if margin_px:
            features = _middle(features, margin_px / input_px)
        if self.recipe.pooling == "gem":
            return gem(features.float(), self.recipe.gem_power)
        return cast(Tensor, features.mean(dim=(-2, -1)))

    def train(self, mode: bool = True) -> "GleamC":
        """Training mode; batch norms stay as they are where the recipe freezes their statistics."""
        super().train(mode)
        if self.recipe.freeze_batch_norm:
            for module in self.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        return self

    @property
    def uses_batch_statistics(self) -> bool:
        """Whether a picture's vector depends on the others of its batch while training."""
        return not self.recipe.freeze_batch_norm and any(
            isinstance(module, nn.BatchNorm2d) for module in self.modules()
        )

    @torch.no_grad()
    def centre_on(self, batches: Iterator[Tensor]) -> None:
        """Set the centre to the mean pooled feature of satellite pictures: what all share tells nothing."""
        was = self.training
        self.eval()
        total, count = torch.zeros_like(self.centre), 0
        for pictures in batches:
            total += self.pooled(pictures).sum(0)
            count += len(pictures)
        self.centre.copy_(total / max(1, count))
        self.train(was)

    def pack_state(self) -> dict[str, Tensor]:
        """Tensors of a pack's weights file, adapters merged, in half precision but for the head."""
        state: dict[str, Tensor] = {}
        adapted = {
            name: module
            for name, module in self.backbone.named_modules()
            if isinstance(module, LowRank)
        }
        for name, tensor in self.backbone.state_dict().items():
            owner = next((path for path in adapted if name.startswith(f"{path}.")), None)
            if owner is not None:
                part = name.removeprefix(f"{owner}.")
                if part in ("down", "up"):
                    continue
                name = f"{owner}.{part.removeprefix('layer.')}"
                tensor = adapted[owner].merged() if part == "layer.weight" else tensor
            if not name.endswith("num_batches_tracked"):
                state[name] = tensor.detach().half().cpu().contiguous()
        state["embedding.centre"] = self.centre.detach().cpu().clone()
        if self.projection is not None:
            state["embedding.projection"] = self.projection.weight.detach().cpu().clone()
        return state

    def pack_fields(self) -> dict[str, Any]:
        """``architecture`` and ``preprocessing`` of the pack."""
        recipe = self.recipe
        architecture: dict[str, Any] = {"family": recipe.family}
        if recipe.family == "efficientnet-lite":
            architecture |= {"variant": recipe.variant, "padding": recipe.padding}
        return {
            "architecture": architecture,
            "preprocessing": {
                "size": recipe.input_px,
                "mean": list(recipe.mean),
                "std": list(recipe.std),
                "pooling": recipe.pooling,
                "gem_power": recipe.gem_power,
                "dimension": self.dimension,
            },
        }


def _middle(features: Tensor, margin: float) -> Tensor:
    """(N, C, H, W) without the share ``margin`` at each edge, to whole cells."""
    cells = round(margin * features.shape[-1])
    return features[..., cells:-cells, cells:-cells]


def _freeze(backbone: nn.Module, blocks: int) -> None:
    if not isinstance(backbone, EfficientNetLite):
        raise GleamError("frozen_blocks is for the convolutional family.")
    for module in (backbone.stem, *backbone.blocks[:blocks]):
        module.requires_grad_(False)


def build_model(recipe: ModelRecipe, weights: Path | None = None) -> GleamC:
    """The model of a recipe; its first weights from ``weights``, else random.

    ``weights``: for the convolutional family a ``.safetensors`` file of its state (that of a pack, too)
    or the ImageNet ``.pth``; for ``transformers``
    a folder with ``config.json`` (with ``model.safetensors`` beside it, its weights are loaded).
    Raises GleamError naming what does not fit.
    """
    backbone, channels = (
        _efficientnet(recipe, weights)
        if recipe.family == "efficientnet-lite"
        else _transformer(recipe, weights)
    )
    if recipe.adapter_rank:
        backbone.requires_grad_(False)
        _adapt(backbone, recipe.adapter_rank, recipe.adapted)
    return GleamC(backbone, channels, recipe)


def _efficientnet(recipe: ModelRecipe, weights: Path | None) -> tuple[nn.Module, int]:
    if recipe.variant not in VARIANTS:
        raise GleamError(f"There is no EfficientNet-Lite variant {recipe.variant!r}.")
    network = EfficientNetLite(recipe.variant, recipe.padding)
    if weights is not None and weights.suffix == ".pth":
        network.load_state_dict(load_imagenet(weights, recipe.variant).state_dict())
    elif weights is not None:
        from safetensors.torch import load_file

        state = {
            name: tensor.float()
            for name, tensor in load_file(weights).items()
            if not name.startswith("embedding.")
        }
        missing, unexpected = network.load_state_dict(state, strict=False)
        if unexpected or any(not name.endswith("num_batches_tracked") for name in missing):
            raise GleamError(
                f"{weights.name} does not hold the weights of EfficientNet-{recipe.variant}."
            )
    return network, network.head.conv.out_channels


def _transformer(recipe: ModelRecipe, weights: Path | None) -> tuple[nn.Module, int]:
    from transformers import AutoConfig, AutoModel

    if weights is None or not (weights / "config.json").is_file():
        raise GleamError(
            f"The recipe's backbone {recipe.hub_model!r} needs a folder with its config.json.",
            f"On a connected machine: hf download {recipe.hub_model} --local-dir FOLDER, then "
            "--weights FOLDER.",
        )
    if (weights / "model.safetensors").is_file():
        model = AutoModel.from_pretrained(
            weights, local_files_only=True, trust_remote_code=False, use_safetensors=True
        )
    else:
        config = AutoConfig.from_pretrained(weights, local_files_only=True, trust_remote_code=False)
        model = AutoModel.from_config(config)
    model = model.float()
    if recipe.gradient_checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    return cast(nn.Module, model), _channels(model, recipe)


@torch.no_grad()
def _channels(model: nn.Module, recipe: ModelRecipe) -> int:
    """How many pooled features the backbone gives: asked of itself, on a blank picture."""
    probe = GleamC(model.eval(), 1, recipe.model_copy(update={"dimension": 0}))
    blank = torch.zeros(1, recipe.input_px, recipe.input_px, 3, dtype=torch.uint8)
    return probe.pooled(blank).shape[1]


def _adapt(backbone: nn.Module, rank: int, names: tuple[str, ...]) -> None:
    """Put a ``LowRank`` in the place of every linear layer whose own name is in ``names``."""
    found = [
        path
        for path, module in backbone.named_modules()
        if isinstance(module, nn.Linear) and path.rpartition(".")[2] in names
    ]
    if not found:
        raise GleamError(f"The backbone has no linear layer named {' or '.join(names)}.")
    for path in found:
        parent, _, name = path.rpartition(".")
        owner = backbone.get_submodule(parent)
        setattr(owner, name, LowRank(cast(nn.Linear, getattr(owner, name)), rank))
