"""Views that an encoder learnt from simulation alone, or never: nothing found for them sounds sure."""

from dataclasses import replace

import numpy as np
import pytest

from gleam_app.imagery.query import ExifFacts, Query, load_query
from gleam_app.imagery.views import PLANAR_VIEWS, VIEWS, Support, View, is_unsigned
from gleam_app.packs.manifest import Pack
from gleam_app.retrieval import locate as locate_module
from gleam_app.retrieval.encoder import Encoder
from gleam_app.retrieval.locate import LocateOptions, Locator
from gleam_app.retrieval.matcher import Matcher
from gleam_app.retrieval.results import Location
from gleam_app.retrieval.support import caution
from gleam_app.retrieval.tiles.tileset import TileSet
from tests.unit.retrieval.conftest import DEMO


@pytest.fixture(scope="module")
def photo() -> Query:
    return load_query(DEMO / "queries" / "photo-01.jpg", "uav")


def _locator(encoder: Encoder, matcher: Matcher, experimental: list[View]) -> Locator:
    """The starter, said to have learnt these views from simulation; it is sure of every first place."""
    pack = encoder.pack
    manifest = pack.manifest.model_copy(
        update={
            "views": ["uav", *experimental],
            "experimental_views": experimental,
            "calibration": {"retrieval": {"bias": 9.0, "weights": {"margin": 0.0}}},
        }
    )
    made = Locator(encoder, matcher)
    made.calibration = type(made.calibration).from_packs(
        manifest.calibration, matcher.pack.manifest.calibration
    )
    made.encoder = _Renamed(encoder, Pack(manifest, pack.folder))  # type: ignore[assignment]
    return made


class _Renamed:
    """An encoder under another manifest."""

    def __init__(self, encoder: Encoder, pack: Pack) -> None:
        self.pack, self.input_px, self.embed = pack, encoder.input_px, encoder.embed


@pytest.mark.parametrize("view", ["ground", "panorama"])
@pytest.mark.parametrize("experimental", [True, False])
def test_nothing_is_verified_where_no_plane_carries_the_view(
    view: View,
    experimental: bool,
    photo: Query,
    encoder: Encoder,
    matcher: Matcher,
    demo_set: TileSet,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def forbidden(*_: object) -> None:
        raise AssertionError("geometry was asked")

    monkeypatch.setattr(locate_module, "verify", forbidden)
    locator = _locator(encoder, matcher, [view] if experimental else [])
    waves: list[Location] = []
    # an easy picture: looked at as a UAV photo it would be verified
    location = locator.locate(replace(photo, view=view), [demo_set], None, None, waves.append)
    support: Support = "experimental" if experimental else "untrained"
    assert location.complete and waves[0].complete
    assert location.support == support
    assert location.verdict == "unverified" and location.confidence == 0.0
    for candidate in location.candidates:
        assert candidate.verdict == "unverified" and candidate.method == "retrieval"
        assert candidate.heading_deg is None and not location.is_rated(candidate)
    (warning,) = location.to_json()["warnings"]
    assert warning == {"id": f"view_{support}", "text": caution(support, view)}


@pytest.mark.parametrize(("view", "verdict"), [("uav", "not_found"), ("map", "possible")])
def test_only_where_geometry_would_find_a_place_does_finding_nothing_rule_it_out(
    view: View,
    verdict: str,
    photo: Query,
    encoder: Encoder,
    matcher: Matcher,
    demo_set: TileSet,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Local features hardly ever join a street map to a photograph, be it in its place or not."""
    monkeypatch.setattr(locate_module, "verify", lambda *_: None)
    locator = Locator(encoder, matcher)
    location = locator.locate(replace(photo, view=view), [demo_set])
    unlooked = locator.locate(replace(photo, view=view), [demo_set], LocateOptions(verify=False))
    assert location.verdict == verdict and unlooked.verdict == "possible"
    if view == "map":
        assert location.confidence == unlooked.confidence
        assert not any(one.verdict == "not_found" for one in location.candidates)


def test_a_trained_view_keeps_its_confidence(
    photo: Query, encoder: Encoder, matcher: Matcher, demo_set: TileSet
) -> None:
    locator = _locator(encoder, matcher, ["panorama"])
    location = locator.locate(photo, [demo_set], LocateOptions(verify=False))
    assert location.support == "trained" and location.verdict == "possible"
    assert location.is_rated(location.candidates[0]) and location.to_json()["warnings"] == []
    assert not replace(location, complete=False).is_rated(location.candidates[0])


def test_similarity_says_nothing_for_a_planar_view_never_trained(
    photo: Query, encoder: Encoder, matcher: Matcher, demo_set: TileSet
) -> None:
    locator = _locator(encoder, matcher, [])
    location = locator.locate(replace(photo, view="map"), [demo_set], LocateOptions(verify=False))
    assert location.support == "untrained" and location.confidence == 0.0


def test_every_view_has_its_words_in_both_languages() -> None:
    told = {
        caution(support, view, lang)
        for support in ("experimental", "untrained")
        for view in VIEWS
        for lang in ("en", "zh")
    }
    assert len(told) == 16 and "" not in told
    assert all(caution("trained", view) == "" for view in VIEWS)
    assert caution("experimental", "panorama") == (
        "Experimental for panoramas: trained on simulated imagery only."
    )


def test_only_a_guess_without_any_sign_is_doubted() -> None:
    assert is_unsigned("uav", ExifFacts()) and is_unsigned("uav", ExifFacts(camera="Canon EOS"))
    assert not is_unsigned("uav", ExifFacts(camera="DJI FC3170"))
    assert not is_unsigned("uav", ExifFacts(relative_altitude_m=80.0))
    assert not any(is_unsigned(view, ExifFacts()) for view in VIEWS if view != "uav")
    assert np.isin(PLANAR_VIEWS, VIEWS).all()
