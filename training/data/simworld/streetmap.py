"""The street map of a scene: a flat cartographic drawing, in one of a few styles."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.simworld.eye import satellite
from training.data.simworld.facts import Colour, Point, Road, Scene
from training.data.simworld.plots import length_of, walk

Picture = NDArray[np.uint8]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MapStyle:
    """Colours of a map; ``houses`` None leaves buildings out, ``casing`` the edge of a street."""

    land: Colour
    green: Colour
    field: Colour
    water: Colour
    paved: Colour
    street: Colour
    main: Colour
    casing: Colour | None
    houses: Colour | None
    ink: Colour
    labels: bool
    widen: float = 1.0


STYLES: dict[str, MapStyle] = {
    "osm": MapStyle((242, 239, 233), (200, 222, 178), (238, 240, 213), (170, 211, 223), (238, 234, 230),
                    (255, 255, 255), (252, 214, 164), (190, 184, 176), (217, 208, 201), (60, 60, 60), True, 1.1),
    "atlas": MapStyle((236, 236, 232), (198, 226, 182), (236, 236, 232), (166, 204, 250), (230, 230, 226),
                      (255, 255, 255), (255, 232, 140), None, (222, 222, 216), (96, 96, 100), True, 1.3),
    "plain": MapStyle((240, 240, 240), (226, 232, 224), (240, 240, 240), (202, 214, 222), (234, 234, 234),
                      (255, 255, 255), (255, 255, 255), (206, 206, 206), None, (120, 120, 120), False, 1.2),
    "topo": MapStyle((252, 250, 240), (206, 226, 176), (248, 244, 214), (150, 200, 232), (240, 236, 226),
                     (255, 255, 255), (248, 196, 92), (92, 92, 92), (120, 112, 108), (20, 20, 20), False, 1.0),
    "night": MapStyle((36, 40, 48), (38, 58, 50), (40, 44, 50), (22, 42, 66), (46, 50, 58),
                      (74, 82, 94), (112, 106, 84), None, (52, 58, 68), (170, 174, 180), True, 1.2),
}  # fmt: skip
_GREEN = ("park", "wood", "pitch", "grass", "garden", "meadow")
_FIELDS = ("crop", "stubble", "soil_field", "soil", "bank")
_PAVED = ("car_park", "plaza", "concrete", "court")


def street_map(scene: Scene, centre: Point, side_m: float, pixels: int, style: str) -> Picture:
    """uint8 (pixels, pixels, 3) RGB, north up, the square around ``centre``; ``style`` of STYLES."""
    return _Drawing(scene, centre, side_m, pixels, STYLES[style]).draw()


class _Drawing:
    def __init__(
        self, scene: Scene, centre: Point, side_m: float, pixels: int, style: MapStyle
    ) -> None:
        self._scene, self._style = scene, style
        self._eye = satellite(centre, side_m, pixels)
        self._scale = pixels / side_m
        self._picture = np.full((pixels, pixels, 3), style.land, np.uint8)

    def draw(self) -> Picture:
        style = self._style
        gardens = style.green if style is STYLES["osm"] else style.land
        for area in self._scene.areas:
            colour = {
                **dict.fromkeys(_GREEN, style.green), **dict.fromkeys(_FIELDS, style.field),
                **dict.fromkeys(_PAVED, style.paved), "water": style.water, "pool": style.water,
                "grass": style.land, "garden": gardens if area.kind == "grass" else style.land,
            }.get(area.kind)  # fmt: skip
            if colour is not None:
                self._fill(np.array(area.ring), colour)
        if style.houses is not None:
            for building in self._scene.buildings:
                self._fill(np.array(building.footprint), style.houses)
        self._streets()
        if style.labels:
            for road in self._scene.roads:
                self._label(road)
        return self._picture

    def _pixels(self, ring: Floats) -> NDArray[np.int32]:
        flat = self._eye.project(np.column_stack([ring, np.zeros(len(ring))]))[:, :2]
        return np.round(flat * 16).astype(np.int32)

    def _fill(self, ring: Floats, colour: Colour) -> None:
        cv2.fillPoly(self._picture, [self._pixels(ring)], colour, cv2.LINE_AA, 4)

    def _streets(self) -> None:
        style = self._style
        order = sorted(self._scene.roads, key=lambda road: road.rank == "main")
        for edge in (True, False):
            for road in order:
                width = max(1, round(road.width_m * style.widen * self._scale))
                colour = style.main if road.rank == "main" else style.street
                if edge:
                    if style.casing is None:
                        continue
                    colour, width = style.casing, width + 2
                line = self._pixels(np.array(road.line))
                cv2.polylines(self._picture, [line], False, colour, width, cv2.LINE_AA, 4)

    def _label(self, road: Road) -> None:
        """The street's name along it, halo below ink, where it is in the picture for long enough."""
        line = np.array(road.line)
        places, tangents = walk(line, np.arange(0.0, length_of(line), 5.0))
        flat = self._pixels(places) / 16
        size = len(self._picture)
        inside = ((flat > 0.15 * size) & (flat < 0.85 * size)).all(axis=1)
        if inside.sum() * 5 * self._scale < 90:
            return
        middle = int(np.flatnonzero(inside)[inside.sum() // 2])
        along = tangents[middle] * (1 if tangents[middle, 0] >= 0 else -1)
        turn = float(np.rad2deg(np.arctan2(along[1], along[0])))
        for colour, thick in ((self._style.land, 4), (self._style.ink, 1)):
            (width, height), _ = cv2.getTextSize(road.name, cv2.FONT_HERSHEY_SIMPLEX, 0.42, 1)
            patch = np.zeros((size, size), np.uint8)
            at = (round(flat[middle, 0] - width / 2), round(flat[middle, 1] + height / 2))
            cv2.putText(
                patch, road.name, at, cv2.FONT_HERSHEY_SIMPLEX, 0.42, 255, thick, cv2.LINE_AA
            )
            matrix = cv2.getRotationMatrix2D(
                (float(flat[middle, 0]), float(flat[middle, 1])), turn, 1
            )
            alpha = cv2.warpAffine(patch, matrix, (size, size))[..., None] / 255
            mixed = self._picture * (1 - alpha) + np.array(colour) * alpha
            self._picture = mixed.astype(np.uint8)
