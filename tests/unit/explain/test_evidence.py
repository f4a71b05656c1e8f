import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam_app.explain.evidence import (
    IDS,
    KINDS,
    Evidence,
    build_evidence,
    distinct_others,
)
from gleam_app.explain.measures import convex_hull, place_in_picture, shown_length, significant
from gleam_app.explain.wording import LABELS, LANGS, number
from gleam_app.geo.footprint import destination
from gleam_app.imagery.query import ExifFacts, Query
from gleam_app.retrieval.results import Candidate, Location
from tests.factories import LAT, LON, make_alignment, make_candidate, make_location, make_query

POOR = ("search", "shortfall", "advice")  # told where no place is good enough


def by_kind(location: Location, candidate: Candidate) -> dict[str, Evidence]:
    return {item.kind: item for item in build_evidence(location, candidate)}


def test_verified_candidate_has_every_measurement_with_its_own_id() -> None:
    location = make_location("verified")
    items = build_evidence(location, location.candidates[0])
    assert [item.kind for item in items] == [
        kind for kind in KINDS if kind not in ("camera", "sight", *POOR)
    ]
    assert [item.id for item in items] == [IDS[item.kind] for item in items]
    for lang in LANGS:
        assert all(item.label(lang) == LABELS[lang][item.kind] for item in items)


def test_numbers_are_those_measured() -> None:
    location = make_location("verified")
    first = location.candidates[0]
    items = by_kind(location, first)
    alignment = first.alignment
    assert items["inliers"].value == {"inliers": first.inliers, "matches": alignment.matches}
    metres = alignment.residual_px * alignment.window_side_m / alignment.window_rgb.shape[1]
    assert items["residual"].value == pytest.approx(metres, rel=0.05)
    assert items["coverage"].value["percent"] == round(100 * alignment.coverage)
    assert items["ground"].value["width"] == pytest.approx(118, abs=1)
    assert items["ground"].value["height"] == pytest.approx(88.5, abs=1)
    assert items["heading"].value == 87
    rival = max(location.candidates[1:], key=lambda other: other.score)
    assert items["margin"].value == round(0.71 - round(rival.score, 2), 2)
    assert items["alternative"].value["distance_m"] == 400


def test_shown_text_holds_every_shown_number() -> None:
    location = make_location("verified")
    for item in build_evidence(location, location.candidates[0]):
        for lang in LANGS:
            assert item.slot(lang) in item.text(lang) or item.slot(lang)[1:] in item.text(lang)


def test_regions_lie_in_their_pictures() -> None:
    location = make_location("verified")
    first = location.candidates[0]
    width, height = location.query.size
    for item in build_evidence(location, first):
        for x, y in item.query_region:
            assert 0 <= x <= width and 0 <= y <= height
    inliers = by_kind(location, first)["inliers"]
    assert len(inliers.query_region) >= 3 and len(inliers.tile_region) >= 3
    document = by_kind(location, first)["score"].to_json()
    assert document["query_region"] is None


def test_no_alignment_speaks_against_but_an_unfinished_answer_says_nothing() -> None:
    location = make_location("not_found")
    items = by_kind(location, location.candidates[0])
    assert items["inliers"].value == {"inliers": 0}
    assert items["inliers"].weight == "against"
    assert "ground" not in items and "heading" not in items
    wave = Location(location.query, "unverified", 0.1, location.candidates, {}, complete=False)
    assert "inliers" not in by_kind(wave, wave.candidates[0])


def test_few_inliers_are_called_possible_chance() -> None:
    query = make_query()
    weak = make_candidate(1, "possible", 0.6, 0.4, alignment=make_alignment(query, 7, 40))
    item = by_kind(Location(query, "possible", 0.4, (weak,)), weak)["inliers"]
    assert item.weight == "against"
    assert "chance" in item.text_en and "巧合" in item.text_zh


def test_a_better_candidate_elsewhere_speaks_against() -> None:
    location = make_location("verified")
    items = by_kind(location, location.candidates[1])
    assert items["alternative"].weight == "against"
    assert items["alternative"].value["inliers"] == 143
    assert items["margin"].value < 0 and items["margin"].weight == "against"
    assert items["others"].value == {"passed": 1, "places": 9}


def test_overlapping_tiles_are_one_place() -> None:
    query = make_query()
    near = tuple(make_candidate(rank, "unverified", 0.5, 0.0, 20.0 * rank) for rank in range(1, 4))
    location = Location(query, "unverified", 0.0, near)
    assert distinct_others(location, near[0]) == []
    assert "margin" not in by_kind(location, near[0])


def test_pictures_without_coordinates_have_no_ground_and_no_distance() -> None:
    query = make_query()
    one = make_candidate(1, "verified", 0.7, 0.97, coordinates=False,
                         alignment=make_alignment(query, lat=None, lon=None))  # fmt: skip
    two = make_candidate(2, "unverified", 0.5, 0.0, source="b.jpg", coordinates=False)
    items = by_kind(Location(query, "verified", 0.97, (one, two)), one)
    assert set(items["alternative"].value) == {"rank", "score"}
    assert "away" not in items["alternative"].text_en


def test_camera_position_is_compared() -> None:
    near = make_query(exif=ExifFacts(lat=28.0413, lon=-82.6983))
    far = make_query(exif=ExifFacts(lat=29.0, lon=-82.0))
    for query, weight in ((near, "for"), (far, "against")):
        location = make_location("verified", query)
        item = by_kind(location, location.candidates[0])["camera"]
        assert item.weight == weight
        assert "the position that the camera wrote into the file" in item.text_en


def test_where_the_camera_looked_is_compared_and_said() -> None:
    """Ahead of a camera that looks 30 degrees down from 92 m, 159 m away, lies what it shows."""
    camera = destination(LAT, LON, 180.0, 159.0)
    facts = ExifFacts(
        lat=camera.lat, lon=camera.lon, heading_deg=0.0, relative_altitude_m=92.0, gimbal_pitch_deg=-30.0
    )  # fmt: skip
    location = make_location("verified", make_query(exif=facts))
    ahead, behind = (
        by_kind(make_location("verified", make_query(exif=exif)), location.candidates[0])["camera"]
        for exif in (facts, replace(facts, heading_deg=180.0))
    )
    assert (ahead.weight, behind.weight) == ("for", "against")
    assert ahead.value < 1.0 and behind.value == pytest.approx(320, abs=10)
    assert "from the ground at which the camera looked by its file" in ahead.text_en
    assert "与文件所记相机对准的地面相距" in ahead.text_zh


def test_without_an_answer_the_search_the_shortfall_and_a_way_on_are_told() -> None:
    location = make_location("not_found")
    items = by_kind(location, location.candidates[0])
    assert items["search"].value == {
        "places": 10, "aligned": 0, "smallest_m": 120, "largest_m": 120,
    }  # fmt: skip
    assert items["shortfall"].value == {"short": 0.28, "least": 0.3}
    assert "0.28" in items["shortfall"].text_en and "0.28" in items["shortfall"].text_zh
    assert items["advice"].value == "imagery"
    assert not set(POOR) & set(by_kind(location, location.candidates[1]))
    good = make_location("possible")
    assert not set(POOR) & set(by_kind(good, good.candidates[0]))


@pytest.mark.parametrize(
    ("query", "verify_ms", "advice"),
    [
        (make_query(exif=ExifFacts(lat=29.0, lon=-82.0)), 900.0, "camera"),
        (make_query(), 0.0, "check"),
        (make_query(view="panorama"), 0.0, "ground"),
        (make_query(view="map"), 900.0, "map"),
    ],
)
def test_advice_follows_what_is_known(query: Query, verify_ms: float, advice: str) -> None:
    made = make_location("not_found", query)
    bare = tuple(replace(candidate, inliers=0) for candidate in made.candidates)
    location = replace(made, candidates=bare, timings_ms={"verify": verify_ms})
    assert by_kind(location, bare[0])["advice"].value == advice


def test_places_in_a_picture() -> None:
    rng = np.random.default_rng(0)
    everywhere = rng.uniform(0, 300, (200, 2)).astype(np.float32)
    assert place_in_picture(everywhere, (300, 300)) == "throughout"
    assert place_in_picture(everywhere / 4, (300, 300)) == "upper left"
    assert place_in_picture(everywhere / 6 + 125, (300, 300)) == "centre"


@given(st.floats(1e-6, 1e6), st.integers(1, 4))
def test_significant_digits(value: float, digits: int) -> None:
    assert significant(value, digits) == pytest.approx(value, rel=0.5 * 10 ** (1 - digits) + 1e-9)


@given(st.floats(0.01, 2e7))
def test_lengths_keep_two_digits(metres: float) -> None:
    value, unit = shown_length(metres)
    assert value * {"m": 1, "km": 1000}[unit] == pytest.approx(metres, rel=0.051)


def test_a_length_of_nothing_is_shown_without_an_exponent() -> None:
    assert [number(shown_length(metres)[0]) for metres in (0.0, 7e-10, 0.012)] == [
        "0",
        "0",
        "0.012",
    ]


@given(
    st.lists(
        st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=3, max_size=30, unique=True
    )
)
def test_hull_holds_all_points_and_is_convex(points: list[tuple[int, int]]) -> None:
    hull = convex_hull(np.array(points, np.float32))
    if not hull:  # all on one line
        (x0, y0), (x1, y1) = points[0], points[1]
        assert all((x1 - x0) * (y - y0) == (y1 - y0) * (x - x0) for x, y in points)
        return
    assert set(hull) <= {(float(x), float(y)) for x, y in points}
    for a, b in zip(hull, hull[1:] + hull[:1], strict=True):
        assert all((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]) >= 0 for x, y in points)


def test_similarity_factory_matches_its_heading() -> None:
    alignment = make_alignment(make_query(), heading_deg=87.0)
    up = alignment.homography[:2, :2] @ np.array([0.0, -1.0])
    assert math.degrees(math.atan2(up[0], -up[1])) == pytest.approx(87.0)
