"""A file's facts, what they imply and what is doubtful about them, in the language in use. No widgets."""

from gleam_app.geo.coordinates import PositionStyle, format_position
from gleam_app.geo.measure import Units, format_bearing, format_length, rough_length
from gleam_app.imagery.doubts import Doubt, HeadingCheck, PositionCheck
from gleam_app.imagery.exif import ExifFacts
from gleam_app.imagery.implied import Implied
from gleam_app.ui.strings import tr


def implied_sentences(facts: ExifFacts, implied: Implied, units: Units) -> list[str]:
    """What the facts amount to; one sentence at least."""
    said = [_height_and_look(facts, implied, units)]
    if facts.heading_deg is not None:
        down = implied.look == "down"
        key = "exif.says.top" if down else "exif.says.towards"
        said.append(tr(key, bearing=format_bearing(facts.heading_deg)))
        if facts.heading_reference == "magnetic":
            said.append(tr("exif.says.magnetic"))
    if implied.view is not None:
        across, down_deg = (round(angle) for angle in implied.view)
        said.append(tr("exif.says.view", across=across, down=down_deg))
    if facts.panorama:
        said.append(tr("exif.says.panorama", degrees=round(facts.panorama_width_deg or 360.0)))
    return [one for one in said if one] or [tr("exif.says.nothing")]


def _height_and_look(facts: ExifFacts, implied: Implied, units: Units) -> str:
    look, pitch = implied.look, round(-(facts.gimbal_pitch_deg or 0.0))
    if implied.height_m is None:
        if look in ("down", "oblique"):
            return tr(f"exif.says.{look}_alone", degrees=pitch)
        if look is not None:
            return tr(f"exif.says.{look}")
        if facts.altitude_m is None:
            return ""
        return tr("exif.says.sea", height=rough_length(facts.altitude_m, units))
    height = rough_length(implied.height_m, units)
    if look == "down" and implied.ground_m is not None:
        across, down = (rough_length(side, units) for side in implied.ground_m)
        return tr("exif.says.down_covers", height=height, across=across, down=down)
    if look == "down":
        return tr("exif.says.down", height=height)
    if look == "oblique" and implied.ahead_m is not None:
        far = rough_length(implied.ahead_m, units)
        return tr("exif.says.oblique_far", height=height, degrees=pitch, far=far)
    if look == "oblique":
        return tr("exif.says.oblique", height=height, degrees=pitch)
    up = tr("exif.says.height", height=height)
    return up if look is None else f"{up} {tr(f'exif.says.{look}')}"


def check_sentence(check: PositionCheck, rank: int, units: Units) -> str:
    """How the candidate fits the file's position."""
    aimed = "exif.contradicts.aim" if check.from_aim else "exif.contradicts"
    return tr(
        "exif.agrees" if check.agrees else aimed,
        distance=format_length(check.distance_m, units),
        allowed=rough_length(check.allowed_m, units),
        rank=rank,
    )


def heading_sentence(check: HeadingCheck, rank: int) -> str:
    """How the candidate's measured heading fits the file's."""
    return tr(
        "exif.agrees.heading" if check.agrees else "exif.contradicts.heading",
        measured=format_bearing(check.measured_deg),
        written=format_bearing(check.written_deg),
        degrees=f"{abs(check.turn_deg):.1f}",
        allowed=f"{round(check.allowed_deg, 1):g}",
        rank=rank,
    )


def doubt_sentence(doubt: Doubt, units: Units) -> str:
    """What is doubtful; ``text`` of the file is quoted as it is."""
    return tr(
        f"exif.doubt.{doubt.kind}",
        text=doubt.text,
        distance=rough_length(doubt.number, units),
        time=_span(doubt.number),
    )


def file_rows(
    facts: ExifFacts, size: tuple[int, int], style: PositionStyle, units: Units
) -> list[tuple[str, str]]:
    """(key of the label, value) of what is in the file; what it does not hold is left out."""
    rows = [
        ("exif.camera", facts.camera),
        ("exif.lens", facts.lens),
        ("exif.taken", _taken(facts)),
        ("exif.gps_time", facts.gps_time and facts.gps_time.replace("T", " ").replace("Z", " UTC")),
        ("exif.position", _position(facts, style)),
        ("exif.accuracy", _length(facts.gps_accuracy_m, units, "exif.within")),
        ("exif.altitude", _length(facts.altitude_m, units)),
        ("exif.relative", _length(facts.relative_altitude_m, units)),
        ("exif.heading", _bearing(facts.heading_deg)),
        ("exif.aircraft", _bearing(facts.aircraft_heading_deg)),
        ("exif.pitch", _degrees(facts.gimbal_pitch_deg, facts.gimbal_roll_deg)),
        ("exif.focal", _focal(facts)),
        ("exif.zoom", _zoom(facts)),
        ("exif.size", _size(facts, size)),
        ("exif.software", facts.software),
    ]
    return [(key, value) for key, value in rows if value]


def _taken(facts: ExifFacts) -> str | None:
    if facts.taken_at is None:
        return None
    time = facts.taken_at.replace("T", " ")
    if facts.utc_offset is None:
        return tr("exif.no_zone", time=time)
    return tr("exif.zone", time=time, offset=facts.utc_offset)


def _position(facts: ExifFacts, style: PositionStyle) -> str | None:
    if facts.lat is None or facts.lon is None:
        return None
    return format_position(facts.lat, facts.lon, style)


def _length(metres: float | None, units: Units, key: str = "") -> str | None:
    if metres is None:
        return None
    length = ("−" if metres < 0 else "") + format_length(abs(metres), units)
    return tr(key, distance=length) if key else length


def _bearing(degrees: float | None) -> str | None:
    return None if degrees is None else format_bearing(degrees)


def _degrees(*angles: float | None) -> str | None:
    return ", ".join(f"{angle:.1f}°" for angle in angles if angle is not None) or None


def _focal(facts: ExifFacts) -> str | None:
    own, full = facts.focal_mm, facts.focal_35mm
    if own is None and full is None:
        return None
    key = (
        "exif.focal.full"
        if own is None
        else "exif.focal.own"
        if full is None
        else "exif.focal.both"
    )
    return tr(key, mm=f"{own or 0.0:.3g}", full=f"{full or 0.0:.3g}")


def _zoom(facts: ExifFacts) -> str | None:
    zoomed = facts.digital_zoom is not None and facts.digital_zoom > 1.01
    return f"{facts.digital_zoom:.3g}×" if zoomed else None


def _size(facts: ExifFacts, size: tuple[int, int]) -> str | None:
    if min(size) < 1:
        return None
    now, recorded = "{} × {}".format(*size), (facts.recorded_width, facts.recorded_height)
    if None in recorded or sorted(size) == sorted(one or 0 for one in recorded):
        return now
    return tr("exif.size.as_taken", now=now, taken="{} × {}".format(*recorded))


def _span(seconds: float) -> str:
    hours, rest = divmod(round(abs(seconds) / 60.0), 60)
    return (
        tr("exif.hours", hours=hours, minutes=rest) if hours else tr("exif.minutes", minutes=rest)
    )
