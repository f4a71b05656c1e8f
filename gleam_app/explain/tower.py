"""Our own model's tower: what it makes of a montage, computed by torch in a fraction of a second.

llama.cpp could run the same tower as a ConvNeXt, but takes seconds for it, nearly all of them to lay out
the depthwise convolutions on one thread. So the tower travels in its own form, as one safetensors file:
``body.*``, GLEAM-C's encoder with its norms folded in and without its head; ``entry.*`` and ``blocks.*``,
the comparer; ``projector.*``, if a language model reads it; ``heads.*``, if it tells what each picture shows; and ``verdict.*`` with ``places``, by which the comparer itself
judges, if it does. The header's metadata name the encoder's variant and how pixels are normalised. What each
part is, and how it learns: ``training.gleam_x.model.comparer``.
"""

import base64
import hashlib
import io
import json
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.explain.montage import SIDE, Picture

SCHEMA = "gleam.tower/1"
KEPT = 16
GRN_EPS = 1e-6
Tokens = NDArray[np.float32]
Scores = dict[tuple[str, str], float]
"""Of scene facts, by kind and value: 0..1."""


@dataclass(frozen=True)
class Seen:
    """What the tower makes of a montage: tokens (64, features), its verdict, what query and tile show."""

    tokens: Tokens | None
    odds: float | None
    scores: tuple[Scores, Scores]


class Tower:
    """Turns montages into the tokens that the language model reads; the last ``KEPT`` are remembered."""

    def __init__(self, path: Path) -> None:
        """Raises GleamError if the file is no tower that this program can run."""
        from safetensors import SafetensorError

        unreadable = (SafetensorError, OSError, ValueError, KeyError, RuntimeError, TypeError)
        try:
            self._load(path)
        except unreadable as error:
            raise GleamError(
                f"The tower {path.name} cannot be loaded: {str(error).splitlines()[0][:120]}.",
                "Install or fetch the pack again.",
            ) from error
        self._kept: OrderedDict[bytes, Seen] = OrderedDict()

    def tokens(self, picture: Picture) -> Tokens:
        """uint8 (256, 256, 3) RGB -> float32 (64, features of a token), row by row."""
        found = self._look(picture).tokens
        if found is None:
            raise ValueError("this tower was made for no language model")
        return found

    def odds(self, picture: Picture) -> float | None:
        """Its own verdict on a montage, the logarithm of the odds of one place; None if it learnt none."""
        return self._look(picture).odds

    def scores(self, picture: Picture) -> tuple[Scores, Scores]:
        """How much query and tile look as if a fact were true of them; empty if it learnt none."""
        return self._look(picture).scores

    def _look(self, picture: Picture) -> Seen:
        key = hashlib.sha256(np.ascontiguousarray(picture).tobytes()).digest()
        if key not in self._kept:
            self._kept[key] = self._seen(picture)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def _load(self, path: Path) -> None:
        from safetensors import safe_open

        from gleam_app.retrieval.efficientnet_lite import EfficientNetLite

        with safe_open(str(path), "pt") as file:
            said = json.loads((file.metadata() or {})["gleam"])
            if said["schema"] != SCHEMA:
                raise ValueError(f"schema {said['schema']!r}")
            weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        self._mean, self._std = np.float32(said["mean"]), np.float32(said["std"])
        network = EfficientNetLite(str(said["variant"]), "zeros").eval().fuse()
        body = {k.removeprefix("body."): v for k, v in weights.items() if k.startswith("body.")}
        lacking, unknown = network.load_state_dict(body, strict=False)
        if unknown or any(not name.startswith("head.") for name in lacking):
            raise ValueError("the encoder's weights do not fit its variant")
        self._facts = [(str(kind), str(value)) for kind, value in said.get("facts", ())]
        self._network, self._weights = network.requires_grad_(False), weights

    def _seen(self, picture: Picture) -> Seen:
        import torch
        from torch.nn import functional

        weights = self._weights
        if picture.shape != (SIDE, SIDE, 3):
            raise ValueError(f"a montage has {SIDE} pixels a side, not {picture.shape}")
        pixels = (picture.astype(np.float32) / 255.0 - self._mean) / self._std
        with torch.inference_mode():
            x = torch.from_numpy(pixels).permute(2, 0, 1)[None]
            x = self._network.first(x, len(self._network.blocks))
            scores = self._scores(x)
            x = functional.relu6(_conv(x, weights, "entry.head"))
            x = _conv(x, weights, "entry.project")
            number = 0
            while f"blocks.{number}.up.weight" in weights:
                x = x + _block(x, weights, f"blocks.{number}")
                number += 1
            cells = x.flatten(2).transpose(1, 2)
            tokens: Tokens | None = None
            if "projector.up.weight" in weights:
                hidden = functional.gelu(_linear(cells, weights, "projector.up"))
                tokens = _linear(hidden, weights, "projector.down")[0].numpy()
            odds = None
            if "places" in weights:
                places = weights["places"].softmax(dim=0)
                odds = float((_linear(cells, weights, "verdict")[0, :, 0] * places).sum())
        return Seen(tokens, odds, scores)

    def _scores(self, features: Any) -> tuple[Scores, Scores]:
        from torch.nn import functional

        if not self._facts:
            return {}, {}
        hidden = functional.gelu(_linear(pooled_panels(features)[0], self._weights, "heads.up"))
        found = _linear(hidden, self._weights, "heads.down").sigmoid().tolist()
        query, tile = (dict(zip(self._facts, side, strict=True)) for side in found)
        return query, tile


def pooled_panels(features: Any) -> Any:
    """Features of montages, tensor (N, C, 8, 8) -> (N, 2, 4C): of the query's half and of the tile's, mean and
    most of the panel with the whole picture and of the one below."""
    import torch

    half = features.shape[-1] // 2
    panels = [
        features[:, :, rows, columns]
        for columns in (slice(0, half), slice(half, None))
        for rows in (slice(0, half), slice(half, None))
    ]
    found = [part for panel in panels for part in (panel.mean((2, 3)), panel.amax((2, 3)))]
    return torch.cat(found, 1).reshape(len(features), 2, -1)


def _conv(x: Any, weights: dict[str, Any], name: str) -> Any:
    from torch.nn import functional

    return functional.conv2d(x, weights[f"{name}.weight"], weights[f"{name}.bias"])


def _linear(x: Any, weights: dict[str, Any], name: str) -> Any:
    from torch.nn import functional

    return functional.linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])


def _block(x: Any, weights: dict[str, Any], name: str) -> Any:
    """What a block of the comparer adds: ConvNeXt V2 (Woo et al., arXiv 2301.00808) without its norm."""
    from torch.nn import functional

    kernels = weights[f"{name}.depthwise.weight"]
    bias, side = weights[f"{name}.depthwise.bias"], kernels.shape[-1]
    y = functional.conv2d(x, kernels, bias, padding=side // 2, groups=len(kernels))
    y = functional.gelu(_linear(y.movedim(1, -1), weights, f"{name}.up"))
    energy = (y.square().sum(dim=(1, 2), keepdim=True) + 1e-12).sqrt()
    energy = energy / energy.mean(dim=-1, keepdim=True).clamp(min=GRN_EPS)
    y = y + y * energy * weights[f"{name}.gain"] + weights[f"{name}.offset"]
    return _linear(y, weights, f"{name}.down").movedim(-1, 1)


def decoded(url: str) -> Picture:
    """The picture of a data URL, uint8 (H, W, 3) RGB."""
    from PIL import Image

    data = base64.b64decode(url.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
