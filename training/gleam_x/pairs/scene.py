"""Scene facts of pictures from above, read off a simulated scene: a photo, a street map, a tile.

What a picture shows is measured on a map of labels of the scene, warped as the picture is. Between
"none" and "present" lies a gap that nobody speaks of, so that what is said is plain to see.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from gleam_app.explain.scene_facts import NEVER_ABSENT, THINGS, ZONES, Fact, Zone
from training.data.simworld.facts import Building, Road, Scene

Floats = NDArray[np.float64]
Sheet = Literal["photo", "map"]
"""A photo (or a tile) shows all that lies on the ground, a street map only what is drawn."""

METRES = 0.5  # a pixel of the labels
SIDE = 120  # pixels of the warped labels
EDGE = 0.04  # of a picture's side: what lies nearer to its edge is not spoken of
PRESENT, ABSENT = 0.03, 0.002  # shares of a picture
POOL_PRESENT = 0.0012
CONCENTRATED = 0.7  # of a thing's pixels within REACH of their middle: it has a place
REACH = 0.3
MAIN_ROAD_LENGTH = 0.45  # of a picture's side
AT_CENTRE = 0.12  # of a picture's side: the street that the photographer stands on
DIRECTION_SLACK = 15.0  # degrees off a compass direction that still are called by it
STRAIGHT, CURVED = 1.01, 1.06  # length of a road by that of its chord

_KINDS: dict[str, str] = {
    "water": "water", "pool": "pool", "pitch": "sports", "court": "sports", "car_park": "car_park",
    "wood": "wood", "park": "park", "crop": "field", "meadow": "field", "stubble": "field",
    "soil_field": "field",
}  # fmt: skip
_GREEN = ("park", "wood", "pitch")
_ON_PAPER = ("water", "green")
_ROOFS = {"red": "red", "orange": "red", "brown": "brown", "tan": "tan", "dark grey": "dark",
          "tar": "dark", "grey": "grey", "gravel": "grey", "light grey": "light", "white": "light",
          "green": "green", "blue": "blue"}  # fmt: skip
_DIRECTIONS = ("ns", "nesw", "ew", "nwse")
_ARMS = {3: "tee", 4: "cross", 5: "star", 6: "star"}


@dataclass(frozen=True, eq=False)
class Frame:
    """What a picture from above shows: its corners on the ground, (4, 2) metres (east, north), clockwise
    from its upper left."""

    corners: Floats

    def turned(self, quarters: int) -> "Frame":
        """The frame of the picture after so many quarter turns clockwise."""
        return Frame(np.roll(self.corners, quarters, axis=0))

    @cached_property
    def to_picture(self) -> Floats:
        """(3, 3) from metres (east, north) to shares of the picture's side (right, down)."""
        unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
        return np.asarray(
            cv2.getPerspectiveTransform(self.corners.astype(np.float32), unit), np.float64
        )

    def place(self, points: Floats) -> Floats:
        """(N, 2) metres -> shares of the picture's side; what lies behind the camera becomes NaN."""
        lifted = np.column_stack([points, np.ones(len(points))]) @ self.to_picture.T
        depth = lifted[:, 2:]
        ahead = np.sign(np.append(self.corners.mean(axis=0), 1.0) @ self.to_picture[2])
        return np.where(depth * ahead > 1e-9, lifted[:, :2] / depth, np.nan)


class SceneMap:
    """A scene as labels on the ground, made once for all pictures of it."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._labels = self._paint(dict(_KINDS))
        self._green = self._paint(dict.fromkeys(_GREEN, "green"))
        self._crowns = self._paint_crowns()

    def facts(
        self, frame: Frame, sheet: Sheet = "photo", houses: bool = True, street: bool = False
    ) -> list[Fact]:
        """What a picture shows, without ids. ``houses``: whether a map draws them; ``street``: speak of
        the street in the middle in place of the largest road."""
        shares = self._warped(self._labels, frame)
        found = self._things(frame, shares, sheet)
        found += roads(self.scene, frame, street)
        found += _junctions(self.scene, frame)
        if sheet == "photo" or houses:
            found += _buildings(self.scene, frame, sheet)
        if sheet == "photo":
            found += self._trees(frame)
        return found

    def _things(self, frame: Frame, labels: NDArray[np.uint8], sheet: Sheet) -> list[Fact]:
        found = []
        for kind in THINGS:
            if sheet == "map" and kind not in _ON_PAPER:
                continue
            layer = self._warped(self._green, frame) if kind == "green" else labels
            mask = layer == THINGS.index(kind) + 1
            share = float(mask.mean())
            if share >= (POOL_PRESENT if kind == "pool" else PRESENT):
                found.append(_fact(kind, "present", zone_of_mask(mask), round(share, 4)))
            elif share <= ABSENT and kind not in NEVER_ABSENT and (kind != "pool" or share == 0):
                found.append(_fact(kind, "none"))
        return found

    def _trees(self, frame: Frame) -> list[Fact]:
        share = float((self._warped(self._crowns, frame) > 0).mean())
        for value, low, high in (("none", 0.0, 0.004), ("few", 0.02, 0.09), ("many", 0.16, 1.0)):
            if low <= share <= high:
                return [_fact("trees", value, measure=round(share, 4))]
        return []

    def _paint(self, kinds: dict[str, str]) -> NDArray[np.uint8]:
        """Labels (index in THINGS + 1, 0 elsewhere), things painted over one another as the world does."""
        labels = self._blank()
        for area in self.scene.areas:
            kind = kinds.get(area.kind)
            label = THINGS.index(kind) + 1 if kind else 0
            cv2.fillPoly(labels, [self._cells(np.array(area.ring))], label)
        for road in self.scene.roads:
            width = max(1, round(road.width_m / METRES))
            cv2.polylines(labels, [self._cells(np.array(road.line))], False, 0, width)
        for building in self.scene.buildings:
            cv2.fillPoly(labels, [self._cells(np.array(building.footprint))], 0)
        return labels

    def _paint_crowns(self) -> NDArray[np.uint8]:
        crowns = self._blank()
        for tree in self.scene.trees:
            x, y = self._cells(np.array([tree.position]))[0].tolist()
            cv2.circle(crowns, (x, y), max(1, round(tree.crown_m / 2 / METRES)), 1, -1)
        for area in self.scene.areas:
            if area.kind == "wood":
                cv2.fillPoly(crowns, [self._cells(np.array(area.ring))], 1)
        return crowns

    def _blank(self) -> NDArray[np.uint8]:
        side = round(self.scene.side_m / METRES)
        return np.zeros((side, side), np.uint8)

    def _cells(self, ring: Floats) -> NDArray[np.int32]:
        half = self.scene.side_m / 2
        flat = np.column_stack([ring[:, 0] + half, half - ring[:, 1]]) / METRES
        return np.floor(flat).astype(np.int32)

    def _warped(self, labels: NDArray[np.uint8], frame: Frame) -> NDArray[np.uint8]:
        half = self.scene.side_m / 2
        to_metres = np.array([[METRES, 0, -half], [0, -METRES, half], [0, 0, 1]])
        matrix = np.diag([SIDE, SIDE, 1.0]) @ frame.to_picture @ to_metres
        warped = cv2.warpPerspective(labels, matrix, (SIDE, SIDE), flags=cv2.INTER_NEAREST)
        return np.asarray(warped, np.uint8)


def zone_of_mask(mask: NDArray[np.bool_]) -> Zone:
    """The cell that a thing lies in, "" where it is spread out."""
    rows, columns = np.nonzero(mask)
    points = np.column_stack([columns, rows]) / len(mask)
    middle = points.mean(axis=0)
    within = float((np.hypot(*(points - middle).T) <= REACH).mean())
    return zone_of(middle) if within >= CONCENTRATED else ""


def zone_of(point: Floats) -> Zone:
    """The cell of a point in shares of the picture's side (right, down)."""
    column, row = (min(max(int(3 * value), 0), 2) for value in point)
    return ZONES[3 * row + column]


def compass(degrees: float) -> str:
    """The direction (of ``road``) that a line at 0..180 degrees runs in; "" where it is between two."""
    index = round(degrees / 45)
    return _DIRECTIONS[index % 4] if abs(degrees - 45 * index) <= DIRECTION_SLACK else ""


def _inside(points: Floats) -> NDArray[np.bool_]:
    return np.asarray(((points > EDGE) & (points < 1 - EDGE)).all(axis=1))  # NaN compares false


def roads(scene: Scene, frame: Frame, street: bool) -> list[Fact]:
    """Direction and bend of the road that takes most room (or of the one in the middle)."""
    best: tuple[float, Floats, Road] | None = None
    for road in scene.roads:
        line = frame.place(_dense(np.array(road.line)))
        shown = line[_inside(line)]
        if len(shown) < 3:
            continue
        length = float(np.hypot(*np.diff(shown, axis=0).T).sum())
        if length < MAIN_ROAD_LENGTH:
            continue
        away = float(np.hypot(*(shown - 0.5).T).min())
        if street and away > AT_CENTRE:
            continue
        weight = -away if street else length * road.width_m
        if best is None or weight > best[0]:
            best = weight, shown, road
    if best is None:
        return []
    line = best[1]
    if street:  # near the photographer, as a panorama shows it
        line = line[np.hypot(*(line - 0.5).T) < 0.25]
    if len(line) < 3:
        return []
    right, down = line[-1] - line[0]
    chord = float(np.hypot(right, down))
    degrees = float(np.rad2deg(np.arctan2(right, -down)) % 180)
    length = float(np.hypot(*np.diff(line, axis=0).T).sum())
    found = []
    value = compass(degrees)
    if value and chord > 0.75 * length:
        found.append(_fact("street" if street else "road", value, measure=round(degrees, 1)))
    if not street and length <= STRAIGHT * chord:
        found.append(_fact("bend", "straight"))
    elif not street and length >= CURVED * chord:
        found.append(_fact("bend", "curved"))
    return found


def _dense(line: Floats, step: float = 2.0) -> Floats:
    """A line with a point every ``step`` metres."""
    lengths = np.append(0, np.hypot(*np.diff(line, axis=0).T).cumsum())
    at = np.arange(0, lengths[-1], step)
    return np.column_stack([np.interp(at, lengths, line[:, axis]) for axis in (0, 1)])


def _junctions(scene: Scene, frame: Frame) -> list[Fact]:
    """The two nearest to the middle; or that there is none, not even near the edge."""
    known = [junction for junction in scene.junctions if junction.arms >= 3]
    if not known:
        return [_fact("junction", "none")]
    points = frame.place(np.array([junction.position for junction in known]))
    away = np.hypot(*(points - 0.5).T)
    within = (points > -EDGE).all(axis=1) & (points < 1 + EDGE).all(axis=1)
    if not within.any():
        return [_fact("junction", "none")]
    found: list[Fact] = []
    for index in np.argsort(np.where(_inside(points), away, np.inf))[: int(_inside(points).sum())]:
        value, zone = _ARMS.get(known[index].arms, "star"), zone_of(points[index])
        if all((fact.value, fact.zone) != (value, zone) for fact in found):
            found.append(_fact("junction", value, zone))
    return found[:2]


def _buildings(scene: Scene, frame: Frame, sheet: Sheet) -> list[Fact]:
    if not scene.buildings:
        return [_fact("buildings", "none")]
    points = frame.place(np.array([building.position for building in scene.buildings]))
    shown = [scene.buildings[i] for i in np.flatnonzero(_inside(points))]
    beside = ((points > -0.05) & (points < 1.05)).all(axis=1).any()
    if not shown:
        return [] if beside else [_fact("buildings", "none")]
    found = []
    for value, low, high in (("few", 1, 4), ("several", 6, 12), ("many", 16, 10_000)):
        if low <= len(shown) <= high:
            found.append(_fact("buildings", value, measure=len(shown)))
    return found + (roofs(shown) if sheet == "photo" else [])


def roofs(shown: list[Building]) -> list[Fact]:
    """The colour that most of the roofs have, by area, and their form."""
    areas = np.array([building.length_m * building.width_m for building in shown])
    colours = np.array([_ROOFS[building.roof_name] for building in shown])
    flat = np.array([building.roof == "flat" for building in shown])
    found = []
    for colour in sorted(set(colours.tolist())):
        share = float(areas[colours == colour].sum() / areas.sum())
        if share >= 0.6:
            found.append(_fact("roofs", colour, measure=round(share, 2)))
    return found + roof_form(flat, areas)


def roof_form(flat: NDArray[np.bool_], weights: Floats) -> list[Fact]:
    """Flat or pitched, where nearly all roofs are one of them."""
    share = float(weights[flat].sum() / weights.sum())
    if 0.15 < share < 0.85:
        return []
    return [_fact("roof_form", "flat" if share >= 0.85 else "pitched")]


def _fact(kind: str, value: str, zone: Zone = "", measure: float | None = None) -> Fact:
    return Fact(id="", kind=kind, value=value, zone=zone, measure=measure)
