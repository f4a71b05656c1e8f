"""What a camera wrote into a picture: EXIF, and the XMP of drones and panorama cameras.

Everything here comes from a stranger's file: each value is checked, text loses its control
characters, and a broken block yields None instead of an error. XMP is searched with regular
expressions on purpose; an XML parser would expand entities.
"""

import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_MAKE, _MODEL, _DATE_TIME = 271, 272, 306
_DATE_TIME_ORIGINAL, _FOCAL_35MM = 36867, 41989
_MAX_XMP_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class ExifFacts:
    """What the camera wrote into the file; None where it wrote nothing.

    ``lat``/``lon`` degrees WGS 84, ``altitude_m`` metres above sea level, ``heading_deg`` degrees
    clockwise from north (0 <= heading < 360; as written, be it true or magnetic), ``focal_35mm``
    millimetres, ``taken_at`` the camera's own clock (ISO 8601). ``relative_altitude_m`` metres above
    the take-off point and ``gimbal_pitch_deg`` (-90: straight down) come from drones;
    ``panorama`` tells that the file calls itself an equirectangular panorama (GPano).
    """

    lat: float | None = None
    lon: float | None = None
    altitude_m: float | None = None
    heading_deg: float | None = None
    focal_35mm: float | None = None
    taken_at: str | None = None
    camera: str | None = None
    relative_altitude_m: float | None = None
    gimbal_pitch_deg: float | None = None
    panorama: bool = False


def read_exif(image: "Image") -> ExifFacts:
    """The facts of an opened Pillow image; never raises on what a file holds."""
    exif: Any = _quietly(image.getexif) or {}
    camera_block = _quietly(lambda: exif.get_ifd(_EXIF_IFD)) or {}
    gps = _quietly(lambda: exif.get_ifd(_GPS_IFD)) or {}
    xmp = _xmp_text(image)
    lat, lon = _position(gps)
    return ExifFacts(
        lat=lat,
        lon=lon,
        altitude_m=_altitude(gps),
        heading_deg=_heading(gps, xmp),
        focal_35mm=_within(camera_block.get(_FOCAL_35MM), 1, 10_000),
        taken_at=_moment(camera_block.get(_DATE_TIME_ORIGINAL) or exif.get(_DATE_TIME)),
        camera=_camera(exif.get(_MAKE), exif.get(_MODEL)),
        relative_altitude_m=_within(_xmp_value(xmp, "RelativeAltitude"), -1_000, 100_000),
        gimbal_pitch_deg=_within(_xmp_value(xmp, "GimbalPitchDegree"), -180, 180),
        panorama=(_xmp_value(xmp, "ProjectionType") or "").lower() == "equirectangular",
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
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _within(value: Any, low: float, high: float) -> float | None:
    number = _number(value)
    return number if number is not None and low <= number <= high else None


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


def _altitude(gps: dict[int, Any]) -> float | None:
    altitude = _within(gps.get(6), -20_000, 1_000_000)
    below = gps.get(5) in (1, b"\x01", "\x01")
    return -altitude if altitude is not None and below else altitude


def _heading(gps: dict[int, Any], xmp: str) -> float | None:
    """Where the camera looked: its gimbal's yaw, else the EXIF direction, else the aircraft's yaw."""
    for value in (
        _xmp_value(xmp, "GimbalYawDegree"),
        gps.get(17),
        _xmp_value(xmp, "FlightYawDegree"),
    ):
        heading = _within(value, -360, 720)
        if heading is not None:
            return heading % 360.0 % 360.0
    return None


def _moment(value: Any) -> str | None:
    try:
        return datetime.strptime(clean_text(value), "%Y:%m:%d %H:%M:%S").isoformat()
    except ValueError:
        return None


def _camera(make: Any, model: Any) -> str | None:
    """Make and model, the make once."""
    words = [clean_text(part, 60) for part in (make, model) if part]
    if len(words) == 2 and words[1].lower().startswith(words[0].lower()):
        words = words[1:]
    return " ".join(word for word in words if word) or None


def _xmp_text(image: "Image") -> str:
    xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or ""
    text = xmp if isinstance(xmp, str) else bytes(xmp[:_MAX_XMP_BYTES]).decode("utf-8", "replace")
    return text[:_MAX_XMP_BYTES]


def _xmp_value(xmp: str, name: str) -> str | None:
    """Value of ``prefix:name`` written as an attribute or as an element, whatever the prefix."""
    found = re.search(rf"[\w-]+:{name}\s*(?:=\s*[\"']|>)\s*([^\"'<]{{1,64}})", xmp)
    return clean_text(found.group(1)) if found else None
