"""Colours of what each pixel shows: textures, sunlight, cast shadows, air, sky."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.simworld.eye import Eye, sunlight
from training.data.simworld.light import Light
from training.data.simworld.noise import grain, sample
from training.data.simworld.raster import GROUND, SKY, Surfaces, rasterise
from training.data.simworld.solids import FLAT, SLOPE, WALL, Solids

Picture = NDArray[np.uint8]
Floats32 = NDArray[np.float32]
_SHADOW_METRES = 0.5  # a pixel of the sun's picture
_LEAVES: dict[str, tuple[float, float, float]] = {
    "spring": (104, 134, 62), "summer": (72, 98, 50), "autumn": (156, 108, 48),
    "winter": (112, 98, 82), "dry": (98, 104, 60),
}  # fmt: skip
_CONIFER = (44, 66, 44)
_WARM, _COOL = np.array([1.04, 1, 0.93], np.float32), np.array([0.95, 0.99, 1.07], np.float32)
_CHUNK = 1 << 14


@dataclass(frozen=True, eq=False)
class Shadows:
    """The sun's picture of a world: the depth of the first surface it meets."""

    eye: Eye
    key: Floats32

    def lit(self, places: Floats32) -> Floats32:
        """(n, 3) metres -> 0..1: whether the sun reaches them."""
        matrix = self.eye.matrix.astype(np.float32)
        local = places @ matrix.T
        x = np.rint(local[:, 0] * self.eye.focal + self.eye.centre[0]).astype(np.int32)
        y = np.rint(local[:, 1] * self.eye.focal + self.eye.centre[1]).astype(np.int32)
        x, y = np.clip(x, 0, self.eye.width - 1), np.clip(y, 0, self.eye.height - 1)
        first = self.key[y, x]
        return np.asarray(-local[:, 2] > first - 0.9, np.float32)


def cast_shadows(solids: Solids, light: Light, side_m: float) -> Shadows:
    """Shadows of everything, for one direction of the sun."""
    eye = sunlight(light.azimuth, light.elevation, side_m, _SHADOW_METRES)
    return Shadows(eye, rasterise(eye, solids).key)


def shade(
    eye: Eye, seen: Surfaces, solids: Solids, ground: tuple[Picture, Picture], side_m: float,
    light: Light, shadows: Shadows, crown_tone: Floats32,
) -> Picture:  # fmt: skip
    """uint8 (H, W, 3) RGB of the buffers. ``ground``: the painted ground, and it blurred fourfold."""
    surface, depth = seen.surface.ravel(), seen.depth(eye).ravel()
    x, y = eye.axes()
    flat = np.stack(np.broadcast_arrays(x[None, :], y[:, None]), axis=-1).reshape(-1, 2)
    out = np.empty((len(surface), 3), np.uint8)
    for start in range(0, len(surface), _CHUNK):  # what fits the processor's cache
        part = slice(start, start + _CHUNK)
        looked = _look(eye, flat[part], surface[part], depth[part])
        out[part] = _shade_chunk(looked, eye, solids, ground, side_m, light, shadows, crown_tone)
    return out.reshape(eye.height, eye.width, 3)


@dataclass(frozen=True, eq=False)
class _Looked:
    """What some pixels look at: their rays, which are not sky, and for these places and distances."""

    surface: NDArray[np.int32]
    ray: Floats32
    solid: NDArray[np.int64]
    places: Floats32
    distance: Floats32


def _look(eye: Eye, flat: Floats32, surface: NDArray[np.int32], depth: Floats32) -> _Looked:
    inverse = np.linalg.inv(eye.matrix).astype(np.float32)
    solid = np.flatnonzero(surface != SKY)
    depth = depth[solid]
    position = eye.position.astype(np.float32)
    if not eye.perspective:
        start = flat @ inverse[:, :2].T + position
        places = start[solid] + inverse[:, 2] * depth[:, None]
        return _Looked(surface, start, solid, places, np.ones_like(depth))
    ray = flat @ inverse[:, :2].T + inverse[:, 2]
    places = ray[solid] * depth[:, None] + position
    length = np.sqrt((ray[solid] ** 2).sum(axis=1))
    return _Looked(surface, ray, solid, places, depth * length)


def _shade_chunk(
    looked: _Looked, eye: Eye, solids: Solids, ground: tuple[Picture, Picture], side_m: float,
    light: Light, shadows: Shadows, crown_tone: Floats32,
) -> Picture:  # fmt: skip
    solid, places = looked.solid, looked.places
    spacing = looked.distance / np.float32(eye.focal)
    colour, normal = _materials(
        looked.surface[solid], places, spacing, solids, ground, side_m, light, crown_tone
    )
    lit = shadows.lit(places + normal * np.float32(0.25))
    sun = np.deg2rad([light.azimuth, light.elevation])
    to_sun = np.array(
        [np.sin(sun[0]) * np.cos(sun[1]), np.cos(sun[0]) * np.cos(sun[1]), np.sin(sun[1])],
        np.float32,
    )
    strength = np.float32(light.sun / max(float(np.sin(sun[1])), 0.5))
    direct = np.maximum(normal @ to_sun, 0) * lit * strength
    diffuse = np.float32(light.sky) * (np.float32(0.72) + np.float32(0.28) * normal[:, 2])
    colour *= direct[:, None] * _WARM + diffuse[:, None] * _COOL
    out = np.empty((len(looked.surface), 3), np.float32)
    haze = _haze_colour(light)
    if eye.perspective:
        air = 1 - np.exp(looked.distance * np.float32(-light.haze / 100))
        colour += air[:, None] * (haze - colour)
        sky = np.flatnonzero(looked.surface == SKY)
        out[sky] = _sky(looked.ray[sky], light)
    else:
        colour += np.float32(light.haze) * (haze - colour)
    out[solid] = colour
    return _develop(out, light)


def crown_tones(solids: Solids, season: str) -> Floats32:
    """(k, 3) colours of the crowns in a season, each its own."""
    own = sample(
        grain(11, 1.0, 1.0),
        (solids.crown_centre[:, 0] * 13.7).astype(np.float32),
        (solids.crown_centre[:, 1] * 13.7).astype(np.float32),
    )[:, None]
    leafy = np.array(_LEAVES[season], np.float32) * (1 + own * np.array([0.16, 0.08, 0.06]))
    needles = np.array(_CONIFER, np.float32) * (1 + 0.1 * own)
    return np.where(solids.crown_conifer[:, None], needles, leafy).astype(np.float32)


def _materials(
    surface: NDArray[np.int32], places: Floats32, spacing: Floats32, solids: Solids,
    ground: tuple[Picture, Picture], side_m: float, light: Light, crown_tone: Floats32,
) -> tuple[Floats32, Floats32]:  # fmt: skip
    """Unlit colour and normal of every pixel that is not sky."""
    colour = np.empty((len(surface), 3), np.float32)
    normal = np.zeros((len(surface), 3), np.float32)
    faces = len(solids.corners)
    floor = np.flatnonzero(surface == GROUND)
    colour[floor] = _ground_colour(places[floor], spacing[floor], ground, side_m)
    normal[floor, 2] = 1
    face = np.flatnonzero((surface > GROUND) & (surface <= faces))
    index = surface[face] - 1
    normal[face] = solids.normal.astype(np.float32)[index]
    colour[face] = _face_colour(places[face], index, solids)
    crown = np.flatnonzero(surface > faces)
    which = surface[crown] - faces - 1
    radius = solids.crown_radius.astype(np.float32)[which]
    outwards = (places[crown] - solids.crown_centre.astype(np.float32)[which]) / radius
    p = places[crown]
    leaf = sample(grain(8, 1.0, 1.0), p[:, 0] * 9 + p[:, 2] * 7, p[:, 1] * 9 - p[:, 2] * 5)
    depth_in_crown = np.clip(0.78 + 0.28 * outwards[:, 2] + 0.17 * leaf, 0.25, 1.5)
    colour[crown] = crown_tone[which] * depth_in_crown[:, None]
    turned = outwards / radius + 0.12 * leaf[:, None]
    turned[:, 2] += 0.15
    normal[crown] = turned / np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-6)
    return colour, normal


def _ground_colour(
    places: Floats32, spacing: Floats32, ground: tuple[Picture, Picture], side_m: float
) -> Floats32:
    if not len(places):
        return np.empty((0, 3), np.float32)
    sharp, blurred = ground
    half = np.float32(side_m / 2)
    x, y = places[:, 0] + half, half - places[:, 1]

    def look(picture: Picture) -> Floats32:
        scale = np.float32(picture.shape[0] / side_m)
        px, py = (x * scale - np.float32(0.5))[:, None], (y * scale - np.float32(0.5))[:, None]
        found = cv2.remap(picture, px, py, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        return found.reshape(-1, 3).astype(np.float32)

    colour = look(sharp)
    mix = np.clip((spacing - 0.35) / 0.6, 0, 1)[:, None]
    if mix.max() > 0:
        colour += mix * (look(blurred) - colour)
    close = np.clip(1 - spacing * 8, 0, 1)
    if close.max() > 0:  # grit finer than the painting
        grit = sample(grain(14, 1.0, 0.9), places[:, 0] * 28, places[:, 1] * 28)
        colour *= (1 + np.float32(0.07) * close * grit)[:, None]
    return colour


def _face_colour(places: Floats32, index: NDArray[np.int32], solids: Solids) -> Floats32:
    colour = solids.colour[index]
    kind = solids.kind[index]
    frame = solids.frame[index]
    dust = sample(grain(9, 1.0, 0.8), places[:, 0] * 3 + places[:, 2] * 2, places[:, 1] * 3)
    colour = colour * (1 + 0.05 * dust)[:, None]
    local = places[:, :2] - frame[:, :2]
    along = local[:, 0] * frame[:, 2] + local[:, 1] * frame[:, 3]
    aside = local[:, 0] * frame[:, 3] - local[:, 1] * frame[:, 2]
    wall = np.flatnonzero(kind == WALL)
    colour[wall] = _facade(colour[wall], along[wall], places[wall, 2], frame[wall])
    flat = np.flatnonzero(kind == FLAT)
    rim = np.minimum(frame[flat, 4] - np.abs(along[flat]), frame[flat, 5] - np.abs(aside[flat]))
    colour[flat] *= np.where(rim < 0.55, 1.18, 1.0)[:, None]
    slope = np.flatnonzero(kind == SLOPE)
    courses = 0.5 + 0.5 * np.sin(aside[slope] * 2 * np.pi / 0.9)
    colour[slope] *= (1 - 0.08 * courses)[:, None]
    return np.asarray(colour, np.float32)


def _facade(colour: Floats32, along: Floats32, height: Floats32, frame: Floats32) -> Floats32:
    """Windows in bays and storeys, a plinth, doors here and there."""
    bay, storey = along / frame[:, 4], height / frame[:, 5]
    in_bay, in_storey = bay % 1, storey % 1
    window = (np.abs(in_bay - 0.5) < 0.24) & (np.abs(in_storey - 0.55) < 0.25)
    frame_line = (np.abs(in_bay - 0.5) < 0.28) & (np.abs(in_storey - 0.55) < 0.29) & ~window
    own = sample(grain(10, 1.0, 1.0), np.floor(bay) * 5, np.floor(storey) * 7)
    glass = np.array([58, 70, 84], np.float32) * (1 + 0.35 * np.clip(own, -2, 2))[:, None]
    door = (height < 2.2) & (np.abs(in_bay - 0.5) < 0.2) & (np.floor(bay) % 3 == 1)
    out = np.where(window[:, None], glass, colour)
    out = np.where(frame_line[:, None], np.float32(222), out)
    out = np.where(door[:, None], np.array([86, 62, 48], np.float32), out)
    return np.asarray(out * np.where(height < 0.5, 0.8, 1.0)[:, None], np.float32)


def _haze_colour(light: Light) -> Floats32:
    return np.array([190, 202, 216], np.float32) * np.float32(min(1.0, light.sun * 0.4 + 0.66))


def _sky(ray: Floats32, light: Light) -> Floats32:
    """A gradient with clouds, and a distant dark treeline along the horizon."""
    up = ray[:, 2] / np.linalg.norm(ray, axis=1)
    horizon = _haze_colour(light) * 1.1
    zenith = np.array([84, 128, 196], np.float32) if light.sun > 0.4 else horizon * 0.85
    blend = np.clip(up * 1.6, 0, 1)[:, None] ** 0.6
    base = horizon * (1 - blend) + zenith * blend
    safe = np.maximum(up + 0.12, 0.08)
    cloud = sample(grain(12, 2.0, 0.55), ray[:, 0] / safe * 70 + 4000, ray[:, 1] / safe * 70 + 4000)
    cover = np.clip(cloud * 0.5 + (0.1 if light.sun > 0.4 else 0.6), 0, 1)[:, None]
    base = base * (1 - cover) + np.float32(235 * min(1.0, light.sky + 0.4)) * cover
    bearing = np.arctan2(ray[:, 0], ray[:, 1])
    line = 0.035 + 0.012 * sample(grain(13, 2.0, 0.7), (bearing + 7) * 80, bearing * 0)
    far = (up < line)[:, None]
    trees = horizon * 0.5 + np.array([30, 42, 30], np.float32)
    return np.asarray(np.where(far, trees, base), np.float32)


def _develop(colour: Floats32, light: Light) -> Picture:
    """The camera's tone curve."""
    x = colour * np.array(light.tint, np.float32) / 255
    grey = x.mean(axis=1, keepdims=True)
    x = grey + (x - grey) * np.float32(light.saturation)
    x = np.clip(x, 0, 1) ** np.float32(light.contrast)
    return np.asarray(np.clip(x * 255, 0, 255), np.uint8)
