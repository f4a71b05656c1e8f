"""Batches larger than memory: GradCache (Gao et al. 2021, arXiv 2101.06983).

The loss couples all pairs of a batch, but only through their vectors. So: embed every chunk without
keeping activations; take the loss and its gradient at the vectors; embed each chunk again, now with
activations, and hand it the gradient of its vectors. Memory is that of one chunk, the gradient is the
direct one, the price is one more forward pass.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor

Chunk = TypeVar("Chunk")


class RandomState:
    """The generators that dropout draws from, to be set back for the second pass."""

    def __init__(self) -> None:
        self.cpu = torch.get_rng_state()
        self.gpu = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []

    def restore(self) -> None:
        torch.set_rng_state(self.cpu)
        if self.gpu:
            torch.cuda.set_rng_state_all(self.gpu)


def backward_in_chunks(
    chunks: Sequence[Chunk],
    embed: Callable[[Chunk], Tensor],
    loss_of: Callable[[list[Tensor]], Tensor],
) -> Tensor:
    """Add the gradient of ``loss_of([embed(chunk) ...])`` to the parameters; the loss, detached.

    ``embed`` must treat every picture by itself (no batch statistics) and may draw random numbers.
    Parameters that ``loss_of`` itself uses (the logit scale) get their gradient too.
    """
    states: list[RandomState] = []
    vectors: list[Tensor] = []
    with torch.no_grad():
        for chunk in chunks:
            states.append(RandomState())
            vectors.append(embed(chunk))
    after = RandomState()
    for vector in vectors:
        vector.requires_grad_()
    loss = loss_of(vectors)
    loss.backward()  # type: ignore[no-untyped-call]
    for chunk, state, vector in zip(chunks, states, vectors, strict=True):
        if vector.grad is None:
            continue
        state.restore()
        embed(chunk).backward(vector.grad)  # type: ignore[no-untyped-call]
    after.restore()
    return loss.detach()
