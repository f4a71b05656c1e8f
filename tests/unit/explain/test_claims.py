import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gleam_app.explain.claims import check_claim, check_claims, sentences
from gleam_app.explain.evidence import Evidence, build_evidence
from gleam_app.explain.explainer import plain_explanation
from gleam_app.explain.wording import Lang
from gleam_app.retrieval.results import Verdict
from tests.factories import make_location


def evidence_for(verdict: Verdict = "verified", rank: int = 1) -> list[Evidence]:
    location = make_location(verdict)
    return build_evidence(location, location.candidates[rank - 1])


@pytest.mark.parametrize(
    ("lang", "sentence", "status"),
    [
        ("en", "Here 143 of 310 matched points agree [E2].", "supported"),
        ("en", "Here 144 of 310 matched points agree [E2].", "contradicted"),
        ("en", "Here 143 of 310 matched points agree.", "unsupported"),
        ("en", "Here 143 of 310 matched points agree [E3].", "contradicted"),
        ("en", "Both show the same place [E2].", "supported"),
        ("en", "The candidate does not match the query [E2].", "contradicted"),
        ("en", "There are twenty matched points [E2].", "unsupported"),
        ("en", "A river crosses both pictures.", "unsupported"),
        ("en", "It is proved [E42].", "unsupported"),
        ("en", "The verdict is “verified” with confidence 0.97 [E1].", "supported"),
        ("en", "The verdict is “possible” with confidence 0.97 [E1].", "contradicted"),
        ("en", "The verdict is not found, confidence 0.97 [E1].", "contradicted"),
        ("en", "The lead is 0.2 [E8].", "contradicted"),
        ("zh", "310 对匹配点中有 143 对一致[E2]。", "supported"),
        ("zh", "有 140 对匹配点一致[E2]。", "contradicted"),
        ("zh", "有三百对匹配点一致[E2]。", "unsupported"),
        ("zh", "结论为“未找到”，置信度 0.97[E1]。", "contradicted"),
        ("zh", "这不是同一地点[E2]。", "contradicted"),
        ("zh", "画面中有一条河。", "unsupported"),
    ],
)
def test_each_kind_of_claim(lang: Lang, sentence: str, status: str) -> None:
    claim = check_claim(sentence, evidence_for(), lang)
    assert claim.status == status, claim
    assert claim.supported == (status == "supported")
    assert bool(claim.note) != claim.supported


@pytest.mark.parametrize("sentence", ["Both are the same place [E2].", "两幅图像是同一地点[E2]。"])
def test_asserting_a_match_without_one_is_contradicted(sentence: str) -> None:
    for verdict in ("not_found", "possible"):
        assert check_claim(sentence, evidence_for(verdict), "en").status == "contradicted"


@pytest.mark.parametrize("verdict", ["verified", "strong", "possible", "unverified", "not_found"])
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("rank", [1, 2])
def test_plain_text_is_supported_throughout(verdict: Verdict, lang: Lang, rank: int) -> None:
    location = make_location(verdict)
    explanation = plain_explanation(location, location.candidates[rank - 1], lang)
    assert len(explanation.claims) == len(explanation.evidence)
    assert [claim.note for claim in explanation.claims if not claim.supported] == []


def test_sentences_keep_numbers_whole() -> None:
    assert sentences("It fits to 0.94 m [E3]. So it is. 误差 0.5 米。是的！") == [
        "It fits to 0.94 m [E3].", "So it is.", "误差 0.5 米。", "是的！",
    ]  # fmt: skip


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_split_without_loss_and_checked(text: str) -> None:
    parts = sentences(text)
    assert "".join("".join(parts).split()) == "".join(text.split())
    for claim in check_claims(text, EVIDENCE, "en"):
        assert claim.status in ("supported", "unsupported", "contradicted")


@settings(deadline=None)
@given(st.integers(0, 9999))
def test_no_other_count_is_supported(count: int) -> None:
    claim = check_claim(f"There are {count} matched points [E2].", EVIDENCE, "en")
    assert claim.supported == (count in (143, 310))


EVIDENCE = evidence_for()
