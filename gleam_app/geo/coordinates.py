"""Positions and boxes on the ground, WGS 84, and the ways people write positions."""

import functools
import math
import re
import unicodedata
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from gleam_app.errors import GleamError

if TYPE_CHECKING:
    import pyproj


class LatLon(NamedTuple):
    """A position in degrees, latitude first."""

    lat: float
    lon: float


class Bounds(NamedTuple):
    """A box in degrees. ``west`` > ``east`` means that it crosses the antimeridian."""

    west: float
    south: float
    east: float
    north: float


PositionStyle = Literal["dd", "dms", "ddm", "utm", "mgrs"]
POSITION_STYLES: tuple[PositionStyle, ...] = get_args(PositionStyle)

_BANDS = "CDEFGHJKLMNPQRSTUVWX"  # MGRS latitude bands from 80 S, 8 degrees each, the last one 12
_HINT = "Write it like 28.04125, -82.69847 or 28°02'28.5\"N 82°41'54.5\"W, or as UTM or MGRS."

# The signs people type or paste for degrees, minutes and seconds; Chinese ones among them.
_SIGNS = str.maketrans(
    {
        "º": "°", "˚": "°", "度": "°", "′": "'", "’": "'", "‘": "'", "´": "'", "分": "'", "ʹ": "'",
        "″": '"', "”": '"', "“": '"', "秒": '"', "ʺ": '"', "−": "-", "–": "-", "、": ",", "/": ",",
    }
)  # fmt: skip
# Words for hemispheres and axes, and what they stand for.
_WORDS = re.compile(
    r"[北南][纬緯]|[东東西][经經]|[纬緯经經]°|DEGREES?\b|DEG\b|LATITUDE|LONGITUDE|LONG|LNG"
)
_MEANINGS = {
    "北": "N", "南": "S", "东": "E", "東": "E", "西": "W", "纬": "LAT", "緯": "LAT", "经": "LON",
    "經": "LON", "D": "°", "L": "LON",
}  # fmt: skip
_LABELLED = re.compile(
    r"(?P<first>LAT|LON)\s*[:=]?\s*(?P<one>[^A-Z]*[NSEW]?)[\s,;]*"
    r"(?P<second>LAT|LON)\s*[:=]?\s*(?P<two>[^A-Z]*[NSEW]?)"
)
_URI = re.compile(r"GEO:(?P<at>-?\d+(?:\.\d+)?,-?\d+(?:\.\d+)?)(?:,-?\d+(?:\.\d+)?)?(?:;.*)?")
_NUMBER = r"\d+(?:\.\d+)?"
_ANGLE = re.compile(
    r"(?P<before>[NSEW])?\s*(?P<sign>[+-])?\s*(?P<degrees>\d{1,3}(?:\.\d+)?)"
    r"(?:(?:\s*°\s*|\s*:\s*|\s+)(?P<minutes>\d{1,2}(?:\.\d+)?)"
    r"(?:(?:\s*'\s*|\s*:\s*|\s+)(?P<seconds>\d{1,2}(?:\.\d+)?)\s*(?:\"|'')?|\s*')?|\s*°)?"
    r"\s*(?P<after>[NSEW])?"
)
_MGRS = re.compile(
    r"(?P<square>(?:(?:0?[1-9]|[1-5]\d|60)\s?[C-HJ-NP-X]|[ABYZ])\s?[A-HJ-NP-Z][A-HJ-NP-Z])"
    r"\s?(?P<digits>\d{0,10}|\d{1,5}\s\d{1,5})"
)
_UTM = re.compile(
    rf"(?:UTM\s+)?(?P<zone>0?[1-9]|[1-5]\d|60)\s?(?P<band>[{_BANDS}])\s+"
    rf"(?P<east>{_NUMBER})\s*(?:M?\s?E)?[\s,]+(?P<north>{_NUMBER})\s*(?:M?\s?N)?"
)
_UPS = re.compile(
    rf"UPS\s+(?P<pole>[NS])\s+(?P<east>{_NUMBER})\s*(?:M?\s?E)?[\s,]+(?P<north>{_NUMBER})\s*(?:M?\s?N)?"
)


def format_position(lat: float, lon: float, style: PositionStyle = "dd") -> str:
    """A position in degrees as people write it; ``parse_position`` reads every one of these back.

    ``dd`` to 1e-6 degrees, ``dms`` to 0.01 seconds, ``ddm`` to 0.0001 minutes, ``utm`` and ``mgrs``
    to a metre. UTM names the hemisphere (N or S), not the latitude band; beyond 84° N and 80° S,
    where there is no UTM, it gives the polar grid (UPS).
    """
    if not (math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90.0):
        raise ValueError(f"not a position: {lat}, {lon}")
    lon = (lon + 180.0) % 360.0 - 180.0 if not -180.0 <= lon <= 180.0 else lon
    if style == "dd":
        return f"{lat:.6f}, {lon:.6f}".replace("-0.000000", "0.000000")
    if style == "dms":
        return f"{_dms(lat, 'NS')} {_dms(lon, 'EW')}"
    if style == "ddm":
        return f"{_ddm(lat, 'NS')} {_ddm(lon, 'EW')}"
    if style == "utm":
        return _format_utm(lat, lon)
    if style == "mgrs":
        import mgrs

        return str(mgrs.MGRS().toMGRS(lat, lon, MGRSPrecision=5))
    raise ValueError(f"unknown style {style!r}")


def parse_position(text: str) -> LatLon:
    """Read a position in any of the five styles, loosely punctuated but strictly checked.

    Degrees come latitude first unless letters or words (Lat, Lon, 北纬, 东经) say otherwise. A ``geo:``
    URI (RFC 5870) is read too. In UTM, N and S are hemispheres and the other letters latitude bands. An MGRS reference stands for the middle of its square, a full one
    (1 m) for its south-west corner. Raises GleamError.
    """
    shown = " ".join(text.split())[:60]
    line = unicodedata.normalize("NFKC", text.translate(_SIGNS)).translate(_SIGNS)
    line = _without_words(" ".join(line.upper().split()).strip(" ,;()[]"))
    if not line or len(line) > 100 or not line.isprintable():
        raise GleamError("That is not a position." if line else "There is no position.", _HINT)
    if match := _UPS.fullmatch(line):
        return _parse_ups(match, shown)
    if match := _UTM.fullmatch(line):
        return _parse_utm(match, shown)
    if match := _MGRS.fullmatch(line):
        return _parse_mgrs(match, shown)
    return _parse_degrees(line, shown)


def other_order(text: str) -> LatLon | None:
    """What two bare numbers mean with the longitude first, as much software writes them.

    None where letters, words or the numbers' range leave only one order.
    """
    line = unicodedata.normalize("NFKC", text.translate(_SIGNS)).translate(_SIGNS)
    line = " ".join(line.upper().split()).strip(" ,;()[]")
    if len(line) > 100 or re.search(r"[A-Z]", line := _WORDS.sub(_meaning, line)):
        return None
    try:
        first, second = _halves(line, "")
        lat, lon = _parse_degrees(f"{second.strip()};{first.strip()}", "")
    except GleamError:
        return None
    return LatLon(lat, lon)


def _without_words(line: str) -> str:
    """Words become letters and signs; labelled angles come latitude first, a URI its coordinates."""
    if len(line) > 100:
        return line
    if match := _URI.fullmatch(line):
        return match["at"]
    line = _WORDS.sub(_meaning, line)
    match = _LABELLED.fullmatch(line)
    if match is None or match["first"] == match["second"]:
        return line
    lat, lon = (match[name].strip(" ,;") for name in ("one", "two"))
    if match["first"] == "LON":
        lat, lon = lon, lat
    return line if set(lat) & {"E", "W"} or set(lon) & {"N", "S"} else f"{lat}; {lon}"


def _meaning(word: "re.Match[str]") -> str:
    return "LAT" if word[0] == "LATITUDE" else _MEANINGS[word[0][0]]


def _wrong(shown: str, reason: str, hint: str = _HINT) -> GleamError:
    return GleamError(f"“{shown}” is not a position: {reason}.", hint)


def _dms(value: float, letters: str) -> str:
    hundredths = round(abs(value) * 360_000)
    degrees, rest = divmod(hundredths, 360_000)
    minutes, seconds = divmod(rest, 6_000)
    return f"{degrees}°{minutes:02d}'{seconds / 100:05.2f}\"{letters[value < 0]}"


def _ddm(value: float, letters: str) -> str:
    degrees, rest = divmod(round(abs(value) * 600_000), 600_000)
    return f"{degrees}°{rest / 10_000:07.4f}'{letters[value < 0]}"


def _parse_degrees(line: str, shown: str) -> LatLon:
    if re.fullmatch(r"[+-]?\d+,\d+[;\s]+[+-]?\d+,\d+", line):  # decimal commas
        line = line.replace(",", ".")
    first, second = (_ANGLE.fullmatch(part.strip()) for part in _halves(line, shown))
    if first is None or second is None:
        raise _wrong(shown, "it cannot be read")
    letters = [(match["before"] or "") + (match["after"] or "") for match in (first, second)]
    values = [_angle(match, shown) for match in (first, second)]
    if letters == ["", ""] or (letters[0] in {"N", "S"} and letters[1] in {"E", "W"}):
        lat, lon = values
    elif letters[0] in {"E", "W"} and letters[1] in {"N", "S"}:
        lon, lat = values
    else:
        raise _wrong(shown, "its compass letters do not fit together")
    if abs(lat) > 90.0:
        raise _wrong(shown, "a latitude is at most 90°", "Write the latitude first.")
    if abs(lon) > 180.0:
        raise _wrong(shown, "a longitude is at most 180°")
    return LatLon(lat, lon)


def _halves(line: str, shown: str) -> tuple[str, str]:
    """The texts of the two angles."""
    for separator in (";", ","):
        if separator in line:
            parts = line.split(separator)
            if len(parts) != 2:
                raise _wrong(shown, "it has not two parts")
            return parts[0], parts[1]
    if match := re.fullmatch(r"([^NSEW]+[NSEW])\s*([^NSEW]+[NSEW])", line):
        return match[1], match[2]
    if match := re.fullmatch(r"([NSEW][^NSEW]+)([NSEW][^NSEW]+)", line):
        return match[1], match[2]
    if match := re.fullmatch(r"([^°]+°[^°]*?)\s+([+-]?\s*\d{1,3}(?:\.\d+)?\s*°.*)", line):
        return match[1], match[2]
    words = line.split()
    if len(words) < 2 or len(words) % 2:
        raise _wrong(shown, "it has not two parts")
    return " ".join(words[: len(words) // 2]), " ".join(words[len(words) // 2 :])


def _angle(match: "re.Match[str]", shown: str) -> float:
    """Signed degrees; whole degrees and minutes before a smaller unit, 60 never reached."""
    parts = [part for part in match.group("degrees", "minutes", "seconds") if part is not None]
    if any("." in part for part in parts[:-1]):
        raise _wrong(shown, "only the last of degrees, minutes and seconds may have decimals")
    if any(float(part) >= 60.0 for part in parts[1:]):
        raise _wrong(shown, "minutes and seconds are less than 60")
    letter = match["before"] or match["after"]
    if (match["before"] and match["after"]) or (letter and match["sign"]):
        raise _wrong(shown, "an angle has a sign or one compass letter, not both")
    value = math.fsum(float(part) / 60.0**power for power, part in enumerate(parts))
    return -value if match["sign"] == "-" or letter in {"S", "W"} else value


def _parse_mgrs(match: "re.Match[str]", shown: str) -> LatLon:
    import mgrs

    left, _, right = match["digits"].partition(" ")
    if (right and len(left) != len(right)) or len(left + right) % 2:
        raise _wrong(shown, "an MGRS reference has as many digits for east as for north")
    digits = left + right
    half = len(digits) // 2
    east, north = digits[:half], digits[half:]
    middle = "5" if half < 5 else ""
    square = match["square"].replace(" ", "")
    try:
        lat, lon = mgrs.MGRS().toLatLon(f"{square}{east}{middle}{north}{middle}")
    except Exception:  # the library raises whatever its C code reports
        raise _wrong(shown, "there is no such MGRS square") from None
    return _checked(lat, lon, shown)


def _parse_utm(match: "re.Match[str]", shown: str) -> LatLon:
    band, zone = match["band"], int(match["zone"])
    east, north = float(match["east"]), float(match["north"])
    if not (100_000 <= east < 900_000 and north <= 10_000_000):
        raise _wrong(shown, "a UTM easting has 6 digits and a northing at most 10,000,000 m")
    southern = band == "S" or band < "N"
    lon, lat = _grid(32700 + zone if southern else 32600 + zone).transform(
        east, north, direction="INVERSE"
    )
    position = _checked(lat, lon, shown)
    if band not in "NS" and not _near_band(position.lat, band):
        raise _wrong(shown, f"that northing is not in latitude band {band}")
    if not -80.5 <= position.lat <= 84.5 or (position.lat < -0.001) != southern != (
        position.lat < 0.001
    ):
        raise _wrong(shown, "that northing is beyond its hemisphere's grid")
    return position


def _parse_ups(match: "re.Match[str]", shown: str) -> LatLon:
    north_pole = match["pole"] == "N"
    lon, lat = _grid(32661 if north_pole else 32761).transform(
        float(match["east"]), float(match["north"]), direction="INVERSE"
    )
    position = _checked(lat, lon, shown)
    if (position.lat if north_pole else -position.lat) < 79.0:
        raise _wrong(shown, "the polar grid (UPS) ends at 84° N and 80° S")
    return position


def _checked(lat: float, lon: float, shown: str) -> LatLon:
    if not (math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90.0 and abs(lon) <= 180.0):
        raise _wrong(shown, "it lies nowhere on Earth")
    return LatLon(float(lat), float(lon))


def _near_band(lat: float, band: str) -> bool:
    south = -80.0 + 8.0 * _BANDS.index(band)
    return south - 0.01 <= lat <= south + (12.0 if band == "X" else 8.0) + 0.01


def _format_utm(lat: float, lon: float) -> str:
    if not -80.0 <= lat < 84.0:
        east, north = _grid(32661 if lat > 0 else 32761).transform(lon, lat)
        return f"UPS {'N' if lat > 0 else 'S'} {east:.0f} {north:.0f}"
    zone = utm_zone(lat, lon)
    east, north = _grid((32600 if lat >= 0 else 32700) + zone).transform(lon, lat)
    return f"{zone}{'N' if lat >= 0 else 'S'} {east:.0f} {north:.0f}"


def utm_zone(lat: float, lon: float) -> int:
    """UTM zone 1..60, with the exceptions of Norway (32V) and Svalbard (31X to 37X)."""
    lon = (lon + 180.0) % 360.0 - 180.0
    if 56.0 <= lat < 64.0 and 3.0 <= lon < 12.0:
        return 32
    if 72.0 <= lat < 84.0 and 0.0 <= lon < 42.0:
        return 31 + 2 * int((lon + 3.0) // 12.0)
    return int((lon + 180.0) // 6.0) % 60 + 1


@functools.cache
def _grid(epsg: int) -> "pyproj.Transformer":
    """From degrees (lon, lat) to a metric grid (east, north)."""
    import pyproj

    return pyproj.Transformer.from_crs(4326, epsg, always_xy=True)
