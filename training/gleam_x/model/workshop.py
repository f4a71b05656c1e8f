"""From a recipe and the folders of a run to a model that can be trained, measured or exported."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor

from gleam_app.errors import GleamError
from gleam_app.explain.montage import SIDE, Picture
from gleam_app.explain.pair import WORDS
from training.allocator import keep_freed_memory
from training.data.records import read_pixels
from training.gleam_c.augment import augment_pair
from training.gleam_c.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from training.gleam_c.fit import join
from training.gleam_x.model.assemble import assemble
from training.gleam_x.model.bars import confirmed, figures, fit_bars, table
from training.gleam_x.model.body import Body
from training.gleam_x.model.comparer import Projector
from training.gleam_x.model.export import (
    ADAPTER,
    MMPROJ,
    MODEL,
    TOWER,
    convert,
    pack_seeing,
    pack_small,
    write_adapter,
)
from training.gleam_x.model.feature_store import Features, FeatureStore, Progress, shown
from training.gleam_x.model.fit import BEST, CHECKPOINT, Fit, Pairs
from training.gleam_x.model.heads import (
    HELD_OUT,
    Heads,
    crossed,
    fit_heads,
    real,
    scores_of,
    simulated,
    together,
)
from training.gleam_x.model.mmproj import write_mmproj
from training.gleam_x.model.port import highest
from training.gleam_x.model.pupil import Shown
from training.gleam_x.model.recipe import Recipe
from training.gleam_x.model.released import Released, load_released
from training.gleam_x.model.small import Small, first_token, load_base
from training.gleam_x.model.telling import learn_to_tell
from training.gleam_x.model.tower import Figures, load_judge, open_pairs
from training.gleam_x.model.tower_file import write_tower
from training.gleam_x.records import PairRecord, read_records

GREY = 128
WORDS_FOUND, HEADS = "words.safetensors", "heads.safetensors"
SAMPLE = 64  # montages on which it is measured which units need their bound


@dataclass(frozen=True)
class Places:
    """The folders and files of a run: ``tower`` is the run of the tower, ``base`` the GGUF text model."""

    pairs: Path
    encoder: Path
    tower: Path
    base: Path
    work: Path


class Both:
    """Features of training and validation pairs as one array, without copying either."""

    def __init__(self, training: Features, validation: Features) -> None:
        self._first, self._second = training, validation

    def __getitem__(self, at: tuple[int, int]) -> NDArray[np.float16]:
        row, variant = at
        before = len(self._first)
        return np.asarray(
            self._first[row, variant] if row < before else self._second[row - before, 0]
        )


class Workshop:
    """Loads each part once."""

    def __init__(self, recipe: Recipe, places: Places) -> None:
        self.recipe, self.places = recipe, places
        self.body = Body(places.encoder)

    def records(self, split: str) -> list[PairRecord]:
        """Of the pairs file, in its order."""
        return [r for r in read_records(self.places.pairs) if r.split == split]

    def features(
        self, records: Sequence[PairRecord], variants: int, progress: Progress
    ) -> Features:
        """Those that ``tower`` computed, where they are the same."""
        recipe, pairs = self.recipe, self.places.pairs
        store = FeatureStore(
            records,
            pairs.parent,
            self.body,
            self.places.tower,
            recipe.augment,
            variants,
            recipe.seed,
        )
        return store.fill(progress)

    def blank(self) -> Tensor:
        """Features (C, 8, 8) of a grey montage."""
        grey = np.full((SIDE, SIDE, 3), GREY, np.uint8)
        return self.body.features([grey])[0].float()

    def small(self, features: Any) -> Small:
        """Our own model as it is before training, its tower as ``tower`` left it."""
        recipe = self.recipe
        torch.manual_seed(recipe.seed)
        judge = load_judge(self.places.tower, recipe, self.body)
        model, tokenizer = load_base(self.places.base, self.places.work / "base")
        out = model.config.hidden_size
        spread = float(model.get_input_embeddings().weight.std())
        projector = Projector(recipe.tower.width, recipe.language.projector_hidden, out, spread)
        embedding = model.get_input_embeddings().weight
        yes, no = (
            torch.stack([embedding[first_token(tokenizer, word)] for word in words]).mean(dim=0)
            for words in zip(
                *((WORDS[lang].yes, WORDS[lang].no) for lang in recipe.dialogue.languages),
                strict=True,
            )
        )
        projector.begin_as_words(judge.verdict, yes, no)
        return Small(model, tokenizer, judge, projector, recipe.language, features, self.blank())


def fit_small(
    recipe: Recipe, places: Places, resume: bool, progress: Progress, stop_after: int = 0
) -> Figures:
    """Train our own model, or go on. Raises GleamError."""
    begin(recipe, places.work, resume)
    try:
        shop = Workshop(recipe, places)
        training, validation = shop.records("train"), shop.records("val")
        variants = recipe.tower.variants
        features = Both(
            shop.features(training, variants, progress), shop.features(validation, 1, progress)
        )
        pupil = shop.small(features)
        if recipe.telling.steps and not resume:
            learn_to_tell(pupil, training, recipe, places.work / WORDS_FOUND)
        fit = Fit(recipe, pupil, Pairs(training, validation, variants), places.work)
        return _run(fit, resume, stop_after)
    finally:
        end()


def fit_released(
    recipe: Recipe, pairs: Path, folder: Path, work: Path, resume: bool, stop_after: int = 0
) -> Figures:
    """Train a hub model that lies in ``folder``, or go on; under ``torchrun`` each process is a rank.

    Raises GleamError.
    """
    device = begin(recipe, work, resume)
    try:
        records = read_records(pairs)
        parts: dict[str, list[PairRecord]] = {"train": [], "val": [], "test": []}
        for record in records:
            parts[record.split].append(record)
        training, validation = parts["train"], parts["val"]
        every = [*training, *validation]

        def pictures(one: Shown) -> tuple[Picture, Picture]:
            record = every[one.row]
            two = [read_pixels(pairs.parent / name) for name in (record.image1, record.image2)]
            if not one.variant:
                return two[0], two[1]
            chance = np.random.default_rng([recipe.seed, one.row, one.variant])
            return augment_pair(two[0], two[1], record.view, recipe.augment, chance)

        model, processor = load_released(folder, recipe.language, device)
        pupil = Released(model, processor, recipe.language, pictures)
        fit = Fit(recipe, pupil, Pairs(training, validation, recipe.tower.variants), work)
        return _run(fit, resume, stop_after)
    finally:
        end()


def begin(recipe: Recipe, work: Path, resume: bool) -> torch.device:
    """Before any run: is the folder free, which device, which other ranks."""
    if not resume and (work / CHECKPOINT).exists():
        raise GleamError(
            f"{work.name} holds a run already.",
            "Go on with it by --resume, or name another folder.",
        )
    keep_freed_memory()
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    device = join()
    torch.manual_seed(recipe.seed)  # every rank starts from the same weights
    return device


def end() -> None:
    """Part from the other ranks."""
    if dist.is_initialized():
        dist.destroy_process_group()


def _run(fit: Fit, resume: bool, stop_after: int) -> Figures:
    if resume:
        fit.resume()
    else:
        fit.log.path.unlink(missing_ok=True)
    return fit.run(stop_after)


def trained(shop: Workshop, features: Any, best: bool) -> Small:
    """The model of a run's last or best checkpoint. Raises GleamError."""
    pupil = shop.small(features)
    pupil.restore(read_checkpoint(shop.places.work / (BEST if best else CHECKPOINT)).part("pupil"))
    pupil.train(False)
    return pupil


def export_small(
    recipe: Recipe, places: Places, base_pack: Path, out: Path, best: bool = False
) -> None:
    """Tower and adapter in the run's folder, and the pack ``out`` of them; beside them the tower as GGUF, for
    whoever runs it by llama.cpp alone. Raises GleamError."""
    shop = Workshop(recipe, places)
    pupil = trained(shop, Both(_none(), _none()), best)
    mmproj, adapter, tower = (places.work / name for name in (MMPROJ, ADAPTER, TOWER))
    write_tower(tower, shop.body, pupil.judge, pupil.projector)
    sample = shop.records("train")[:SAMPLE]
    pictures = (shop.body.prepared([shown(r, places.pairs.parent)]) for r in sample)
    tops = highest(shop.body.network, pictures)
    eye = assemble(shop.body, pupil.comparer, pupil.projector, tops)
    write_mmproj(mmproj, eye, recipe.pack.title)
    weights = {
        name.removeprefix("adapter."): tensor
        for name, tensor in pupil.state().items()
        if name.startswith("adapter.")
    }
    write_adapter(adapter, pupil.family, weights, recipe.language.lora_alpha)
    pack_small(recipe, places.base, base_pack, tower, adapter, out)


def learn_heads(
    recipe: Recipe,
    pairs: Path,
    encoder: Path,
    tower: Path,
    aerial: Path,
    work: Path,
    progress: Progress,
) -> str:
    """Heads for scene facts and their bars, in ``work``; returns what they are worth. Raises GleamError."""
    keep_freed_memory()
    body = Body(encoder)
    parts = []
    for split in ("train", "val"):
        labelled = open_pairs(pairs, split, body, tower, recipe, progress)
        parts.append(simulated(labelled.records, labelled.features))
    seen = real(aerial, body, progress)
    held_out = seen.places == HELD_OUT
    training = together([parts[0], seen.part(~held_out)])
    others = together([parts[1], seen.part(held_out)])
    scores = crossed(training, recipe.seed)
    heads = fit_heads(training, recipe.seed)
    again = scores_of(heads, others)
    bars = confirmed(fit_bars(scores, training), again, others)
    found = figures(again, others, bars)
    write_checkpoint(work / HEADS, Checkpoint(heads.state_dict(), {"bars": bars, "figures": found}))
    return "\n".join(
        (
            "Each picture by heads that did not see its place:",
            table(scores, training, bars),
            "Validation, and held-out real pictures:",
            table(again, others, bars),
        )
    )


def export_seeing(recipe: Recipe, encoder: Path, tower: Path, heads: Path, out: Path) -> None:
    """The pack ``out`` of a tower and its heads, without any language model. Raises GleamError."""
    if recipe.seeing is None:
        raise GleamError(f"The recipe {recipe.name} describes no pack without a language model.")
    body = Body(encoder)
    judge = load_judge(tower, recipe, body)
    found = read_checkpoint(heads / HEADS)
    learnt = Heads(found.tensors["up.weight"].shape[1])
    learnt.load_state_dict(found.tensors)
    write_tower(heads / TOWER, body, judge, heads=learnt)
    pack_seeing(recipe.seeing, heads / TOWER, found.state["bars"], out)


def convert_released(recipe: Recipe, folder: Path, work: Path, converter: Path, out: Path) -> None:
    """The last checkpoint of a hub model, merged, as ``model.gguf`` and ``mmproj.gguf`` in ``out``.

    Raises GleamError.
    """
    model, processor = load_released(folder, recipe.language, torch.device("cpu"))
    pupil = Released(model, processor, recipe.language, _no_pictures)
    pupil.restore(read_checkpoint(work / CHECKPOINT).part("pupil"))
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as merged:
        pupil.save_merged(Path(merged))
        convert(Path(merged), converter, out / MODEL)
        convert(Path(merged), converter, out / MMPROJ, mmproj=True)


def _no_pictures(_: Shown) -> tuple[Picture, Picture]:
    raise ValueError("a model that is converted is shown nothing")


def _none() -> Features:
    return np.empty((0, 1, 1, 1, 1), np.float16)
