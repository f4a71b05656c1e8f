"""The training loop: phases of a recipe, one step after another, resumable from any kill.

Everything random is drawn from (seed, phase, epoch, batch, rank), so a checkpoint holds weights,
optimiser, hard neighbours and a place in the plan; the resumed run repeats the killed one bit for bit
on the same machine.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from gleam_app.errors import GleamError
from training.gleam_c.batches import Batch, Loader, PairSource, Pictures
from training.gleam_c.checkpoint import (
    Checkpoint,
    optimiser_parts,
    read_checkpoint,
    restore_optimiser,
    write_checkpoint,
)
from training.gleam_c.gather import average_gradients, gather, rank, ranks
from training.gleam_c.large_batches import backward_in_chunks
from training.gleam_c.losses import Columns, Exclusions, LogitScale, info_nce, softened
from training.gleam_c.memory import Memory
from training.gleam_c.model import GleamC
from training.gleam_c.recipe import PhaseRecipe, Recipe
from training.gleam_c.runlog import RunLog
from training.gleam_c.sampling import Packing, Sampler
from training.gleam_c.schedule import learning_rate
from training.gleam_c.vectors import hard_neighbours, recalls

CHECKPOINT, BEST, LOG = "checkpoint.safetensors", "best.safetensors", "log.jsonl"

Sources = Callable[[PhaseRecipe], tuple[PairSource, PairSource | None]]
"""Training and validation pairs of a phase."""


@dataclass(frozen=True)
class Chunk:
    """Pictures of one size of one side of the batch: 0 queries, 1 satellites, 2 turned queries.

    ``shared_blocks``: how many blocks see the context of satellite windows; None: all.
    """

    side: int
    pictures: Pictures
    shared_blocks: int | None = None


@dataclass
class Progress:
    """How far the run is. ``sampler`` is the state of the phase's sampler."""

    phase: int = 0
    step: int = 0
    best: float = -1.0
    sampler: dict[str, Any] = field(default_factory=lambda: {"epoch": 0, "done": 0})


class Trainer:
    """Trains one model by one recipe in one folder."""

    def __init__(self, model: GleamC, recipe: Recipe, folder: Path, device: torch.device) -> None:
        self.recipe, self.folder, self.device = recipe, folder, device
        self.model = model.to(device)
        if recipe.channels_last:
            self.model = self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.scale = LogitScale(recipe.loss.first_scale, recipe.loss.highest_scale).to(device)
        self.log = RunLog(folder / LOG)
        self.progress = Progress()
        self._resumed: Checkpoint | None = None
        self._optimiser: torch.optim.Optimizer | None = None
        self._memory: Memory | None = None
        self._found: Tensor | None = None  # (B, 2, D): vectors of the step's queries and satellites

    def resume(self) -> None:
        """Take up the folder's checkpoint. Raises GleamError if there is none that fits the recipe."""
        found = read_checkpoint(self.folder / CHECKPOINT)
        if _trained(found.state["recipe"]) != _trained(self.recipe.model_dump(mode="json")):
            raise GleamError(
                "The recipe differs from the one this run was begun with.",
                "Resume with the same recipe, or start in another folder.",
            )
        if found.state["ranks"] != ranks():
            raise GleamError(
                f"This run was begun with {found.state['ranks']} processes, not {ranks()}.",
                "Resume it with as many.",
            )
        self.model.load_state_dict(found.part("model"))
        self.scale.load_state_dict(found.part("scale"))
        self.progress = Progress(**found.state["progress"])
        self._resumed = found
        if rank() == 0:
            self.log.cut(self.progress.step)

    def run(self, sources: Sources) -> None:
        """All phases that are not done yet."""
        for number in range(self.progress.phase, len(self.recipe.phases)):
            phase = self.recipe.phases[number]
            if phase.chunk_pictures and self.model.uses_batch_statistics:
                raise GleamError(
                    f"Phase {phase.name!r} embeds in chunks, but batch norm looks at whole batches.",
                    "Set freeze_batch_norm = true, or chunk_pictures = 0.",
                )
            self._run_phase(phase, *sources(phase))
            self.progress = Progress(number + 1, self.progress.step)
            self._optimiser = None
            self._save(None)

    def _run_phase(
        self, phase: PhaseRecipe, source: PairSource, validation: PairSource | None
    ) -> None:
        packing = Packing(
            phase.batch_pairs,
            phase.neighbour_range,
            phase.neighbour_select,
            phase.epoch_pairs if phase.equal_views else None,
            {str(view): parts for view, parts in phase.view_shares.items()},
        )
        sampler = Sampler(
            source.places, source.views, packing, self.recipe.seed + self.progress.phase
        )
        self._memory = Memory(sampler.place_count, self.model.dimension) if phase.remember else None
        self._begin(phase, sampler)
        with Loader(source, self.recipe, rank(), ranks()) as loader:
            while sampler.epoch < phase.epochs:
                self._refresh(phase, sampler, source)
                self._run_epoch(phase, sampler, loader, validation)

    def _begin(self, phase: PhaseRecipe, sampler: Sampler) -> None:
        """A new optimiser; its state and the sampler's from the checkpoint, if that is of this phase."""
        self._optimiser = make_optimiser([self.model, self.scale], phase, self.device)
        resumed, self._resumed = self._resumed, None
        if resumed is not None and resumed.state["optimiser"] is not None:
            restore_optimiser(
                self._optimiser, resumed.part("optimiser"), resumed.state["optimiser"]
            )
            neighbours = resumed.tensors.get("neighbours")
            sampler.restore(
                self.progress.sampler, None if neighbours is None else neighbours.numpy()
            )
            if self._memory is not None:
                self._memory.queries, self._memory.satellites = resumed.tensors["memory"].unbind()
        if not sampler.plan():
            raise GleamError(
                f"Phase {phase.name!r} has too few places for a batch of {phase.batch_pairs} pairs.",
                "Make batch_pairs smaller, or add data.",
            )
        if phase.batch_pairs % ranks():
            raise GleamError(
                f"{phase.batch_pairs} pairs cannot be shared by {ranks()} processes equally."
            )

    def _refresh(self, phase: PhaseRecipe, sampler: Sampler, source: PairSource) -> None:
        """New hard negatives where an epoch begins that is due for them; the first ones are random."""
        every = phase.refresh_epochs
        if every and sampler.done == 0 and sampler.epoch and sampler.epoch % every == 0:
            if self._memory is not None:
                count = phase.neighbour_range
                sampler.set_neighbours(self._memory.neighbours(source, sampler.places, count))
                return
            sampler.set_neighbours(
                hard_neighbours(
                    self.model,
                    source,
                    sampler.places,
                    phase.neighbour_range,
                    self.recipe,
                    self.device,
                )
            )

    def _run_epoch(
        self, phase: PhaseRecipe, sampler: Sampler, loader: Loader, validation: PairSource | None
    ) -> None:
        epoch, count = sampler.epoch, len(sampler.plan())
        self.model.train()
        stream = loader.batches(sampler.plan(), self._epoch_seed(epoch), sampler.done)
        waited = time.perf_counter()
        for batch in stream:
            began = time.perf_counter()
            rate = learning_rate(phase, epoch + sampler.done / count)
            torch.manual_seed(self._step_seed())
            record = self._step(batch, phase, rate)
            if self._memory is not None and self._found is not None:
                members = sampler.plan()[sampler.done]
                self._memory.keep(sampler.places[members], *self._found.unbind(1))
            self.progress.step += 1
            ended = sampler.batch_done()
            self.progress.sampler = sampler.state()
            done = time.perf_counter()
            self._note(
                phase=phase.name,
                epoch=epoch,
                **record,
                learning_rate=rate,
                wait_s=round(began - waited, 4),
                step_s=round(done - began, 4),
            )
            waited = done
            if ended and validation is not None:
                self._validate(phase, sampler, validation)
            if self.progress.step % self.recipe.checkpoint_steps == 0 or ended:
                self._save(sampler)

    def _step_seed(self) -> int:
        """What dropout of this step and rank is drawn from."""
        parts = np.random.SeedSequence([self.recipe.seed, self.progress.step, rank()])
        return int(parts.generate_state(1, np.uint64)[0] >> np.uint64(1))

    def _epoch_seed(self, epoch: int) -> int:
        return self.progress.phase * 1_000_000 + epoch

    def _step(self, batch: Batch, phase: PhaseRecipe, rate: float) -> dict[str, float]:
        """One update of the weights; what the log says of it."""
        optimiser = self._optimiser
        assert optimiser is not None
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.zero_grad(set_to_none=True)
        chunks = self._chunks(batch, phase)
        if phase.chunk_pictures and phase.recompute:
            loss = backward_in_chunks(chunks, self._embed, lambda v: self._loss(v, chunks, batch))
        else:
            direct = self._loss([self._embed(chunk) for chunk in chunks], chunks, batch)
            direct.backward()  # type: ignore[no-untyped-call]
            loss = direct.detach()
        learned = [p for group in optimiser.param_groups for p in group["params"]]
        average_gradients(learned)
        if phase.clip_value:
            nn.utils.clip_grad_value_(learned, phase.clip_value)
        norm = nn.utils.clip_grad_norm_(learned, phase.clip_norm or math.inf)
        if ranks() > 1:
            loss = loss / ranks()
            dist.all_reduce(loss)
        if not (math.isfinite(loss.item()) and math.isfinite(norm.item())):
            raise GleamError(
                f"The loss is not a number at step {self.progress.step + 1}.",
                "A lower learning rate or autocast = 'off' helps; resume from the checkpoint.",
            )
        optimiser.step()
        return {"loss": loss.item(), "gradient": norm.item(), "scale": self.scale().item()}

    def _chunks(self, batch: Batch, phase: PhaseRecipe) -> list[Chunk]:
        """The batch's chunks, satellite windows with as many shared blocks as chance gives them."""
        chunks, choice = chunks_of(batch, phase.chunk_pictures), self.recipe.model.shared_blocks
        if not choice:
            return chunks
        chance = np.random.default_rng(self._step_seed())
        return [
            replace(chunk, shared_blocks=int(chance.choice(choice))) if chunk.side == 1 else chunk
            for chunk in chunks
        ]

    def _embed(self, chunk: Chunk) -> Tensor:
        pixels = chunk.pictures.pixels.to(self.device, non_blocking=True)
        bf16 = self.recipe.autocast == "bf16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=bf16):
            vectors: Tensor = self.model(pixels, chunk.pictures.margin_px, chunk.shared_blocks)
        return vectors

    def _loss(self, vectors: list[Tensor], chunks: list[Chunk], batch: Batch) -> Tensor:
        """Loss of this rank's rows against the columns of all ranks."""
        sides = [_assembled(vectors, chunks, side) for side in range(3)]
        queries, satellites, turned = sides
        assert queries is not None and satellites is not None
        rows = len(queries)
        parts = [queries[:, None], satellites[:, None]]
        if turned is not None:
            parts.append(turned.view(rows, -1, turned.shape[1]))
        everyone = gather(torch.cat(parts, dim=1))  # one exchange: (B, 2 + wrong turns, D)
        self._found = everyone[:, :2].detach()
        negatives, out_turned = None, None
        out = batch.out_satellites.to(self.device)
        if turned is not None:
            negatives = everyone[:, 2:].flatten(0, 1)
            untold = gather(batch.turned_out.float().to(self.device)) > 0
            out_turned = out.repeat_interleave(len(negatives) // len(everyone), dim=1) | untold
        loss = self.recipe.loss
        smoothing: Tensor | float = loss.label_smoothing
        if loss.overlap_steepness:
            smoothing = softened(
                loss.label_smoothing, batch.overlaps.to(self.device), loss.overlap_steepness
            )
        return info_nce(
            queries,
            satellites,
            self.scale(),
            Columns(everyone[:, 0], everyone[:, 1], rank() * rows, negatives),
            Exclusions(
                batch.out_queries.to(self.device),
                out,
                out_turned,
            ),
            smoothing,
        )

    def _validate(self, phase: PhaseRecipe, sampler: Sampler, validation: PairSource) -> None:
        """Figures on held-out places into the log; the best weights so far into a file of their own."""
        last = sampler.epoch == phase.epochs
        if not phase.validate_epochs or (sampler.epoch % phase.validate_epochs and not last):
            return
        figures = recalls(self.model, validation, self.recipe, self.device)
        self._note(phase=phase.name, epoch=sampler.epoch, **figures)
        if figures["recall@1"] > self.progress.best:
            self.progress.best = figures["recall@1"]
            if rank() == 0:
                state = {"step": self.progress.step, "validation": figures}
                write_checkpoint(
                    self.folder / BEST, Checkpoint(_named("model", self.model.state_dict()), state)
                )

    def _note(self, **record: Any) -> None:
        if rank() == 0:
            self.log.add(step=self.progress.step, **record)

    def _save(self, sampler: Sampler | None) -> None:
        """The checkpoint; without a sampler, one between two phases."""
        if rank() != 0:
            return
        tensors = _named("model", self.model.state_dict())
        tensors |= _named("scale", self.scale.state_dict())
        groups: list[Any] | None = None
        if sampler is not None and self._optimiser is not None:
            optimiser, groups = optimiser_parts(self._optimiser)
            tensors |= _named("optimiser", optimiser)
            if sampler.neighbours is not None:
                tensors["neighbours"] = torch.from_numpy(sampler.neighbours)
            if self._memory is not None:
                tensors["memory"] = torch.stack([self._memory.queries, self._memory.satellites])
        state = {
            "recipe": self.recipe.model_dump(mode="json"),
            "ranks": ranks(),
            "progress": vars(self.progress),
            "optimiser": groups,
        }
        write_checkpoint(self.folder / CHECKPOINT, Checkpoint(tensors, state))


def make_optimiser(
    modules: list[nn.Module], phase: PhaseRecipe, device: torch.device
) -> torch.optim.Optimizer:
    """AdamW, fused where it exists. Norms, biases and the logit scale do not decay (as in open_clip)."""
    learned = [p for module in modules for p in module.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in learned if p.dim() > 1], "weight_decay": phase.weight_decay},
        {"params": [p for p in learned if p.dim() <= 1], "weight_decay": 0.0},
    ]
    fused = device.type in ("cpu", "cuda")
    return torch.optim.AdamW(groups, lr=phase.learning_rate, fused=fused)


def chunks_of(batch: Batch, size: int) -> list[Chunk]:
    """The batch's pictures in chunks of at most ``size``; 0: each group as one."""
    return [
        Chunk(side, Pictures(pixels, rows, group.margin_px))
        for side, groups in enumerate((batch.queries, batch.satellites, batch.turned))
        for group in groups
        for pixels, rows in _split(group, size or len(group.rows))
    ]


def _split(group: Pictures, size: int) -> Iterator[tuple[Tensor, Tensor]]:
    for start in range(0, len(group.rows), size):
        part = slice(start, start + size)
        yield group.pixels[part], group.rows[part]


def _assembled(vectors: list[Tensor], chunks: list[Chunk], side: int) -> Tensor | None:
    """The vectors of one side in the order of its rows; None if the batch has none."""
    mine = [i for i, chunk in enumerate(chunks) if chunk.side == side]
    if not mine:
        return None
    order = torch.argsort(torch.cat([chunks[i].pictures.rows for i in mine]))
    together = torch.cat([vectors[i] for i in mine])
    return together[order.to(together.device)]


def _trained(recipe: dict[str, Any]) -> dict[str, Any]:
    """A recipe without what only its pack says of itself."""
    return {key: value for key, value in recipe.items() if key != "pack"}


def _named(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}
