"""What a file says, what it implies, what is doubtful about it; and files that lie or are broken."""

import io
import math
import time
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from gleam_app.geo.footprint import distance_m
from gleam_app.imagery.doubts import check_heading, check_position, doubts_of
from gleam_app.imagery.exif import ExifFacts, read_exif
from gleam_app.imagery.implied import imply, is_cropped
from gleam_app.imagery.query import query_from_bytes
from gleam_app.imagery.xmp import MAX_XMP_BYTES, read_xmp

DRONE_XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description
 drone-dji:AbsoluteAltitude="+131.40" drone-dji:RelativeAltitude="+92.00"
 drone-dji:GimbalRollDegree="+0.00" drone-dji:GimbalYawDegree="-92.5" drone-dji:GimbalPitchDegree="-90.0"
 drone-dji:FlightYawDegree="-88.10" drone-dji:GpsLatitude="28.0412530" drone-dji:GpsLongtitude="-82.6983010"/>
</rdf:RDF></x:xmpmeta>"""
DRONE = ExifFacts(
    lat=28.041253, lon=-82.698301, heading_deg=267.5, focal_35mm=24.0, camera="DJI FC300S",
    taken_at="2024-05-01T12:00:00", relative_altitude_m=92.0, gimbal_pitch_deg=-90.0,
)  # fmt: skip
SIZE = (4000, 3000)
PIXELS = np.tile(np.arange(64, dtype=np.uint8)[None, :, None] * 3, (48, 1, 3))


def drone_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[271], exif[272], exif[305], exif[306] = "DJI", "FC300S", "v01.2", "2024:05:01 12:00:01"
    exif.get_ifd(0x8769).update(
        {36867: "2024:05:01 12:00:00", 36881: "-04:00", 37386: 4.5, 41989: 24, 40962: 4000, 40963: 3000}
    )  # fmt: skip
    exif.get_ifd(0x8825).update(
        {1: "N", 2: (28.0, 2.0, 28.5108), 3: "W", 4: (82.0, 41.0, 53.8836), 6: 131.0, 7: (16.0, 0.0, 1.0),
         16: "M", 17: 12.0, 29: "2024:05:01", 31: 3.5}
    )  # fmt: skip
    return exif


def encoded(format: str = "JPEG", **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(PIXELS).save(stream, format, **options)
    return stream.getvalue()


def test_everything_that_a_drone_writes() -> None:
    facts = query_from_bytes(encoded(exif=drone_exif(), xmp=DRONE_XMP.encode()), "a.jpg").exif
    assert facts.lat == pytest.approx(28.041253) and facts.lon == pytest.approx(-82.698301)
    assert (facts.utc_offset, facts.gps_time) == ("-04:00", "2024-05-01T16:00:01Z")
    assert (facts.gps_accuracy_m, facts.altitude_m) == (3.5, 131.0)
    assert (facts.heading_deg, facts.heading_reference) == (267.5, None), "the gimbal comes first"
    assert facts.aircraft_heading_deg == pytest.approx(271.9)
    assert (facts.focal_mm, facts.focal_35mm, facts.gimbal_roll_deg) == (4.5, 24.0, 0.0)
    assert (facts.recorded_width, facts.recorded_height) == (4000, 3000)
    assert (facts.software, facts.changed_at) == ("v01.2", "2024-05-01T12:00:01")
    assert (facts.xmp_lat, facts.xmp_lon) == (28.041253, -82.698301)
    plain = query_from_bytes(encoded(exif=drone_exif()), "a.jpg").exif
    assert (plain.heading_deg, plain.heading_reference) == (12.0, "magnetic")


def test_heic_keeps_its_exif() -> None:
    import pillow_heif

    stream = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(PIXELS)).save(stream, exif=drone_exif().tobytes())
    facts = query_from_bytes(stream.getvalue(), "a.heic").exif
    assert facts.lat == pytest.approx(28.041253) and facts.camera == "DJI FC300S"
    assert facts.gps_accuracy_m == 3.5 and facts.taken_at == "2024-05-01T12:00:00"


def test_a_panorama_says_how_much_it_covers() -> None:
    xmp = (
        '<a GPano:ProjectionType="equirectangular" GPano:PoseHeadingDegrees="350.5"'
        ' GPano:FullPanoWidthPixels="8000"/><GPano:CroppedAreaImageWidthPixels>4000'
        "</GPano:CroppedAreaImageWidthPixels>"
    )
    facts = query_from_bytes(encoded(xmp=xmp.encode()), "a.jpg").exif
    assert facts.panorama and (facts.heading_deg, facts.panorama_width_deg) == (350.5, 180.0)
    assert imply(replace(facts, lat=1.0, lon=2.0), SIZE).wedge == (), "it looks everywhere"


odd_numbers = st.one_of(
    st.floats(), st.integers(), st.text(max_size=8), st.binary(max_size=8), st.none(),
    st.builds(IFDRational, st.integers(-9, 9), st.integers(-2, 2)),
    st.tuples(st.floats(), st.floats()), st.lists(st.integers(0, 400), max_size=4),
)  # fmt: skip
odd_text = st.one_of(
    st.text(max_size=40), st.binary(max_size=40), st.sampled_from(["2024:13:45 99:99:99", "+99:99"])
)


class Opened:
    """As Pillow hands an opened picture over, with whatever tags a file may hold."""

    def __init__(self, main: dict[int, Any], ifds: dict[int, dict[int, Any]], xmp: Any) -> None:
        self._main, self._ifds, self.info = main, ifds, {"xmp": xmp}

    def getexif(self) -> Any:
        main, ifds = self._main, self._ifds

        class Exif(dict):  # type: ignore[type-arg]
            def get_ifd(self, tag: int) -> dict[int, Any]:
                return ifds[tag]

        return Exif(main)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.sampled_from([271, 272, 305, 306]), odd_text),
    st.dictionaries(
        st.sampled_from([36867, 36880, 36881, 37386, 40962, 40963, 41988, 41989, 42036]),
        st.one_of(odd_numbers, odd_text),
    ),
    st.dictionaries(
        st.sampled_from([1, 2, 3, 4, 5, 6, 7, 16, 17, 29, 31]), st.one_of(odd_numbers, odd_text)
    ),
    st.one_of(st.text(max_size=200), st.binary(max_size=200), st.integers(), st.none()),
)
def test_absurd_tags_make_no_absurd_facts(
    main: dict[int, Any], camera: dict[int, Any], gps: dict[int, Any], xmp: Any
) -> None:
    facts = read_exif(Opened(main, {0x8769: camera, 0x8825: gps}, xmp))  # type: ignore[arg-type]
    for field in fields(facts):
        value = getattr(facts, field.name)
        if isinstance(value, float):
            assert math.isfinite(value), field.name
        elif isinstance(value, str):
            assert value.isprintable() and 0 < len(value) <= 200, field.name
    assert (facts.lat is None) == (facts.lon is None)
    doubts_of(facts, SIZE)
    implied = imply(facts, SIZE)
    if implied.aim is not None:
        assert all(math.isfinite(one) for one in implied.aim)


@pytest.mark.parametrize(
    "filler", ["a", " ", ":", ":GpsLatitude", ':GpsLatitude="', ":GpsLatitude>  "]
)
def test_no_xmp_takes_minutes(filler: str) -> None:
    image = Opened({}, {}, filler * (MAX_XMP_BYTES // len(filler)))
    began = time.perf_counter()
    read_xmp(image)  # type: ignore[arg-type]
    assert time.perf_counter() - began < 3.0


def test_straight_down_from_92_metres() -> None:
    implied = imply(DRONE, SIZE)
    assert implied.look == "down" and implied.height_m == 92.0
    assert implied.ground_m == pytest.approx((132.7, 99.5), abs=0.1)
    assert implied.aim is not None and distance_m((28.041253, -82.698301), implied.aim) < 0.01
    assert len(implied.outline) == 4 and implied.wedge == ()
    blind = imply(replace(DRONE, lat=None, lon=None), SIZE)
    assert blind.ground_m == pytest.approx((132.7, 99.5), abs=0.1) and blind.outline == ()


def test_an_oblique_photo_aims_ahead_and_has_a_wedge() -> None:
    implied = imply(replace(DRONE, gimbal_pitch_deg=-45.0), SIZE)
    assert implied.look == "oblique" and implied.ground_m is None and implied.aim is not None
    assert distance_m((28.041253, -82.698301), implied.aim) == pytest.approx(92.0, abs=0.1)
    assert len(implied.outline) == 4 and implied.wedge == ()
    level = imply(replace(DRONE, gimbal_pitch_deg=-5.0), SIZE)
    assert (level.look, level.aim, level.outline) == ("ahead", None, ())
    assert len(level.wedge) > 5


@pytest.mark.parametrize(
    "unsure", [{"digital_zoom": 2.0}, {"focal_35mm": None}, {"recorded_width": 4000, "recorded_height": 2000}]
)  # fmt: skip
def test_no_angle_of_view_where_it_would_be_a_guess(unsure: dict[str, Any]) -> None:
    implied = imply(replace(DRONE, **unsure), SIZE)
    assert implied.view is None and implied.outline == () and implied.aim is not None


def test_turned_is_not_cropped() -> None:
    facts = replace(DRONE, recorded_width=4000, recorded_height=3000)
    assert not is_cropped(facts, (3000, 4000)) and is_cropped(facts, (3000, 3000))


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({}, []),
        ({"camera": None, "taken_at": None, "lat": None, "lon": None}, ["stripped"]),
        ({"software": "Adobe Photoshop 25.1 (Windows)"}, ["editor"]),
        ({"software": "v02.10.0313"}, []),
        ({"changed_at": "2024-05-03T12:00:00"}, ["rewritten"]),
        ({"changed_at": "2024-05-01T12:00:02"}, []),
        ({"xmp_lat": 28.0512, "xmp_lon": -82.698301}, ["positions"]),
        ({"utc_offset": "+02:00", "gps_time": "2024-05-01T10:00:07Z"}, []),
        ({"utc_offset": "+02:00", "gps_time": "2024-05-01T15:00:07Z"}, ["clock"]),
        ({"recorded_width": 4000, "recorded_height": 2250}, ["cropped"]),
        ({"recorded_width": 8000, "recorded_height": 6000}, ["resized"]),
    ],
)
def test_doubts(changes: dict[str, Any], kinds: list[str]) -> None:
    assert [doubt.kind for doubt in doubts_of(replace(DRONE, **changes), SIZE)] == kinds


def test_a_candidate_agrees_or_contradicts() -> None:
    near, far = (28.04130, -82.69830), (28.04525, -82.69830)
    implied = imply(DRONE, SIZE)
    agreeing = check_position(DRONE, implied, "uav", near, 6.0)
    assert agreeing is not None and agreeing.agrees and agreeing.from_aim
    contradicting = check_position(DRONE, implied, "uav", far, 6.0)
    assert contradicting is not None and not contradicting.agrees
    assert contradicting.distance_m == pytest.approx(443, abs=2)
    wide = check_position(DRONE, implied, "uav", far, 430.0)
    assert wide is not None and wide.agrees, "its radius reaches that far"
    assert check_position(ExifFacts(), imply(ExifFacts(), SIZE), "uav", near, 6.0) is None


def test_where_the_camera_looked_is_allowed_for() -> None:
    tilted = replace(DRONE, gimbal_pitch_deg=-30.0)  # 159 m ahead, towards the west
    implied = imply(tilted, SIZE)
    assert implied.aim is not None
    there = check_position(tilted, implied, "uav", tuple(implied.aim), 6.0)  # type: ignore[arg-type]
    assert there is not None and there.agrees
    unknown = replace(DRONE, gimbal_pitch_deg=None)
    beside = check_position(unknown, imply(unknown, SIZE), "uav", tuple(implied.aim), 6.0)  # type: ignore[arg-type]
    assert beside is not None and beside.agrees and not beside.from_aim


@given(st.floats(0, 359.9), st.floats(-180, 180), st.floats(0, 10))
def test_a_heading_agrees_within_what_is_allowed_wherever_north_lies(
    written: float, turn: float, roll: float
) -> None:
    facts = replace(DRONE, heading_deg=written, gimbal_roll_deg=-roll)
    check = check_heading(facts, "uav", (written + turn) % 360.0)
    assert check is not None and check.allowed_deg == 15.0 + roll
    assert math.cos(math.radians(check.turn_deg - turn)) == pytest.approx(1.0)
    if abs(abs(turn) - check.allowed_deg) > 1e-6:
        assert check.agrees == (abs(turn) < check.allowed_deg)


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ({}, 15.0),  # a gimbal's yaw
        ({"gimbal_pitch_deg": -40.0, "gimbal_roll_deg": 2.0}, 17.0),
        ({"heading_reference": "true"}, 15.0),
        ({"heading_reference": "true", "gimbal_pitch_deg": None}, 15.0),
        ({"heading_reference": "magnetic"}, 40.0),
        ({"gimbal_pitch_deg": None}, 40.0),  # from which north, nobody says
        ({"gimbal_pitch_deg": 5.0}, 15.0),
        ({"gimbal_pitch_deg": 30.0}, None),  # no ground in its middle
        ({"gimbal_roll_deg": -180.0}, None),
        ({"panorama": True}, None),
        ({"heading_deg": None}, None),
    ],
)
def test_how_far_a_heading_may_be_off(changes: dict[str, Any], allowed: float | None) -> None:
    check = check_heading(replace(DRONE, **changes), "uav", 267.5)
    assert (None if check is None else check.allowed_deg) == allowed


def test_a_compass_says_nothing_of_a_panorama_or_a_map() -> None:
    assert check_heading(DRONE, "panorama", 267.5) is None
    assert check_heading(DRONE, "map", 267.5) is None
    assert check_heading(DRONE, "ground", 267.5) is not None
