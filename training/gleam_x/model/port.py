"""GLEAM-C's encoder written as a ConvNeXt V2, weight by weight, so that llama.cpp can run it.

llama.cpp knows no EfficientNet, but a ConvNeXt V2 (``training.gleam_x.model.convnext``), and that is general
enough to compute the same. Nothing is learnt or lost but rounding:

- *Norms.* Two channels of +-``ANCHOR``, far above all features, make the spread over channels constant:
  the norm divides by a number known beforehand. A third channel is always zero, so that it holds the
  mean that the norm took away, and whoever reads the others adds it back.
- *ReLU6.* ``gelu(SLOPE * x) / SLOPE`` is ReLU but for a gap of 0.17 / ``SLOPE`` at zero, and ReLU6 is
  ``relu(x) - relu(x - 6)``.
- *Bottlenecks.* A block of ConvNeXt convolves each channel, then mixes; an inverted bottleneck expands,
  convolves each channel, then mixes. So each becomes two blocks: one writes the expanded channels beside
  the features (the *work* channels) and wipes what the last one wrote there, one convolves and mixes.
- *Strides.* A convolution of stride two is one of stride one of which every second value is kept; the
  steps between stages of a ConvNeXt keep it.
- *Stem.* The patches are 2x2 pixels, and the 3x3 stem sees them and their neighbours to the right and
  below.

Zeros lie around the picture, as in the ImageNet weights; an encoder trained with mirrored edges gives
other features along them.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from gleam_app.errors import GleamError
from gleam_app.retrieval.efficientnet_lite import ConvNorm, EfficientNetLite, InvertedBottleneck
from training.gleam_x.model.convnext import KERNEL, Block, Stage

ANCHOR = 8192.0  # exact in half precision, and above the squares of all channels together
SLOPE = 256.0
TOP = 6.0  # of ReLU6
SAFE = 0.85  # a channel that never came higher than this share of the bound is not bounded
MIDDLE = KERNEL // 2
TAPS = 27  # of the stem's 3x3 kernel on three colours
ALIGNED = 32  # widths are multiples, as quantised rows need
Highest = Mapping[int, Tensor]
"""Layer (its ``id``) -> the highest value of each channel before its ReLU6, (C,)."""


@dataclass(frozen=True)
class Ported:
    """The stem and the stages of an encoder. Its last block's output are the first ``features`` channels of
    the last stage; of the work channels after them the first ``stale`` still hold values >= 0."""

    patches: Tensor
    patch_bias: Tensor
    patch_norm: Tensor
    stages: tuple[Stage, ...]
    layout: "Layout"
    features: int
    stale: int


@dataclass
class Layout:
    """Channels of a stage: features from 0, work from ``work``; the last ones are zero and the anchors."""

    features: int
    expanded: int
    width: int = field(init=False)

    def __post_init__(self) -> None:
        self.width = -(-(self.features + self.expanded + 4) // ALIGNED) * ALIGNED

    @property
    def work(self) -> int:
        return self.features

    @property
    def zero(self) -> int:
        """Holds nothing, and after a norm what that took away."""
        return self.width - 3

    @property
    def balance(self) -> int:
        """Makes the mean over the first channels nothing: no reader could add it back to neighbours."""
        return self.width - 4

    @property
    def spread(self) -> float:
        """What a norm over the channels divides by."""
        return ANCHOR * math.sqrt(2.0 / self.width)

    def norm(self) -> Tensor:
        """The weight that makes a norm change nothing."""
        return torch.full((self.width,), self.spread)


class BlockMaker:
    """Collects what one block shall compute: depthwise kernels, hidden units, and where they are added."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._kernels = torch.zeros(layout.width, KERNEL, KERNEL)
        self._kernels[:, MIDDLE, MIDDLE] = 1.0
        self._shift = torch.zeros(layout.width)
        self._up: list[Tensor] = []
        self._up_bias: list[Tensor] = []
        self._down: list[Tensor] = []
        self._down_bias = torch.zeros(layout.width)

    def convolve(self, at: int, kernels: Tensor, shift: Tensor, first: int) -> None:
        """Channels from ``at`` by ``kernels`` (C, k, k), whose first tap lies ``first`` cells away."""
        size, start = kernels.shape[-1], MIDDLE + first
        place = self._kernels[at : at + len(kernels)]
        place.zero_()
        place[:, start : start + size, start : start + size] = kernels
        self._shift[at : at + len(kernels)] = shift

    def units(self, rows: Tensor, bias: Tensor, outputs: Tensor) -> None:
        """Hidden units ``relu(rows @ x + bias)``: (U, W), (U,); ``outputs`` (W, U) of them are added."""
        self._up.append(self._levelled(rows * SLOPE))
        self._up_bias.append(bias * SLOPE)
        self._down.append(outputs / SLOPE)

    def clipped(self, rows: Tensor, bias: Tensor, outputs: Tensor, reach: Tensor) -> None:
        """As ``units`` with ReLU6; ``reach`` (U,) bool: units that ever come so high."""
        self.units(rows, bias, outputs)
        self.units(rows[reach], bias[reach] - TOP, -outputs[:, reach])

    def add(self, at: int, values: Tensor) -> None:
        """Constants added to channels from ``at``."""
        self._down_bias[at : at + len(values)] += values

    def wipe(self, at: int, count: int, signed: bool) -> None:
        """Take channels away from themselves; the ``signed`` ones by two units each."""
        rows = self.select(at, count)
        self.units(rows, torch.zeros(count), -rows.T)
        if signed:
            self.units(-rows, torch.zeros(count), rows.T)

    def select(self, at: int, count: int) -> Tensor:
        """(count, W): rows that pick channels."""
        return torch.eye(self.layout.width)[at : at + count]

    def put(self, at: int, weight: Tensor) -> Tensor:
        """(W, U): ``weight`` (C, U) into the channels from ``at``."""
        outputs = torch.zeros(self.layout.width, weight.shape[1])
        outputs[at : at + len(weight)] = weight
        return outputs

    def read(self, at: int, weight: Tensor) -> Tensor:
        """(U, W): ``weight`` (U, C) on the channels from ``at``."""
        return self.put(at, weight.T).T.contiguous()

    def block(self) -> Block:
        """What was collected."""
        up, bias = torch.cat(self._up), torch.cat(self._up_bias)
        still = torch.zeros(len(bias))
        return self._made(up, bias, torch.cat(self._down, dim=1), (still, still))

    def learnt(
        self, rows: Tensor, bias: Tensor, outputs: Tensor, response: tuple[Tensor, Tensor]
    ) -> Block:
        """A block with GELU and a response norm over just these hidden units."""
        return self._made(self._levelled(rows), bias, outputs, response)

    def _made(
        self, up: Tensor, bias: Tensor, down: Tensor, response: tuple[Tensor, Tensor]
    ) -> Block:
        norm = self.layout.norm()
        return Block(self._kernels, self._shift, norm, up, bias, down, self._down_bias, response)

    def _levelled(self, rows: Tensor) -> Tensor:
        """Rows that also read the mean which the norm took away."""
        rows = rows.clone()
        rows[:, self.layout.zero] = -rows.sum(dim=1)
        return rows


@torch.no_grad()
def highest(network: EfficientNetLite, batches: Iterable[Tensor]) -> Highest:
    """The highest value that comes to each ReLU6 of the network on normalised pictures, by layer."""
    found: dict[int, Tensor] = {}

    def watch(layer: nn.Module, given: tuple[Tensor]) -> None:
        assert isinstance(layer, ConvNorm)
        layer.linear = True
        value = layer.forward(*given).amax(dim=(0, 2, 3))
        layer.linear = False
        found[id(layer)] = torch.maximum(found.get(id(layer), value), value)

    layers = [layer for layer in network.modules() if isinstance(layer, ConvNorm)]
    hooks = [layer.register_forward_pre_hook(watch) for layer in layers if not layer.linear]
    try:
        for pictures in batches:
            network(pictures)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def port(network: EfficientNetLite, tops: Highest | None = None) -> Ported:
    """Rewrite the stem and all blocks (not the head); ``network`` may be fused.

    ``tops``: as ``highest`` found; what stays well below the bound of ReLU6 gets no second unit, which
    saves a third of the work. Without, all are bounded. Raises GleamError where the network's shape has
    no counterpart.
    """
    tops = tops or {}
    blocks = [block for block in network.blocks if isinstance(block, InvertedBottleneck)]
    groups = _by_resolution(blocks)
    layouts = [_layout(group, first=number == 0) for number, group in enumerate(groups)]
    stages: list[Stage] = []
    for number, (group, layout) in enumerate(zip(groups, layouts, strict=True)):
        made, stale = [], 0
        if number == 0:
            made.append(_stem(network.stem, layout, tops))
            stale = network.stem.conv.out_channels
        for bottleneck in group:
            if isinstance(bottleneck.expand, ConvNorm):
                made.append(_expanding(bottleneck.expand, layout, stale, tops))
                stale = bottleneck.expand.conv.out_channels
            wiped = 0 if bottleneck.shortcut else _inputs(bottleneck)
            if not isinstance(bottleneck.expand, ConvNorm):
                wiped = TAPS  # the stem's, which lie where the features will
            made.append(_mixing(bottleneck, layout, wiped, tops))
        if number == 0:
            stages.append(Stage(tuple(made)))
        else:
            before = layouts[number - 1]
            kept = groups[number - 1][-1].project.conv.out_channels
            stages.append(_entered(tuple(made), before, layout, kept))
    patches, patch_bias = _patches(layouts[0])
    features = blocks[-1].project.conv.out_channels
    norm = layouts[0].norm()
    return Ported(patches, patch_bias, norm, tuple(stages), layouts[-1], features, stale)


def folded(layer: ConvNorm) -> tuple[Tensor, Tensor]:
    """Weight and bias of the one convolution that a convolution and its norm are."""
    conv, norm = layer.conv, layer.norm
    weight = conv.weight.detach().float()
    if isinstance(norm, nn.BatchNorm2d):
        assert norm.running_mean is not None and norm.running_var is not None
        factor = (norm.weight / (norm.running_var + norm.eps).sqrt()).detach().float()
        bias = norm.bias.detach().float() - norm.running_mean.float() * factor
        return weight * factor.view(-1, 1, 1, 1), bias
    bias = torch.zeros(len(weight)) if conv.bias is None else conv.bias.detach().float()
    return weight, bias


def _by_resolution(blocks: list[InvertedBottleneck]) -> list[list[InvertedBottleneck]]:
    """Each group ends with the block that halves the resolution; the last one with the network."""
    groups: list[list[InvertedBottleneck]] = [[]]
    for block in blocks:
        groups[-1].append(block)
        if block.depthwise.stride == 2:
            groups.append([])
    if not groups[-1]:
        raise GleamError("An encoder whose last block halves its resolution cannot be rewritten.")
    return groups


def _inputs(block: InvertedBottleneck) -> int:
    first = block.expand if isinstance(block.expand, ConvNorm) else block.depthwise
    return int(first.conv.in_channels)


def _layout(group: list[InvertedBottleneck], first: bool) -> Layout:
    outputs = [block.project.conv.out_channels for block in group]
    inputs = [TAPS if first else _inputs(group[0]), *outputs]
    return Layout(max(inputs), max(block.depthwise.conv.out_channels for block in group))


def _anchored(layout: Layout) -> Tensor:
    bias = torch.zeros(layout.width)
    bias[-2], bias[-1] = ANCHOR, -ANCHOR
    return bias


def _patches(layout: Layout) -> tuple[Tensor, Tensor]:
    """Patches of 2x2 pixels whose channel (colour, row, column of the stem's kernel) is one pixel."""
    weight = torch.zeros(layout.width, 3, 2, 2)
    for colour in range(3):
        for row in range(3):
            for column in range(3):
                weight[colour * 9 + row * 3 + column, colour, row % 2, column % 2] = 1.0
    weight[layout.balance] = -weight.sum(dim=0)
    return weight, _anchored(layout)


def _stem(stem: ConvNorm, layout: Layout, tops: Highest) -> Block:
    """The third row and column of the kernel are the first ones of the next patch."""
    weight, bias = folded(stem)
    maker = BlockMaker(layout)
    for colour in range(3):
        for row in range(3):
            for column in range(3):
                kernel = torch.zeros(1, 3, 3)
                kernel[0, 1 + row // 2, 1 + column // 2] = 1.0
                maker.convolve(colour * 9 + row * 3 + column, kernel, torch.zeros(1), -1)
    rows = maker.read(0, weight.flatten(1))
    outputs = maker.put(layout.work, torch.eye(len(bias)))
    maker.clipped(rows, bias, outputs, _reaching(stem, tops))
    return maker.block()


def _reaching(layer: ConvNorm, tops: Highest) -> Tensor:
    """Which channels need the bound of ReLU6."""
    if id(layer) not in tops:
        return torch.ones(layer.conv.out_channels, dtype=torch.bool)
    return tops[id(layer)] > SAFE * TOP


def _expanding(expand: ConvNorm, layout: Layout, stale: int, tops: Highest) -> Block:
    """Work channels become the expanded features; the ``stale`` ones of before are wiped."""
    weight, bias = folded(expand)
    maker = BlockMaker(layout)
    rows = maker.read(0, weight.flatten(1))
    outputs = maker.put(layout.work, torch.eye(len(bias)))
    maker.clipped(rows, bias, outputs, _reaching(expand, tops))
    if stale:
        maker.wipe(layout.work, stale, signed=False)
    return maker.block()


def _mixing(block: InvertedBottleneck, layout: Layout, wiped: int, tops: Highest) -> Block:
    """Work channels convolved, clipped and mixed into the features."""
    kernels, shift = folded(block.depthwise)
    project, bias = folded(block.project)
    size = kernels.shape[-1]
    # as the network pads: evenly, the odd cell behind; of stride two, every second value from the first
    first = -(size // 2) if block.depthwise.stride == 1 else -((size - 2) // 2)
    maker = BlockMaker(layout)
    maker.convolve(layout.work, kernels[:, 0], shift, first)
    rows = maker.select(layout.work, len(kernels))
    outputs = maker.put(0, project.flatten(1))
    maker.clipped(rows, torch.zeros(len(kernels)), outputs, _reaching(block.depthwise, tops))
    maker.add(0, bias)
    if wiped:
        maker.wipe(0, wiped, signed=True)
    return maker.block()


def _entered(blocks: tuple[Block, ...], before: Layout, layout: Layout, kept: int) -> Stage:
    halve = torch.zeros(layout.width, before.width, 2, 2)
    halve[range(kept), range(kept), 0, 0] = 1.0
    halve[:kept, before.zero, 0, 0] = -1.0
    return Stage(blocks, halve, _anchored(layout), before.norm())
