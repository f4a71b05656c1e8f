"""The learnt part of the tower: it compares the two halves of a montage, cell by cell and as a whole.

It begins where GLEAM-C ends: each cell of the encoder's map, projected as GLEAM-C projects a picture, is
a vector in the space in which matching places lie close. A few blocks in the manner of ConvNeXt V2 follow
(without its norm, which would not fit beside the rewritten encoder; its response norm looks at the whole
map at once). The first of them begins as GLEAM-C's own similarity: its kernels add and subtract the mean
cells of the left and of the right panel, its hidden units square both, and a.b is
((a + b)^2 - (a - b)^2) / 4. From there it learns; begun at random, it learnt less than GLEAM-C knows.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from gleam_app.errors import GleamError
from training.gleam_x.model.body import CELLS, LocalEmbedding
from training.gleam_x.model.convnext import GRN_EPS, KERNEL

SHARPNESS = 2.0  # of the first squares, where cells are of unit variance
QUIET, LOUD = 0.3, 5.0  # of a new projector: what it says at random, and the words it begins with
ELSEWHERE = 5.0  # how much less a cell beside the middle counts at first, as a logarithm


@dataclass(frozen=True)
class ComparerShape:
    """Channels of a cell, hidden units and blocks."""

    width: int = 576
    hidden: int = 1024
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
        """GLEAM-C's weights twice: one copy for sums, one for differences. The other channels are empty."""
        self.head.weight.copy_(first.head[:, :, None, None])
        self.head.bias.copy_(first.head_bias)  # type: ignore[union-attr]
        own = len(first.projection)
        self.project.weight.zero_()
        self.project.bias.zero_()  # type: ignore[union-attr]
        for copy in (slice(0, own), slice(own, 2 * own)):
            self.project.weight[copy] = first.projection[:, :, None, None]
            self.project.bias[copy] = first.projection_bias  # type: ignore[index]

    @torch.no_grad()
    def scale_on(self, features: Tensor) -> None:
        """Make the cells of these features of unit variance, but for the empty channels."""
        cells = self(features).movedim(1, 0).flatten(1)
        spread = cells[cells.std(dim=1) > 0].std()
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

    @torch.no_grad()
    def begin_as_similarity(self, own: int) -> None:
        """Channel ``2 * own`` gets the product of both panels' mean vectors (of ``own`` channels), in the
        cell left of the middle of each row of panels."""
        middle = KERNEL // 2
        rows = slice(middle - 1, middle + 3)  # from a panel's second row: all its rows
        bias = torch.as_tensor(self.depthwise.bias)
        self.depthwise.weight[: 2 * own] = 0.0
        bias[: 2 * own] = 0.0
        for copy, sign in ((slice(0, own), -1.0), (slice(own, 2 * own), 1.0)):
            self.depthwise.weight[copy, 0, rows, : middle + 1] = 1 / 16
            self.depthwise.weight[copy, 0, rows, middle + 1 :] = sign / 12
        ones = torch.eye(own)
        self.up.weight[: 4 * own] = 0.0
        self.up.bias[: 4 * own] = 0.0
        for part, (copied, sign) in enumerate(((0, 1.0), (0, -1.0), (1, 1.0), (1, -1.0))):
            units = slice(part * own, (part + 1) * own)
            # gelu(x) + gelu(-x) is a square near nothing
            self.up.weight[units, copied * own : (copied + 1) * own] = SHARPNESS * sign * ones
            self.down.weight[2 * own, units] = (1.0 if copied else -1.0) / own

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
        """Begins as GLEAM-C, if told what ``first`` does. Raises GleamError for a shape too small for it."""
        super().__init__()
        self.shape = shape
        self.own = 0 if first is None else len(first.projection)
        if 2 * self.own >= shape.width or 4 * self.own > shape.hidden or not shape.blocks:
            raise GleamError(
                f"A comparer that begins as GLEAM-C needs a block, a width above {2 * self.own} and "
                f"{4 * self.own} hidden units."
            )
        self.entry = Entry(channels, shape.width, first)
        blocks = [Block(shape.width, shape.hidden) for _ in range(shape.blocks)]
        if first is not None:
            blocks[0].begin_as_similarity(self.own)
        self.blocks = nn.Sequential(*blocks)

    def forward(self, features: Tensor) -> Tensor:
        cells: Tensor = self.blocks(self.entry(features))
        return cells.flatten(2).transpose(1, 2)


class Judge(nn.Module):
    """Comparer with a verdict of its own, by which it is trained before any language model is near.

    The verdict is one linear reading of each cell, weighed over the cells by place: first of those where
    both panels meet. Trained on every cell, too, it makes the comparer spread what it found, so that each
    token speaks of it to the language model.
    """

    def __init__(self, comparer: Comparer) -> None:
        super().__init__()
        self.comparer = comparer
        self.verdict = nn.Linear(comparer.shape.width, 1)
        places = torch.full((CELLS, CELLS), -ELSEWHERE)
        places[[1, CELLS // 2 + 1], CELLS // 2 - 1] = 0.0  # where both panels' means meet
        self.places = nn.Parameter(places.flatten())

    def forward(self, features: Tensor) -> Tensor:
        """Logits (N,) of a match."""
        return self.weighed(self.cell_logits(features))

    def of_cells(self, cells: Tensor) -> Tensor:
        """The comparer's cells (N, 64, width) -> logits (N,) of a match."""
        return self.weighed(self.verdict(cells).squeeze(2))

    def cell_logits(self, features: Tensor) -> Tensor:
        """The verdict of each cell, (N, 64)."""
        logits: Tensor = self.verdict(self.comparer(features)).squeeze(2)
        return logits

    def weighed(self, cells: Tensor) -> Tensor:
        """(N, 64, ...) -> (N, ...): the mean over the cells by the weights of their places."""
        return torch.einsum("nk...,k->n...", cells, self.places.softmax(dim=0))

    @torch.no_grad()
    def begin_on(self, features: Tensor) -> None:
        """Fit the scales to the features of some pairs, so that the first verdicts are similarity's."""
        self.comparer.entry.scale_on(features)
        own = self.comparer.own
        if not own:
            return
        read = self.weighed(self.comparer(features))[:, 2 * own]
        self.verdict.weight.mul_(0.1)
        self.verdict.weight[0, 2 * own] = 1 / read.std()
        self.verdict.bias.fill_((-read.mean() / read.std()).item())


class Projector(nn.Module):
    """Cells (N, 64, width) -> what the language model reads (N, 64, out), in the size of its own tokens.

    ``spread``: standard deviation of the language model's embeddings.
    """

    def __init__(self, width: int, hidden: int, out: int, spread: float = 1.0) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(width, hidden), nn.Linear(hidden, out)
        with torch.no_grad():
            self.down.weight.mul_(QUIET * spread)
            self.down.bias.mul_(QUIET * spread)

    @torch.no_grad()
    def begin_as_words(self, verdict: nn.Linear, yes: Tensor, no: Tensor) -> None:
        """Where the judge sees a match the token begins as the word for yes, else as that for no, (out,)
        each: the language model need not find out first which tokens speak of it."""
        for unit, (sign, word) in enumerate(((1.0, yes), (-1.0, no))):
            self.up.weight[unit] = sign * verdict.weight[0]
            self.up.bias[unit] = sign * verdict.bias[0]
            self.down.weight[:, unit] = LOUD * word

    def forward(self, cells: Tensor) -> Tensor:
        tokens: Tensor = self.down(functional.gelu(self.up(cells)))
        return tokens
