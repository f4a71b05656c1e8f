"""One place, and the pictures taken of it."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.perspective import Camera
from training.data.simworld import eye as eyes
from training.data.simworld.eye import Eye
from training.data.simworld.facts import Point, Scene
from training.data.simworld.ground import paint_ground
from training.data.simworld.light import Light
from training.data.simworld.raster import GROUND, SKY, Surfaces, rasterise
from training.data.simworld.shade import Shadows, cast_shadows, crown_tones, shade
from training.data.simworld.solids import raise_solids
from training.data.simworld.textures import Textures, noise_textures

Picture = NDArray[np.uint8]
_EYE_HEIGHT = 2.0


@dataclass(frozen=True)
class Seen:
    """A thing of the scene that a picture shows: ``kind`` and index in the facts, its pixel box.

    ``box`` = (left, top, right, bottom), the last two beyond it; ``share`` of the picture's pixels.
    """

    kind: str
    index: int
    box: tuple[int, int, int, int]
    share: float


@dataclass(frozen=True, eq=False)
class Shot:
    """A picture, uint8 (H, W, 3) RGB; ``eye`` projects facts into it (None for panoramas)."""

    pixels: Picture
    eye: Eye | None
    surfaces: Surfaces | None = None


@dataclass(eq=False)
class Place:
    """Takes pictures of a scene. ``samples``: pixels rendered for each pixel's side (2 is smooth)."""

    scene: Scene
    textures: Textures = field(default_factory=noise_textures)
    samples: int = 2
    _grounds: dict[str, tuple[Picture, Picture]] = field(default_factory=dict, init=False)
    _shadows: dict[tuple[float, float], Shadows] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._solids = raise_solids(self.scene)

    def satellite(
        self, centre: Point, side_m: float, pixels: int, light: Light,
        lean: tuple[float, float] = (0.0, 0.0),
    ) -> Shot:  # fmt: skip
        """The square around ``centre``, north up; ``lean`` as in ``eye.satellite``."""
        return self.look(eyes.satellite(centre, side_m, pixels, lean), light)

    def uav(self, camera: Camera, target: Point, light: Light) -> Shot:
        """What a drone's camera sees whose picture's centre looks at ground ``target``."""
        return self.look(eyes.drone(camera, target), light)

    def ground(
        self, spot: Point, heading: float, light: Light, field_of_view: float = 70.0,
        size: tuple[int, int] = (512, 384), pitch: float = 2.0,
    ) -> Shot:  # fmt: skip
        """A photo from eye height."""
        position = np.array([*spot, _EYE_HEIGHT])
        return self.look(eyes.looking(position, heading, pitch, field_of_view, size), light)

    def panorama(self, spot: Point, heading: float, light: Light, width: int = 1024) -> Shot:
        """Equirectangular (width / 2, width, 3) from eye height; its middle column looks at ``heading``."""
        position = np.array([*spot, _EYE_HEIGHT])
        size = int(width / 4 * self.samples * 0.8)
        x = (np.arange(width, dtype=np.float32) + 0.5) / width * 2 * np.pi - np.pi
        y = np.pi / 2 - (np.arange(width // 2, dtype=np.float32) + 0.5) / width * 2 * np.pi
        bearing, lift = np.meshgrid(x + np.float32(np.deg2rad(heading)), y)
        rays = np.stack(
            [np.sin(bearing) * np.cos(lift), np.cos(bearing) * np.cos(lift), np.sin(lift)], axis=-1
        )
        out = np.zeros((width // 2, width, 3), np.uint8)
        sides = [(heading + 90 * k, 0.0) for k in range(4)] + [(heading, 90.0), (heading, -90.0)]
        for toward, pitch in sides:
            view = eyes.looking(position, toward, pitch, 91.0, (size, size))
            local = rays @ view.matrix.T.astype(np.float32)
            z = np.maximum(local[..., 2], 1e-6)
            px, py = local[..., 0] / z, local[..., 1] / z
            inside = (local[..., 2] > 0) & (np.abs(px) <= 1.0001) & (np.abs(py) <= 1.0001)
            face = self._render(view, light)[0]
            px = (px * view.focal + view.centre[0]).astype(np.float32)
            py = (py * view.focal + view.centre[1]).astype(np.float32)
            found = cv2.remap(face, px, py, cv2.INTER_LINEAR)
            out[inside] = found[inside]
        return Shot(out, None)

    def look(self, eye: Eye, light: Light) -> Shot:
        """The picture of any eye."""
        fine, surfaces = self._render(eye.zoomed(self.samples), light)
        pixels = fine
        if self.samples > 1:
            pixels = np.asarray(
                cv2.resize(fine, (eye.width, eye.height), interpolation=cv2.INTER_AREA), np.uint8
            )
        return Shot(pixels, eye, surfaces)

    def seen(self, shot: Shot, least: float = 0.0005) -> list[Seen]:
        """What a shot shows, largest first; things smaller than a share ``least`` are left out."""
        if shot.surfaces is None:
            return []
        owners = np.concatenate([[-1, -1], self._solids.owner, self._solids.crown_owner])
        owner = owners[shot.surfaces.surface + 1]
        found = []
        for value in np.unique(owner[owner >= 0]):
            mask = (owner == value).astype(np.uint8)
            share = float(mask.mean())
            if share >= least:
                x, y, w, h = (v // self.samples for v in cv2.boundingRect(mask))
                kind, index = self._thing(int(value))
                found.append(Seen(kind, index, (x, y, x + w + 1, y + h + 1), round(share, 5)))
        return sorted(found, key=lambda item: -item.share)

    def _thing(self, owner: int) -> tuple[str, int]:
        buildings, cars = len(self.scene.buildings), len(self.scene.cars)
        if owner < buildings:
            return "building", owner
        if owner < buildings + cars:
            return "car", owner - buildings
        return "tree", owner - buildings - cars

    def _render(self, eye: Eye, light: Light) -> tuple[Picture, Surfaces]:
        surfaces = rasterise(eye, self._solids)
        pixels = shade(
            eye, surfaces, self._solids, self._ground(light.season), self.scene.side_m, light,
            self._shadow(light), crown_tones(self._solids, light.season),
        )  # fmt: skip
        return pixels, surfaces

    def _ground(self, season: str) -> tuple[Picture, Picture]:
        if season not in self._grounds:
            sharp = paint_ground(self.scene, season, self.textures)
            quarter = sharp.shape[0] // 4
            blurred = cv2.resize(sharp, (quarter, quarter), interpolation=cv2.INTER_AREA)
            self._grounds[season] = sharp, np.asarray(blurred, np.uint8)
        return self._grounds[season]

    def _shadow(self, light: Light) -> Shadows:
        sun = light.azimuth, light.elevation
        if sun not in self._shadows:
            self._shadows[sun] = cast_shadows(self._solids, light, self.scene.side_m)
        return self._shadows[sun]


__all__ = ["GROUND", "SKY", "Place", "Seen", "Shot"]
