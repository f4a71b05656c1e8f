"""What the map is told about sources and candidates."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from gleam_app.geo.coordinates import Bounds, LatLon
from gleam_app.ui.map.drawing import location_message, sources_message
from gleam_app.ui.map.words import SIGNS, page_words
from tests.factories import make_candidate, make_location


def source(west: float, east: float) -> Any:
    ring = (LatLon(1, west), LatLon(1, east), LatLon(0, east), LatLon(0, west))
    return SimpleNamespace(bounds=Bounds(west, 0, east, 1), outlines=(ring,))


def test_candidates_without_coordinates_are_left_out() -> None:
    location = make_location()
    located = location.candidates[:2]
    unlocated = make_candidate(3, coordinates=False)
    message = location_message(replace(location, candidates=(*located, unlocated)), "en")
    assert [candidate["rank"] for candidate in message["candidates"]] == [1, 2]


def test_footprint_circle_and_up() -> None:
    first, second = location_message(make_location(), "en")["candidates"][:2]
    assert len(first["ring"]) == 4
    assert not first["retrieval_only"]
    start, end = first["up"]
    assert start == (first["lat"], first["lon"])
    assert end[1] > start[1], "the picture's up points east (87 degrees)"
    assert (second["ring"], second["up"], second["radius_m"]) == ((), [], 60.0)
    assert second["retrieval_only"]


def test_a_candidate_of_unknown_radius_shows_its_tile() -> None:
    candidate = replace(make_candidate(), radius_m=None)
    location = replace(make_location(), candidates=(candidate,))
    assert location_message(location, "en")["candidates"][0]["radius_m"] == 60.0  # half of 120 m


def test_waves_of_a_query_share_their_key() -> None:
    location = make_location()
    early = replace(location, complete=False, candidates=location.candidates[:3])
    assert location_message(early, "en")["key"] == location_message(location, "en")["key"]
    assert location_message(None, "en")["key"] is None


def test_sources_across_the_antimeridian_are_one_box() -> None:
    message = sources_message([("a", source(179, -179))], 1, 10)
    assert message["bounds"] == ((0, 179), (1, 181))
    assert message["outlines"][0]["ring"] == [(1, 179), (1, 181), (0, 181), (0, 179)]


def test_bounds_hold_all_sources_and_none_is_none() -> None:
    named = [("a", source(1, 2)), ("b", source(-5, -4))]
    assert sources_message(named, 1, 10)["bounds"] == ((0, -5), (1, 2))
    assert sources_message([], 1, 0)["bounds"] is None


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_message_is_json_and_every_verdict_has_word_and_sign(lang: Any) -> None:
    for verdict in SIGNS:
        message = location_message(make_location(verdict), lang)
        assert json.loads(json.dumps(message, allow_nan=False))
        first = message["candidates"][0]
        assert first["sign"]
        assert first["confidence"] in first["tip"]
    assert page_words("en").keys() == page_words("zh").keys()


def test_before_verification_the_map_claims_no_confidence() -> None:
    location = make_location()
    shown = location_message(location, "en")["candidates"][0]["confidence"]
    early = location_message(replace(location, complete=False), "en")["candidates"][0]["confidence"]
    assert shown and not early
