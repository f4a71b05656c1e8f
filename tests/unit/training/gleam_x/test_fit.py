"""Prompts, losses, and runs that go on as if never stopped, on a tiny random text model."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from gleam_app.errors import GleamError
from tests.unit.training.gleam_x.tiny_text import HIDDEN, LAYERS, tiny_model, tiny_tokenizer
from training.gleam_x.model.comparer import Comparer, ComparerShape, Judge, Projector
from training.gleam_x.model.dialogue import drawn, judged
from training.gleam_x.model.export import write_adapter
from training.gleam_x.model.fit import Fit, Pairs
from training.gleam_x.model.pupil import Shown
from training.gleam_x.model.recipe import DialogueRecipe, Recipe, read_recipe
from training.gleam_x.model.small import BEGIN, END, Small, prompt_pieces
from training.gleam_x.records import PairRecord

pytest.importorskip("peft")


def record(number: int, match: bool = True) -> PairRecord:
    def said(text: str) -> dict[str, object]:
        verdict = "match" if match else "no_match"
        seen, measured = text.split("|")
        claims = [{"text": seen, "facts": ["A1"]}, {"text": measured, "facts": ["E2", "V1"]}]
        return {"text": seen + measured, "claims": claims, "teacher": "test", "verdict": verdict}

    return PairRecord.model_validate(
        {
            "id": f"r{number}", "image1": "a.jpg", "image2": "b.jpg", "view": "uav", "match": match,
            "place": f"p{number}", "place2": f"p{number + (not match)}", "split": "train",
            "source": "test",
            "evidence": [{"id": "E2", "text": {"en": "{E2} points agree.", "zh": "{E2} 个点吻合。"}}],
            "explanations": {
                "en": said("Both show a road.|{E2} points agree."),
                "zh": said("两者都有道路。|有 {E2} 个点吻合。"),
            },
        }
    )  # fmt: skip


RECORDS = [record(number, number % 2 == 0) for number in range(12)]


def recipe(**language: object) -> Recipe:
    whole = read_recipe("small")
    return whole.model_copy(
        update={
            "language": whole.language.model_copy(update={"lora_rank": 2, **language}),
            "fit": whole.fit.model_copy(
                update={
                    "steps": 6, "batch_pairs": 4, "chunk_pairs": 2, "validate_steps": 0,
                    "checkpoint_steps": 2, "warm_up_steps": 2,
                }
            ),
        }
    )  # fmt: skip


def small(**language: object) -> Small:
    tokenizer = tiny_tokenizer()
    torch.manual_seed(2)
    model = tiny_model(len(tokenizer))
    judge = Judge(Comparer(6, ComparerShape(16, 16, 1)))
    features = np.random.default_rng(1).normal(size=(12, 2, 6, 8, 8)).astype(np.float16)
    projector = Projector(16, 24, HIDDEN, 0.02)
    return Small(
        model, tokenizer, judge, projector, recipe(**language).language, features,
        torch.zeros(6, 8, 8),
    )  # fmt: skip


def shown(count: int) -> list[Shown]:
    chance = np.random.default_rng(3)
    langs = DialogueRecipe(explained=0.5, evidence=0.5)
    return [Shown(drawn(RECORDS[i], langs, chance), i, i % 2) for i in range(count)]


def test_prompt_is_the_chat_template_around_the_picture() -> None:
    tokenizer = tiny_tokenizer()
    turn = judged(RECORDS[0], "zh", evidence=True)
    before, after = prompt_pieces(tokenizer, turn)
    text = tokenizer.decode(before) + tokenizer.decode(after)
    assert text.startswith("<|im_start|>system\n") and f"user\n{BEGIN}{END}\n" in text
    assert text.endswith("<|im_start|>assistant\n")
    assert "{E2} 个点吻合。" in text and turn.text == "是。"


def test_turns_follow_the_shares() -> None:
    chance = np.random.default_rng(0)
    asked = DialogueRecipe(explained=0.25, evidence=0.5, pictures=0.5, verdict="last")
    turns = [drawn(RECORDS[i % 12], asked, chance) for i in range(2000)]
    share = {
        "zh": np.mean([turn.lang == "zh" for turn in turns]),
        "explained": np.mean([len(turn.answer) == 2 for turn in turns]),
        "evidence": np.mean(["E2" in turn.question for turn in turns]),
        "blank": np.mean([turn.blank for turn in turns]),
    }
    wanted = {"zh": 0.5, "explained": 0.25, "evidence": 0.5, "blank": 0.25}
    assert share == pytest.approx(wanted, abs=0.04)
    assert not any(turn.blank and "E2" not in turn.question for turn in turns)
    # nothing is said that was neither shown nor told
    texts = {
        False: {False: "Both show a road."},
        True: {False: "Both show a road. {E2} points agree."},
    }
    texts[True][True] = "{E2} points agree."
    for turn in (turn for turn in turns if len(turn.answer) == 2 and turn.lang == "en"):
        text = texts["E2" in turn.question][turn.blank]
        yes_or_no = "Yes." if turn.record.match else "No."
        assert turn.text == f"{text} Same place: {yes_or_no}"


def test_loss_is_that_of_each_turn_by_itself() -> None:
    """Padding and picking of positions, against one turn at a time and the whole logits."""
    pupil = small()
    pupil.train(False)
    turns = shown(5)
    assert len({len(one.turn.text) for one in turns}) > 1
    each = []
    for one in turns:
        before, after = prompt_pieces(pupil.tokenizer, one.turn)
        end = pupil.tokenizer.convert_tokens_to_ids("<|im_end|>")
        answer, weights = [], []
        for piece in one.turn.answer:
            ids = pupil.tokenizer(piece.text)["input_ids"]
            answer += ids
            weights += [piece.weight] * len(ids)
        answer.append(end)
        weights.append(1.0)
        embed = pupil.model.get_input_embeddings()
        rows = [embed(torch.tensor(before)), pupil.picture_tokens([one])[0]]
        rows.append(embed(torch.tensor(after + answer)))
        logits = pupil.model(inputs_embeds=torch.cat(rows)[None]).logits[0]
        losses = functional.cross_entropy(
            logits[-len(answer) - 1 : -1], torch.tensor(answer), reduction="none"
        )
        each.append((losses * torch.tensor(weights)).sum() / sum(weights))
    torch.testing.assert_close(pupil.loss(turns), torch.stack(each).mean())


def test_what_learns_and_what_does_not() -> None:
    pupil = small(lora_layers=1, lora_modules=("q_proj",))
    frozen = {n: p.clone() for n, p in pupil.comparer.named_parameters()}
    names = [n for n in pupil.state() if n.startswith("adapter.")]
    assert len(names) == 2 and all(f"layers.{LAYERS - 1}.self_attn.q_proj" in n for n in names)
    pupil.loss(shown(2)).backward()  # type: ignore[no-untyped-call]
    learnt = [p for group in pupil.parameters_by_rate().values() for p in group]
    assert all(p.grad is not None for p in learnt)
    assert all(p.grad is None for p in pupil.comparer.parameters())
    assert all(torch.equal(p, frozen[n]) for n, p in pupil.comparer.named_parameters())
    assert any(p.grad is None for p in pupil.model.parameters())
    going = small(train_tower=True)
    going.loss(shown(2)).backward()  # type: ignore[no-untyped-call]
    assert all(p.grad is not None for p in going.comparer.parameters())


def test_verdict_is_yes_against_no() -> None:
    pupil = small()
    turns = [Shown(judged(RECORDS[i], lang), i) for i, lang in enumerate(("en", "zh"))]
    found = pupil.verdicts(turns)
    for one, value, (yes, no) in zip(turns, found, (("Y", "N"), ("是", "否")), strict=True):
        logits = pupil.next_logits(one)
        ids = [pupil.tokenizer(word)["input_ids"][0] for word in (yes, no)]
        assert value.item() == pytest.approx((logits[ids[0]] - logits[ids[1]]).item(), abs=1e-5)


def pairs() -> Pairs:
    return Pairs(RECORDS[:8], RECORDS[8:], 2)


def test_a_stopped_run_goes_on_bit_for_bit(tmp_path: Path) -> None:
    whole = Fit(recipe(), small(), pairs(), tmp_path / "whole")
    whole.run()
    Fit(recipe(), small(), pairs(), tmp_path / "parts").run(stop_after=3)
    second = Fit(recipe(), small(), pairs(), tmp_path / "parts")
    second.resume()
    assert second.step == 3
    second.run()
    wanted, found = whole.pupil.state(), second.pupil.state()
    assert all(torch.equal(wanted[name], found[name]) for name in wanted)
    started = small().state()
    assert any(not torch.equal(wanted[name], started[name]) for name in wanted)
    steps = [r["step"] for r in second.log.records() if "loss" in r]
    assert steps == [1, 2, 3, 4, 5, 6]
    other = Fit(recipe(lora_alpha=4), small(), pairs(), tmp_path / "parts")
    with pytest.raises(GleamError, match="differs"):
        other.resume()


def test_adapter_as_gguf(tmp_path: Path) -> None:
    from gguf import GGUFReader

    pupil = small()
    adapter = {
        k.removeprefix("adapter."): v for k, v in pupil.state().items() if k.startswith("adapter.")
    }
    assert write_adapter(tmp_path / "a.gguf", pupil.family, adapter, 16.0) == 2 * LAYERS
    read = GGUFReader(tmp_path / "a.gguf")
    found = {tensor.name: tensor.data for tensor in read.tensors}
    name = next(n for n in adapter if "layers.1" in n and "v_proj.lora_A" in n)
    np.testing.assert_array_equal(found["blk.1.attn_v.weight.lora_a"], adapter[name].detach())
    assert read.fields["adapter.lora.alpha"].contents() == 16.0
    with pytest.raises(GleamError, match="llama"):
        write_adapter(tmp_path / "b.gguf", "llama", adapter, 16.0)
    with pytest.raises(GleamError, match="no counterpart"):
        write_adapter(tmp_path / "b.gguf", "qwen2", {"layers.0.norm.lora_A.x": torch.ones(1)}, 1.0)
    assert not list(tmp_path.glob(".*"))
