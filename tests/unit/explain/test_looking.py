"""A model that compares: its verdict and its words never contradict each other, or what is shown."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gleam_app.explain.claims import check_claims, denies
from gleam_app.explain.engine import Engine
from gleam_app.explain.evidence import build_evidence, seen_by_model
from gleam_app.explain.explainer import _told_by_sight, match_of, plain_text
from gleam_app.explain.looking import Looker
from gleam_app.explain.montage import SIDE
from gleam_app.explain.pair import WORDS
from gleam_app.explain.reading import Piece
from gleam_app.explain.sureness import Sureness
from gleam_app.explain.wording import LANGS, VERDICTS, Lang
from gleam_app.retrieval.results import Verdict
from tests.factories import make_location

PICTURE = np.zeros((SIDE, SIDE, 3), np.uint8)
SAYS = {
    "en": (" Both show a road.", " They are different places.", " They show the same place.", " A blue roof."),
    "zh": ("两幅图都有一条路。", "两者不是同一地点。", "两者是同一地点。", "有蓝色屋顶。"),
}  # fmt: skip
UNSURE = 3  # which of them


class Speaker(Engine):
    """Says the same whatever it is asked, but begins as the grammar wants."""

    def __init__(self, odds: float, lang: Lang) -> None:
        self._odds, self._lang = odds, lang

    def judge(self, messages: Any, yes: str, no: str, work: Any = None) -> float:
        assert (yes, no) == (WORDS[self._lang].yes, WORDS[self._lang].no)
        return self._odds

    def write(
        self,
        messages: Any,
        grammar: str,
        work: Any = None,
        on_text: Any = None,
        max_tokens: int = 0,
        on_piece: Callable[[Piece], None] = lambda _: None,
    ) -> str:
        opening = grammar.partition('root ::= "')[2].partition('"')[0]
        on_piece(Piece(opening, -5.0, 1))
        for number, text in enumerate(SAYS[self._lang]):
            on_piece(Piece(text, -4.0 if number == UNSURE else -0.1, 1))
        return opening + "".join(SAYS[self._lang])


def looker(odds: float, lang: Lang, verdict: Verdict = "possible") -> Looker:
    bar = {"measure": "mean", "threshold": -1.0}
    sureness = Sureness.model_validate({"sentences": {"en": bar, "zh": bar}})
    location = make_location(verdict)
    evidence = build_evidence(location, location.candidates[0])
    return Looker(Speaker(odds, lang), sureness, PICTURE, evidence, lang)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("same", [True, False])
def test_what_is_unsure_or_of_the_verdict_is_not_told(lang: Lang, same: bool) -> None:
    pieces: list[str] = []
    text = looker(2.0 if same else -2.0, lang).told(same, on_text=pieces.append)
    assert text == SAYS[lang][0].strip()
    assert "".join(pieces).strip() == text


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("verdict", ["verified", "strong", "possible", "unverified", "not_found"])
@pytest.mark.parametrize("odds", [-3.0, 3.0])
def test_the_whole_explanation_never_contradicts_its_verdict(
    lang: Lang, verdict: Verdict, odds: float
) -> None:
    location = make_location(verdict)
    match = match_of(location, location.candidates[0])
    one, shown = looker(odds, lang, verdict), list[str]()
    text, seen = _told_by_sight(one, match, lang, None, shown.append)
    assert "".join(shown).strip() == text
    claims = check_claims(text, [*one.evidence, seen], lang, looked=True)
    assert {claim.status for claim in claims} <= {"supported", "seen"}, claims
    assert claims[0].evidence == ("E15",)
    if match is not None and match != (odds > 0):  # geometry has decided: measured facts alone
        assert text.endswith(plain_text(one.evidence, lang))
    else:
        assert SAYS[lang][0].strip() in text


def test_what_the_model_sees_is_evidence_with_its_probability() -> None:
    for_, against = seen_by_model(0.8312), seen_by_model(0.002)
    assert (for_.id, for_.weight, for_.value) == ("E15", "for", {"percent": 83})
    assert (against.weight, against.value) == ("against", {"percent": 99})  # never certain
    assert "83 %" in for_.text("en") and "99 %" in against.text("zh")


def test_denying_in_both_languages() -> None:
    no = ["So these are two different places.", "The two images do not show the same place.",
          "两者不是同一地点。", "两幅图像对应不同的地点。", "The images are not the same place."]  # fmt: skip
    yes = ["All in all, the two images are of the same place.", "两幅图像对应同一地点。",
           "This confirms that they show the same place."]  # fmt: skip
    for text in no:
        assert denies(text, True) and not denies(text, False), text
    for text in yes:
        assert denies(text, False) and not denies(text, True), text
    for text in ("Both show the same road.", "两图都有道路。", *VERDICTS["en"].values()):
        assert not denies(text, True) and not denies(text, False), text
