"""EfficientNet-Lite in 8-bit integers: several times faster on processors that multiply such by the dozen.

Weights are rounded to int8 with a scale for each output channel, features are uint8 (Jacob et al., arXiv
1712.05877). A ReLU6 tells the range of its output; the range of each block's output, which nothing
bounds, stands in the pack. The integers are multiplied by oneDNN, through operators that torch keeps
for its own compiler: ``supported`` asks whether they are there, and right, on this computer.
"""

import functools
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor

from gleam_app.retrieval.efficientnet_lite import ConvNorm, EfficientNetLite, InvertedBottleneck

COLOURS = 3
MOST = 127  # of a weight; -128 is left out, so that scales are symmetric
EARLY_PX = 64  # wider features are padded before they are expanded, smaller ones after


@dataclass(frozen=True)
class Levels:
    """What a uint8 stands for: ``scale`` times (it minus ``zero``)."""

    scale: float
    zero: int

    @classmethod
    def between(cls, low: float, high: float) -> "Levels":
        """Levels for low..high, nought among them. Raises ValueError where that is no range."""
        low, high = min(low, 0.0), max(high, 0.0)
        scale = (high - low) / 255
        if not 0 < scale < 1e3:
            raise ValueError("no range")
        return cls(scale, round(-low / scale))


PIXELS = Levels(1.0, 0)
RELU6 = Levels(6 / 255, 0)  # to cut off at these levels is the ReLU6 itself


class IntegerConv:
    """A fused ``ConvNorm`` in integers: uint8 (N, C, H, W), channels last, to uint8 or float."""

    def __init__(
        self,
        layer: ConvNorm,
        inputs: Levels,
        outputs: Levels | None,
        mean: Tensor | None = None,
    ) -> None:
        """``outputs``: None for float outputs, which no ReLU6 has cut off.

        ``mean`` (C,): what the float layer has been given less of, by channel.
        """
        conv = layer.conv
        self._layer, self._inputs, self._outputs = layer, inputs, outputs
        weight = conv.weight.detach()
        self._scales, rounded = rounded_weights(weight)
        self._bias = cast(Tensor, conv.bias).detach()
        if mean is not None:  # of the rounded weights, so that a picture of that colour stays exact
            self._bias = self._bias - self._scales * (rounded * mean.view(1, -1, 1, 1)).sum(
                (1, 2, 3)
            )
        self._zeros = torch.zeros(len(weight), dtype=torch.int32)
        self._stride, self._groups = list(conv.stride), conv.groups
        self._weight = torch.ops.onednn.qconv_prepack(
            rounded, self._scales, inputs.scale, inputs.zero,
            self._stride, [0, 0], [1, 1], self._groups, None,
        )  # fmt: skip

    def __call__(self, x: Tensor, added: tuple[Tensor, Levels] | None = None) -> Tensor:
        """The convolution without padding; ``added`` is overwritten with its sum with the result."""
        known = (self._weight, self._scales, self._zeros)
        how = (self._bias, self._stride, [0, 0], [1, 1], self._groups, *self._result())
        taken = (x, self._inputs.scale, self._inputs.zero, *known)
        if added is None:
            made = torch.ops.onednn.qconv2d_pointwise(*taken, *how, "none", [], "")
        else:
            to, levels = added
            made = torch.ops.onednn.qconv2d_pointwise.binary(
                *taken, to, *how, levels.scale, levels.zero, "sum", 1.0, "none", [], ""
            )
        return cast(Tensor, made)

    def padded(self, x: Tensor) -> Tensor:
        """The layer's input with its padding."""
        return self._layer.padded(x)

    def _result(self) -> tuple[float, int, torch.dtype]:
        if self._outputs is None:
            return 1.0, 0, torch.float32
        return self._outputs.scale, self._outputs.zero, torch.uint8


class IntegerBottleneck:
    """An ``InvertedBottleneck`` in integers."""

    def __init__(self, block: InvertedBottleneck, inputs: Levels, outputs: Levels) -> None:
        self._inputs = inputs
        self._expand = (
            IntegerConv(block.expand, inputs, RELU6) if isinstance(block.expand, ConvNorm) else None
        )
        self._depthwise = IntegerConv(
            block.depthwise, inputs if self._expand is None else RELU6, RELU6
        )
        self._project = IntegerConv(block.project, RELU6, outputs)
        self.shortcut = block.shortcut

    def __call__(self, x: Tensor) -> Tensor:
        """uint8 to uint8; with a shortcut ``x`` is overwritten with the result."""
        early = self._expand is None or x.shape[-1] >= EARLY_PX
        y = self._depthwise.padded(x) if early else x  # fewer channels to copy
        if self._expand is not None:
            y = self._expand(y)
        y = self._depthwise(y if early else self._depthwise.padded(y))
        return self._project(y, (x, self._inputs) if self.shortcut else None)


class IntegerLite:
    """An ``EfficientNetLite`` in integers, in the same parts.

    Pictures are uint8 (N, 3, H, W), channels last, as they are: the mean and the standard deviation
    (of 0..255, a value a channel) that the network was trained with are folded into its first layer.
    What ``first`` and ``between`` give is uint8, what ``rest`` gives float.
    """

    def __init__(
        self,
        network: EfficientNetLite,
        ranges: Sequence[Sequence[float]],
        mean: Tensor,
        std: Tensor,
    ) -> None:
        """``network``: fused, padded by reflection. ``ranges``: (low, high) of each block's output.

        Raises ValueError where they do not fit.
        """
        blocks = [cast(InvertedBottleneck, block) for block in network.blocks]
        if network.stem.pad_mode != "reflect":
            raise ValueError("nought is not among the levels of pixels")
        outputs = [Levels.between(*(float(end) for end in pair)) for pair in ranges]
        if len(outputs) != len(blocks):
            raise ValueError("the ranges are not those of the network's blocks")
        with torch.no_grad():
            network.stem.conv.weight /= std.view(1, -1, 1, 1)
            self._stem = IntegerConv(network.stem, PIXELS, RELU6, mean.flatten())
            inputs = [RELU6, *outputs[:-1]]
            self.blocks = [
                IntegerBottleneck(*those) for those in zip(blocks, inputs, outputs, strict=True)
            ]
            self._head = IntegerConv(network.head, outputs[-1], None)
        self.stride = network.stride

    def __call__(self, pictures: Tensor) -> Tensor:
        return self.rest(self.first(pictures, 0), 0)

    def first(self, pictures: Tensor, blocks: int) -> Tensor:
        """As ``EfficientNetLite.first``."""
        return self.between(self._stem(self._stem.padded(pictures)), 0, blocks)

    def between(self, features: Tensor, done: int, blocks: int) -> Tensor:
        """As ``EfficientNetLite.between``."""
        those = self.blocks[done:blocks]
        if those and those[0].shortcut:
            features = features.clone()
        for block in those:
            features = block(features)
        return features

    def rest(self, features: Tensor, blocks: int) -> Tensor:
        """As ``EfficientNetLite.rest``: float (N, 1280, h, w)."""
        return self._head(self.between(features, blocks, len(self.blocks))).clamp_(0.0, 6.0)


def rounded_weights(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Scales (O,) and int8 weights (O, I, h, w) of float ones.

    The few weights of a depthwise filter, and of the first layer's, are rounded so that their sum stays:
    what goes in is mostly even, and most of the harm of rounding is to brighten or darken it all.
    """
    scales = (weight.abs().amax((1, 2, 3)) / MOST).clamp(min=1e-12)
    exact = (weight / scales.view(-1, 1, 1, 1)).flatten(1)
    whole = exact.round()
    if weight.shape[1] <= COLOURS:
        short = (exact.sum(1) - whole.sum(1)).round()[:, None]
        # those go up (or down) that rounding took furthest the other way
        turn = ((exact - whole) * short.sign()).argsort(1, descending=True).argsort(1)
        whole += (turn < short.abs()) * short.sign()
    return scales, whole.clamp(-MOST, MOST).view_as(weight).to(torch.int8)


@functools.cache
def supported() -> bool:
    """Whether this computer multiplies such integers, and fast.

    Elsewhere than on x86 there is no fast way; processors without VNNI add pairs of products up in 16
    bits, which overflow: a product of the largest numbers shows it.
    """
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return False
    try:
        return _exact(groups=1) and _exact(groups=16)
    except (AttributeError, RuntimeError, TypeError):  # operators missing, or of another torch
        return False


def _exact(groups: int) -> bool:
    """Whether a convolution of the largest numbers, and a sum with it, come out as they should."""
    x = torch.full((1, 16, 4, 4), 255, dtype=torch.uint8)
    x = x.contiguous(memory_format=torch.channels_last)
    layer: Any = ConvNorm(16, 16, 3, groups=groups, padding="reflect").requires_grad_(False)
    layer.conv.weight.fill_(1.0)
    layer.fuse()
    layer.conv.weight.fill_(1.0)
    layer.conv.bias.zero_()
    made = IntegerConv(layer, PIXELS, None)(layer.padded(x))
    products = 255.0 * 9 * 16 / groups
    whole = Levels(products / 128, 0)
    half = torch.full_like(x, 64)
    summed = IntegerConv(layer, PIXELS, whole)(layer.padded(x), (half, whole))
    return bool(((made / products - 1).abs() < 1e-3).all() and (summed == 192).all())
