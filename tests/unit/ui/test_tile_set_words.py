"""What the manager says and suggests: figures, names, states, scales. No widgets."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam_app.imagery.views import VIEWS
from gleam_app.retrieval.tiles.tileset import NAME, SourceRecord, TileSetInfo
from gleam_app.ui.lengths import lengths
from gleam_app.ui.strings import language
from gleam_app.ui.theme import DARK, LIGHT
from gleam_app.ui.tile_sets.add_page import duration_text, free_name
from gleam_app.ui.tile_sets.builds import Build
from gleam_app.ui.tile_sets.entries import (
    Entry,
    facts_text,
    metres_text,
    size_text,
    state_sign,
)
from gleam_app.ui.tile_sets.offer import offer_for
from gleam_app.ui.tile_sets.scales import Chosen

INFO = TileSetInfo("town", [], 1234, [48.0, 72.0], 4.2, "starter 0.1.0", "h", 256, None)
GONE = [SourceRecord(f"/far/{n}.tif", f"/far/{n}.tif", "map", 1, 1, "x") for n in "abc"]
HALF = SimpleNamespace(
    sources=("a.tif",),
    scales_m=(48.0,),
    tiles_done=80,
    tiles=200,
    area_km2=1.5,
    pack="starter 0.1.0",
)


@pytest.fixture(autouse=True)
def english() -> None:
    language.choose("en")


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0.0 KB"), (1500, "1.5 KB"), (999_499, "999 KB"), (999_501, "1.0 MB"), (25_300_000, "25 MB"),
     (3_400_000_000, "3.4 GB"), (2_000_000_000_000, "2000 GB")],
)  # fmt: skip
def test_sizes(count: int, text: str) -> None:
    assert size_text(count) == text


@given(st.integers(0, 10**13))
def test_sizes_are_true_to_their_digits(count: int) -> None:
    number, unit = size_text(count).split()
    factor = {"KB": 1e3, "MB": 1e6, "GB": 1e9}[unit]
    assert abs(float(number) * factor - count) <= max(0.05 * factor, 0.05 * count) + 1e-6


def test_areas_and_lengths_show_no_digits_that_mean_nothing() -> None:
    assert [lengths.area(a) for a in (0.0341, 0.341, 12.34, 1240.4)] == [
        "0.034 km²", "0.34 km²", "12.3 km²", "1,240 km²",
    ]  # fmt: skip
    assert [metres_text(m) for m in (0.1043, 0.5, 48, 1234.5)] == [
        "0.104 m",
        "0.5 m",
        "48 m",
        "1,234 m",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3, "under a minute"), (49, "under a minute"), (50, "about 1 min"), (600, "about 10 min"),
     (5399, "about 90 min"), (9000, "about 2.5 h")],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@given(st.text(max_size=80), st.sets(st.text(max_size=12), max_size=5))
def test_a_free_name_is_a_good_one_and_free(stem: str, taken: set[str]) -> None:
    name = free_name(stem, taken)
    assert NAME.fullmatch(name)
    assert name.casefold() not in {one.casefold() for one in taken}


def test_a_free_name_counts_on() -> None:
    assert free_name("my area (1)", set()) == "my-area-1"
    assert free_name("a", {"A", "a-2"}) == "a-3"
    assert free_name("CON", set()) == "imagery-CON"
    assert free_name("?", set()) == "imagery"
    assert NAME.fullmatch(free_name("a" * 47 + "." + "b" * 9, set()))


def entry(**changes: Any) -> Entry:
    return replace(Entry(INFO, 2_000_000, True), **changes)


@pytest.mark.parametrize(
    ("one", "state"),
    [
        (entry(), "ready"),
        (entry(fits=None), "ready"),
        (entry(missing=(GONE[0],)), "missing"),
        (entry(fits=False, missing=(GONE[0],)), "other_pack"),
        (entry(half_built=HALF, fits=False), "half_built"),
        (entry(info=replace(INFO, state="incomplete")), "half_built"),
        (entry(info=replace(INFO, state="damaged"), half_built=HALF), "damaged"),
        (entry(info=replace(INFO, state="unreadable")), "unreadable"),
    ],
)
def test_what_matters_most_is_the_state(one: Entry, state: str) -> None:
    assert one.state() == state
    for code in ("en", "zh"):
        language.choose(code)
        sign = state_sign(one.state())
        assert sign.word and sign.icon
        assert getattr(LIGHT, sign.token) and getattr(DARK, sign.token)


def test_a_build_under_way_comes_before_what_lies_on_disk() -> None:
    build = Build("town", "reembed", 4.2)
    task = build.task = SimpleNamespace(paused=False, waiting=True, progress=None)  # type: ignore[assignment]
    one = entry(fits=False)
    assert one.state(build) == "waiting"
    task.waiting = False
    assert one.state(build) == "building"
    task.paused = True
    assert one.state(build) == "paused"
    build.stopping = True
    assert one.state(build) == "stopping"
    assert offer_for(one, build, "") is None


def test_facts_in_a_line() -> None:
    assert facts_text(entry()) == "1,234 tiles · 4.20 km² · 2.0 MB"
    begun = entry(info=replace(INFO, state="incomplete"), half_built=HALF)
    assert facts_text(begun) == "80 of 200 tiles · 1.50 km²"


@pytest.mark.parametrize(
    ("one", "asked", "actions"),
    [
        (entry(), "", None),
        (entry(), "remove", ["remove", "keep"]),
        (entry(half_built=HALF), "", ["resume", "discard"]),
        (entry(half_built=HALF), "discard", ["discard", "keep"]),
        (entry(half_built=HALF, resumable=False), "", ["discard"]),
        (entry(info=replace(INFO, state="damaged")), "", ["remove"]),
        (entry(info=replace(INFO, state="unreadable")), "", ["look"]),
        (entry(fits=False), "", ["reembed"]),
        (entry(missing=tuple(GONE)), "", ["relink", "reembed"]),
    ],
)
def test_what_is_offered(one: Entry, asked: str, actions: list[str] | None) -> None:
    offer = offer_for(one, None, asked)
    if actions is None:
        assert offer is None
        return
    assert offer is not None and offer.text
    assert [part[0] for part in (offer.first, offer.second) if part is not None] == actions


def test_names_of_sources_are_text_and_not_too_many() -> None:
    odd = replace(GONE[0], given="/far/<b>bold</b>\n.tif")
    offer = offer_for(entry(missing=(odd, *GONE[1:])), None, "")
    assert offer is not None and "\n" not in offer.text
    assert offer.text.endswith("b.tif and 1 more")


# ---- scales -------------------------------------------------------------------------------------


def scale(metres: float, *views: str, why_not: str = "") -> Any:
    return SimpleNamespace(scale_m=metres, views=views, why_not=why_not, tiles=1)


ESTIMATE: Any = SimpleNamespace(
    scales=(
        scale(10, "ground", why_not="too_fine"),
        scale(48, "uav", "ground"),
        scale(108, "uav"),
        scale(364, "map"),
    )
)


def test_views_switch_their_scales_and_what_was_set_by_hand_stays() -> None:
    chosen = Chosen()
    assert chosen.scales_m(ESTIMATE) == (48, 108)
    assert chosen.with_view("map", True).scales_m(ESTIMATE) == (48, 108, 364)
    assert chosen.with_view("uav", False).scales_m(ESTIMATE) == ()
    by_hand = chosen.with_scale(108, False).with_scale(300, True).with_scale(10, True)
    assert by_hand.scales_m(ESTIMATE) == (10, 48, 300)
    assert by_hand.with_view("map", True).scales_m(ESTIMATE) == (10, 48, 300, 364)
    assert by_hand.with_scale(300, False).scales_m(ESTIMATE) == (10, 48)


@given(
    st.lists(st.tuples(st.sampled_from(VIEWS), st.booleans()), max_size=8),
    st.lists(
        st.tuples(st.sampled_from([10.0, 48.0, 108.0, 300.0, 364.0]), st.booleans()), max_size=8
    ),
)
def test_the_last_word_on_a_scale_counts(
    views: list[tuple[Any, bool]], hands: list[tuple[float, bool]]
) -> None:
    chosen = Chosen()
    for view, on in views:
        chosen = chosen.with_view(view, on)
    for metres, on in hands:
        chosen = chosen.with_scale(metres, on)
    wanted, last = {"uav"}, dict(hands)
    for view, on in views:
        (wanted.add if on else wanted.discard)(view)
    expected = set()
    for metres in (10.0, 48.0, 108.0, 300.0, 364.0):
        known = next((one for one in ESTIMATE.scales if one.scale_m == metres), None)
        suits = known is not None and not known.why_not and bool(wanted & set(known.views))
        if last.get(metres, suits):
            expected.add(metres)
    assert set(chosen.scales_m(ESTIMATE)) == expected
