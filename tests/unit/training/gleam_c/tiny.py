"""A world of coloured places, and recipes small enough to train in seconds."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from transformers import ConvNextConfig

from gleam_app.imagery.views import View
from training.gleam_c.batches import PairSource, Sample
from training.gleam_c.fit import centre
from training.gleam_c.model import build_model
from training.gleam_c.recipe import PhaseRecipe, Recipe
from training.gleam_c.trainer import Trainer

PX = 32
CPU = torch.device("cpu")
TWO_PHASES = (
    {"name": "one", "chunk_pictures": 5, "epochs": 2},
    {
        "name": "all views", "epochs": 2, "equal_views": True, "epoch_pairs": 24,
        "view_shares": {"uav": 2}, "remember": True, "chunk_pictures": 4, "recompute": False,
    },
)  # fmt: skip


class ColouredPlaces:
    """Pairs whose pictures are blocks of a place's colours, noisy; every pair of a place differs."""

    def __init__(
        self, count: int, each: int = 1, views: Sequence[View] = ("uav",), at: int = 0
    ) -> None:
        self.places = [f"place {at + i}" for i in range(count) for _ in range(each)]
        self.views: list[View] = [views[i % len(views)] for i in range(count * each)]

    def sample(self, pair: int, chance: np.random.Generator) -> Sample:
        place = int(self.places[pair].split()[1])
        colours = np.random.default_rng(place).integers(0, 256, (4, 4, 3))
        plain = np.kron(colours, np.ones((PX // 4, PX // 4, 1)))
        pictures = [
            np.clip(plain + chance.normal(0, 12, plain.shape), 0, 255).astype(np.uint8)
            for _ in range(2)
        ]
        return Sample(pictures[0], pictures[1], float(chance.uniform(0.3, 1.0)))

    def semi_positives(self, pair: int) -> Sequence[str]:
        """The next place counts as half right."""
        return [f"place {int(self.places[pair].split()[1]) + 1}"]


def sources(phase: PhaseRecipe) -> tuple[PairSource, PairSource | None]:
    """Training and validation places of the tiny world."""
    return ColouredPlaces(24, 2, ("uav", "map")), ColouredPlaces(8, at=100)


def recipe(**changes: Any) -> Recipe:
    """A whole recipe; ``changes`` replace entries of its parts by name, "phases" all of them."""
    model = {
        "family": "transformers", "hub_model": "tiny", "input_px": PX, "pooling": "mean",
        "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5), "dimension": 16, "centre_pictures": 8,
    }  # fmt: skip
    phase = {
        "name": "one", "data": (), "epochs": 2, "batch_pairs": 6, "learning_rate": 3e-3,
        "weight_decay": 0.01, "warm_up_epochs": 0.5, "clip_norm": 1.0, "refresh_epochs": 1,
        "neighbour_range": 6, "neighbour_select": 4,
    }  # fmt: skip
    size = {"query_px": (PX, PX), "reference_px": (PX, PX), "reference_margin_px": 0}
    whole: dict[str, Any] = {
        "name": "tiny", "about": "for tests", "seed": 3, "autocast": "off", "channels_last": True,
        "workers": 2, "checkpoint_steps": 3, "model": model,
        "loss": {
            "label_smoothing": 0.1, "first_scale": 2.6593, "mask_semi_positives": True,
            "overlap_steepness": 5.0, "wrong_turns": 1,
        },
        "augment": {"mirror": 0.5, "colour": 0.5, "jpeg": 0.5, "holes": 0.3},
        "views": dict.fromkeys(("uav", "map", "ground", "panorama"), size),
        "phases": [phase],
        "pack": {
            "id": "tiny", "version": "0.1.0", "title": "Tiny", "description": "for tests",
            "licence": "MIT", "use": "tests", "views": ["uav", "map"],
            "origin": [{"what": "noise", "source": "a test", "licence": "MIT"}],
        },
    }  # fmt: skip
    for key, value in changes.items():
        if key == "phases":
            whole[key] = [{**phase, **one} for one in value]
        elif isinstance(value, dict):
            whole[key] = {**whole[key], **value}
        else:
            whole[key] = value
    return Recipe.model_validate(whole)


def trainer(folder: Path, whole: Recipe, kind: type[Trainer] = Trainer) -> Trainer:
    """A trainer as ``fit`` begins with it, of a backbone of some thousand weights."""
    folder.mkdir(parents=True, exist_ok=True)
    form = ConvNextConfig(depths=[1, 1, 1, 1], hidden_sizes=[8, 8, 12, 16], image_size=PX)
    form.save_pretrained(folder)
    torch.manual_seed(whole.seed)
    made = kind(build_model(whole.model, folder), whole, folder, CPU)
    centre(made.model, ColouredPlaces(8), whole, CPU)
    return made


def main(folder: Path, rank: int = 0, ranks: int = 1) -> None:
    """Train in ``folder``, as one of several ranks if need be."""
    if ranks > 1:
        torch.set_num_threads(1)
        meeting = f"file://{folder.parent}/meeting"
        dist.init_process_group("gloo", meeting, rank=rank, world_size=ranks)
    trainer(folder, recipe(phases=TWO_PHASES)).run(sources)
    if ranks > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
