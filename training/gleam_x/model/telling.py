"""Find two tokens by which the tower tells the language model its verdict, before anything else is learnt.

The projector's first two units carry the verdict of a cell, for and against. What they should say is not
the word itself: 64 times "Yes" in the place of a picture does not make a text model say yes. Which vectors
do is found by gradient, through the frozen model, on the tower's verdicts of some pairs: some hundred
examples suffice, for there are only two vectors to find (prompt tuning, Lester et al. 2021). The labels of
the pairs are not used, so nothing is learnt about the pictures.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from gleam_app.explain.pair import WORDS
from gleam_app.explain.pair import question as asked_of
from training.gleam_x.model.dialogue import Turn
from training.gleam_x.model.pupil import Shown
from training.gleam_x.model.recipe import DialogueRecipe, Recipe
from training.gleam_x.model.small import Small
from training.gleam_x.records import PairRecord


def learn_to_tell(
    pupil: Small, records: Sequence[PairRecord], whole: Recipe, kept: Path
) -> list[float]:
    """Set the projector's first two units; returns the loss of each step. Found again in ``kept``."""
    recipe, words = whole.telling, pupil.projector.down.weight
    if kept.is_file():
        with torch.no_grad():
            words[:, :2] = load_file(kept)["words"]
        return []
    found = words[:, :2].detach().clone().requires_grad_()
    optimiser = torch.optim.Adam([found], lr=recipe.rate * pupil.spread)
    examples = _examples(records, whole.dialogue, whole.seed)
    losses = []
    pupil.train(False)
    for _ in range(recipe.steps):
        shown = [next(examples) for _ in range(recipe.batch)]
        loss = _loss(pupil, shown, found)
        optimiser.zero_grad(set_to_none=True)
        (gradient,) = torch.autograd.grad(loss, found)
        found.grad = gradient
        optimiser.step()
        losses.append(loss.item())
        print(f"telling: {len(losses)} of {recipe.steps}, loss {loss.item():.3f}", flush=True)
    with torch.no_grad():
        words[:, :2] = found
    kept.parent.mkdir(parents=True, exist_ok=True)
    staged = kept.with_suffix(".new")
    save_file({"words": found.detach().contiguous()}, staged)
    staged.replace(kept)
    return losses


def _examples(
    records: Sequence[PairRecord], dialogue: DialogueRecipe, seed: int
) -> Iterator[Shown]:
    """Pairs in an order drawn anew each round, asked in every language and way in turn."""
    asked = [
        (lang, words)
        for lang in sorted(dialogue.languages)
        for words in (WORDS[lang].judge, WORDS[lang].explain)
    ]
    chance = np.random.default_rng([seed, 4])
    number = 0
    while True:
        for row in chance.permutation(len(records)).tolist():
            lang, words = asked[number % len(asked)]
            question = asked_of(words, [], lang, dialogue.layout)
            yield Shown(Turn(records[row], lang, question, ()), row)
            number += 1


def _loss(pupil: Small, shown: list[Shown], words: Tensor) -> Tensor:
    """Cross entropy between the tower's verdict and the first token of the answer."""
    with torch.no_grad():
        cells = pupil.cells(shown)
        belief = pupil.judge.of_cells(cells).sigmoid()
    projector = pupil.projector
    down = torch.cat([words, projector.down.weight[:, 2:].detach()], dim=1)
    units = functional.gelu(projector.up(cells)).detach()
    tokens = functional.linear(units, down, projector.down.bias.detach())
    yes, no = pupil.first_words(shown, tokens)
    return -(belief * yes + (1 - belief) * no).mean()
