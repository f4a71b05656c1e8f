"""What fewer bits cost a text model, measured on a tiny real one by llama.cpp."""

import math
from pathlib import Path

import numpy as np
import pytest

from gleam_app.errors import GleamError
from gleam_app.explain.pair import WORDS, measured_line, question
from gleam_app.explain.wording import LANGS, Lang
from tests.unit.training.gleam_x.review_pairs import pair, write_pairs
from tests.unit.training.gleam_x.tiny_gguf import write_tiny_gguf
from training.gleam_x.model.dialogue import known_text
from training.gleam_x.model.levels import AS_IT_IS, measure_levels, read_texts
from training.gleam_x.model.runtime import Runtime
from training.gleam_x.records import PairRecord, evidence_of


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_gguf(tmp_path_factory.mktemp("tiny") / "tiny.gguf")


def one_token_at_a_time(model: Path, record: PairRecord, lang: Lang) -> tuple[list[int], float]:
    """The model's choices and the perplexity of the text, each prompt read afresh for every token."""
    words = WORDS[lang]
    lines = [measured_line(item.id, item.text(lang)) for item in evidence_of(record)]
    asked = question(words.explain, lines, lang, "apart")
    prompt = f"<|im_start|>system\n{words.system}<|im_end|>\n<|im_start|>user\n{asked}<|im_end|>\n"
    prompt += "<|im_start|>assistant\n"
    verdict = words.yes if record.match else words.no
    text = f"{verdict}{words.gap}{known_text(record, lang, hinted=True, seen=False)}"
    choices, loss = list[int](), 0.0
    with Runtime(model, context=2048) as runtime:
        told = runtime.llm.tokenize(prompt.encode(), add_bos=False, special=True)
        answer = runtime.llm.tokenize(text.encode(), add_bos=False)
        for number, token in enumerate(answer):
            runtime.llm.reset()
            runtime.llm.eval([*told, *answer[:number]])
            logits = _last_logits(runtime)
            choices.append(int(logits.argmax()))
            loss -= float(logits[token] - np.logaddexp.reduce(logits))
    return choices, math.exp(loss / len(answer))


def _last_logits(runtime: Runtime) -> np.ndarray:
    import llama_cpp

    found = llama_cpp.llama_get_logits_ith(runtime.llm.ctx, -1)
    return np.ctypeslib.as_array(found, (runtime.llm.n_vocab(),)).astype(np.float64)


@pytest.mark.parametrize("lang", LANGS)
def test_a_text_is_read_as_token_by_token(tiny: Path, lang: Lang) -> None:
    record = pair(0)
    heard = read_texts(tiny, [record])[lang]
    choices, perplexity = one_token_at_a_time(tiny, record, lang)
    assert len(choices) > 20
    assert (heard.choices == choices).mean() > 0.98  # ties by the last bit may fall otherwise
    assert heard.perplexity == pytest.approx(perplexity, rel=1e-3)


def test_levels(tiny: Path, tmp_path: Path) -> None:
    records = [pair(0), pair(1), pair(2)]  # the second has no evidence and is left out
    own, half, eight = measure_levels(tiny, ["F16", "Q8_0"], records, tmp_path / "work")
    assert own.kind == AS_IT_IS and own.same_token == {"en": 1.0, "zh": 1.0}
    assert own.file_mb > half.file_mb > eight.file_mb
    assert half.same_token["en"] >= eight.same_token["en"] > 0.5
    assert 0 < abs(eight.perplexity["en"] - own.perplexity["en"]) < 0.1 * own.perplexity["en"]
    for level in (own, half, eight):
        assert level.first_token_s > 0 and level.tokens_per_s > 0
        assert set(level.accuracy.values()) <= {0.0, 0.5, 1.0}


def test_pairs_without_explanations_are_told(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(GleamError, match="evidence and explanations"):
        list(measure_levels(tiny, ["Q8_0"], [pair(1)], tmp_path))


def test_the_command(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from training.__main__ import main

    pairs = write_pairs(tmp_path, 3)
    options = ["--pairs", str(pairs), "--work", str(tmp_path / "work"), "--kinds", "Q8_0"]
    assert main(["gleam-x", "levels", str(tiny), *options]) == 0
    rows = capsys.readouterr().out.strip().splitlines()
    assert [row.split("|")[1].strip() for row in rows] == ["level", "---", "as it is", "Q8_0"]
    assert (tmp_path / "work" / "tiny.Q8_0.gguf").stat().st_size < tiny.stat().st_size
