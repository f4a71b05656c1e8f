"""What is said of a file, in both languages, and read of a position: words without a window."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam_app.explain.evidence import build_evidence
from gleam_app.geo.coordinates import LatLon
from gleam_app.imagery.doubts import PositionCheck, doubts_of
from gleam_app.imagery.exif import ExifFacts
from gleam_app.imagery.implied import imply
from gleam_app.ui.exif.facts import FileFacts
from gleam_app.ui.exif.sentences import (
    check_sentence,
    doubt_sentence,
    file_rows,
    heading_sentence,
    implied_sentences,
)
from gleam_app.ui.goto.reading import read
from gleam_app.ui.overview.layer import point_of
from gleam_app.ui.session import Session
from gleam_app.ui.strings import language, tr
from tests.factories import LAT, LON, make_location, make_query

DRONE = ExifFacts(
    lat=LAT, lon=LON, altitude_m=131.0, heading_deg=40.0, focal_35mm=24.0, focal_mm=4.5,
    camera="DJI FC300S", taken_at="2024-05-01T12:00:00", relative_altitude_m=92.0,
    gimbal_pitch_deg=-90.0, gps_accuracy_m=3.0,
)  # fmt: skip
SIZE = (4000, 3000)


@pytest.fixture(autouse=True)
def english() -> Any:
    language.choose("en")
    yield
    language.choose("en")


def said(**changes: Any) -> str:
    facts = replace(DRONE, **changes)
    return " ".join(implied_sentences(facts, imply(facts, SIZE), "metric"))


def test_straight_down_in_both_languages() -> None:
    assert "About 92 m above the take-off point, looking straight down" in said()
    assert "covers about 130 m × 100 m" in said()
    assert "Up in the picture is towards 040.0° NE." in said()
    language.choose("zh")
    assert "距起飞点约 92 m，垂直向下：覆盖约 130 m × 100 m。" in said()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"gimbal_pitch_deg": -45.0}, "looking 45° below the horizon: at ground about 92 m ahead"),
        ({"gimbal_pitch_deg": -5.0}, "Looking towards the horizon."),
        ({"gimbal_pitch_deg": 40.0}, "Looking above the horizon."),
        ({"gimbal_pitch_deg": None}, "About 92 m above the take-off point. The camera"),
        ({"relative_altitude_m": None}, "how high above ground is not written"),
        ({"relative_altitude_m": None, "gimbal_pitch_deg": None}, "130 m above sea level"),
        ({"heading_reference": "magnetic"}, "magnetic north"),
        ({"panorama": True}, "A panorama of about 360°."),
    ],
)
def test_what_is_implied(changes: dict[str, Any], words: str) -> None:
    assert words in said(**changes)


def test_a_file_that_says_nothing() -> None:
    assert implied_sentences(ExifFacts(), imply(ExifFacts(), SIZE), "metric") == [
        "Nothing about place, height or direction."
    ]
    assert file_rows(ExifFacts(), (0, 0), "dd", "metric") == []


def test_rows_speak_in_the_chosen_format_and_units() -> None:
    rows = dict(file_rows(DRONE, SIZE, "mgrs", "metric"))
    assert rows["exif.position"].startswith("17R") and rows["exif.accuracy"] == "±3.00 m"
    assert rows["exif.taken"] == "2024-05-01 12:00:00 (camera's clock, zone not written)"
    assert rows["exif.focal"] == "4.5 mm (24 mm full frame)"
    assert dict(file_rows(DRONE, SIZE, "dd", "imperial"))["exif.relative"] == "101 yd"


def test_every_doubt_has_its_sentence() -> None:
    facts = replace(
        DRONE, software="GIMP {0} 2.10", changed_at="2024-05-03T09:00:00", xmp_lat=LAT + 0.01, xmp_lon=LON,
        utc_offset="+00:00", gps_time="2024-05-01T15:30:00Z", recorded_width=4000, recorded_height=4000,
    )  # fmt: skip
    doubts = doubts_of(facts, SIZE)
    assert len(doubts) == 5
    words = [doubt_sentence(doubt, "metric") for doubt in doubts]
    assert "“GIMP {0} 2.10”" in words[0] and "1.1 km" in words[2] and "3 h 30 min" in words[3]


def test_a_contradiction_names_distance_candidate_and_limit() -> None:
    words = check_sentence(PositionCheck(443.2, 31.0, from_aim=False), 2, "metric")
    assert words == "The file's GPS is 443 m from candidate 2; up to 31 m would fit."
    assert "fits" in check_sentence(PositionCheck(5.0, 31.0, from_aim=True), 2, "metric")


def test_the_check_follows_the_selected_candidate() -> None:
    session = Session()
    known = FileFacts(session)
    session.set_query(make_query(exif=DRONE))
    assert known.check is None and known.position == (LAT, LON)
    session.set_location(make_location("verified", session.query))
    assert known.check is not None and not known.contradicts and known.rank == 1
    session.select(4)
    assert known.contradicts and known.check.distance_m > 500
    session.set_query(make_query())
    assert known.check is None and known.position is None


@pytest.mark.parametrize(
    ("written", "code", "words"),
    [
        (
            80.0,
            "en",
            "Candidate 1 fits the file's heading: 087.4° E as aligned, 080.0° E as written",
        ),
        (
            270.0,
            "en",
            "aligned with candidate 1 it is 087.4° E. These are 177.4° apart, up to 15° would",
        ),
        (80.0, "zh", "候选 1 与文件中的朝向相符"),
        (270.0, "zh", "相差 177.4°；15° 以内才相符。"),
    ],
)
def test_a_measured_heading_is_compared_with_the_files(
    written: float, code: Any, words: str
) -> None:
    language.choose(code)
    session = Session()
    known = FileFacts(session)
    session.set_query(make_query(exif=replace(DRONE, heading_deg=written)))
    session.set_location(make_location("verified", session.query))
    assert known.heading is not None and known.heading.agrees == (written == 80.0)
    assert words in heading_sentence(known.heading, known.rank)
    assert not known.contradicts, "a compass alone contradicts no place"


@pytest.mark.parametrize("verdict", ["unverified", "not_found"])
def test_a_heading_that_was_not_soundly_measured_is_not_compared(verdict: Any) -> None:
    session = Session()
    known = FileFacts(session)
    session.set_query(make_query(exif=DRONE))
    sound = make_location("possible", session.query)
    session.set_location(sound)
    assert known.heading is not None
    session.select(2)  # not aligned
    assert known.heading is None and known.check is not None
    first = replace(sound.candidates[0], verdict=verdict)
    session.set_location(replace(sound, candidates=(first, *sound.candidates[1:])))
    session.select(1)
    assert first.alignment is not None and known.heading is None


@given(
    st.floats(-90, 30), st.floats(0, 359), st.floats(1, 400), st.floats(0, 3_000), st.floats(1, 500),
    st.sampled_from(["unverified", "possible", "verified"]),
)  # fmt: skip
def test_window_and_evidence_judge_by_one_rule(
    pitch: float, heading: float, height: float, east_m: float, accuracy: float, verdict: Any
) -> None:
    facts = replace(
        DRONE, gimbal_pitch_deg=pitch, heading_deg=heading, relative_altitude_m=height,
        lon=LON + east_m / 98_000.0, gps_accuracy_m=accuracy,
    )  # fmt: skip
    session = Session()
    known = FileFacts(session)
    session.set_query(make_query(exif=facts))
    location = make_location(verdict, session.query)
    session.set_location(location)
    for candidate in location.candidates[:3]:
        session.select(candidate.rank)
        told = [item for item in build_evidence(location, candidate) if item.kind == "camera"]
        assert known.check is not None and [item.weight for item in told] == [
            "against" if known.contradicts else "for"
        ]


def inside(position: LatLon) -> bool:
    return 28 < position.lat < 29 and -83 < position.lon < -82


def test_reading_says_the_order_and_offers_the_other() -> None:
    assert read("28.04125, -82.69847", inside).words == "Read as 28.041250° north, 82.698470° west"
    swapped = read("-82.69847, 28.04125", inside)
    assert swapped.position == (-82.69847, 28.04125) and swapped.other == (28.04125, -82.69847)
    assert read("45.1, 12.3", inside).other is None, "neither lies in the imagery: as written"
    only = read("116.39, 39.9", inside)
    assert only.position is None and only.other == (39.9, 116.39) and only.trouble
    wrong = read("28°99' N", inside)
    assert wrong.position is None and "is not a position" in wrong.trouble
    language.choose("zh")
    assert "不是坐标" in read("28°99' N", inside).trouble
    assert read("", inside).words == tr("goto.hint")


def test_a_rejected_query_is_shown_where_it_was_and_one_without_place_not() -> None:
    from gleam_app.cases.model import OPEN, REJECTED, Decision, QueryRecord

    record = QueryRecord(
        id=7, name="a\n<b>.jpg", path=None, sha256="", added="", size=None, guessed_view=None, view=None,
        heading_deg=None, exif=None, state="done", error="", hint="", decision=OPEN, note="", tags=(),
        run=1, verdict="strong", confidence=0.8, lat=LAT, lon=LON, radius_m=5.0, candidates=3, located="",
    )  # fmt: skip
    assert point_of(record) == (7, LAT, LON, 1, 0, "a <b>.jpg")
    assert point_of(replace(record, decision=REJECTED)) == (7, LAT, LON, 1, 2, "a <b>.jpg")
    accepted = Decision("accepted", 1, 2, 28.5, -82.5, 3.0)
    assert point_of(replace(record, decision=accepted)) == (7, 28.5, -82.5, 1, 1, "a <b>.jpg")
    assert point_of(replace(record, verdict="not_found")) is None
    assert point_of(replace(record, lat=None, lon=None)) is None
