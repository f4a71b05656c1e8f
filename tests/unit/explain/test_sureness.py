"""What a model is not sure of is not heard, and sentences settle as they stream."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam_app.errors import GleamError
from gleam_app.explain.reading import Piece
from gleam_app.explain.sureness import (
    MEASURES,
    Sentence,
    SentenceCutter,
    Sureness,
    cut,
    sureness_of,
)
from gleam_app.packs.manifest import Pack, PackManifest


def pack(calibration: dict[str, object]) -> Pack:
    manifest = PackManifest.model_validate(
        {
            "schema": "gleam.pack/1", "id": "x", "version": "1", "kind": "gleam-x", "title": "x",
            "licence": "MIT", "origin": [{"what": "x", "from": "x", "licence": "MIT"}], "use": "x",
            "architecture": {"family": "gguf"}, "calibration": calibration,
            "files": [{"path": "m.gguf", "role": "model", "size": 1, "sha256": "0" * 64}],
        }
    )  # fmt: skip
    return Pack(manifest, Path("folder"))


def test_calibration_travels_in_the_manifest() -> None:
    said = {
        "verdict": {"en": {"temperature": 2.0, "bias": 0.5}},
        "sentences": {"en": {"measure": "mean", "threshold": -1.0}},
    }
    found = sureness_of(pack(said))
    assert found.probability(3.0, "en") == pytest.approx(1 / (1 + math.exp(-2.0)))
    assert found.probability(3.0, "zh") == pytest.approx(1 / (1 + math.exp(-3.0)))
    unsure = Sentence("A road.", (-3.0, -0.1))
    assert not found.hears(unsure, "en") and found.hears(unsure, "zh")
    assert sureness_of(pack({})) == Sureness()
    for broken in ({"verdict": {"en": {"temperature": 0}}}, {"sentences": {"en": "high"}}):
        with pytest.raises(GleamError, match="calibration of pack x 1"):
            sureness_of(pack(broken))


def test_measures_against_plain_words() -> None:
    tokens = (-0.5, -4.0, -0.1, -2.0, -0.2, -0.3, -0.4, -0.6)
    sentence = Sentence("x", tokens)
    assert sentence.sureness("least") == -4.0
    assert sentence.sureness("mean") == pytest.approx(sum(tokens) / 8)
    assert sentence.sureness("low") == -3.0  # the lower quarter: -4 and -2


@given(st.lists(st.floats(-20, 0), min_size=1, max_size=30))
def test_measures_are_ordered(tokens: list[float]) -> None:
    sentence = Sentence("x", tuple(tokens))
    least, low, mean = (sentence.sureness(name) for name in ("least", "low", "mean"))
    assert least <= low + 1e-9 and low <= mean + 1e-9
    assert set(MEASURES) == {"least", "low", "mean"}


@given(st.data())
def test_however_it_is_cut_the_sentences_are_the_same(data: st.DataObject) -> None:
    text = "Yes. Both show a road. No trees, two roofs."
    pieces, at = [], 0
    while at < len(text):
        size = data.draw(st.integers(1, 7))
        pieces.append(Piece(text[at : at + size], -0.5, 1))
        at += size
    found = cut(pieces, "Yes.")
    assert [one.text for one in found] == ["Both show a road.", "No trees, two roofs."]


def test_a_sentence_settles_with_its_stop_and_chinese_needs_no_gap() -> None:
    cutter = SentenceCutter("是。")
    assert not list(cutter.feed(Piece("是。", -9.0, 2)))
    assert not list(cutter.feed(Piece("两图都有", -1.0, 2)))
    (first,) = cutter.feed(Piece("路。", -3.0, 1))
    assert first == Sentence("两图都有路。", (-0.5, -0.5, -3.0))
