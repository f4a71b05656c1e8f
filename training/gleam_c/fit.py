"""Train by a recipe, and make a pack of the result.

A run's folder holds ``checkpoint.safetensors``, ``best.safetensors`` (by recall@1 on held-out places),
``log.jsonl``, ``log.svg`` and, for ``transformers`` backbones, their ``config.json``.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from safetensors.torch import save_file
from torch import Tensor

from gleam_app.errors import GleamError
from gleam_app.packs.manifest import PackManifest
from training.allocator import keep_freed_memory
from training.data.shards import Shards
from training.gleam_c.batches import Loader, PairSource
from training.gleam_c.checkpoint import read_checkpoint
from training.gleam_c.gather import rank
from training.gleam_c.model import GleamC, build_model
from training.gleam_c.recipe import PackRecipe, PhaseRecipe, Recipe
from training.gleam_c.runlog import RunLog, plot
from training.gleam_c.sources import open_sources
from training.gleam_c.trainer import BEST, CHECKPOINT, LOG, Trainer
from training.pack_export import ExportFile, write_pack

CONFIG = "config.json"


def fit(
    recipe: Recipe,
    data: Path,
    work: Path,
    weights: Path | None,
    resume: bool,
    shards: Path | None = None,
) -> None:
    """Run or go on with a recipe. ``data`` holds a folder for each data set; ``weights`` as in
    ``build_model``; ``shards`` holds pictures of these sets that were decoded before.

    Under ``torchrun`` each process is a rank. Raises GleamError.
    """
    if not resume and (work / CHECKPOINT).exists():
        raise GleamError(
            f"{work.name} holds a run already.",
            "Go on with it by --resume, or name another folder.",
        )
    decoded = Shards(shards, data) if shards else None
    keep_freed_memory()
    device = join()
    try:
        torch.manual_seed(recipe.seed)  # every rank starts from the same weights
        model = build_model(recipe.model, _weights(work, weights, resume))
        trainer = Trainer(model, recipe, work, device)

        def sources(phase: PhaseRecipe) -> tuple[PairSource, PairSource | None]:
            return open_sources(phase, recipe, data, decoded)

        if resume:
            trainer.resume()
        else:
            _begin(trainer, sources(recipe.phases[0])[0], weights)
        trainer.run(sources)
    finally:
        if rank() == 0 and (work / LOG).exists():
            draw(work, recipe.name)  # of a run that was interrupted, too
        if dist.is_initialized():
            dist.destroy_process_group()


def draw(work: Path, title: str) -> None:
    """Write ``log.svg``: the curves of the run so far."""
    staged = work / ".log.svg"
    staged.write_text(plot(RunLog(work / LOG).records(), title), "utf-8")
    staged.replace(work / "log.svg")


def export(
    work: Path, out: Path, best: bool = False, described: PackRecipe | None = None
) -> PackManifest:
    """Write the pack ``out`` from a run's last weights, or from its ``best`` on validation.

    ``described``: what the pack says of itself, if not what the recipe said when the run began.
    Its manifest names the figures of the last validation. Raises GleamError.
    """
    run = read_checkpoint(work / CHECKPOINT)
    recipe = Recipe.model_validate(run.state["recipe"])
    model = build_model(recipe.model, work if recipe.model.family == "transformers" else None)
    model.load_state_dict((read_checkpoint(work / BEST) if best else run).part("model"))
    pack, fields = described or recipe.pack, model.pack_fields()
    if pack.shared_blocks:
        fields["architecture"]["shared_blocks"] = pack.shared_blocks
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "encoder.safetensors"
        save_file(model.pack_state(), made)
        files = [ExportFile("encoder.safetensors", "weights", made)]
        if recipe.model.family == "transformers":
            files.append(ExportFile(CONFIG, "config", work / CONFIG))
        return write_pack(
            out,
            {
                "id": pack.id,
                "version": pack.version,
                "kind": "gleam-c",
                "title": pack.title,
                "description": pack.description,
                "licence": pack.licence,
                "origin": [
                    {"from": origin.source, **origin.model_dump(exclude={"source"})}
                    for origin in pack.origin
                ],
                "use": pack.use,
                "views": list(pack.views),
                "experimental_views": list(pack.experimental_views),
                "preference": pack.preference,
                "evaluation": _validation(work, recipe),
                **fields,
            },
            files,
        )


def _validation(work: Path, recipe: Recipe) -> list[dict[str, Any]]:
    found = [record for record in RunLog(work / LOG).records() if "recall@1" in record]
    if not found:
        return []
    figures = {key: value for key, value in found[-1].items() if "recall@" in key}
    return [
        {
            "what": "held-out places of the training sets, after the last epoch",
            "figures": figures,
            "command": f"python -m training gleam-c fit --recipe {recipe.name}",
        }
    ]


def join() -> torch.device:
    """Meet the other ranks, if torchrun started several; the device of this one."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(device)
        return device
    return torch.device("cpu")


def _weights(work: Path, weights: Path | None, resume: bool) -> Path | None:
    """A resumed run needs no first weights: of a ``transformers`` backbone only the form."""
    return (work if (work / CONFIG).exists() else None) if resume else weights


def _begin(trainer: Trainer, source: PairSource, weights: Path | None) -> None:
    """What is fixed before the first step: the folder, the backbone's form, the centre."""
    work, recipe = trainer.folder, trainer.recipe
    if rank() == 0:
        work.mkdir(parents=True, exist_ok=True)
        trainer.log.path.unlink(missing_ok=True)
        if recipe.model.family == "transformers" and weights is not None:
            shutil.copyfile(weights / CONFIG, work / CONFIG)
    if recipe.model.centre_pictures:
        centre(trainer.model, source, recipe, trainer.device)


def centre(model: GleamC, source: PairSource, recipe: Recipe, device: torch.device) -> None:
    """Centre the features on satellite pictures drawn from the training places, one a place."""
    chance = np.random.default_rng(recipe.seed)
    first = {place: pair for pair, place in reversed(list(enumerate(source.places)))}
    pairs = np.array(sorted(first.values()))
    chosen = chance.permutation(pairs)[: recipe.model.centre_pictures]

    def satellites() -> Iterator[Tensor]:
        with Loader(source, recipe) as loader:
            for batch in loader.batches(np.array_split(chosen, -(-len(chosen) // 32)), 0):
                for group in batch.satellites:
                    yield group.pixels.to(device)

    model.centre_on(satellites())
