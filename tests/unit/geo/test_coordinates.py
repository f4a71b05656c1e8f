"""Positions as people write them: what is written can be read back, and garbage is refused."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import (
    POSITION_STYLES,
    PositionStyle,
    format_position,
    parse_position,
    utm_zone,
)
from gleam_app.geo.footprint import distance_m

# How far reading back may be off: half the last digit, diagonally; MGRS cuts instead of rounding.
TOLERANCE_M = {"dd": 0.09, "dms": 0.25, "ddm": 0.15, "utm": 0.75, "mgrs": 1.6}


@settings(max_examples=150, deadline=None)
@given(
    st.floats(-90, 90, allow_nan=False),
    st.floats(-180, 180, allow_nan=False),
    st.sampled_from(POSITION_STYLES),
)
@example(84.0, 0.0, "utm")
@example(-80.0, 179.9999999, "utm")
@example(-1e-9, -180.0, "utm")
@example(59.9999999999, 179.99999999, "dms")
@example(60.0, 5.0, "utm")
@example(78.0, 20.0, "utm")
@example(89.99999, -120.0, "mgrs")
@example(-85.0, 60.0, "mgrs")
def test_every_style_reads_back(lat: float, lon: float, style: PositionStyle) -> None:
    text = format_position(lat, lon, style)
    assert distance_m(parse_position(text), (lat, lon)) < TOLERANCE_M[style], text


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("dd", "28.041250, -82.698470"),
        ("dms", "28°02'28.50\"N 82°41'54.49\"W"),
        ("ddm", "28°02.4750'N 82°41.9082'W"),
        ("utm", "17N 333052 3102935"),
        ("mgrs", "17RLM3305202935"),
    ],
)
def test_formats(style: PositionStyle, text: str) -> None:
    assert format_position(28.04125, -82.69847, style) == text


@pytest.mark.parametrize(
    "text",
    [
        "28.04125, -82.69847",
        "  28.04125 -82.69847 ",
        "28.04125;-82.69847",
        "(28.04125, -82.69847)",
        "28,04125; -82,69847",
        "28,04125 -82,69847",
        "28.04125，-82.69847",
        "28.04125° N, 82.69847° W",
        "N28.04125 W82.69847",
        "82.69847w 28.04125n",
        "+28.04125 −82.69847",
        "28°02'28.5\"N 82°41'54.492\"W",
        "28° 02′ 28.5″ N, 82° 41′ 54.492″ W",
        "28 02 28.5 N 82 41 54.492 W",
        "28:02:28.5 -82:41:54.492",
        "28°02'28.5\" -82°41'54.492\"",
        "28度02分28.5秒N 82度41分54.492秒W",
        "28 02.475 -82 41.9082",
        "17N 333052.3 3102935.3",
        "UTM 17N 333052.3mE 3102935.3mN",
        "17R 333052.3, 3102935.3",
        "17RLM3305202935",
        "17r lm 33052 02935",
        "17 R LM 33052 02935",
        "geo:28.04125,-82.69847",
        "geo:28.04125,-82.69847,12.5;u=35",
        "Lat: 28.04125 Lon: -82.69847",
        "lat=28.04125, lng=-82.69847",
        "Longitude -82.69847, Latitude 28.04125",
        "Lat 28°02'28.5\"N; Lon 82°41'54.492\"W",
        "纬度：28.04125，经度：-82.69847",
        "北纬28.04125度 西经82.69847度",
        "北纬28度02分28.5秒，西经82度41分54.492秒",
        "西經82度41.9082分 北緯28度2.475分",
        "28 deg 2.475' N 82 deg 41.9082' W",
        "28.04125 / -82.69847",
    ],
)
def test_ways_of_writing_one_position(text: str) -> None:
    assert distance_m(parse_position(text), (28.04125, -82.69847)) < 1.5


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "hello", "28", "91, 0", "0, 181", "1,2,3", "28.5.3 4", "1e5 3", "nan, 3", "inf inf",
        "28N 29S", "28N -82", "-28N 82W", "N28N 82W", "28 60 0 N 3 0 0 E", "28 0 60 N 3 0 0 E",
        "28.5 30 N 82.5 30 W", "28 30.5 20 N 82 30 20 W", "1234 5", "28.04125", "28,82,1 2",
        "17RLM330520293", "17RLM 3305 02935", "17RLM330520293512", "17RIM3305202935", "61RLM3305202935",
        "17RZZ3305202935", "0RLM3305202935", "17C 333052 3102935", "17N 333052 99999999", "17N 33305 3102935",
        "61N 333052 3102935", "17N 333052 9990000", "UPS N 9000000 2000000", "UPS E 2000000 2000000",
        "lat 28 lat 29", "lat 28", "lon 28E lat 82W", "lon 28N lat 82E", "geo:28", "geo:91,0", "北纬28度",
        "北纬28度 南纬3度", "28 / 29 / 30", "lat lon", "28.04125, -82.69847\0", "9" * 500, "28.04125, -82.69847; DROP",
    ],
)  # fmt: skip
def test_garbage_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(GleamError) as caught:
        parse_position(text)
    error = caught.value
    assert str(error).isprintable() and len(str(error)) < 200
    assert error.hint


@settings(max_examples=200, deadline=None)
@given(
    st.text(alphabet="0123456789.,;:°'\"NSEWRLMUATOG= +-−度分秒北纬西经/\t", max_size=40)
    | st.text(max_size=40)
)
def test_any_text_is_a_position_or_a_clear_error(text: str) -> None:
    try:
        lat, lon = parse_position(text)
    except GleamError as error:
        assert "\n" not in str(error)
    else:
        assert -90 <= lat <= 90 and -180 <= lon <= 180


def test_mgrs_of_fewer_digits_is_the_middle_of_its_square() -> None:
    coarse = parse_position("17RLM33100293")
    fine = parse_position("17RLM3310502935")
    assert distance_m(coarse, fine) < 10


def test_zones_of_norway_and_svalbard() -> None:
    assert [utm_zone(60, lon) for lon in (2.9, 3.0, 11.9, 12.0)] == [31, 32, 32, 33]
    assert [utm_zone(78, lon) for lon in (8.9, 9.0, 20.9, 21.0, 33.0, 42.0)] == [
        31,
        33,
        33,
        35,
        37,
        38,
    ]
    assert [utm_zone(0, lon) for lon in (-180, 179.9, 180)] == [1, 60, 1]


def test_not_a_position_cannot_be_written() -> None:
    for lat, lon in ((91.0, 0.0), (float("nan"), 0.0), (0.0, float("inf"))):
        with pytest.raises(ValueError):
            format_position(lat, lon)
