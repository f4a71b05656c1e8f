"""Models as systems: what they are told, and how their verdict is read. The models themselves are played."""

import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gleam_app.errors import GleamError
from gleam_app.explain.pair import WORDS
from gleam_app.explain.reading import Piece
from gleam_app.explain.tower import decoded
from tests.unit.training.gleam_x.scenes import fact, measured, record
from training.gleam_x.evaluate import packs
from training.gleam_x.evaluate.overlap import SentenceVectors
from training.gleam_x.evaluate.packs import MontagePack, SeeingPack, TextPack, of_pack
from training.gleam_x.evaluate.questions import Question, question
from training.gleam_x.evaluate.remote import Remote
from training.gleam_x.teachers.endpoint import Answer as Reply


class Played:
    """An engine that writes one thing, finds "Yes." e times as likely as "No.", and keeps what it was told."""

    said = "Yes. The score is {E7}."

    def __init__(self, files: Any) -> None:
        self.told: list[tuple[list[dict[str, Any]], str]] = []
        self.judged: list[list[dict[str, Any]]] = []
        self.closed = False

    def write(
        self,
        messages: list[dict[str, Any]],
        grammar: str,
        work: Any = None,
        on_piece: Callable[[Piece], None] = lambda _: None,
        max_tokens: int = 0,
    ) -> str:
        self.told.append((messages, grammar))
        on_piece(Piece(self.said, -1.0, 1))
        return self.said

    def judge(self, messages: list[dict[str, Any]], yes: str, no: str, work: Any = None) -> float:
        self.judged.append(messages)
        return 1.0

    def close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def played(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "Engine", Played)
    files = SimpleNamespace(model=Path("m"), mmproj=Path("p"), adapter=None, context=2048)
    monkeypatch.setattr(packs, "model_files", lambda pack: files)


def pack(sees: bool = True, **architecture: Any) -> Any:
    calibration = {"verdict": {"zh": {"temperature": 2.0, "bias": 1.0}}}
    manifest = SimpleNamespace(architecture=architecture, calibration=calibration)
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
    (messages,) = system._engine.judged  # type: ignore[attr-defined]
    assert system._engine.told[0][1].startswith('root ::= "Yes."')  # type: ignore[attr-defined]
    assert messages == told[0] and messages[0]["content"] == WORDS["en"].system
    picture, text = messages[1]["content"]
    prompt, shown = text["text"], decoded(picture["image_url"]["url"]).astype(int)
    assert prompt.startswith(WORDS["en"].montage)
    assert ("{E7}" in prompt) == ("evidence" in system.reads)
    spread = int(shown[:, :100].mean()) - int(shown[:, 156:].mean())
    assert spread == (pytest.approx(-160, abs=4) if "images" in system.reads else 0)
    assert answer.text.startswith("Yes.")
    # a slot of evidence that was not given is left out
    assert ("[E7]" in answer.text) == ("evidence" in system.reads)
    system.close()
    assert system._engine.closed  # type: ignore[attr-defined]


def test_no_words_are_made_where_none_are_wanted(asked: Question) -> None:
    brief = question(asked.record, "zh", asked.folder, False)
    system = MontagePack(pack(pictures="montage"), "both")
    answer = system.answer(brief, system.prepare(brief))
    assert answer.text == "" and not system._engine.told  # type: ignore[attr-defined]
    calibrated = 1.0 / 2.0 + 1.0
    assert answer.probability == pytest.approx(1 / (1 + math.exp(-calibrated)), abs=1e-6)
    assert (
        "2.0" in system.fingerprint
    )  # answers given before it was calibrated are not taken for new


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
