"""Vectors of all ranks, with the gradient flowing back to the rank that made them.

With each rank's loss over its own rows and all columns, and gradients averaged over ranks, N ranks give
the loss and the gradient of one rank with the whole batch (the local loss of open_clip).
"""

from collections.abc import Iterable
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn


def ranks() -> int:
    """How many processes train together; 1 without torch.distributed."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """This process's number, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def gather(rows: Tensor) -> Tensor:
    """(b, ...) of each rank -> (ranks * b, ...) in order of rank. Every rank must hold as many rows.

    Whole-number tensors carry no gradient; others do.
    """
    if ranks() == 1:
        return rows
    gathered: Tensor = _Gather.apply(rows)  # type: ignore[no-untyped-call]
    return gathered


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        ctx.rows = len(rows)
        parts = [torch.empty_like(rows) for _ in range(ranks())]
        dist.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        # every rank's loss reached these rows: add up what all of them say, keep our own
        total = gradients[0].contiguous().clone()
        dist.all_reduce(total)
        return total[rank() * ctx.rows : (rank() + 1) * ctx.rows]


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace each gradient by its mean over the ranks, in one message.

    Instead of DistributedDataParallel, whose hooks fire in every backward pass: large batches take many
    (``training.gleam_c.large_batches``) and need one exchange at the end.
    """
    if ranks() == 1:
        return
    learned = [p for p in parameters if p.requires_grad]
    for parameter in learned:
        if parameter.grad is None:  # every rank must send as much
            parameter.grad = torch.zeros_like(parameter)
    gradients = [p.grad for p in learned if p.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(flat)
    flat /= ranks()
    start = 0
    for gradient in gradients:
        gradient.copy_(flat[start : start + gradient.numel()].view_as(gradient))
        start += gradient.numel()
