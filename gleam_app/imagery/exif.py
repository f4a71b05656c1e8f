"""What a camera wrote into a picture: EXIF, and the XMP of drones and panorama cameras.

Everything here comes from a stranger's file: each value is checked, text loses its control
characters, and a broken block yields None instead of an error.
"""

import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from gleam_app.imagery.xmp import read_xmp

if TYPE_CHECKING:
    from PIL.Image import Image

_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_MAKE, _MODEL, _SOFTWARE, _DATE_TIME = 271, 272, 305, 306
_DATE_TIME_ORIGINAL, _OFFSET_TIME, _OFFSET_TIME_ORIGINAL = 36867, 36880, 36881
_FOCAL, _WIDTH, _HEIGHT, _ZOOM, _FOCAL_35MM = 37386, 40962, 40963, 41988, 41989
_LENS = 42036
_OFFSET = re.compile(r"[+-](?:0\d|1[0-4]):[0-5]\d")


@dataclass(frozen=True)
class ExifFacts:
    """What the camera wrote into the file; None where it wrote nothing.

    Positions are degrees WGS 84 and bearings degrees clockwise from north (0 <= bearing < 360).
    """

    lat: float | None = None
    lon: float | None = None
    altitude_m: float | None = None  # above sea level
    heading_deg: float | None = None  # where the camera looked, as written: true or magnetic
    focal_35mm: float | None = None  # millimetres on a full frame
    taken_at: str | None = None  # the camera's own clock, ISO 8601 without a zone
    camera: str | None = None
    relative_altitude_m: float | None = None  # drones: above the take-off point
    gimbal_pitch_deg: float | None = None  # drones: -90 is straight down
    panorama: bool = False  # the file calls itself an equirectangular panorama (GPano)
    utc_offset: str | None = None  # of taken_at, "+08:00"
    gps_time: str | None = None  # of the position, UTC, ISO 8601 ending in Z
    gps_accuracy_m: float | None = None
    heading_reference: Literal["true", "magnetic"] | None = None
    aircraft_heading_deg: float | None = None
    gimbal_roll_deg: float | None = None
    focal_mm: float | None = None
    digital_zoom: float | None = None
    lens: str | None = None
    software: str | None = None  # that wrote the file last
    changed_at: str | None = None  # when it did, ISO 8601
    recorded_width: int | None = None  # pixels of the picture as the camera took it
    recorded_height: int | None = None
    xmp_lat: float | None = None  # the position once more, as drones repeat it
    xmp_lon: float | None = None
    panorama_width_deg: float | None = None  # how much of the horizon a panorama covers


def read_exif(image: "Image") -> ExifFacts:
    """The facts of an opened Pillow image; never raises on what a file holds."""
    exif: Any = _quietly(image.getexif) or {}
    camera: Any = _quietly(lambda: exif.get_ifd(_EXIF_IFD)) or {}
    gps: Any = _quietly(lambda: exif.get_ifd(_GPS_IFD)) or {}
    xmp = _quietly(lambda: read_xmp(image)) or {}
    lat, lon = _position(gps)
    xmp_lat, xmp_lon = _xmp_position(xmp)
    heading, reference = _heading(gps, xmp)
    offset = camera.get(_OFFSET_TIME_ORIGINAL) or camera.get(_OFFSET_TIME)
    return ExifFacts(
        lat=lat,
        lon=lon,
        altitude_m=_altitude(gps, xmp),
        heading_deg=heading,
        focal_35mm=_within(camera.get(_FOCAL_35MM), 1, 10_000),
        taken_at=_moment(camera.get(_DATE_TIME_ORIGINAL) or exif.get(_DATE_TIME)),
        camera=_camera(exif.get(_MAKE), exif.get(_MODEL)),
        relative_altitude_m=_within(xmp.get("RelativeAltitude"), -1_000, 100_000),
        gimbal_pitch_deg=_within(xmp.get("GimbalPitchDegree"), -180, 180),
        panorama=xmp.get("ProjectionType", "").strip().lower() == "equirectangular",
        utc_offset=_offset(offset),
        gps_time=_gps_time(gps),
        gps_accuracy_m=_within(gps.get(31), 0.001, 1_000_000),
        heading_reference=reference,
        aircraft_heading_deg=_bearing(xmp.get("FlightYawDegree")),
        gimbal_roll_deg=_within(xmp.get("GimbalRollDegree"), -180, 180),
        focal_mm=_within(camera.get(_FOCAL), 0.1, 10_000),
        digital_zoom=_within(camera.get(_ZOOM), 1, 1_000),
        lens=clean_text(camera.get(_LENS) or "", 80) or None,
        software=clean_text(exif.get(_SOFTWARE) or xmp.get("CreatorTool") or "", 80) or None,
        changed_at=_moment(exif.get(_DATE_TIME)),
        recorded_width=_whole(camera.get(_WIDTH)),
        recorded_height=_whole(camera.get(_HEIGHT)),
        xmp_lat=xmp_lat,
        xmp_lon=xmp_lon,
        panorama_width_deg=_panorama_width(xmp),
    )


def clean_text(text: object, limit: int = 200) -> str:
    """One line of printable text: without control, format and surrogate characters, at most ``limit`` long."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    kept = (" " if c.isspace() else c for c in str(text).split("\0", 1)[0])
    line = "".join(c for c in kept if unicodedata.category(c)[0] != "C")
    return " ".join(line.split())[:limit]


def _quietly(read: Callable[[], Any]) -> Any:
    """The value, or None where the block is broken (Pillow raises all sorts)."""
    try:
        return read()
    except Exception:
        return None


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, ArithmeticError):
        return None
    return number if math.isfinite(number) else None


def _within(value: Any, low: float, high: float) -> float | None:
    number = _number(value)
    return number if number is not None and low <= number <= high else None


def _whole(value: Any) -> int | None:
    number = _within(value, 1, 1_000_000)
    return None if number is None else int(number)


def _bearing(value: Any) -> float | None:
    bearing = _within(value, -360, 720)
    return None if bearing is None else bearing % 360.0 % 360.0


def _angle(value: Any, reference: Any, negative: str, limit: float) -> float | None:
    """Degrees, minutes, seconds and a letter as signed degrees."""
    try:
        parts = [_number(part) for part in value]
    except TypeError:
        return None
    if not 1 <= len(parts) <= 3 or any(part is None or part < 0 for part in parts):
        return None
    degrees = sum(part / 60**i for i, part in enumerate(parts) if part is not None)
    if clean_text(reference).upper().startswith(negative):
        degrees = -degrees
    return degrees if abs(degrees) <= limit else None


def _position(gps: dict[int, Any]) -> tuple[float | None, float | None]:
    """(lat, lon), both or neither; exactly 0, 0 is what cameras write without a fix."""
    lat = _angle(gps.get(2), gps.get(1, "N"), "S", 90.0)
    lon = _angle(gps.get(4), gps.get(3, "E"), "W", 180.0)
    if lat is None or lon is None or lat == lon == 0.0:
        return None, None
    return lat, lon


def _xmp_position(xmp: dict[str, str]) -> tuple[float | None, float | None]:
    """As DJI repeats it in signed degrees; early aircraft spell longitude their own way."""
    lat = _within(xmp.get("GpsLatitude"), -90, 90)
    lon = _within(xmp.get("GpsLongitude") or xmp.get("GpsLongtitude"), -180, 180)
    if lat is None or lon is None or lat == lon == 0.0:
        return None, None
    return lat, lon


def _altitude(gps: dict[int, Any], xmp: dict[str, str]) -> float | None:
    altitude = _within(gps.get(6), -20_000, 1_000_000)
    if altitude is None:
        return _within(xmp.get("AbsoluteAltitude"), -20_000, 1_000_000)
    below = gps.get(5) in (1, b"\x01", "\x01")
    return -altitude if below else altitude


def _heading(
    gps: dict[int, Any], xmp: dict[str, str]
) -> tuple[float | None, Literal["true", "magnetic"] | None]:
    """Where the camera looked, and from which north that counts where EXIF says so.

    Its gimbal's yaw, else the EXIF direction, else a panorama's, else the aircraft's yaw.
    """
    gimbal = _bearing(xmp.get("GimbalYawDegree"))
    if gimbal is not None:
        return gimbal, None
    written = _bearing(gps.get(17))
    if written is not None:
        letter = clean_text(gps.get(16) or "").upper()[:1]
        return written, "magnetic" if letter == "M" else "true" if letter == "T" else None
    others = (_bearing(xmp.get(name)) for name in ("PoseHeadingDegrees", "FlightYawDegree"))
    return next((one for one in others if one is not None), None), None


def _panorama_width(xmp: dict[str, str]) -> float | None:
    full = _within(xmp.get("FullPanoWidthPixels"), 1, 1_000_000)
    cropped = _within(xmp.get("CroppedAreaImageWidthPixels"), 1, 1_000_000)
    return None if full is None or cropped is None or cropped > full else 360.0 * cropped / full


def _moment(value: Any) -> str | None:
    try:
        return datetime.strptime(clean_text(value), "%Y:%m:%d %H:%M:%S").isoformat()
    except ValueError:
        return None


def _offset(value: Any) -> str | None:
    text = clean_text(value or "")
    return text if _OFFSET.fullmatch(text) else None


def _gps_time(gps: dict[int, Any]) -> str | None:
    try:
        day = datetime.strptime(clean_text(gps.get(29) or ""), "%Y:%m:%d").date()
        hours, minutes, seconds = (_number(part) for part in gps.get(7) or ())
    except (TypeError, ValueError):
        return None
    return _utc(day, hours, minutes, seconds)


def _utc(
    day: date, hours: float | None, minutes: float | None, seconds: float | None
) -> str | None:
    if hours is None or minutes is None or seconds is None:
        return None
    try:
        at = datetime(day.year, day.month, day.day, int(hours), int(minutes), int(seconds))
    except (ValueError, OverflowError):
        return None
    return f"{at.isoformat()}Z"


def _camera(make: Any, model: Any) -> str | None:
    """Make and model, the make once."""
    words = [clean_text(part, 60) for part in (make, model) if part]
    if len(words) == 2 and words[1].lower().startswith(words[0].lower()):
        words = words[1:]
    return " ".join(word for word in words if word) or None
