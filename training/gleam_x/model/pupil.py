"""What the trainer needs of a model, whether ours or a released one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.gleam_x.model.dialogue import Turn


@dataclass(frozen=True)
class Shown:
    """A turn and the pictures of its pair. ``variant``: which of the changed copies; 0 is as it is."""

    turn: Turn
    row: int
    variant: int = 0


class Pupil(Protocol):
    """A model that is fine-tuned."""

    def parameters_by_rate(self) -> Mapping[str, Sequence[nn.Parameter]]:
        """Learnable parameters: "adapter" and "projector"."""
        ...

    def loss(self, shown: Sequence[Shown]) -> Tensor:
        """Weighted mean over the answers' tokens, mean over the turns: a scalar."""
        ...

    def verdicts(self, shown: Sequence[Shown]) -> Tensor:
        """Logit of yes against no, (N,), where the answer begins; of judging turns alone."""
        ...

    def state(self) -> dict[str, Tensor]:
        """Everything that learns, by name."""
        ...

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Set what ``state`` gave."""
        ...

    def train(self, mode: bool) -> None:
        """Training mode, or not."""
        ...


@dataclass(frozen=True)
class Doubt:
    """An answer token that should not be learnt for certain: with probability ``share`` it is ``other``."""

    position: int
    other: int
    share: float


def answer_loss(
    logits: Tensor,
    targets: Tensor,
    weights: Tensor,
    owner: Tensor,
    doubts: Sequence[Doubt] = (),
) -> Tensor:
    """Cross entropy of answer tokens: (T, V), (T,), (T,), and (T,) whose turn each belongs to."""
    each = functional.cross_entropy(logits.float(), targets, reduction="none")
    if doubts:
        at = torch.tensor([doubt.position for doubt in doubts])
        others = torch.tensor([doubt.other for doubt in doubts])
        shares = torch.tensor([doubt.share for doubt in doubts])
        lost = functional.cross_entropy(logits[at].float(), others, reduction="none") - each[at]
        each = each.index_add(0, at, shares * lost)
    each = each * weights
    nothing = each.new_zeros(int(owner.max()) + 1)
    sums = nothing.index_add(0, owner, each)
    return (sums / nothing.index_add(0, owner, weights)).mean()
