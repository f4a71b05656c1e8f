"""Released vision-language models: a tiny random one of a released shape goes the same way as ours."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gleam_app.errors import GleamError
from tests.unit.training.gleam_x.test_fit import RECORDS, pairs, recipe, shown
from tests.unit.training.gleam_x.tiny_text import tiny_tokenizer
from training.gleam_x.model.dialogue import judged
from training.gleam_x.model.fit import Fit
from training.gleam_x.model.pupil import Shown
from training.gleam_x.model.recipe import Recipe, read_recipe
from training.gleam_x.model.released import Released, load_released

pytest.importorskip("peft")
# peft still asks transformers by an old name
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")

CHAT = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% for part in m.content %}"
    "{% if part.type == 'image' %}<image>{% else %}{{ part.text }}{% endif %}{% endfor %}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SIDE, PATCH = 28, 14


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LLaVA of two layers, saved as a hub model is."""
    from transformers import (
        CLIPImageProcessorPil,
        CLIPVisionConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
        Qwen2Config,
    )

    tokenizer = tiny_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    vision = CLIPVisionConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2,
        image_size=SIDE, patch_size=PATCH,
    )  # fmt: skip
    text = Qwen2Config(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2,
    )  # fmt: skip
    torch.manual_seed(0)
    model = LlavaForConditionalGeneration(
        LlavaConfig(
            vision_config=vision,
            text_config=text,
            image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
            image_seq_length=(SIDE // PATCH) ** 2,
        )
    )
    processor = LlavaProcessor(
        CLIPImageProcessorPil(
            size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
        ),
        tokenizer,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=CHAT,
    )
    made = tmp_path_factory.mktemp("hub") / "tiny-llava"
    model.save_pretrained(made)
    processor.save_pretrained(made)
    return made


def pictures(one: Shown) -> tuple[Any, Any]:
    rng = np.random.default_rng([one.row, one.variant])
    first, second = rng.integers(0, 256, (2, 40, 40, 3), dtype=np.uint8)
    return first, second


def whole() -> Recipe:
    made = recipe(kind="released", lora_modules=("q_proj", "v_proj"))
    return made.model_copy(
        update={"dialogue": made.dialogue.model_copy(update={"layout": "apart"})}
    )


def pupil(folder: Path) -> Released:
    torch.manual_seed(4)
    language = whole().language
    model, processor = load_released(folder, language, torch.device("cpu"))
    return Released(model, processor, language, pictures)


def test_adapters_are_in_the_part_that_speaks(folder: Path) -> None:
    names = pupil(folder).state()
    assert len(names) == 2 * 2 * 2  # layers, modules, factors
    assert all("language_model" in name and "vision" not in name for name in names)


def test_answers_are_learnt_and_pictures_matter(folder: Path) -> None:
    learner = pupil(folder)
    learner.train(False)
    turn = judged(RECORDS[0], "en", layout="apart")
    one, other = (learner.verdicts([Shown(turn, row)]).item() for row in (0, 1))
    assert one != other
    assert one == learner.verdicts([Shown(turn, 0)]).item()
    blank = judged(RECORDS[0], "en", blank=True, layout="apart")
    first, second = (learner.verdicts([Shown(blank, row)]).item() for row in (0, 1))
    assert first == second
    optimiser = torch.optim.AdamW(learner.parameters_by_rate()["adapter"], 1e-2)
    began = learner.loss([Shown(turn, 0)])
    for _ in range(5):
        optimiser.zero_grad()
        loss = learner.loss([Shown(turn, 0)])
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    assert learner.loss([Shown(turn, 0)]) < began


def test_loss_is_that_of_the_whole_text(folder: Path) -> None:
    learner = pupil(folder)
    learner.train(False)
    one = Shown(judged(RECORDS[0], "en", layout="apart"), 0)
    text = learner._prompt(one.turn) + one.turn.text + "<|im_end|>"
    inputs = learner._inputs(one, text)
    count = len(learner._ids(one.turn.text)) + 1
    logits = learner.adapted(**inputs).logits[0]
    wanted = torch.nn.functional.cross_entropy(
        logits[-count - 1 : -1], inputs["input_ids"][0, -count:]
    )
    torch.testing.assert_close(learner.loss([one]), wanted)


def test_a_stopped_run_goes_on_bit_for_bit(folder: Path, tmp_path: Path) -> None:
    through = Fit(whole(), pupil(folder), pairs(), tmp_path / "whole")
    through.run()
    Fit(whole(), pupil(folder), pairs(), tmp_path / "parts").run(stop_after=2)
    second = Fit(whole(), pupil(folder), pairs(), tmp_path / "parts")
    second.resume()
    second.run()
    wanted, found = through.pupil.state(), second.pupil.state()
    assert all(torch.equal(wanted[name], found[name]) for name in wanted)


def test_merged_model_says_the_same(folder: Path, tmp_path: Path) -> None:
    learner = pupil(folder)
    with torch.no_grad():
        for name, tensor in learner.state().items():
            if "lora_B" in name:
                tensor.normal_(std=0.1)
    learner.train(False)
    turns = [one for one in shown(2) if one.turn]
    wanted = learner.verdicts(turns)
    learner.save_merged(tmp_path / "merged")
    model, processor = load_released(tmp_path / "merged", whole().language, torch.device("cpu"))
    again = Released(model, processor, whole().language, pictures)
    again.train(False)
    torch.testing.assert_close(again.verdicts(turns), wanted, atol=1e-4, rtol=1e-4)


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(GleamError, match="vision-language"):
        load_released(tmp_path, whole().language, torch.device("cpu"))


@pytest.mark.parametrize("name", ["qwen2.5-vl-7b", "smolvlm2", "small"])
def test_recipes_are_valid(name: str) -> None:
    found = read_recipe(name)
    assert found.name == name and found.pack.licence
    assert (found.dialogue.layout == "montage") == (found.language.kind == "small")
