"""ConvNeXt V2 as llama.cpp computes it: the one convolutional vision tower its language models can have.

Architecture from Woo et al. (arXiv 2301.00808); names, order and the 64 tokens an image are those of
projector type ``yasa2`` in llama.cpp's ``tools/mtmd``. Here it only says what llama.cpp will compute, so
that an export can be checked before it is used; training never runs it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

TOKENS_A_SIDE = 8
KERNEL = 7
EPS = 1e-6
GRN_EPS = 1e-6


@dataclass(frozen=True)
class Block:
    """7x7 depthwise convolution, norm over channels, two linear layers with GELU between; added to its input.

    ``depthwise`` (W, 7, 7) and ``shift`` (W,); ``norm`` (W,): what the normed channels are multiplied
    by; ``up`` (H, W), ``up_bias`` (H,), ``down`` (W, H), ``down_bias`` (W,); ``response``: gain and
    offset (H,) of the response norm after the GELU, zeros where there is none.
    """

    depthwise: Tensor
    shift: Tensor
    norm: Tensor
    up: Tensor
    up_bias: Tensor
    down: Tensor
    down_bias: Tensor
    response: tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Stage:
    """Blocks at one resolution. ``halve`` (W, W before, 2, 2) with ``halve_bias`` and ``halve_norm`` (of
    the width before) leads into it; None for the first stage."""

    blocks: tuple[Block, ...]
    halve: Tensor | None = None
    halve_bias: Tensor | None = None
    halve_norm: Tensor | None = None


@dataclass(frozen=True)
class Eye:
    """A tower. ``patches`` (W, 3, p, p) with ``patch_bias`` and ``patch_norm`` (W,); the projector is two
    linear layers with GELU between, (hidden, W) and (out, hidden), and their biases. ``mean`` and ``std``
    are of pixel values in 0..1."""

    side_px: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    patches: Tensor
    patch_bias: Tensor
    patch_norm: Tensor
    stages: tuple[Stage, ...]
    projector: tuple[Tensor, Tensor, Tensor, Tensor]

    def tensors(self) -> dict[str, Tensor]:
        """By the names that llama.cpp reads."""
        named = {
            "v.patch_embd.weight": self.patches,
            "v.patch_embd.bias": self.patch_bias,
            "v.patch_ln.weight": self.patch_norm,
            "v.patch_ln.bias": torch.zeros_like(self.patch_norm),
        }
        for number, stage in enumerate(self.stages):
            at = f"v.stage.{number}"
            if stage.halve is not None:
                assert stage.halve_bias is not None and stage.halve_norm is not None
                named |= {
                    f"{at}.down.ln.weight": stage.halve_norm,
                    f"{at}.down.ln.bias": torch.zeros_like(stage.halve_norm),
                    f"{at}.down.conv.weight": stage.halve,
                    f"{at}.down.conv.bias": stage.halve_bias,
                }
            for position, block in enumerate(stage.blocks):
                named |= _named(block, f"{at}.blk.{position}")
        up, up_bias, down, down_bias = self.projector
        return named | {
            "mm.0.weight": up,
            "mm.0.bias": up_bias,
            "mm.2.weight": down,
            "mm.2.bias": down_bias,
        }


def _named(block: Block, at: str) -> dict[str, Tensor]:
    gain, offset = block.response
    return {
        f"{at}.dw.weight": block.depthwise[:, None],
        f"{at}.dw.bias": block.shift,
        f"{at}.ln.weight": block.norm,
        f"{at}.ln.bias": torch.zeros_like(block.norm),
        f"{at}.pw1.weight": block.up,
        f"{at}.pw1.bias": block.up_bias,
        f"{at}.grn.weight": gain,
        f"{at}.grn.bias": offset,
        f"{at}.pw2.weight": block.down,
        f"{at}.pw2.bias": block.down_bias,
    }


def features(pictures: Tensor, tensors: Mapping[str, Tensor]) -> Tensor:
    """Normalised pictures (N, 3, S, S) -> (N, W, S / 32, S / 32), what the last stage gives."""
    patch = tensors["v.patch_embd.weight"]
    x = functional.conv2d(pictures, patch, tensors["v.patch_embd.bias"], stride=patch.shape[-1])
    x = _norm(x, tensors["v.patch_ln.weight"], tensors["v.patch_ln.bias"])
    stage = 0
    while any(name.startswith(f"v.stage.{stage}.") for name in tensors):
        at = f"v.stage.{stage}"
        if f"{at}.down.conv.weight" in tensors:
            x = _norm(x, tensors[f"{at}.down.ln.weight"], tensors[f"{at}.down.ln.bias"])
            halve = tensors[f"{at}.down.conv.weight"]
            x = functional.conv2d(x, halve, tensors[f"{at}.down.conv.bias"], stride=2)
        block = 0
        while f"{at}.blk.{block}.dw.weight" in tensors:
            x = x + _branch(x, tensors, f"{at}.blk.{block}")
            block += 1
        stage += 1
    return x


def tokens(pictures: Tensor, tensors: Mapping[str, Tensor]) -> Tensor:
    """Normalised pictures (N, 3, S, S) -> (N, 64, out), row by row, what the language model gets."""
    x = features(pictures, tensors)
    x = functional.avg_pool2d(x, x.shape[-1] // TOKENS_A_SIDE).flatten(2).transpose(1, 2)
    hidden = functional.linear(x, tensors["mm.0.weight"], tensors["mm.0.bias"])
    return functional.linear(functional.gelu(hidden), tensors["mm.2.weight"], tensors["mm.2.bias"])


def _branch(x: Tensor, tensors: Mapping[str, Tensor], at: str) -> Tensor:
    kernels = tensors[f"{at}.dw.weight"]
    y = functional.conv2d(x, kernels, tensors[f"{at}.dw.bias"], padding=3, groups=len(kernels))
    y = _norm(y, tensors[f"{at}.ln.weight"], tensors[f"{at}.ln.bias"]).movedim(1, -1)
    y = functional.linear(y, tensors[f"{at}.pw1.weight"], tensors[f"{at}.pw1.bias"])
    y = functional.gelu(y)
    energy = y.square().sum(dim=(1, 2), keepdim=True).sqrt()
    energy = energy / energy.mean(dim=-1, keepdim=True).clamp(min=GRN_EPS)
    y = y + y * energy * tensors[f"{at}.grn.weight"] + tensors[f"{at}.grn.bias"]
    y = functional.linear(y, tensors[f"{at}.pw2.weight"], tensors[f"{at}.pw2.bias"])
    return y.movedim(-1, 1)


def _norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Over channels; llama.cpp clamps the variance where others add to it."""
    away = x - x.mean(dim=1, keepdim=True)
    spread = away.square().mean(dim=1, keepdim=True).clamp(min=EPS).sqrt()
    return away / spread * weight[:, None, None] + bias[:, None, None]
