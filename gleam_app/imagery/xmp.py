"""XMP as drones and panorama cameras write it, read without an XML parser.

A parser would expand entities of a stranger's file; what is wanted are a few plain values, written as
attributes (``drone-dji:RelativeAltitude="+80.1"``) or as elements, whatever the prefix.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_XMP_BYTES = 4 * 1024 * 1024
NAMES = (
    "AbsoluteAltitude", "RelativeAltitude", "GimbalYawDegree", "GimbalPitchDegree",
    "GimbalRollDegree", "FlightYawDegree", "GpsLatitude", "GpsLongitude", "GpsLongtitude",
    "ProjectionType", "PoseHeadingDegrees", "FullPanoWidthPixels", "CroppedAreaImageWidthPixels",
    "CreatorTool",
)  # fmt: skip
# No quantifier without a bound: a file of blanks or letters must not take minutes.
_VALUE = re.compile(
    rf":({'|'.join(NAMES)})\s{{0,8}}(?:=\s{{0,8}}[\"']|>)\s{{0,8}}([^\"'<]{{1,64}})"
)


def read_xmp(image: "Image") -> dict[str, str]:
    """The values of ``NAMES`` that an opened picture carries, as written; the first of each counts."""
    xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or ""
    text = xmp if isinstance(xmp, str) else bytes(xmp[:MAX_XMP_BYTES]).decode("utf-8", "replace")
    values: dict[str, str] = {}
    for name, value in _VALUE.findall(text[:MAX_XMP_BYTES]):
        values.setdefault(name, value)
    return values
