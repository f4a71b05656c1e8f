"""The fact teacher says nothing but the truth, and the checker notices when it does not."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gleam_app.explain.scene_facts import VALUES, Fact, SceneFacts
from gleam_app.explain.slots import SlotFiller
from gleam_app.explain.wording import LANGS, Lang
from tests.unit.training.gleam_x.scenes import fact, measured, record, records
from training.gleam_x.records import PairRecord, evidence_of
from training.gleam_x.teachers.check import check, check_text
from training.gleam_x.teachers.fact_teacher import explain
from training.gleam_x.teachers.reading import Assertion, read

PLACE = [
    fact("junction", "cross", "centre"),
    fact("water", "present", "left"),
    fact("roofs", "red"),
]
OTHER = [fact("junction", "none"), fact("water", "none"), fact("roofs", "light")]
# what the app's grammar for free text lets a model write, beside slots
ALPHABET = {"en": r"[a-zA-Z'(),;: .-]+", "zh": r"[\u4e00-\u9fff“”（），、；：。]+"}


@settings(max_examples=60, deadline=None)
@given(records(), st.integers(0, 50), st.sampled_from(LANGS))
def test_every_sentence_is_true_and_read_back_whole(
    pair: PairRecord, seed: int, lang: Lang
) -> None:
    explanation = explain(pair, lang, seed)
    assert [c for c in check_text(explanation.text, pair, lang) if c.status != "supported"] == []
    assert pair.facts is not None
    for claim in explanation.claims:
        said = {(found.kind, found.value) for found in read(claim.text, lang)}
        for name in claim.facts:
            if name[0] in "AB":
                cited = pair.facts.by_id(name)
                assert (cited.kind, cited.value) in said, claim.text


@settings(max_examples=60, deadline=None)
@given(records(), st.integers(0, 50), st.sampled_from(LANGS), st.data())
def test_a_corrupted_fact_is_caught(
    pair: PairRecord, seed: int, lang: Lang, data: st.DataObject
) -> None:
    explanation = explain(pair, lang, seed)
    assert pair.facts is not None
    cited = sorted({n for claim in explanation.claims for n in claim.facts if n[0] in "AB"})
    cited = [n for n in cited if len(VALUES[pair.facts.by_id(n).kind]) > 1]
    if not cited:
        return
    name = data.draw(st.sampled_from(cited))
    true = pair.facts.by_id(name)
    wrong = data.draw(st.sampled_from([v for v in VALUES[true.kind] if v != true.value]))
    lies = corrupted(pair, name, wrong)
    said = [
        c for claim in explanation.claims if name in claim.facts for c in read(claim.text, lang)
    ]
    if true.kind != "junction":  # of a picture with two, the other one may be what is meant
        assert any(check(assertion, lies) != "supported" for assertion in said)


def corrupted(pair: PairRecord, name: str, value: str) -> PairRecord:
    """The record with another value of one fact, links as they were."""
    assert pair.facts is not None

    def changed(facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
        return tuple(f.model_copy(update={"value": value}) if f.id == name else f for f in facts)

    facts = SceneFacts(
        image1=changed(pair.facts.image1),
        image2=changed(pair.facts.image2),
        shared=pair.facts.shared,
        differing=pair.facts.differing,
    )
    return pair.model_copy(update={"facts": facts})


@settings(max_examples=30, deadline=None)
@given(records(), st.integers(0, 50), st.sampled_from(LANGS))
def test_the_app_could_write_it(pair: PairRecord, seed: int, lang: Lang) -> None:
    explanation = explain(pair, lang, seed)
    assert len(explanation.claims) <= 9
    for claim in explanation.claims:
        words = re.sub(r"\{E\d+\}", "", claim.text)
        assert re.fullmatch(ALPHABET[lang], words), claim.text
    filler = SlotFiller(evidence_of(pair), lang)
    shown = filler.feed(explanation.text) + filler.end()
    assert "{" not in shown


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("match", [True, False])
def test_the_verdict_is_the_label_and_comes_last(lang: Lang, match: bool) -> None:
    pair = record(PLACE, PLACE if match else OTHER, match)
    for seed in range(20):
        claims = explain(pair, lang, seed).claims
        assert claims[-1].facts == ("V1",)
        assert Assertion("both", "match", "yes" if match else "no") in read(claims[-1].text, lang)


@pytest.mark.parametrize("lang", LANGS)
def test_texts_differ_from_pair_to_pair_and_are_the_same_again(lang: Lang) -> None:
    pairs = [record(PLACE, OTHER, False, name=f"p{i}") for i in range(40)]
    texts = [explain(pair, lang).text for pair in pairs]
    assert len(set(texts)) > 36
    assert texts == [explain(pair, lang).text for pair in pairs]


def test_both_languages_tell_the_same_facts() -> None:
    pair = record(PLACE, OTHER, False, evidence=measured())
    for seed in range(10):
        told = [[c.facts for c in explain(pair, lang, seed).claims] for lang in LANGS]
        assert told[0] == told[1]


def test_a_real_pair_rests_on_its_evidence_alone() -> None:
    pair = record([], [], True, evidence=measured()).model_copy(update={"facts": None})
    explanation = explain(pair, "en")
    cited = {name for claim in explanation.claims for name in claim.facts}
    assert cited - {"P1", "P2", "V1"} <= {item["id"] for item in measured()}
    assert any(name.startswith("E") for name in cited)


@pytest.mark.parametrize(
    ("lang", "text", "expected"),
    [
        ("en", "Both images show a crossroads in the centre.", "supported"),
        ("en", "The drone photo shows a crossroads in the upper left.", "contradicted"),
        ("en", "The satellite image contains a swimming pool.", "unknown"),
        ("en", "The first image is a street map.", "view"),
        ("en", "They show different places.", "contradicted"),
        ("en", "In the satellite tile there is no water.", "contradicted"),
        ("zh", "两幅图像中部都有十字路口，左侧有水域。", "supported"),
        ("zh", "卫星图像中没有水域。", "contradicted"),
        ("zh", "两幅图像不是同一地点。", "contradicted"),
        ("zh", "卫星图像中屋顶以蓝色为主。", "contradicted"),
    ],
)
def test_sentences_of_others_are_read_too(lang: Lang, text: str, expected: str) -> None:
    pair = record(PLACE, PLACE, True)
    checked = check_text(text, pair, lang)
    # that a drone photo is one is true besides
    statuses = {one.status for one in checked if one.assertion.kind != "view" or expected == "view"}
    assert statuses == {"contradicted" if expected == "view" else expected}
