"""The tower's verdict reaches a frozen language model by two vectors."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.unit.training.gleam_x.test_fit import RECORDS, recipe, shown, small
from training.gleam_x.model.dialogue import drawn, judged
from training.gleam_x.model.pupil import Doubt, Shown, answer_loss
from training.gleam_x.model.recipe import DialogueRecipe, Recipe, TellingRecipe
from training.gleam_x.model.small import Small
from training.gleam_x.model.telling import learn_to_tell

pytest.importorskip("peft")


def telling(steps: int) -> Recipe:
    return recipe().model_copy(update={"telling": TellingRecipe(steps=steps, batch=12, rate=0.3)})


def with_verdicts() -> Small:
    """A pupil whose tower holds strong opinions, and whose language model listens."""
    pupil = small()
    with torch.no_grad():
        for name, weight in pupil.model.named_parameters():
            if "layers." in name and "norm" not in name and "lora" not in name:
                weight *= 8
    cells = pupil.cells([Shown(judged(RECORDS[i], "en"), i) for i in range(12)])
    verdict = pupil.judge.verdict
    with torch.no_grad():
        logits = pupil.judge.of_cells(cells)
        verdict.weight *= 3 / logits.std()
        verdict.bias -= pupil.judge.of_cells(cells).mean()
        hidden = pupil.model.get_input_embeddings().weight
        pupil.projector.begin_as_words(verdict, hidden[5], hidden[6])
    return pupil


def test_the_frozen_model_comes_nearer_to_what_the_tower_believes(tmp_path: Path) -> None:
    pupil = with_verdicts()
    model = {name: p.clone() for name, p in pupil.model.named_parameters()}
    rest = pupil.projector.down.weight[:, 2:].clone()
    losses = learn_to_tell(pupil, RECORDS, telling(40), tmp_path / "words.safetensors")
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 0.05
    assert all(torch.equal(p, model[name]) for name, p in pupil.model.named_parameters())
    assert torch.equal(pupil.projector.down.weight[:, 2:], rest)


def test_what_was_found_is_found_again(tmp_path: Path) -> None:
    first, second = with_verdicts(), with_verdicts()
    kept = tmp_path / "words.safetensors"
    assert len(learn_to_tell(first, RECORDS, telling(2), kept)) == 2
    assert learn_to_tell(second, RECORDS, telling(2), kept) == []
    assert torch.equal(first.projector.down.weight, second.projector.down.weight)


def test_a_doubted_token_is_learnt_as_both() -> None:
    torch.manual_seed(0)
    logits, targets = torch.randn(3, 5), torch.tensor([1, 2, 3])
    weights, owner = torch.tensor([4.0, 1.0, 2.0]), torch.tensor([0, 0, 1])
    found = answer_loss(logits, targets, weights, owner, [Doubt(0, 4, 0.3), Doubt(2, 0, 1.0)])
    log = logits.log_softmax(dim=1)
    first = -(4 * (0.7 * log[0, 1] + 0.3 * log[0, 4]) + log[1, 2]) / 5
    torch.testing.assert_close(found, (first - log[2, 0]) / 2)


def test_the_towers_verdict_is_learnt_in_the_labels_place() -> None:
    """A tower that is certain of the contrary: the loss is that of the contrary label."""
    pupil = with_verdicts()
    pupil.train(False)
    with torch.no_grad():
        pupil.judge.verdict.weight.zero_()
        pupil.judge.verdict.bias.fill_(-60.0)
    sure = DialogueRecipe(explained=0.0, evidence=0.0, belief=1.0, languages={"en": 1})
    label = DialogueRecipe(explained=0.0, evidence=0.0, languages={"en": 1})
    chance = np.random.default_rng(0)
    match = RECORDS[0]
    assert match.match
    believed, told = (Shown(drawn(match, way, chance), 0) for way in (sure, label))
    yes, no = pupil.first_words([told], pupil.picture_tokens([told]))
    tokens = len(pupil.tokenizer(told.turn.text)["input_ids"]) + 1  # and the end
    moved = (yes - no)[0] / tokens
    assert abs(moved) > 1e-4
    torch.testing.assert_close(pupil.loss([believed]), pupil.loss([told]) + moved)


def test_the_share_of_belief_follows_what_is_shown() -> None:
    chance = np.random.default_rng(1)
    asked = DialogueRecipe(evidence=0.5, pictures=0.5, belief=0.8)
    shares = {(t.blank, "E2" in t.question): t.belief_share for t in (drawn(RECORDS[0], asked, chance) for _ in range(99))}  # fmt: skip
    assert shares == {(False, False): 0.8, (False, True): 0.4, (True, True): 0.0}
    assert len(shown(3)) == 3
