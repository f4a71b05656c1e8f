"""EfficientNet-Lite: the convolutional family of the starter encoder.

Architecture from Tan & Le, "EfficientNet" (arXiv 1905.11946) in the Lite variant of the TPU model
garden: no squeeze-and-excitation, ReLU6, first and last stage and stem not scaled. Convolutions pad as
TensorFlow's SAME does, because the ImageNet weights were trained that way.
"""

import math
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

BN_EPS = 1e-3
HEAD_CHANNELS = 1280
STEM_CHANNELS = 32


@dataclass(frozen=True)
class Stage:
    """Repeated inverted bottlenecks: expansion ratio, output channels, repeats, first stride, kernel."""

    expand: int
    channels: int
    repeats: int
    stride: int
    kernel: int


BASE_STAGES = (
    Stage(1, 16, 1, 1, 3),
    Stage(6, 24, 2, 2, 3),
    Stage(6, 40, 2, 2, 5),
    Stage(6, 80, 3, 2, 3),
    Stage(6, 112, 3, 1, 5),
    Stage(6, 192, 4, 2, 5),
    Stage(6, 320, 1, 1, 3),
)
# variant -> (width, depth) multipliers
VARIANTS = {"lite0": (1.0, 1.0), "lite1": (1.0, 1.1), "lite2": (1.1, 1.2)}


def _scaled_channels(channels: int, width: float) -> int:
    """Scale and round to a multiple of 8, never losing more than a tenth."""
    scaled = channels * width
    rounded = max(8, int(scaled + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * scaled else rounded


class ConvNorm(nn.Module):
    """Convolution with SAME padding, batch norm, and ReLU6 unless ``linear``.

    ``padding``: "zeros" as in the ImageNet weights, or "reflect", which lets windows of one large
    picture be computed at once without a dark frame around each.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        stride: int = 1,
        groups: int = 1,
        linear: bool = False,
        padding: str = "zeros",
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, groups=groups, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(outputs, eps=BN_EPS, momentum=0.01)
        self.linear = linear
        self.kernel, self.stride = kernel, stride
        self.pad_mode = "constant" if padding == "zeros" else "reflect"

    def forward(self, x: Tensor) -> Tensor:
        x = self._normalised(self.padded(x))
        # in place: nothing else holds the tensor, and large ones cost more to allocate than to fill
        return x if self.linear else F.relu6(x, inplace=True)

    def padded(self, x: Tensor) -> Tensor:
        """The input with as much around it as the convolution needs."""
        if self.kernel == 1:
            return x
        return F.pad(x, self._padding(x.shape[-2], x.shape[-1]), mode=self.pad_mode)

    def _normalised(self, x: Tensor) -> Tensor:
        """Convolution and batch norm; with fixed statistics both are one convolution, trainable too."""
        if self.norm.training or not isinstance(self.norm, nn.BatchNorm2d):
            return cast(Tensor, self.norm(self.conv(x)))
        norm, conv = self.norm, self.conv
        mean, variance = cast(Tensor, norm.running_mean), cast(Tensor, norm.running_var)
        factor = norm.weight * (variance + norm.eps).rsqrt()
        weight = conv.weight * factor.view(-1, 1, 1, 1)
        bias = norm.bias - mean * factor
        return F.conv2d(x, weight, bias, conv.stride, groups=conv.groups)

    def _padding(self, height: int, width: int) -> tuple[int, int, int, int]:
        def split(size: int) -> tuple[int, int]:
            out = -(-size // self.stride)
            total = max(0, (out - 1) * self.stride + self.kernel - size)
            return total // 2, total - total // 2

        left, right = split(width)
        top, bottom = split(height)
        return left, right, top, bottom

    def fuse(self) -> None:
        """Fold the batch norm into the convolution: same output, one pass less. Inference only."""
        if isinstance(self.norm, nn.BatchNorm2d):
            self.conv = nn.utils.fusion.fuse_conv_bn_eval(self.conv.eval(), self.norm.eval())
            self.norm = nn.Identity()


class InvertedBottleneck(nn.Module):
    """Expand, depthwise, project, with a shortcut where shapes allow (MobileNetV2, arXiv 1801.04381)."""

    def __init__(
        self, inputs: int, outputs: int, expand: int, kernel: int, stride: int, padding: str
    ) -> None:
        super().__init__()
        inner = inputs * expand
        self.expand = ConvNorm(inputs, inner, 1) if expand != 1 else nn.Identity()
        self.depthwise = ConvNorm(inner, inner, kernel, stride, groups=inner, padding=padding)
        self.project = ConvNorm(inner, outputs, 1, linear=True)
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + y if self.shortcut else y


class EfficientNetLite(nn.Module):
    """Feature extractor: float (N, 3, H, W) in [-1, 1] -> (N, 1280, ceil(H/32), ceil(W/32))."""

    def __init__(self, variant: str = "lite1", padding: str = "zeros") -> None:
        super().__init__()
        width, depth = VARIANTS[variant]
        self.stem = ConvNorm(3, STEM_CHANNELS, 3, 2, padding=padding)
        blocks: list[InvertedBottleneck] = []
        channels = STEM_CHANNELS
        for index, stage in enumerate(BASE_STAGES):
            fixed = index in (0, len(BASE_STAGES) - 1)
            outputs = _scaled_channels(stage.channels, width)
            for repeat in range(stage.repeats if fixed else math.ceil(stage.repeats * depth)):
                stride = stage.stride if repeat == 0 else 1
                blocks.append(
                    InvertedBottleneck(
                        channels, outputs, stage.expand, stage.kernel, stride, padding
                    )
                )
                channels = outputs
        self.blocks = nn.ModuleList(blocks)
        self.head = ConvNorm(channels, HEAD_CHANNELS, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.rest(self.first(x, 0), 0)

    def first(self, x: Tensor, blocks: int) -> Tensor:
        """Pictures through the stem and the first ``blocks`` blocks.

        What overlapping tiles can share: computed once over a large picture, cut, given to ``rest``.
        """
        return self.between(self.stem(x), 0, blocks)

    def between(self, features: Tensor, done: int, blocks: int) -> Tensor:
        """From ``first(x, done)`` on to ``first(x, blocks)``."""
        for block in self.blocks[done:blocks]:
            features = block(features)
        return features

    def rest(self, features: Tensor, blocks: int) -> Tensor:
        """What ``first`` left out: the other blocks and the head, (N, 1280, h, w)."""
        features = self.between(features, blocks, len(self.blocks))
        return torch.as_tensor(self.head(features))

    def stride(self, blocks: int) -> int:
        """Pixels of the picture between two cells of ``first(x, blocks)``."""
        steps = [cast(InvertedBottleneck, block).depthwise.stride for block in self.blocks[:blocks]]
        return math.prod([self.stem.stride, *steps])

    def fuse(self) -> "EfficientNetLite":
        """Fold every batch norm; the network can only infer afterwards."""
        for module in self.modules():
            if isinstance(module, ConvNorm):
                module.fuse()
        return self
