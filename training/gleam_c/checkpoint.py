"""Checkpoints: one safetensors file, tensors and a JSON text, written whole and swapped in.

Whatever moment a run is killed at, the file is the last whole checkpoint. Nothing is unpickled.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from gleam_app.errors import GleamError

SCHEMA = "gleam.checkpoint/1"


@dataclass(frozen=True)
class Checkpoint:
    """What a run needs to go on: tensors by name, and everything else as JSON values."""

    tensors: dict[str, Tensor]
    state: dict[str, Any]

    def part(self, name: str) -> dict[str, Tensor]:
        """The tensors named ``name.*``, without that prefix."""
        prefix = f"{name}."
        return {
            key.removeprefix(prefix): tensor
            for key, tensor in self.tensors.items()
            if key.startswith(prefix)
        }


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Replace the file at ``path`` as a whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    tensors = {
        name: tensor.detach().cpu().contiguous().clone()
        for name, tensor in checkpoint.tensors.items()
    }
    try:
        save_file(tensors, staged, {"schema": SCHEMA, "state": json.dumps(checkpoint.state)})
        with staged.open("rb") as file:
            os.fsync(file.fileno())
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)


def read_checkpoint(path: Path) -> Checkpoint:
    """Raises GleamError if there is none, or the file is damaged or something else."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("schema") != SCHEMA:
                raise GleamError(f"{path.name} is not a checkpoint of this program.")
            state = json.loads(metadata["state"])
            return Checkpoint({name: file.get_tensor(name) for name in file.keys()}, state)  # noqa: SIM118
    except FileNotFoundError:
        raise GleamError(
            f"There is no checkpoint in {path.parent.name}.", "Start the run without --resume."
        ) from None
    except (SafetensorError, ValueError, KeyError, OSError) as error:
        raise GleamError(f"{path.name} is damaged: {error}.") from None


def optimiser_parts(optimiser: torch.optim.Optimizer) -> tuple[dict[str, Tensor], list[Any]]:
    """An optimiser's state as tensors named ``number.what``, and its groups as JSON values."""
    saved = optimiser.state_dict()
    tensors = {
        f"{number}.{what}": torch.as_tensor(value)
        for number, values in saved["state"].items()
        for what, value in values.items()
    }
    return tensors, saved["param_groups"]


def restore_optimiser(
    optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor], groups: list[Any]
) -> None:
    """Set the state that ``optimiser_parts`` gave.

    Each tensor is laid out in memory as its parameter is: the fused AdamW walks both by position, so a
    plain tensor beside a channels-last weight would silently mix up its entries.
    """
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        number, _, what = name.partition(".")
        parameter = parameters[int(number)]
        if tensor.shape == parameter.shape:
            tensor = torch.empty_like(parameter, dtype=tensor.dtype).copy_(tensor)
        state.setdefault(int(number), {})[what] = tensor
    optimiser.load_state_dict({"state": state, "param_groups": groups})
