"""Train the comparer on pairs: does the tower by itself tell a match from GLEAM-C's mistakes?

A run's folder holds ``tower.safetensors`` (weights, optimiser and place in the plan), ``best.safetensors``
(by accuracy on validation), ``log.jsonl`` and the features of the frozen body. Resumable from any kill.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from gleam_app.errors import GleamError
from training.allocator import keep_freed_memory
from training.gleam_c.checkpoint import (
    Checkpoint,
    optimiser_parts,
    read_checkpoint,
    restore_optimiser,
    write_checkpoint,
)
from training.gleam_c.runlog import RunLog
from training.gleam_x.model.body import Body
from training.gleam_x.model.comparer import Comparer, Judge
from training.gleam_x.model.feature_store import Features, FeatureStore, Progress
from training.gleam_x.model.recipe import Recipe, TowerRecipe
from training.gleam_x.records import PairRecord, read_records

CHECKPOINT, BEST, LOG = "tower.safetensors", "best.safetensors", "log.jsonl"
SAVE_EVERY = 50  # steps
BEGIN_PAIRS = 256  # that scales are fitted to
AT_A_TIME = 128


@dataclass(frozen=True)
class Labelled:
    """Features of pairs (N, variants, C, 8, 8) and whether each matches."""

    features: Features
    match: NDArray[np.bool_]
    records: Sequence[PairRecord]


@dataclass(frozen=True)
class Figures:
    """How well logits tell matches from mistakes; ``said_no``: the share of verdicts that deny."""

    accuracy: float
    area: float
    loss: float
    said_no: float


def figures(logits: NDArray[np.float64], match: NDArray[np.bool_]) -> Figures:
    """Accuracy at 0, area under the ROC curve (ties count half), mean log loss."""
    yes, no = np.sort(logits[match]), np.sort(logits[~match])
    below = np.searchsorted(no, yes, "left") + np.searchsorted(no, yes, "right")
    area = float(below.sum() / 2 / max(1, len(yes) * len(no)))
    signed = np.where(match, logits, -logits)
    return Figures(
        float((signed > 0).mean()),
        area,
        float(np.logaddexp(0, -signed).mean()),
        float((logits <= 0).mean()),
    )


class TowerFit:
    """One run of the comparer."""

    def __init__(self, recipe: Recipe, body: Body, work: Path) -> None:
        self.recipe, self.work = recipe, work
        torch.manual_seed(recipe.seed)
        tower = recipe.tower
        comparer = Comparer(body.channels, tower.shape, body.local_embedding())
        self.judge = Judge(comparer)
        self.optimiser = _optimiser(self.judge, tower)
        self.log = RunLog(work / LOG)
        self.step, self.best = 0, math.inf

    def resume(self) -> None:
        """Take up the folder's checkpoint. Raises GleamError if there is none that fits."""
        found = read_checkpoint(self.work / CHECKPOINT)
        if found.state["tower"] != self.recipe.tower.model_dump(mode="json"):
            raise GleamError(
                "The recipe's tower differs from the one this run was begun with.",
                "Resume with the same recipe, or name another folder.",
            )
        self.judge.load_state_dict(found.part("judge"))
        restore_optimiser(self.optimiser, found.part("optimiser"), found.state["optimiser"])
        self.step, self.best = found.state["step"], found.state["best"]
        self.log.cut(self.step)

    def run(self, training: Labelled, validation: Labelled) -> Figures:
        """All epochs that are not done yet; the figures on validation at the end."""
        tower = self.recipe.tower
        if self.step == 0:
            self.judge.begin_on(_batch(training, range(min(BEGIN_PAIRS, len(training.match)))))
        steps = max(1, len(training.match) // tower.batch_pairs)
        last = steps * tower.epochs
        found = self._validate(validation) if self.step >= last else None
        while self.step < last:
            epoch, position = divmod(self.step, steps)
            order = np.random.default_rng([self.recipe.seed, epoch]).permutation(
                balanced(training.match, [self.recipe.seed, epoch])
            )
            rows = order[position * tower.batch_pairs : (position + 1) * tower.batch_pairs]
            self._learn(training, rows, _rate(tower, self.step, last))
            if self.step % steps == 0:
                found = self._validate(validation)
            if self.step % SAVE_EVERY == 0 or self.step % steps == 0:
                self._save()
        assert found is not None
        return found

    def _learn(self, training: Labelled, rows: NDArray[np.int64], rate: float) -> None:
        tower = self.recipe.tower
        chance = np.random.default_rng([self.recipe.seed, 1, self.step])
        torch.manual_seed(int(chance.integers(2**62)))
        features = _batch(training, rows.tolist(), chance)
        if tower.dropped_cells:
            kept = torch.rand(len(features), 1, *features.shape[-2:]) >= tower.dropped_cells
            features = features * kept
        target = torch.from_numpy(training.match[rows]).float()
        target = target * (1 - tower.label_smoothing) + tower.label_smoothing / 2
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["share"]
        self.judge.train()
        self.optimiser.zero_grad(set_to_none=True)
        cells = self.judge.cell_logits(features)
        loss = functional.binary_cross_entropy_with_logits(self.judge.weighed(cells), target)
        every = functional.binary_cross_entropy_with_logits(cells, target[:, None].expand_as(cells))
        loss = loss + tower.cell_share * every
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.judge.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        self.log.add(step=self.step, loss=loss.item(), learning_rate=rate)

    def _validate(self, validation: Labelled) -> Figures:
        found = figures(logits_of(self.judge, validation), validation.match)
        self.log.add(step=self.step, **vars(found))
        if found.loss < self.best:
            self.best = found.loss
            state = {"step": self.step, "figures": vars(found)}
            write_checkpoint(
                self.work / BEST, Checkpoint(_named("judge", self.judge.state_dict()), state)
            )
        return found

    def _save(self) -> None:
        optimiser, groups = optimiser_parts(self.optimiser)
        tensors = _named("judge", self.judge.state_dict()) | _named("optimiser", optimiser)
        state = {
            "tower": self.recipe.tower.model_dump(mode="json"),
            "optimiser": groups,
            "step": self.step,
            "best": self.best,
        }
        write_checkpoint(self.work / CHECKPOINT, Checkpoint(tensors, state))


def balanced(match: NDArray[np.bool_], seed: Sequence[int]) -> NDArray[np.int64]:
    """Rows with as many matches as mistakes: of the larger side, a part drawn anew each time."""
    chance = np.random.default_rng([*seed, 2])
    sides = [chance.permutation(np.flatnonzero(match == side)) for side in (True, False)]
    count = min(map(len, sides))
    if not count:
        raise GleamError("The pairs are all matches, or all mistakes.", "Build others.")
    return np.concatenate([side[:count] for side in sides])


@torch.no_grad()
def logits_of(judge: Judge, pairs: Labelled) -> NDArray[np.float64]:
    """Of the pairs as they are (variant 0)."""
    judge.eval()
    parts = [
        judge(_batch(pairs, range(start, min(start + AT_A_TIME, len(pairs.match)))))
        for start in range(0, len(pairs.match), AT_A_TIME)
    ]
    return torch.cat(parts).double().numpy()


def open_pairs(
    pairs: Path, split: str, body: Body, work: Path, recipe: Recipe, progress: Progress
) -> Labelled:
    """A split of a pairs file with its features. Raises GleamError."""
    records = [record for record in read_records(pairs) if record.split == split]
    if not records:
        raise GleamError(f"{pairs.name} has no pairs of the split {split!r}.")
    variants = recipe.tower.variants if split == "train" else 1
    store = FeatureStore(records, pairs.parent, body, work, recipe.augment, variants, recipe.seed)
    match = np.array([record.match for record in records])
    return Labelled(store.fill(progress), match, records)


def fit_tower(
    recipe: Recipe, pairs: Path, pack: Path, work: Path, resume: bool, progress: Progress
) -> Figures:
    """Train the comparer, or go on. Raises GleamError."""
    if not resume and (work / CHECKPOINT).exists():
        raise GleamError(
            f"{work.name} holds a run already.",
            "Go on with it by --resume, or name another folder.",
        )
    keep_freed_memory()
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    body = Body(pack)
    training, validation = (
        open_pairs(pairs, split, body, work, recipe, progress) for split in ("train", "val")
    )
    run = TowerFit(recipe, body, work)
    if resume:
        run.resume()
    else:
        run.log.path.unlink(missing_ok=True)
    return run.run(training, validation)


def load_judge(work: Path, recipe: Recipe, body: Body) -> Judge:
    """The best judge of a run. Raises GleamError."""
    judge = Judge(Comparer(body.channels, recipe.tower.shape, body.local_embedding()))
    judge.load_state_dict(read_checkpoint(work / BEST).part("judge"))
    return judge.eval()


def _batch(
    pairs: Labelled, rows: Sequence[int], chance: np.random.Generator | None = None
) -> Tensor:
    """Features of rows, of a variant drawn for each, or the pairs as they are."""
    count = pairs.features.shape[1]
    variants = [0] * len(rows) if chance is None else chance.integers(0, count, len(rows)).tolist()
    parts = [pairs.features[row, variant] for row, variant in zip(rows, variants, strict=True)]
    return torch.from_numpy(np.stack(parts)).float()


def _rate(tower: TowerRecipe, step: int, last: int) -> float:
    """Linear warm-up, then a cosine to nothing."""
    if step < tower.warm_up_steps:
        return tower.learning_rate * (step + 1) / tower.warm_up_steps
    share = (step - tower.warm_up_steps) / max(1, last - tower.warm_up_steps)
    return tower.learning_rate * (1 + math.cos(math.pi * share)) / 2


def _optimiser(judge: Judge, tower: TowerRecipe) -> torch.optim.Optimizer:
    entry = {id(p) for p in judge.comparer.entry.parameters()}
    groups = [
        {
            "params": [
                p
                for p in judge.parameters()
                if (id(p) in entry) == known and (p.dim() > 1) == decays
            ],
            "weight_decay": tower.weight_decay if decays else 0.0,
            "share": tower.entry_rate_share if known else 1.0,
        }
        for known in (True, False)
        for decays in (True, False)
    ]
    return torch.optim.AdamW(groups, lr=tower.learning_rate, fused=True)


def _named(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}
