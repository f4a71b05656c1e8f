"""What the facts that a camera wrote amount to: how high, which way, how wide, and which ground.

Reckoned for level ground at the height of the take-off point and a lens without distortion, so it is
an expectation to compare with, never an answer: locating does not read any of it.
"""

from dataclasses import dataclass
from typing import Literal

from gleam_app.geo.camera import (
    Aim,
    AngleOfView,
    aim_point,
    angle_of_view,
    direction_wedge,
    ground_outline,
)
from gleam_app.geo.coordinates import LatLon
from gleam_app.geo.footprint import distance_m
from gleam_app.imagery.exif import ExifFacts

Look = Literal["down", "oblique", "ahead", "up"]
STRAIGHT_DOWN_DEG, LEVEL_DEG = -80.0, 10.0
WEDGE_M, PLAIN_WEDGE_DEG = 60.0, 50.0  # where the file tells neither reach nor angle
FARTHEST_M = 5_000.0


@dataclass(frozen=True)
class Implied:
    """None or empty where the file does not say enough.

    ``height_m`` above the take-off point; ``ground_m`` (across, down) of a picture that looks straight
    down; ``outline`` the ground it covers, clockwise from the picture's top left; ``aim`` the ground at
    its middle, ``ahead_m`` in front of the camera; ``wedge`` the direction from the camera, for a map, where the outline is
    not known.
    """

    view: AngleOfView | None = None
    height_m: float | None = None
    look: Look | None = None
    ground_m: tuple[float, float] | None = None
    outline: tuple[LatLon, ...] = ()
    aim: LatLon | None = None
    ahead_m: float | None = None
    wedge: tuple[LatLon, ...] = ()


def imply(facts: ExifFacts, size: tuple[int, int]) -> Implied:
    """``size``: (width, height) of the upright picture in pixels."""
    height = facts.relative_altitude_m
    height = height if height is not None and height > 0 else None
    view = _view(facts, size)
    pitch, look = facts.gimbal_pitch_deg, _look(facts.gimbal_pitch_deg)
    if facts.lat is None or facts.lon is None:
        ground = None
        if height is not None and look == "down" and view is not None:
            ground = _ground(ground_outline(Aim(0.0, 0.0, height, 0.0, -90.0), view))
        return Implied(view, height, look, ground)
    aim, outline, ahead = None, None, None
    if height is not None and pitch is not None and facts.heading_deg is not None:
        camera = Aim(facts.lat, facts.lon, height, facts.heading_deg, pitch)
        aim = aim_point(camera)
        ahead = distance_m((camera.lat, camera.lon), aim) if aim is not None else None
        outline = ground_outline(camera, view) if view is not None else None
    elif height is not None and look == "down":  # straight down, whichever way is up
        aim = LatLon(facts.lat, facts.lon)
    ground = _ground(outline) if look == "down" else None
    wedge: list[LatLon] = []
    if facts.heading_deg is not None and look != "down" and not (facts.panorama or outline):
        reach = 1.5 * (ahead or 0.0)
        across = view.across if view is not None else PLAIN_WEDGE_DEG
        wedge = direction_wedge(
            facts.lat, facts.lon, facts.heading_deg, across, min(max(reach, WEDGE_M), FARTHEST_M)
        )
    return Implied(view, height, look, ground, tuple(outline or ()), aim, ahead, tuple(wedge))


def is_cropped(facts: ExifFacts, size: tuple[int, int]) -> bool:
    """Whether the picture has another shape than the camera gave it, turned or not."""
    if facts.recorded_width is None or facts.recorded_height is None or min(size) < 1:
        return False
    taken = sorted((facts.recorded_width, facts.recorded_height))
    now = sorted(size)
    return abs(taken[1] / taken[0] * now[0] / now[1] - 1.0) > 0.02


def _view(facts: ExifFacts, size: tuple[int, int]) -> AngleOfView | None:
    """None too for a cropped or digitally enlarged picture: cameras do not agree on what they write then."""
    zoomed = facts.digital_zoom is not None and facts.digital_zoom > 1.01
    if facts.focal_35mm is None or facts.panorama or zoomed or min(size) < 1:
        return None
    return None if is_cropped(facts, size) else angle_of_view(facts.focal_35mm, *size)


def _look(pitch_deg: float | None) -> Look | None:
    if pitch_deg is None:
        return None
    if pitch_deg <= STRAIGHT_DOWN_DEG:
        return "down"
    if pitch_deg < -LEVEL_DEG:
        return "oblique"
    return "ahead" if pitch_deg <= LEVEL_DEG else "up"


def _ground(outline: list[LatLon] | None) -> tuple[float, float] | None:
    if outline is None:
        return None
    top_left, top_right, bottom_right, bottom_left = outline
    across = (distance_m(top_left, top_right) + distance_m(bottom_left, bottom_right)) / 2
    down = (distance_m(top_left, bottom_left) + distance_m(top_right, bottom_right)) / 2
    return across, down
