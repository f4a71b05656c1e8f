"""What speaks against taking a file's facts as they stand, and against a candidate by them.

None of it proves anything: clocks are wrong, messengers strip files, editors are used for good reasons.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from gleam_app.geo.coordinates import LatLon
from gleam_app.geo.footprint import distance_m
from gleam_app.geo.measure import turn_between
from gleam_app.imagery.exif import ExifFacts
from gleam_app.imagery.implied import LEVEL_DEG, Implied, is_cropped
from gleam_app.imagery.views import View

DoubtKind = Literal["stripped", "editor", "rewritten", "positions", "clock", "cropped", "resized"]

UNSAID_ACCURACY_M = 15.0  # of a GPS position whose file does not say how good it is
POSITIONS_APART_M = 30.0
CLOCKS_APART = timedelta(minutes=10)
REWRITTEN_AFTER = timedelta(minutes=1)
_AIM_SLACK_M, _AIM_SLACK_SHARE = (
    10.0,
    0.15,
)  # of where the camera looked: slopes, gimbal, take-off height
_LOOKS_FAR_M = 150.0  # how far off a drone's camera may look where its file does not tell
_LOOKS_NEAR_M = 30.0  # the same on the ground
_COMPASS_DEG = 15.0  # how far off a compass or a gimbal's yaw may be, and an alignment with it
_DECLINATION_DEG = 25.0  # by how much magnetic north may lie beside the true one where people live
_ROLLED_DEG = 10.0
_EDITORS = re.compile(
    r"photoshop|lightroom|gimp|affinity|snapseed|pixelmator|paint|exiftool|picsart|capture one"
    r"|darktable|rawtherapee|acdsee|canva|meitu|美图|luminar|on1 |irfanview|xnview|faststone|imagemagick",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Doubt:
    """``text`` quotes the file (untrusted); ``number`` is metres or seconds, by ``kind``."""

    kind: DoubtKind
    text: str = ""
    number: float = 0.0


@dataclass(frozen=True)
class PositionCheck:
    """How far a candidate lies from where the file has it, and how far it may for the two to agree.

    ``from_aim``: measured from the ground at which the camera looked, else from the camera itself.
    """

    distance_m: float
    allowed_m: float
    from_aim: bool

    @property
    def agrees(self) -> bool:
        return self.distance_m <= self.allowed_m


@dataclass(frozen=True)
class HeadingCheck:
    """The bearing of the picture's up direction: as the file has it, and as measured by an alignment.

    Degrees from north. ``allowed_deg`` is how far apart they may be for the two to agree.
    """

    written_deg: float
    measured_deg: float
    allowed_deg: float

    @property
    def turn_deg(self) -> float:
        """From the written to the measured bearing, clockwise, -180 < turn <= 180."""
        return turn_between(self.written_deg, self.measured_deg)

    @property
    def agrees(self) -> bool:
        return abs(self.turn_deg) <= self.allowed_deg


def doubts_of(facts: ExifFacts, size: tuple[int, int]) -> list[Doubt]:
    """``size``: (width, height) of the picture in the file, upright; (0, 0) where it is not known."""
    if facts.camera is None and facts.taken_at is None and facts.lat is None:
        return [Doubt("stripped")]
    found: list[Doubt] = []
    if facts.software and _EDITORS.search(facts.software):
        found.append(Doubt("editor", facts.software))
    taken, changed = _moment(facts.taken_at), _moment(facts.changed_at)
    if taken and changed and changed - taken > REWRITTEN_AFTER:
        found.append(Doubt("rewritten", changed.isoformat(" ")))
    apart = _positions_apart(facts)
    if apart > POSITIONS_APART_M:
        found.append(Doubt("positions", number=apart))
    clock = _clock_error(facts)
    if clock is not None and abs(clock) > CLOCKS_APART:
        found.append(Doubt("clock", number=clock.total_seconds()))
    if is_cropped(facts, size):
        found.append(Doubt("cropped"))
    elif _is_resized(facts, size):
        found.append(Doubt("resized"))
    return found


def check_position(
    facts: ExifFacts, implied: Implied, view: View, place: tuple[float, float], radius_m: float
) -> PositionCheck | None:
    """Compare a candidate at ``place`` (lat, lon) with the file's position; None where it has none."""
    if facts.lat is None or facts.lon is None:
        return None
    camera = LatLon(facts.lat, facts.lon)
    allowed = radius_m + (facts.gps_accuracy_m or UNSAID_ACCURACY_M)
    if implied.aim is not None:
        away = distance_m(camera, implied.aim) + (implied.height_m or 0.0)
        allowed += _AIM_SLACK_M + _AIM_SLACK_SHARE * away
        return PositionCheck(distance_m(implied.aim, place), allowed, from_aim=True)
    if view == "uav":
        allowed += 3.0 * implied.height_m if implied.height_m is not None else _LOOKS_FAR_M
    else:
        allowed += _LOOKS_NEAR_M
    return PositionCheck(distance_m(camera, place), allowed, from_aim=False)


def check_heading(facts: ExifFacts, view: View, measured_deg: float) -> HeadingCheck | None:
    """Compare the measured bearing of the picture's up direction with where the camera looked.

    Of a picture that looks down the two are one by what cameras write, of one that looks ahead because
    its middle column runs that way on the ground. None where the file says nothing of it: without a
    direction, of panoramas and maps, above the horizon, and of a camera on its side, for which cameras do
    not agree on what they write.
    """
    roll, pitch = abs(facts.gimbal_roll_deg or 0.0), facts.gimbal_pitch_deg
    aside = view in ("panorama", "map") or facts.panorama or roll > _ROLLED_DEG
    if facts.heading_deg is None or aside or (pitch is not None and pitch > LEVEL_DEG):
        return None
    allowed = _COMPASS_DEG + roll
    from_gimbal = pitch is not None and facts.heading_reference is None
    if facts.heading_reference != "true" and not from_gimbal:  # a gimbal's yaw is from true north
        allowed += _DECLINATION_DEG
    return HeadingCheck(facts.heading_deg, measured_deg, allowed)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _positions_apart(facts: ExifFacts) -> float:
    """Metres between the position and its repetition in XMP; 0 unless both are there."""
    if facts.lat is None or facts.lon is None or facts.xmp_lat is None or facts.xmp_lon is None:
        return 0.0
    return distance_m((facts.lat, facts.lon), (facts.xmp_lat, facts.xmp_lon))


def _clock_error(facts: ExifFacts) -> timedelta | None:
    """The camera's clock less the GPS time; None unless the file knows its zone."""
    if not (facts.taken_at and facts.utc_offset and facts.gps_time):
        return None
    try:
        own = datetime.fromisoformat(facts.taken_at + facts.utc_offset)
        return own - datetime.fromisoformat(facts.gps_time)
    except (ValueError, OverflowError):
        return None


def _is_resized(facts: ExifFacts, size: tuple[int, int]) -> bool:
    if facts.recorded_width is None or facts.recorded_height is None or min(size) < 1:
        return False
    return max(facts.recorded_width, facts.recorded_height) > 1.05 * max(size)
