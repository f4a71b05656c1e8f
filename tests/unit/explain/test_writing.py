"""From evidence to text without a model: prompts, slots, grammars."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gleam_app.explain.claims import check_claims
from gleam_app.explain.evidence import build_evidence
from gleam_app.explain.grammar import free_grammar, guided_grammar, planned
from gleam_app.explain.prompts import free_messages, guided_messages, prompt_parts
from gleam_app.explain.slots import SlotFiller
from gleam_app.explain.wording import LANGS, Lang
from gleam_app.retrieval.results import Verdict
from tests.factories import make_location, make_pixels

VERDICTS: tuple[Verdict, ...] = ("verified", "strong", "possible", "unverified", "not_found")
LOCATION = make_location("verified")
EVIDENCE = build_evidence(LOCATION, LOCATION.candidates[0])


@given(st.data())
def test_slots_are_filled_however_the_text_is_cut(data: st.DataObject) -> None:
    text = "{E2} agree.\n{E10} passed; it fits to {E3}, {E99}and a { brace"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    filler = SlotFiller(EVIDENCE, "en")
    shown = "".join(
        filler.feed(text[a:b]) for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)
    )
    shown += filler.end()
    assert shown == filler.text
    assert shown == (
        "143 of 310 matched points [E2] agree. None of the 9 other places [E10] passed; "
        "it fits to 0.94 m [E3], and a { brace"
    )


def test_an_unfinished_slot_never_shows() -> None:
    filler = SlotFiller(EVIDENCE, "zh")
    assert filler.feed("相似度{E") == "相似度"
    assert filler.feed("7") == ""
    assert filler.feed("}。") == "0.71[E7]。"


def derive(grammar: str, pick: st.DataObject | None = None) -> str:
    """One text of a guided grammar: the first alternative everywhere, or drawn ones."""
    rules = dict(line.split(" ::= ", 1) for line in grammar.splitlines())

    def expand(body: str) -> str:
        out = []
        for choice, literal, rule in re.findall(r'\(( .*?" )\)|("(?:[^"\\]|\\.)*")|(\w+)', body):
            if choice:
                options = re.findall(r'"(?:[^"\\]|\\.)*"', choice)
                number = 0 if pick is None else pick.draw(st.integers(0, len(options) - 1))
                out.append(options[number][1:-1])
            elif literal:
                out.append(literal[1:-1].replace("\\n", "\n"))
            else:
                out.append(expand(rules[rule]))
        return "".join(out)

    return expand(rules["root"])


LOCATIONS = {verdict: make_location(verdict) for verdict in VERDICTS}


@settings(deadline=None, max_examples=40)
@given(st.data(), st.sampled_from(VERDICTS), st.sampled_from(LANGS), st.sampled_from([1, 2]))
def test_whatever_the_guided_grammar_allows_is_supported(
    data: st.DataObject, verdict: Verdict, lang: Lang, rank: int
) -> None:
    location = LOCATIONS[verdict]
    evidence = build_evidence(location, location.candidates[rank - 1])
    filler = SlotFiller(evidence, lang)
    text = filler.feed(derive(guided_grammar(evidence, lang), data)) + filler.end()
    claims = check_claims(text, evidence, lang)
    assert [claim for claim in claims if not claim.supported] == []
    assert {mark for claim in claims for mark in claim.evidence} == {item.id for item in evidence}
    assert len(claims) == len(planned(evidence))


@pytest.mark.parametrize("lang", LANGS)
def test_llama_cpp_accepts_both_grammars(lang: Lang) -> None:
    import llama_cpp

    for verdict in VERDICTS:
        location = make_location(verdict)
        evidence = build_evidence(location, location.candidates[0])
        for grammar in (guided_grammar(evidence, lang), free_grammar(evidence, lang)):
            assert llama_cpp.LlamaGrammar.from_string(grammar, verbose=False) is not None
        allowed = re.sub(r'"[^"]*"|\\u[0-9a-f]{4}|\{\d+,\d+\}|s\d+', "", free_grammar(evidence, lang))  # fmt: skip
        assert not re.search(r"\d", allowed)


@pytest.mark.parametrize("lang", LANGS)
def test_prompts_carry_every_fact_and_both_pictures(lang: Lang) -> None:
    assert set(prompt_parts(lang)) == {"system", "guided", "free", "images", "weights"}
    system, user = guided_messages(EVIDENCE, lang)
    assert system["role"] == "system" and user["role"] == "user"
    for item in EVIDENCE:
        assert f"{{{item.id}}}" in user["content"] and item.slot(lang) in user["content"]
    pictures = (make_pixels(900, 600), make_pixels(512, 512))
    content = free_messages(EVIDENCE, lang, pictures)[1]["content"]
    assert [part["type"] for part in content] == ["image_url", "image_url", "text"]
    assert content[0]["image_url"]["url"].startswith("data:image/jpeg;base64,")
    assert prompt_parts(lang)["images"] in content[2]["text"]
