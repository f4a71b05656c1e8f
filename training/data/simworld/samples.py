"""One training sample: a satellite tile of a place, and queries of every view from another date."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gleam_app.imagery.views import View
from training.data.perspective import Camera, another_day
from training.data.simworld.change import later
from training.data.simworld.facts import Point, Scene
from training.data.simworld.layout import lay_out
from training.data.simworld.light import Light, draw_light
from training.data.simworld.osm import Extract
from training.data.simworld.place import Place, Seen, Shot
from training.data.simworld.plots import length_of, walk
from training.data.simworld.streetmap import STYLES, street_map
from training.data.simworld.streets import heading_of, points
from training.data.simworld.textures import Textures

Picture = NDArray[np.uint8]
VIEWS: tuple[View, ...] = ("uav", "map", "panorama", "ground")


@dataclass(frozen=True, eq=False)
class Taken:
    """A picture and how it was taken; ``how`` is JSON-able, ``seen`` the things it shows."""

    pixels: Picture
    view: str  # "satellite" or a View
    position: Point  # what the picture's centre looks at, or where the photographer stands
    how: dict[str, Any]
    seen: tuple[Seen, ...] = ()


@dataclass(frozen=True, eq=False)
class Sample:
    """A place: the facts at the satellite's date and at the queries', and the pictures.

    ``name`` tells it from all other places; ``origin`` says whose map it is laid out from, and where
    its centre is, where it is not made up.
    """

    seed: int
    name: str
    origin: dict[str, Any] | None
    before: Scene
    after: Scene
    satellite: Taken
    queries: tuple[Taken, ...]


def simulate(
    seed: int,
    textures: Textures,
    views: tuple[View, ...] = VIEWS,
    pixels: int = 384,
    samples: int = 2,
    appearance: bool = True,
    with_seen: bool = True,
    extract: Extract | None = None,
) -> Sample:
    """The sample of a seed, made up or, with an ``extract``, laid out from one of its places.

    ``pixels``: side of square pictures, width of panoramas is twice that.

    ``samples`` as in ``Place``; ``appearance`` adds sensor, haze and compression to the photos.
    """
    rng = np.random.default_rng([seed, 3])
    before = lay_out(seed, extract=extract)
    after = later(before, 1 + int(rng.integers(1000)), float(rng.choice([0.0, 0.5, 1.0, 2.0])))
    then, now = Place(before, textures, samples), Place(after, textures, samples)
    season = None if rng.random() < 0.6 else draw_light(rng).season
    first, second = draw_light(rng, season), draw_light(rng, season)
    side = float(rng.uniform(90, 220))
    spot, along = street_spot(after, rng)
    centre = _near(spot, side * 0.08, rng)
    lean = tuple(float(v) for v in rng.normal(0, 0.1, 2))
    tile = then.satellite(centre, side, pixels, first, (lean[0], lean[1]))
    how = {"side_m": side, "lean": lean, "light": dataclasses.asdict(first)}
    satellite = Taken(tile.pixels, "satellite", centre, how, _seen(then, tile, with_seen))
    photographer = _Photographer(now, second, rng, pixels, appearance, with_seen)
    queries = []
    for view in views:
        if view == "uav":
            queries.append(photographer.uav(centre, side))
        elif view == "map":
            queries.append(photographer.map(centre, side))
        elif view == "panorama":
            queries.append(photographer.panorama(spot, along))
        elif view == "ground":
            queries.append(photographer.ground(spot, along))
    origin = None if extract is None else extract.origin_of(seed)
    name = place_name(seed, extract)
    return Sample(seed, name, origin, before, after, satellite, tuple(queries))


def place_name(seed: int, extract: Extract | None = None) -> str:
    """The name of a seed's place. A place on the map has its cell's: the same from every extract."""
    return f"{seed:07d}" if extract is None else extract.cell(seed).name


def street_spot(scene: Scene, rng: np.random.Generator) -> tuple[Point, float]:
    """A spot on a street near the centre, free of cars for some metres, and the street's heading."""
    cars = np.array([car.position for car in scene.cars]).reshape(-1, 2)
    best: tuple[float, Point, float] = (np.inf, (0.0, 0.0), 0.0)
    for road in scene.roads:
        line = np.array(road.line)
        stops = np.arange(3.0, length_of(line) - 3, 6.0) + rng.uniform(-2, 2)
        for spot, along in zip(*walk(line, stops), strict=True):
            aside = np.array([along[1], -along[0]]) * road.width_m / 4
            lane = spot + aside * rng.choice([-1, 1])
            clear = np.hypot(*(cars - lane).T).min() if len(cars) else 99.0
            cost = float(np.hypot(*lane)) + rng.uniform(0, 70) + 400 * max(0.0, 7 - clear)
            if cost < best[0]:
                best = (cost, points(lane[None])[0], heading_of(along))
    return best[1], best[2]


@dataclass(frozen=True, eq=False)
class _Photographer:
    place: Place
    light: Light
    rng: np.random.Generator
    size: int
    appearance: bool
    with_seen: bool

    def uav(self, centre: Point, side: float) -> Taken:
        rng = self.rng
        view, tilt = float(rng.uniform(50, 84)), float(abs(rng.normal(0, 18)))
        wide = side * rng.uniform(0.5, 1.1)
        height = float(wide / 2 / np.tan(np.deg2rad(view) / 2) * np.cos(np.deg2rad(min(tilt, 50))))
        heading = float(rng.uniform(0, 360))
        around = [
            building.top_m
            for building in self.place.scene.buildings
            if np.hypot(*np.subtract(building.position, centre)) < 90
        ]
        lowest = max(45.0, 20 + 1.25 * max(around, default=0.0))  # a drone flies above the roofs
        camera = Camera(
            max(height, lowest), heading, min(tilt, 50.0), view, self.size, self.size * 3 // 4
        )
        target = _near(centre, side * 0.12, rng)
        shot = self.place.uav(camera, target, self.light)
        return self._taken(shot, "uav", target, dataclasses.asdict(camera))

    def map(self, centre: Point, side: float) -> Taken:
        middle = _near(centre, side * 0.1, self.rng)
        wide = float(side * self.rng.uniform(0.7, 1.4))
        style = str(self.rng.choice(list(STYLES)))
        pixels = street_map(self.place.scene, middle, wide, self.size, style)
        return Taken(pixels, "map", middle, {"side_m": wide, "style": style, "heading": 0.0})

    def panorama(self, spot: Point, along: float) -> Taken:
        heading = along if self.rng.random() < 0.5 else float(self.rng.uniform(0, 360))
        shot = self.place.panorama(spot, heading, self.light, self.size * 2)
        return self._taken(shot, "panorama", spot, {"heading": heading})

    def ground(self, spot: Point, along: float) -> Taken:
        rng = self.rng
        heading = float(along + rng.choice([0, 180]) + rng.normal(0, 25)) % 360
        view, pitch = float(rng.uniform(55, 85)), float(rng.uniform(-3, 6))
        size = (self.size, self.size * 3 // 4)
        shot = self.place.ground(spot, heading, self.light, view, size, pitch)
        how = {"heading": heading, "field_of_view": view, "pitch": pitch}
        return self._taken(shot, "ground", spot, how)

    def _taken(self, shot: Shot, view: str, position: Point, how: dict[str, Any]) -> Taken:
        pixels = shot.pixels
        if self.appearance:
            pixels = another_day(pixels, self.rng) if view == "uav" else _phone(pixels, self.rng)
        how = {**how, "light": dataclasses.asdict(self.light)}
        return Taken(pixels, view, position, how, _seen(self.place, shot, self.with_seen))


def _phone(pixels: Picture, rng: np.random.Generator) -> Picture:
    """A street photo's own exposure, blur, noise and compression (no cloud shadows: there is sky)."""
    x = np.power(pixels.astype(np.float32) / 255, rng.uniform(0.7, 1.35))
    x = x * rng.uniform(0.92, 1.08, 3).astype(np.float32)
    out = np.clip(x * 255, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        out = np.asarray(cv2.GaussianBlur(out, (0, 0), rng.uniform(0.4, 1.1)), np.uint8)
    noisy = out + rng.normal(0, rng.uniform(0, 5), out.shape)
    quality = int(rng.integers(55, 95))
    flags = [cv2.IMWRITE_JPEG_QUALITY, quality]
    data = cv2.imencode(".jpg", np.clip(noisy, 0, 255).astype(np.uint8), flags)[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _seen(place: Place, shot: Shot, wanted: bool) -> tuple[Seen, ...]:
    return tuple(place.seen(shot)) if wanted else ()


def _near(spot: Point, metres: float, rng: np.random.Generator) -> Point:
    east, north = np.array(spot) + rng.uniform(-metres, metres, 2)
    return round(float(east), 2), round(float(north), 2)
