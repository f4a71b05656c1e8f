"""The ground of a scene painted from above: true colours, without light."""

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.simworld.facts import Area, Scene
from training.data.simworld.noise import SIZE, grain
from training.data.simworld.palette import bay_rows
from training.data.simworld.plots import band, length_of, rectangle, walk
from training.data.simworld.roadside import WIDE_ENOUGH
from training.data.simworld.textures import Textures

Picture = NDArray[np.uint8]
Floats = NDArray[np.float64]
METRES = 0.25  # a pixel
# kind -> (colour, texture, how green: its share of the season's change)
MATERIALS: dict[str, tuple[tuple[int, int, int], str, float]] = {
    "verge": ((104, 118, 76), "grass", 0.9), "grass": ((98, 120, 68), "grass", 1.0),
    "garden": ((94, 116, 66), "grass", 0.9), "park": ((88, 118, 62), "grass", 1.0),
    "meadow": ((122, 132, 78), "field", 1.0), "crop": ((92, 122, 58), "field", 1.0),
    "stubble": ((176, 158, 108), "field", 0.2), "soil_field": ((132, 104, 78), "soil", 0.0),
    "soil": ((148, 126, 100), "soil", 0.2), "wood": ((58, 74, 44), "canopy", 0.6),
    "bank": ((128, 124, 90), "sand", 0.3), "water": ((54, 76, 82), "sand", 0.0),
    "pool": ((86, 170, 190), "sand", 0.0), "drive": ((158, 152, 142), "sand", 0.0),
    "path": ((188, 174, 146), "sand", 0.0), "paving": ((160, 156, 148), "asphalt", 0.0),
    "plaza": ((182, 172, 156), "asphalt", 0.0), "concrete": ((152, 150, 144), "asphalt", 0.0),
    "car_park": ((98, 98, 100), "asphalt", 0.0), "pitch": ((78, 124, 58), "grass", 0.6),
    "court": ((70, 110, 96), "asphalt", 0.0), "pavement": ((164, 160, 152), "asphalt", 0.0),
    "road": ((104, 104, 106), "asphalt", 0.0),
}  # fmt: skip
_SEASON: dict[str, tuple[float, float, float]] = {  # what it does to green things
    "spring": (0.95, 1.1, 0.85), "summer": (1.0, 1.0, 1.0), "autumn": (1.2, 0.98, 0.8),
    "winter": (1.12, 0.98, 1.08), "dry": (1.5, 1.2, 1.15),
}  # fmt: skip
_ORDER = list(MATERIALS)


def seasonal(kind: str, season: str, tone: float = 0.0) -> tuple[int, int, int]:
    """The colour of a kind of ground in a season; ``tone`` -1..1 makes it its own."""
    colour, texture, green = MATERIALS[kind]
    change = np.array(_SEASON[season]) * green + (1 - green)
    own = np.array([1 + 0.09 * tone, 1 + 0.05 * tone, 1 + 0.1 * tone])
    if texture == "asphalt":
        own = np.full(3, 1 + 0.09 * tone)
    if texture in ("grass", "field"):
        own = own * np.array([1 + 0.12 * np.sin(9 * tone), 1.0, 1.0])
    r, g, b = (int(v) for v in np.clip(np.array(colour) * change * own, 0, 255))
    return r, g, b


def paint_ground(scene: Scene, season: str, textures: Textures) -> Picture:
    """uint8 (n, n, 3) RGB at METRES a pixel, north up, the scene's square."""
    return _Painter(scene, season, textures).paint()


class _Painter:
    def __init__(self, scene: Scene, season: str, textures: Textures) -> None:
        self._scene, self._season, self._textures = scene, season, textures
        self._size = round(scene.side_m / METRES)
        self._colours = np.zeros((self._size, self._size, 3), np.uint8)
        self._kinds = np.zeros((self._size, self._size), np.uint8)
        self._fade = float(np.random.default_rng([scene.seed, 5]).uniform(-2.2, 2.0))

    def paint(self) -> Picture:
        self._colours[:] = seasonal("verge", self._season)
        for area in self._scene.areas:
            self._fill(area.kind, np.array(area.ring), area.tone)
        for area in self._scene.areas:
            if area.kind in ("crop", "stubble", "soil_field", "pitch"):
                self._rows(area)
        self._lay_roads()
        self._detail()
        self._mark_roads()
        for area in self._scene.areas:
            if area.kind == "car_park":
                self._bays(area)
            elif area.kind in ("pitch", "court"):
                self._field_lines(area)
        return self._colours

    def _pixels(self, ring: Floats) -> NDArray[np.int32]:
        """Positions in 1/16 pixels."""
        half = self._scene.side_m / 2
        flat = np.column_stack([ring[:, 0] + half, half - ring[:, 1]]) / METRES - 0.5
        return np.round(flat * 16).astype(np.int32)

    def _fill(self, kind: str, ring: Floats, tone: float = 0.0) -> None:
        cells = self._pixels(ring)
        colour = seasonal(kind, self._season, tone)
        cv2.fillPoly(self._colours, [cells], colour, cv2.LINE_AA, 4)
        cv2.fillPoly(self._kinds, [cells], _ORDER.index(kind), cv2.LINE_8, 4)

    def _band(self, kind: str, line: Floats, width: float, tone: float = 0.0) -> None:
        self._fill(kind, band(line, width), tone)

    def _lay_roads(self) -> None:
        country = self._scene.character == "country"
        roads = [(road, np.array(road.line)) for road in self._scene.roads]
        for road, line in roads:
            beside = ("bank", 1.5) if country else ("pavement", 5.6)
            if road.width_m >= WIDE_ENOUGH:
                self._band(beside[0], line, road.width_m + beside[1])
        for road, line in roads:
            self._band("road", line, road.width_m, self._fade)
        circle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        disc = np.stack([np.cos(circle), np.sin(circle)], axis=1)
        for junction in self._scene.junctions:
            ring = np.array(junction.position) + disc * (junction.radius_m + 1.2)
            self._fill("road", ring, self._fade)

    def _detail(self) -> None:
        """Multiply every material by its texture, and everything by slow blotches."""
        seed = self._scene.seed
        times = -(-self._size // SIZE)
        for name in ("grass", "field", "canopy", "asphalt", "soil", "sand"):
            members = [_ORDER.index(kind) for kind, m in MATERIALS.items() if m[1] == name]
            mask = np.isin(self._kinds, members).astype(np.uint8)
            if not mask.any():
                continue
            tile = np.tile(self._textures.pick(name, seed), (times, times, 1))
            tile = np.ascontiguousarray(tile[: self._size, : self._size])
            mixed = cv2.multiply(self._colours, tile, scale=1 / 128)
            cv2.copyTo(mixed, mask, self._colours)
        slow = cv2.resize(grain(20 + seed % 7, 4.0, 0.62), (self._size, self._size))
        hard = [_ORDER.index(kind) for kind, m in MATERIALS.items() if m[1] == "asphalt"]
        strength = np.where(np.isin(self._kinds, hard), np.float32(4), np.float32(11))
        lift = np.clip(128 + strength * slow, 0, 255).astype(np.uint8)
        lifted = cv2.multiply(self._colours, cv2.merge([lift] * 3), scale=1 / 128)
        self._colours = np.asarray(lifted, np.uint8)

    def _window(self, ring: Floats) -> tuple[slice, slice] | None:
        cells = self._pixels(ring) // 16
        low = np.clip(cells.min(axis=0), 0, self._size)
        high = np.clip(cells.max(axis=0) + 1, 0, self._size)
        if (high <= low).any():
            return None
        return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))

    def _rows(self, area: Area) -> None:
        """Plough lines and mowing stripes along the area's heading."""
        ring = np.array(area.ring)
        window = self._window(ring)
        if window is None:
            return
        rows, columns = window
        mask = np.zeros(self._kinds[window].shape, np.uint8)
        shift = np.array([columns.start, rows.start]) * 16
        cv2.fillPoly(mask, [self._pixels(ring) - shift.astype(np.int32)], 255, cv2.LINE_AA, 4)
        turn = np.deg2rad(area.heading)
        y, x = np.mgrid[rows, columns].astype(np.float32) * np.float32(METRES)
        across = x * np.cos(turn) + y * np.sin(turn)
        wide, deep = (11.0, 0.07) if area.kind == "pitch" else (2.2 + abs(area.tone) * 2.5, 0.06)
        wave = np.sin(across * 2 * np.pi / wide)
        if area.kind == "pitch":
            wave = np.sign(wave)
        else:  # a wheel track every dozen metres
            wave = wave - 2.2 * (np.abs((across % 14.0) - 7) < 0.5)
        gain = 1 + deep * wave * (mask / 255)
        patch = self._colours[window] * gain[..., None]
        self._colours[window] = np.clip(patch, 0, 255).astype(np.uint8)

    def _line(self, a: Floats, b: Floats, metres: float, bright: int = 214) -> None:
        along = (b - a) / max(float(np.hypot(*(b - a))), 1e-6)
        ring = rectangle((a + b) / 2, along, float(np.hypot(*(b - a))), metres)
        cv2.fillPoly(
            self._colours, [self._pixels(ring)], (bright, bright, bright - 8), cv2.LINE_AA, 4
        )

    def _mark_roads(self) -> None:
        nodes = np.array([(*j.position, j.radius_m) for j in self._scene.junctions]).reshape(-1, 3)
        for road in self._scene.roads:
            line = np.array(road.line)
            if road.width_m < 6.3:
                continue
            stops = np.arange(2.0, length_of(line) - 3, 7.0)
            for spot, along in zip(*walk(line, stops), strict=True):
                if len(nodes) and (np.hypot(*(nodes[:, :2] - spot).T) < nodes[:, 2] + 12).any():
                    continue
                self._line(spot - along * 1.6, spot + along * 1.6, 0.25)
                if road.rank == "main":
                    aside = np.array([along[1], -along[0]]) * (road.width_m / 2 - 0.6)
                    for edge in (aside, -aside):
                        self._line(spot + edge - along * 3.5, spot + edge + along * 3.5, 0.2, 190)
        for marking in self._scene.markings:
            turn = np.deg2rad(marking.heading)
            across = np.array([np.sin(turn), np.cos(turn)])
            along = np.array([across[1], -across[0]])
            for k in np.arange(-marking.length_m / 2 + 0.5, marking.length_m / 2 - 0.2, 1.1):
                spot = np.array(marking.position) + across * k
                self._line(spot - along * 1.5, spot + along * 1.5, 0.55, 226)

    def _bays(self, area: Area) -> None:
        ring = np.array(area.ring)
        turn = np.deg2rad(area.heading)
        along = np.array([np.sin(turn), np.cos(turn)])
        aside = np.array([along[1], -along[0]])
        middle = ring.mean(axis=0)
        length, width = float(np.ptp(ring @ along)), float(np.ptp(ring @ aside))
        for row in bay_rows(width):
            for place in np.arange(-length / 2 + 1.1, length / 2 - 0.6, 2.6):
                spot = middle + along * place + aside * row
                self._line(spot - aside * 2.4, spot + aside * 2.4, 0.15, 200)

    def _field_lines(self, area: Area) -> None:
        ring = np.array(area.ring)
        turn = np.deg2rad(area.heading)
        along = np.array([np.sin(turn), np.cos(turn)])
        aside = np.array([along[1], -along[0]])
        middle = ring.mean(axis=0)
        long, wide = float(np.ptp(ring @ along)) - 4, float(np.ptp(ring @ aside)) - 4
        inner = rectangle(middle, along, long, wide)
        for k in range(4):
            self._line(inner[k], inner[(k + 1) % 4], 0.3, 232)
        self._line(middle - aside * wide / 2, middle + aside * wide / 2, 0.3, 232)
        if area.kind == "court":
            return
        circle = np.linspace(0, 2 * np.pi, 33)
        spots = middle + 9.1 * np.stack([np.cos(circle), np.sin(circle)], axis=1)
        for a, b in pairwise(spots):
            self._line(a, b, 0.3, 232)
        for end in (-1, 1):
            box = rectangle(middle + along * end * (long / 2 - 8), aside, min(40.0, wide * 0.6), 16)
            for k in range(4):
                self._line(box[k], box[(k + 1) % 4], 0.3, 232)
