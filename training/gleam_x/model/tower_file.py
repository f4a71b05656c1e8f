"""Write the tower in the form that the app runs by itself, ``gleam_app.explain.tower``."""

import json
import os
from pathlib import Path

import torch
from safetensors.torch import save_file

from gleam_app.explain.tower import SCHEMA
from training.gleam_x.model.body import Body
from training.gleam_x.model.comparer import Judge, Projector
from training.gleam_x.model.heads import FACTS, Heads


def write_tower(
    path: Path,
    body: Body,
    judge: Judge,
    projector: Projector | None = None,
    heads: Heads | None = None,
) -> None:
    """The whole file or none, weights in half precision: about 20 MB for the recipe's shape.

    ``projector``: for a language model; ``heads``: for scene facts.
    """
    known = {
        "body": body.network,
        "": judge.comparer,
        "verdict": judge.verdict,
        "projector": projector,
        "heads": heads,
    }
    parts = {name: module for name, module in known.items() if module is not None}
    tensors = {"places": judge.places.detach().to(torch.float32).contiguous()} | {
        f"{part}.{name}".lstrip("."): tensor.detach().to(torch.float16).contiguous()
        for part, module in parts.items()
        for name, tensor in module.state_dict().items()
        if not (part == "body" and name.startswith("head."))  # the comparer has its own
    }
    said = {
        "schema": SCHEMA,
        "variant": str(body.pack.manifest.architecture["variant"]),
        "mean": body.mean,
        "std": body.std,
        "encoder": body.pack.hash,
        "facts": [] if heads is None else FACTS,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        save_file(tensors, staged, {"gleam": json.dumps(said)})
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)
