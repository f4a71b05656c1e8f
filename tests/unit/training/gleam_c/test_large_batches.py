import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.gleam_c.large_batches import backward_in_chunks
from training.gleam_c.losses import LogitScale, info_nce


def _network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.LazyLinear(5)
    ).eval()


def _loss(vectors: list[Tensor], scale: LogitScale) -> Tensor:
    rows = functional.normalize(torch.cat(vectors), dim=1)
    half = len(rows) // 2
    return info_nce(rows[:half], rows[half:], scale(), smoothing=0.1)


@pytest.mark.parametrize("size", [1, 3, 8, 16])
def test_gradients_are_those_of_the_whole_batch(size: int) -> None:
    pictures = torch.randn(16, 3, 9, 9)
    network, scale = _network(), LogitScale()
    network(pictures)
    direct = _loss([network(pictures)], scale)
    learned = [*network.parameters(), *scale.parameters()]
    expected = torch.autograd.grad(direct, learned)

    loss = backward_in_chunks(pictures.split(size), network, lambda v: _loss(v, scale))
    torch.testing.assert_close(loss, direct.detach())
    for parameter, gradient in zip(learned, expected, strict=True):
        assert parameter.grad is not None
        # single precision: other chunks, other order of summation
        assert (parameter.grad - gradient).norm() <= 1e-5 * gradient.norm()


def test_dropout_is_the_same_in_both_passes() -> None:
    """The chunks' gradients are those at the vectors that the loss saw."""
    seen: list[Tensor] = []
    layer = nn.Dropout(0.5)

    def embed(chunk: Tensor) -> Tensor:
        seen.append(layer(chunk * weight))
        return seen[-1]

    weight = torch.ones(4, requires_grad=True)
    torch.manual_seed(5)
    backward_in_chunks(torch.ones(6, 4).split(2), embed, lambda v: torch.cat(v).square().sum())
    after = torch.rand(1)
    assert len(seen) == 6
    for first, second in zip(seen[:3], seen[3:], strict=True):
        torch.testing.assert_close(first, second)
    torch.manual_seed(5)
    for _ in range(3):
        layer(torch.ones(2, 4))
    assert torch.equal(after, torch.rand(1))  # random numbers go on as after one pass


def test_memory_is_that_of_one_chunk() -> None:
    """No two chunks' activations are alive at a time."""
    alive: list[int] = []

    class Watched(torch.autograd.Function):
        @staticmethod
        def forward(ctx: object, x: Tensor) -> Tensor:
            alive.append(1)
            return x.clone()

        @staticmethod
        def backward(ctx: object, *gradients: Tensor) -> Tensor:
            alive.pop()
            return gradients[0]

    most = 0

    def embed(chunk: Tensor) -> Tensor:
        nonlocal most
        result: Tensor = Watched.apply(chunk * weight)
        if not torch.is_grad_enabled():
            alive.clear()
        most = max(most, len(alive))
        return result

    weight = torch.ones(4, requires_grad=True)
    backward_in_chunks(torch.ones(8, 4).split(1), embed, lambda v: torch.cat(v).square().sum())
    assert most == 1
