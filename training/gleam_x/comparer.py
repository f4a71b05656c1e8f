"""The learnt part of the tower: it compares the two halves of a montage, cell by cell and as a whole.

It begins where GLEAM-C ends: each cell of the encoder's map, projected as GLEAM-C projects a picture, is
a vector in the space in which matching places lie close. A few blocks in the manner of ConvNeXt V2 (but
without its norm, which would not fit beside the rewritten encoder) carry the vectors of one half to the
other; their response norm looks at the whole map at once.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.gleam_x.body import LocalEmbedding
from training.gleam_x.convnext import GRN_EPS, KERNEL


@dataclass(frozen=True)
class ComparerShape:
    """Channels of a cell, hidden units and blocks."""

    width: int = 384
    hidden: int = 768
    blocks: int = 3


class Entry(nn.Module):
    """Features (N, C, 8, 8) -> cells (N, width, 8, 8): the encoder's head and projection, then whatever
    more the width holds."""

    def __init__(self, channels: int, width: int, first: LocalEmbedding | None) -> None:
        super().__init__()
        units = 1280 if first is None else len(first.head)
        self.head = nn.Conv2d(channels, units, 1)
        self.project = nn.Conv2d(units, width, 1)
        if first is not None:
            self._take_over(first)

    def forward(self, features: Tensor) -> Tensor:
        cells: Tensor = self.project(functional.relu6(self.head(features)))
        return cells

    @torch.no_grad()
    def _take_over(self, first: LocalEmbedding) -> None:
        """GLEAM-C's weights, to cells of about unit size; channels beyond its own repeat them."""
        self.head.weight.copy_(first.head[:, :, None, None])
        self.head.bias.copy_(first.head_bias)  # type: ignore[union-attr]
        width = self.project.out_channels
        rows = torch.arange(width) % len(first.projection)
        self.project.weight.copy_(first.projection[rows][:, :, None, None])
        self.project.bias.copy_(first.projection_bias[rows])  # type: ignore[union-attr]

    @torch.no_grad()
    def scale_on(self, features: Tensor) -> None:
        """Make the cells of these features of unit variance."""
        spread = self(features).std()
        self.project.weight /= spread
        self.project.bias /= spread


class Block(nn.Module):
    """x + down(response norm(gelu(up(depthwise(x))))), starting as x."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, KERNEL, padding=KERNEL // 2, groups=width)
        self.up = nn.Linear(width, hidden)
        self.gain = nn.Parameter(torch.zeros(hidden))
        self.offset = nn.Parameter(torch.zeros(hidden))
        self.down = nn.Linear(hidden, width)
        nn.init.zeros_(self.down.weight)
        nn.init.zeros_(self.down.bias)
        with torch.no_grad():  # half of the channels begin as they are, the others see around
            self.depthwise.weight[::2] *= 0.1
            self.depthwise.weight[::2, :, KERNEL // 2, KERNEL // 2] = 1.0

    def forward(self, x: Tensor) -> Tensor:
        y = functional.gelu(self.up(self.depthwise(x).movedim(1, -1)))
        energy = (y.square().sum(dim=(1, 2), keepdim=True) + 1e-12).sqrt()
        energy = energy / energy.mean(dim=-1, keepdim=True).clamp(min=GRN_EPS)
        y = y + y * energy * self.gain + self.offset
        moved: Tensor = self.down(y).movedim(-1, 1)
        return x + moved


class Comparer(nn.Module):
    """Features of montages (N, C, 8, 8) -> cells (N, 64, width), row by row."""

    def __init__(
        self, channels: int, shape: ComparerShape, first: LocalEmbedding | None = None
    ) -> None:
        super().__init__()
        self.shape = shape
        self.entry = Entry(channels, shape.width, first)
        self.blocks = nn.Sequential(
            *(Block(shape.width, shape.hidden) for _ in range(shape.blocks))
        )

    def forward(self, features: Tensor) -> Tensor:
        cells: Tensor = self.blocks(self.entry(features))
        return cells.flatten(2).transpose(1, 2)


class Judge(nn.Module):
    """Comparer with a verdict of its own, by which it is trained before any language model is near.

    The verdict is a linear reading of the mean cell, so what a language model needs lies open in the
    cells.
    """

    def __init__(self, comparer: Comparer) -> None:
        super().__init__()
        self.comparer = comparer
        self.verdict = nn.Linear(comparer.shape.width, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Logits (N,) of a match."""
        logits: Tensor = self.verdict(self.comparer(features).mean(dim=1)).squeeze(1)
        return logits


class Projector(nn.Module):
    """Cells (N, 64, width) -> what the language model reads (N, 64, out), in the size of its own tokens.

    ``spread``: standard deviation of the language model's embeddings.
    """

    def __init__(self, width: int, hidden: int, out: int, spread: float = 1.0) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(width, hidden), nn.Linear(hidden, out)
        with torch.no_grad():
            self.down.weight.mul_(spread * (hidden / 2) ** 0.5)

    def forward(self, cells: Tensor) -> Tensor:
        tokens: Tensor = self.down(functional.gelu(self.up(cells)))
        return tokens
