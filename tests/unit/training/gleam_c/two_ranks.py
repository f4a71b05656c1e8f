"""One step of training on a share of a batch; as a program, one of two ranks."""

import sys
from typing import Any

import torch
import torch.distributed as dist
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

from training.gleam_c.gather import average_gradients, gather, rank, ranks
from training.gleam_c.losses import Columns, Exclusions, LogitScale, info_nce

PAIRS = 6


def parts_of_a_step() -> dict[str, Any]:
    """A small network, a batch and what is left out of it: the same in every process."""
    torch.manual_seed(3)
    network = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 4))
    out = torch.rand(2, PAIRS, PAIRS) < 0.2
    return {"network": network, "pictures": torch.randn(3, PAIRS, 5), "out": out}


def train_step(parts: dict[str, Any]) -> dict[str, torch.Tensor]:
    """Loss (averaged over ranks) and averaged gradients of this rank's rows of the batch."""
    network, scale = parts["network"], LogitScale()
    share = PAIRS // ranks()
    mine = slice(rank() * share, (rank() + 1) * share)
    vectors = functional.normalize(network(parts["pictures"][:, mine]), dim=-1)
    everyone = gather(vectors.transpose(0, 1)).transpose(0, 1)  # (3, PAIRS, D)
    loss = info_nce(
        vectors[0],
        vectors[1],
        scale(),
        Columns(everyone[0], everyone[1], mine.start, everyone[2]),
        Exclusions(parts["out"][0, mine], parts["out"][1, mine]),
        smoothing=0.1,
    )
    loss.backward()
    learned = [*network.parameters(), *scale.parameters()]
    average_gradients(learned)
    total = loss.detach().clone()
    if ranks() > 1:
        dist.all_reduce(total)
    result = {f"{i}": p.grad for i, p in enumerate(learned)}
    return {"loss": total / ranks(), **result}


def main(number: int, folder: str) -> None:
    """Write loss and gradients of this rank to ``folder``."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"file://{folder}/meeting", rank=number, world_size=2)
    save_file(train_step(parts_of_a_step()), f"{folder}/{number}.safetensors")
    dist.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
