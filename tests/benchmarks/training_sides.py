"""One side of the training benchmark in a process of its own: its heap and its settings are its alone.

    python tests/benchmarks/training_sides.py SIDE FOLDER PAIRS STEPS

SIDE is ``plain``, ``same work``, ``recipe`` or ``recipe, wrong turns``. Each line on stdin asks for one
pass of STEPS steps of PAIRS pairs; the answer is a JSON line with its seconds and those of its stages.
``memory`` makes one step of PAIRS pairs by GradCache and answers with its peak memory.

Both sides read the same JPEG files and change them by the same functions with the same chances.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from gleam_app.home import resources_dir
from gleam_app.retrieval.encoder import gem
from training.allocator import keep_freed_memory
from training.data.records import Pair
from training.gleam_c.augment import augment_pair, resized
from training.gleam_c.batches import Batch, Loader, Made, Sample
from training.gleam_c.losses import LogitScale
from training.gleam_c.model import build_model
from training.gleam_c.recipe import PhaseRecipe, Recipe, read_recipe
from training.gleam_c.sources import FilePairs
from training.gleam_c.trainer import Chunk, Trainer, make_optimiser

CPU = torch.device("cpu")
FILES, SIDE_PX = 48, 512  # pictures of a side on disk, as large as those of University-1652
PLACES = 1024
RATE = 1e-4


def make_pictures(folder: Path) -> None:
    """Blurred noise as JPEG: ``q0.jpg``, ``s0.jpg``, ..."""
    chance = np.random.default_rng(0)
    for name in (f"{side}{i}.jpg" for i in range(FILES) for side in "qs"):
        noise = sum(
            (
                cv2.resize(
                    chance.normal(0, 30, (cells, cells, 3)).astype(np.float32),
                    (SIDE_PX, SIDE_PX),
                    interpolation=cv2.INTER_CUBIC,
                )
                for cells in (8, 32, 128)
            ),
            np.full((SIDE_PX, SIDE_PX, 3), 120, np.float32),
        )
        picture = np.clip(noise, 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / name), picture, [cv2.IMWRITE_JPEG_QUALITY, 92])


def pairs_of(folder: Path) -> list[Pair]:
    return [
        Pair(folder / f"q{i % FILES}.jpg", "uav", folder / f"s{i % FILES}.jpg", f"place {i}")
        for i in range(PLACES)
    ]


def recipe_of(side: str, pairs: int) -> Recipe:
    """starter-cpu, with a batch of ``pairs`` and without what ``side`` leaves out."""
    whole = read_recipe("starter-cpu")
    changes: dict[str, Any] = {"batch_pairs": pairs}
    if side == "memory":
        changes |= {"chunk_pictures": 16, "recompute": True}
    phases = (whole.phases[0].model_copy(update=changes),)
    model, loss = whole.model, whole.loss
    if side in ("plain", "same work"):
        model = model.model_copy(update={"frozen_blocks": 0, "shared_blocks": ()})
    if side == "plain":
        model = model.model_copy(update={"freeze_batch_norm": False})
    if side not in ("recipe, wrong turns", "memory"):
        loss = loss.model_copy(update={"wrong_turns": 0})
    return whole.model_copy(update={"phases": phases, "model": model, "loss": loss})


def weights() -> Path:
    """Those of the bundled pack: random ones would compute with denormal numbers, which are slow."""
    return resources_dir() / "packs" / "starter" / "encoder.safetensors"


class Stages(Counter[str]):
    """Seconds by stage."""

    def told(self) -> dict[str, float]:
        return {name: round(seconds, 4) for name, seconds in self.items()}


class TimedPairs(FilePairs):
    """Counts the core-seconds of decoding."""

    def __init__(self, folder: Path, stages: Stages) -> None:
        super().__init__([("noise", pairs_of(folder))])
        self._stages = stages

    def sample(self, pair: int, chance: np.random.Generator) -> Sample:
        began = time.thread_time()
        sample = super().sample(pair, chance)
        self._stages["decode"] += time.thread_time() - began  # type: ignore[assignment]
        return sample


class TimedLoader(Loader):
    """Counts the core-seconds of a pair's making, decoding included."""

    made_s = 0.0

    def _make(self, pair: int, seed: tuple[int, int, int, int]) -> Made:
        began = time.thread_time()
        made = super()._make(pair, seed)
        self.made_s += time.thread_time() - began
        return made


class TimedTrainer(Trainer):
    """Counts the seconds of the step's stages."""

    def __init__(self, recipe: Recipe, folder: Path, stages: Stages) -> None:
        super().__init__(build_model(recipe.model, weights()), recipe, folder, CPU)
        self.phase: PhaseRecipe = recipe.phases[0]
        self._stages, self._mark = stages, 0.0
        self._optimiser = make_optimiser([self.model, self.scale], self.phase, CPU)
        self._optimiser.register_step_pre_hook(lambda *_: self._lap("backward and clipping"))
        self._optimiser.register_step_post_hook(lambda *_: self._lap("optimiser"))
        self.model.train()

    def step(self, batch: Batch) -> None:
        self._mark = time.perf_counter()
        self._step(batch, self.phase, RATE)
        self.progress.step += 1

    def _loss(self, vectors: list[Tensor], chunks: list[Chunk], batch: Batch) -> Tensor:
        loss = super()._loss(vectors, chunks, batch)
        self._lap("forward")
        return loss

    def _lap(self, stage: str) -> None:
        now = time.perf_counter()
        self._stages[stage] += now - self._mark  # type: ignore[assignment]
        self._mark = now


class Ours:
    """The trainer's own step and loader, nothing else of a run (no log, no checkpoint)."""

    def __init__(self, side: str, folder: Path, pairs: int) -> None:
        keep_freed_memory()
        self.stages, self.pairs, self.passes = Stages(), pairs, 0
        recipe = recipe_of(side, pairs)
        self.trainer = TimedTrainer(recipe, folder, self.stages)
        self.loader = TimedLoader(TimedPairs(folder, self.stages), recipe)

    def run(self, steps: int) -> None:
        self.passes += 1
        chance = np.random.default_rng(self.passes)
        plan = [chance.permutation(PLACES)[: self.pairs] for _ in range(steps)]
        made = self.loader.made_s - self.stages["decode"]
        waited = time.perf_counter()
        for batch in self.loader.batches(plan, self.passes):
            self.stages["wait"] += time.perf_counter() - waited  # type: ignore[assignment]
            self.trainer.step(batch)
            waited = time.perf_counter()
        made = self.loader.made_s - self.stages["decode"] - made
        self.stages["augment"] += made  # type: ignore[assignment]

    def close(self) -> None:
        self.loader.close()


class PlainPictures(torch.utils.data.Dataset[tuple[Tensor, Tensor]]):
    """As Sample4Geo's data sets: read by OpenCV, resized, changed, normalised to float32 (3, H, W)."""

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        self.pairs, self.recipe = pairs_of(folder), recipe
        self.mean, self.std = (
            np.array(values, np.float32) * 255 for values in (recipe.model.mean, recipe.model.std)
        )

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        pair, sizes = self.pairs[number], self.recipe.views["uav"]
        query, satellite = (
            resized(self._read(path), size)
            for path, size in (
                (pair.query, sizes.query_px),
                (pair.satellite, sizes.reference_px),
            )
        )
        chance = np.random.default_rng(int(torch.randint(2**31, ()).item()))
        changed = augment_pair(query, satellite, "uav", self.recipe.augment, chance)
        first, second = (self._normalised(picture) for picture in changed)
        return first, second

    def _read(self, path: object) -> NDArray[np.uint8]:
        return np.asarray(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB), np.uint8)

    def _normalised(self, picture: NDArray[np.uint8]) -> Tensor:
        values = (picture.astype(np.float32) - self.mean) / self.std
        return torch.from_numpy(np.ascontiguousarray(values.transpose(2, 0, 1)))


class PlainModel(nn.Module):
    """The recipe's network: its backbone with batch norms that learn, GeM, the projection."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        model = build_model(recipe.model, weights())
        assert model.projection is not None
        self.backbone, self.projection = model.backbone, model.projection
        self.power = recipe.model.gem_power

    def forward(self, query: Tensor, satellite: Tensor) -> tuple[Tensor, Tensor]:
        return self._embed(query), self._embed(satellite)

    def _embed(self, pictures: Tensor) -> Tensor:
        vectors = self.projection(gem(self.backbone(pictures), self.power))
        return functional.normalize(vectors, dim=-1)


class Plain:
    """The loop as Sample4Geo writes it (github.com/Skyy93/Sample4Geo), in single precision on a CPU."""

    def __init__(self, folder: Path, pairs: int, steps: int) -> None:
        recipe = recipe_of("plain", pairs)
        self.stages = Stages()
        self.model, self.scale = PlainModel(recipe).train(), LogitScale()
        self.learned = [*self.model.parameters(), *self.scale.parameters()]
        self.optimiser = torch.optim.AdamW(self.learned, lr=RATE)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimiser, 100_000)
        self.smoothing = recipe.loss.label_smoothing
        self.loader = torch.utils.data.DataLoader(
            PlainPictures(folder, recipe),
            pairs,
            sampler=torch.utils.data.RandomSampler(range(PLACES), num_samples=pairs * steps),
            num_workers=recipe.workers,
            persistent_workers=True,  # the start of the workers shall not count
        )

    def run(self, _steps: int) -> None:
        for query, satellite in self._timed(iter(self.loader)):
            began = time.perf_counter()
            queries, satellites = self.model(query, satellite)
            logits = self.scale() * queries @ satellites.T
            right = torch.arange(len(query))
            loss = sum(
                functional.cross_entropy(rows, right, label_smoothing=self.smoothing)
                for rows in (logits, logits.T)
            )
            forward = time.perf_counter()
            (loss / 2).backward()
            nn.utils.clip_grad_value_(self.learned, 100.0)
            backward = time.perf_counter()
            self.optimiser.step()
            self.optimiser.zero_grad()
            self.schedule.step()
            ended = time.perf_counter()
            laps = forward - began, backward - forward, ended - backward
            names = ("forward", "backward and clipping", "optimiser")
            self.stages.update(dict(zip(names, laps, strict=True)))  # type: ignore[arg-type]

    def _timed(self, batches: Iterator[tuple[Tensor, Tensor]]) -> Iterator[tuple[Tensor, Tensor]]:
        while True:
            began = time.perf_counter()
            batch = next(batches, None)
            self.stages["wait"] += time.perf_counter() - began  # type: ignore[assignment]
            if batch is None:
                return
            yield batch

    def close(self) -> None:
        del self.loader  # ends the workers


def measure_memory(folder: Path, pairs: int) -> dict[str, float]:
    """Peak resident memory of the process in bytes; two more batches are made ahead meanwhile."""
    import resource

    ours = Ours("memory", folder, pairs)
    plan = [np.random.default_rng(i).permutation(PLACES)[:pairs] for i in range(3)]
    batch = next(ours.loader.batches(plan, 0))
    began = time.perf_counter()
    ours.trainer.step(batch)
    seconds = time.perf_counter() - began
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    ours.close()
    return {"peak_bytes": peak, "step_s": round(seconds, 2)}


def main(side: str, folder: Path, pairs: int, steps: int) -> None:
    torch.manual_seed(0)
    if side == "memory":
        print(json.dumps(measure_memory(folder, pairs)), flush=True)
        return
    run = Plain(folder, pairs, steps) if side == "plain" else Ours(side, folder, pairs)
    for _ in sys.stdin:
        run.stages.clear()
        began = time.perf_counter()
        run.run(steps)
        seconds = time.perf_counter() - began
        print(json.dumps({"seconds": seconds, "stages": run.stages.told()}), flush=True)
    run.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
