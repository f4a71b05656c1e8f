"""Models as systems: what they are told, and how their verdict is read. The models themselves are played."""

import math
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gleam_app.errors import GleamError
from gleam_app.explain.pair import WORDS
from tests.unit.training.gleam_x.scenes import fact, measured, record
from training.gleam_x.evaluate import packs
from training.gleam_x.evaluate.overlap import SentenceVectors
from training.gleam_x.evaluate.packs import MontagePack, SeeingPack, TextPack, of_pack
from training.gleam_x.evaluate.questions import Question, question
from training.gleam_x.evaluate.remote import Remote
from training.gleam_x.teachers.endpoint import Answer as Reply

TOKENS = {WORDS["en"].yes: 3, WORDS["en"].no: 5, WORDS["zh"].yes: 7, WORDS["zh"].no: 2}


class Played:
    """An engine that writes one thing, and keeps what it was told."""

    said = "Yes. The score is {E7}."

    def __init__(self, files: Any) -> None:
        self.told: list[tuple[list[dict[str, Any]], str]] = []
        self.closed = False

    def write(self, messages: list[dict[str, Any]], grammar: str, max_tokens: int = 0) -> str:
        self.told.append((messages, grammar))
        return self.said

    def close(self) -> None:
        self.closed = True


class PlayedRuntime:
    """Logits by which "Yes." is e times as likely as "No."."""

    marker = "<pic>"

    def __init__(self, *files: Any) -> None:
        metadata = {
            "tokenizer.chat_template": "{% for m in messages %}[{{ m.content }}]{% endfor %}"
        }
        self.llm = SimpleNamespace(metadata=metadata, tokenize=self._tokenize)
        self.prompts: list[tuple[str, list[Any]]] = []

    @staticmethod
    def _tokenize(text: bytes, add_bos: bool, special: bool) -> list[int]:
        return [TOKENS[text.decode()], 99]

    def next_logits(self, text: str, pictures: Sequence[Any]) -> Any:
        self.prompts.append((text, list(pictures)))
        logits = np.zeros(100, np.float32)
        logits[[3, 7]] = 1.0
        return logits

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def played(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "Engine", Played)
    monkeypatch.setattr(packs, "Runtime", PlayedRuntime)
    files = SimpleNamespace(model=Path("m"), mmproj=Path("p"), adapter=None, context=2048)
    monkeypatch.setattr(packs, "model_files", lambda pack: files)


def pack(sees: bool = True, **architecture: Any) -> Any:
    manifest = SimpleNamespace(architecture=architecture)
    return SimpleNamespace(label="x 1", hash="abc", manifest=manifest, has=lambda role: sees)


@pytest.fixture
def asked(tmp_path: Path) -> Question:
    for name, grey in (("a.jpg", 40), ("b.jpg", 200)):
        Image.fromarray(np.full((64, 64, 3), grey, np.uint8)).save(tmp_path / name)
    pair = record([fact("water", "present")], [fact("water", "none")], False, evidence=measured())
    return question(pair, "en", tmp_path, True)


def test_each_pack_is_asked_in_its_own_way() -> None:
    assert isinstance(of_pack(pack(), None), SeeingPack)
    assert isinstance(of_pack(pack(pictures="montage"), None), MontagePack)
    assert isinstance(of_pack(pack(sees=False), "both"), TextPack)
    assert of_pack(pack(), "images").reads == {"images"}
    assert of_pack(pack(sees=False), None).reads == {"evidence"}


@pytest.mark.parametrize("inputs", ["images", "evidence", "both"])
def test_a_montage_model_is_told_what_it_may_read(asked: Question, inputs: Any) -> None:
    system = MontagePack(pack(pictures="montage"), inputs)
    told = system.prepare(asked)
    answer = system.answer(asked, told)
    assert answer.verdict is True
    assert answer.probability == pytest.approx(1 / (1 + math.exp(-1)), abs=1e-6)
    prompt, (shown,) = system._runtime.prompts[0]  # type: ignore[union-attr]
    words = WORDS["en"]
    assert prompt.startswith(f"[{words.system}][<pic>\n{words.montage}")
    assert ("{E7}" in prompt) == ("evidence" in system.reads)
    spread = int(shown[:, :100].mean()) - int(shown[:, 156:].mean())
    assert spread == (pytest.approx(-160, abs=4) if "images" in system.reads else 0)
    # a slot of evidence that was not given is left out
    assert ("[E7]" in answer.text) == ("evidence" in system.reads)
    system.close()
    assert system._engine.closed  # type: ignore[attr-defined]


def test_no_words_are_made_where_none_are_wanted(asked: Question) -> None:
    brief = question(asked.record, "zh", asked.folder, False)
    system = MontagePack(pack(pictures="montage"), "both")
    answer = system.answer(brief, system.prepare(brief))
    assert answer.text == "" and not system._engine.told  # type: ignore[attr-defined]
    assert answer.probability == pytest.approx(1 / (1 + math.exp(-1)), abs=1e-6)


def test_a_model_that_sees_judges_before_it_explains(asked: Question) -> None:
    system = SeeingPack(pack(), "both")
    answer = system.answer(asked, system.prepare(asked))
    (judge, grammar), (_, free) = system._engine.told  # type: ignore[attr-defined]
    assert answer.verdict is None  # it said more than one word here
    assert grammar == 'root ::= "Yes." | "No."' and "slot" in free
    assert [part["type"] for part in judge[1]["content"]] == ["image_url", "image_url", "text"]
    assert WORDS["en"].judge in judge[1]["content"][2]["text"]


@pytest.mark.parametrize(("said", "verdict"), [("Yes.", True), ("No.", False)])
def test_its_verdict(
    asked: Question, said: str, verdict: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Played, "said", said)
    system = SeeingPack(pack(), "images")
    brief = question(asked.record, "en", asked.folder, False)
    assert system.answer(brief, system.prepare(brief)).verdict is verdict


def test_a_model_without_eyes_takes_the_verdict_of_the_evidence(asked: Question) -> None:
    system = TextPack(pack(sees=False), "evidence")
    answer = system.answer(asked, system.prepare(asked))
    assert answer.verdict is True and answer.probability == pytest.approx(0.97)
    assert "[E7]" in answer.text


class Far:
    """An endpoint that gives one answer."""

    model, url = "far", "http://localhost/v1"

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def ask(self, messages: Any) -> Reply:
        self.asked.append(messages)
        return Reply("**No.** The first image shows water.\n- The second does not.", True, 0, 0)


@pytest.mark.parametrize("inputs", ["images", "evidence", "both"])
def test_a_remote_model_is_not_told_the_truth(asked: Question, inputs: Any) -> None:
    far = Far()
    system = Remote(far, inputs)  # type: ignore[arg-type]
    told = system.prepare(asked)
    answer = system.answer(asked, told)
    assert answer.verdict is False
    assert answer.text == "No. The first image shows water. The second does not."
    content = told[0]["content"]
    text = content if isinstance(content, str) else content[-1]["text"]
    assert (not isinstance(content, str)) == ("images" in system.reads)
    assert ("[E7]" in text) == ("evidence" in system.reads)
    twin = asked.record.model_copy(update={"match": True, "place2": "x"})
    assert system.prepare(question(twin, "en", asked.folder, True)) == told


def test_sentence_vectors_are_means_of_token_vectors(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from transformers import BertConfig, BertModel, BertTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "water", "road", "left"]
    (tmp_path / "vocab.txt").write_text("\n".join(words), "utf-8")
    tokenizer = BertTokenizerFast(vocab_file=str(tmp_path / "vocab.txt"))
    torch.manual_seed(0)
    model = BertModel(
        BertConfig(
            vocab_size=len(words),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
        )
    ).eval()
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    vectors = SentenceVectors(tmp_path)
    assert vectors.similarity("water left", "water left") == pytest.approx(1.0, abs=1e-5)
    with torch.inference_mode():
        means = [
            model(**tokenizer([text], return_tensors="pt")).last_hidden_state[0].mean(dim=0)
            for text in ("water left", "road")
        ]
    wanted = torch.nn.functional.cosine_similarity(*means, dim=0).item()
    assert vectors.similarity("water left", "road") == pytest.approx(wanted, abs=1e-5)


def test_a_folder_that_holds_no_encoder_is_told(tmp_path: Path) -> None:
    with pytest.raises(GleamError, match="sentence encoder"):
        SentenceVectors(tmp_path)
