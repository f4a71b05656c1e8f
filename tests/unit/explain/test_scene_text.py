"""Composed sentences: every fact in words, nothing that is not known, and no word on the verdict."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gleam_app.explain.claims import check_claims, denies, sentences
from gleam_app.explain.scene_facts import NEVER_ABSENT, SOME, VALUES, Fact, agree
from gleam_app.explain.scene_text import composed
from gleam_app.explain.sureness import Sureness
from gleam_app.explain.wording import LANGS, Lang
from gleam_app.imagery.views import View

WOOD, NO_WOOD = (Fact(id="", kind="wood", value=value) for value in ("present", "none"))
HOUSES = Fact(id="", kind="buildings", value=SOME)
BARE = Fact(id="", kind="buildings", value="none")
FIELD = Fact(id="", kind="field", value="present")


def test_tells_what_is_shared_and_what_differs() -> None:
    told = composed("uav", [WOOD, HOUSES], [NO_WOOD, HOUSES, FIELD], False, "en")
    assert sentences(told) == [
        "The first image is a drone photo that shows woodland and some buildings.",
        "The second image is a satellite tile that shows some buildings and farmland.",
        "Both images show some buildings, but so do many places.",
        "The drone photo shows woodland, whereas the satellite image shows no woodland.",
    ]


def test_tells_the_same_in_chinese() -> None:
    told = composed("uav", [WOOD, HOUSES], [NO_WOOD, HOUSES], True, "zh")
    assert sentences(told) == [
        "第一幅图像是无人机照片，画面中有树林，可见建筑物。",
        "第二幅图像是卫星图块，画面中可见建筑物。",
        "两幅图像的共同之处是可见建筑物。",
        "两者也有不同之处：无人机照片中有树林，而卫星图像中没有树林。",
    ]


def test_says_once_what_both_show_alone() -> None:
    told = composed("uav", [HOUSES], [HOUSES, NO_WOOD], True, "en")
    assert told == "Both images show some buildings."


def test_a_measured_place_leaves_out_what_cannot_be_true_of_it() -> None:
    told = composed("uav", [WOOD, HOUSES], [NO_WOOD, HOUSES], True, "en", settled=True)
    assert "wood" not in told and "Both images show some buildings." in told


def test_absent_things_are_told_only_in_contrast() -> None:
    assert composed("uav", [NO_WOOD], [NO_WOOD], True, "en") == ""
    assert "no buildings" in composed("uav", [], [BARE], True, "en")


def test_nothing_known_is_nothing_said() -> None:
    assert composed("panorama", [], [], False, "zh") == ""


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [(SOME, "none", False), (SOME, SOME, True), (SOME, "many", None), ("none", "few", None)],
)
def test_some_buildings_are_any_number_of_them(one: str, two: str, same: bool | None) -> None:
    first, second = (Fact(id="", kind="buildings", value=value) for value in (one, two))
    assert agree(first, second) is same and agree(second, first) is same


KINDS = [kind for kind in VALUES if kind not in (*NEVER_ABSENT, "road", "street")]
FACTS = st.lists(st.sampled_from(KINDS), unique=True, max_size=6).flatmap(
    lambda kinds: st.tuples(
        *(st.builds(Fact, id=st.just(""), kind=st.just(k), value=st.sampled_from(VALUES[k])) for k in kinds)
    )
)  # fmt: skip


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    FACTS, FACTS, st.booleans(), st.sampled_from(LANGS), st.sampled_from(["uav", "map", "ground"])
)
def test_never_speaks_of_the_verdict_or_in_numbers(
    query: tuple[Fact, ...], tile: tuple[Fact, ...], same: bool, lang: Lang, view: View
) -> None:
    told = composed(view, query, tile, same, lang)
    assert not any(denies(sentence, side) for sentence in sentences(told) for side in (True, False))
    assert all(claim.status == "seen" for claim in check_claims(told, [], lang, looked=True))


def test_of_a_kind_the_surest_value_above_its_bar_is_told() -> None:
    bars = {"wood present": 0.9, "wood none": 0.6, "field present": 0.8}
    sureness = Sureness(facts={"tile": bars})
    scores = {("wood", "present"): 0.95, ("wood", "none"): 0.7, ("field", "present"): 0.79}
    assert sureness.facts_of("tile", scores) == [WOOD]
    assert sureness.facts_of("ground", scores) == []  # nobody knows how sure it is there
