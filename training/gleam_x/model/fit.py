"""The fine-tuning loop: one optimiser step after another, resumable from any kill.

Which pairs a step sees and how they are asked follows from (seed, step) alone, so a checkpoint holds what
learns, the optimiser and a number; the resumed run repeats the killed one bit for bit on the same
machine. A run's folder holds ``checkpoint.safetensors``, ``best.safetensors`` and ``log.jsonl``. Under
``torchrun`` each process is a rank.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from gleam_app.errors import GleamError
from gleam_app.explain.wording import LANGS
from training.gleam_c.checkpoint import (
    Checkpoint,
    optimiser_parts,
    read_checkpoint,
    restore_optimiser,
    write_checkpoint,
)
from training.gleam_c.gather import average_gradients, rank, ranks
from training.gleam_c.runlog import RunLog
from training.gleam_x.model.dialogue import drawn, judged
from training.gleam_x.model.pupil import Pupil, Shown
from training.gleam_x.model.recipe import FitRecipe, Recipe
from training.gleam_x.model.tower import Figures, balanced, figures
from training.gleam_x.records import PairRecord

CHECKPOINT, BEST, LOG = "checkpoint.safetensors", "best.safetensors", "log.jsonl"


@dataclass(frozen=True)
class Pairs:
    """Records to train and to validate on. Row r of the pupil's pictures belongs to
    ``(*training, *validation)[r]``; ``variants``: changed copies of the training pairs."""

    training: Sequence[PairRecord]
    validation: Sequence[PairRecord]
    variants: int


class Fit:
    """One run of fine-tuning."""

    def __init__(self, recipe: Recipe, pupil: Pupil, pairs: Pairs, work: Path) -> None:
        self.recipe, self.pupil, self.pairs, self.work = recipe, pupil, pairs, work
        if recipe.fit.batch_pairs % (ranks() * recipe.fit.chunk_pairs):
            raise GleamError(
                f"{recipe.fit.batch_pairs} pairs cannot be shared by {ranks()} processes equally."
            )
        self.log = RunLog(work / LOG)
        self.step, self.best = 0, math.inf
        learnt = [
            row
            for row, record in enumerate(pairs.training)
            if record.evidence is not None or not recipe.fit.measured_only
        ]
        if not learnt:
            raise GleamError("No pair has evidence.", "Measure it first: gleam-x measure.")
        self._learnt = np.array(learnt)
        self._match = np.array([pairs.training[row].match for row in learnt])
        self._optimiser = _optimiser(pupil, recipe.fit)

    def resume(self) -> None:
        """Take up the folder's checkpoint. Raises GleamError if there is none that fits."""
        found = read_checkpoint(self.work / CHECKPOINT)
        if found.state["recipe"] != _trained(self.recipe):
            raise GleamError(
                "The recipe differs from the one this run was begun with.",
                "Resume with the same recipe, or name another folder.",
            )
        self.pupil.restore(found.part("pupil"))
        restore_optimiser(self._optimiser, found.part("optimiser"), found.state["optimiser"])
        self.step, self.best = found.state["step"], found.state["best"]
        if rank() == 0:
            self.log.cut(self.step)

    def run(self, stop_after: int = 0) -> Figures:
        """All steps that are not done yet (at most ``stop_after``, if given); figures on validation."""
        fit = self.recipe.fit
        last = min(fit.steps, self.step + stop_after) if stop_after else fit.steps
        found = None
        if not self.step and fit.validate_steps:
            self._validate()  # what must not be lost
        while self.step < last:
            began = time.perf_counter()
            record = self._learn()
            self._note(**record, step_s=round(time.perf_counter() - began, 2))
            found = None
            if fit.validate_steps and self.step % fit.validate_steps == 0:
                found = self._validate()
            if self.step % fit.checkpoint_steps == 0 or self.step == last:
                self._save()
        return found or self._validate()

    def _learn(self) -> dict[str, float]:
        fit = self.recipe.fit
        chance = np.random.default_rng([self.recipe.seed, self.step, rank()])
        torch.manual_seed(int(chance.integers(2**62)))
        mine = self._rows()[rank() :: ranks()]
        shown = [self._shown(row, chance) for row in mine.tolist()]
        rate = _rate(fit, self.step)
        for group in self._optimiser.param_groups:
            group["lr"] = rate * group["share"]
        self.pupil.train(True)
        self._optimiser.zero_grad(set_to_none=True)
        chunks = [shown[i : i + fit.chunk_pairs] for i in range(0, len(shown), fit.chunk_pairs)]
        total = 0.0
        for chunk in chunks:
            loss = self.pupil.loss(chunk) / len(chunks)
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.item()
        learnt = [p for group in self._optimiser.param_groups for p in group["params"]]
        average_gradients(learnt)
        norm = nn.utils.clip_grad_norm_(learnt, fit.clip_norm)
        if not (math.isfinite(total) and math.isfinite(norm.item())):
            raise GleamError(
                f"The loss is not a number at step {self.step + 1}.",
                "A lower learning rate helps; resume from the checkpoint.",
            )
        self._optimiser.step()
        self.step += 1
        return {"loss": total, "gradient": norm.item(), "learning_rate": rate}

    def _rows(self) -> NDArray[np.int64]:
        """The training pairs of this step, as many matches as mistakes over an epoch."""
        size = self.recipe.fit.batch_pairs
        seed = self.recipe.seed
        steps = max(1, 2 * min(self._match.sum(), (~self._match).sum()) // size)
        epoch, position = divmod(self.step, int(steps))
        order = np.random.default_rng([seed, epoch, 3]).permutation(
            balanced(self._match, [seed, epoch])
        )
        return np.take(
            self._learnt[order], range(position * size, (position + 1) * size), mode="wrap"
        )

    def _shown(self, row: int, chance: np.random.Generator) -> Shown:
        turn = drawn(self.pairs.training[row], self.recipe.dialogue, chance)
        return Shown(turn, row, int(chance.integers(self.pairs.variants)))

    def _validate(self) -> Figures:
        """Verdicts by the pictures alone, in each language in turn; the best weights so far are kept."""
        records = self.pairs.validation[: self.recipe.fit.validate_pairs]
        langs = [lang for lang in LANGS if lang in self.recipe.dialogue.languages]
        first, layout = len(self.pairs.training), self.recipe.dialogue.layout
        shown = [
            Shown(judged(record, langs[i % len(langs)], layout=layout), first + i)
            for i, record in enumerate(records)
        ]
        found = figures(
            verdicts(self.pupil, shown, self.recipe.fit.chunk_pairs),
            np.array([record.match for record in records]),
        )
        self._note(**{f"validation_{k}": v for k, v in vars(found).items()})
        if found.loss < self.best:
            self.best = found.loss
            if rank() == 0:
                state = {"step": self.step, "figures": vars(found)}
                write_checkpoint(
                    self.work / BEST, Checkpoint(_named("pupil", self.pupil.state()), state)
                )
        return found

    def _note(self, **record: Any) -> None:
        if rank() == 0:
            self.log.add(step=self.step, **record)

    def _save(self) -> None:
        if rank() != 0:
            return
        optimiser, groups = optimiser_parts(self._optimiser)
        state = {
            "recipe": _trained(self.recipe),
            "optimiser": groups,
            "step": self.step,
            "best": self.best,
        }
        tensors = _named("pupil", self.pupil.state()) | _named("optimiser", optimiser)
        write_checkpoint(self.work / CHECKPOINT, Checkpoint(tensors, state))


def verdicts(pupil: Pupil, shown: Sequence[Shown], at_a_time: int) -> NDArray[np.float64]:
    """Logits of yes against no."""
    pupil.train(False)
    parts = [
        pupil.verdicts(shown[start : start + at_a_time])
        for start in range(0, len(shown), at_a_time)
    ]
    return torch.cat(parts).double().cpu().numpy()


def _rate(fit: FitRecipe, step: int) -> float:
    """Linear warm-up, then a cosine."""
    if step < fit.warm_up_steps:
        return fit.learning_rate * (step + 1) / fit.warm_up_steps
    share = min(1.0, (step - fit.warm_up_steps) / max(1, fit.steps - fit.warm_up_steps))
    last = fit.last_rate_share
    return fit.learning_rate * (last + (1 - last) * (1 + math.cos(math.pi * share)) / 2)


def _optimiser(pupil: Pupil, fit: FitRecipe) -> torch.optim.Optimizer:
    shares = {"adapter": 1.0, "projector": fit.projector_rate / fit.learning_rate}
    groups = [
        {"params": list(parameters), "share": shares[name]}
        for name, parameters in pupil.parameters_by_rate().items()
        if len(parameters)
    ]
    return torch.optim.AdamW(groups, lr=fit.learning_rate, weight_decay=fit.weight_decay)


def _trained(recipe: Recipe) -> dict[str, Any]:
    """A recipe without what only its pack says of itself."""
    return recipe.model_dump(mode="json", exclude={"pack"})


def _named(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}
