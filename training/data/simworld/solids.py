"""What stands on the ground, as flat faces and tree crowns."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from training.data.simworld.facts import Building, Car, Scene
from training.data.simworld.plots import rectangle

Floats = NDArray[np.float64]
WALL, FLAT, SLOPE, PAINT, GLASS = range(5)
CORNERS = 5


@dataclass(frozen=True, eq=False)
class Solids:
    """Faces (n) and crowns (k); ``owner`` counts the scene's buildings, then its cars, then its trees.

    ``corners`` (n, 5, 3) with the last one repeated; ``normal`` outwards and ``offset``: the plane
    normal . p = offset. ``frame`` (n, 6): a face's own origin (x, y), direction (x, y), and half sizes
    or bay and storey of a wall.
    """

    corners: Floats
    normal: Floats
    offset: Floats
    kind: NDArray[np.int8]
    colour: NDArray[np.float32]
    frame: NDArray[np.float32]
    owner: NDArray[np.int32]
    crown_centre: Floats
    crown_radius: Floats
    crown_conifer: NDArray[np.bool_]
    crown_owner: NDArray[np.int32]


@dataclass
class _Faces:
    corners: list[Floats] = field(default_factory=list)
    kind: list[int] = field(default_factory=list)
    colour: list[tuple[float, ...]] = field(default_factory=list)
    frame: list[tuple[float, ...]] = field(default_factory=list)
    owner: list[int] = field(default_factory=list)

    def add(
        self,
        kind: int,
        ring: Floats,
        colour: tuple[float, ...],
        frame: tuple[float, ...],
        owner: int,
    ) -> None:
        self.corners.append(ring[np.minimum(np.arange(CORNERS), len(ring) - 1)])
        self.kind.append(kind)
        self.colour.append(colour)
        self.frame.append(frame)
        self.owner.append(owner)


def raise_solids(scene: Scene) -> Solids:
    """All faces and crowns of a scene."""
    faces = _Faces()
    for index, building in enumerate(scene.buildings):
        _building(faces, building, index)
    first_car = len(scene.buildings)
    for index, car in enumerate(scene.cars):
        _car(faces, car, first_car + index)
    first_tree = first_car + len(scene.cars)
    for index, tree in enumerate(scene.trees):
        _trunk(faces, tree.position, tree.height_m * 0.5, first_tree + index)
    corners = np.array(faces.corners, np.float64).reshape(-1, CORNERS, 3)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    heights = np.array([t.height_m for t in scene.trees])
    crowns = np.array([t.crown_m for t in scene.trees])
    conifer = np.array([t.kind == "conifer" for t in scene.trees], bool)
    half = np.where(conifer, heights * 0.44, heights * 0.36)
    spots = np.array([t.position for t in scene.trees], np.float64).reshape(-1, 2)
    return Solids(
        corners,
        normal,
        (normal * corners[:, 0]).sum(axis=1),
        np.array(faces.kind, np.int8),
        np.array(faces.colour, np.float32).reshape(-1, 3),
        np.array(faces.frame, np.float32).reshape(-1, 6),
        np.array(faces.owner, np.int32),
        np.column_stack([spots, heights - half]).reshape(-1, 3),
        np.column_stack([crowns / 2, crowns / 2, half]).reshape(-1, 3),
        conifer,
        np.arange(len(scene.trees), dtype=np.int32) + first_tree,
    )


def roof_corners(building: Building) -> Floats:
    """(6, 3): the four eaves corners, clockwise from above, then the two ends of the ridge."""
    ring = np.array(building.footprint)
    turn = np.deg2rad(building.heading)
    along = np.array([np.sin(turn), np.cos(turn)])
    inset = building.width_m / 2 if building.roof == "hip" else 0.0
    reach = max(building.length_m / 2 - inset, 0.0)
    middle = np.array(building.position)
    ends = np.stack([middle - along * reach, middle + along * reach])
    eaves = np.column_stack([ring, np.full(4, building.height_m)])
    return np.concatenate([eaves, np.column_stack([ends, np.full(2, building.top_m)])])


def _building(faces: _Faces, building: Building, owner: int) -> None:
    ring = np.array(building.footprint)[::-1]  # anticlockwise: normals outwards
    low, high = np.zeros(4), np.full(4, building.height_m)
    storey = 3.0 if building.roof != "flat" or building.length_m < 40 else 4.2
    bay = 2.4 + (building.length_m * 7.3) % 1.6
    for k in range(4):
        a, b = ring[k], ring[(k + 1) % 4]
        wall = np.array([[*a, low[k]], [*b, low[k]], [*b, high[k]], [*a, high[k]]])
        along = (b - a) / max(float(np.hypot(*(b - a))), 1e-9)
        faces.add(WALL, wall, building.wall_colour, (*a, *along, bay, storey), owner)
    turn = np.deg2rad(building.heading)
    direction = (np.sin(turn), np.cos(turn))
    frame = (*building.position, *direction, building.length_m / 2, building.width_m / 2)
    if building.roof == "flat":
        faces.add(FLAT, np.column_stack([ring, high]), building.roof_colour, frame, owner)
        _plant_rooms(faces, building, owner)
        return
    corners = roof_corners(building)
    eaves, (back, front) = corners[:4], corners[4:]
    # the two eaves corners at each end of the ridge, whatever order the footprint has
    far = np.argsort(eaves[:, :2] @ direction)
    ends = {0: eaves[far[:2]], 1: eaves[far[2:]]}
    aside = np.array([direction[1], -direction[0]])
    for end in ends.values():
        end[:] = end[np.argsort(end[:, :2] @ aside)]
    (left_back, right_back), (left_front, right_front) = ends[0], ends[1]
    colour = building.roof_colour
    faces.add(SLOPE, np.array([right_back, right_front, front, back]), colour, frame, owner)
    faces.add(SLOPE, np.array([left_front, left_back, back, front]), colour, frame, owner)
    kind = SLOPE if building.roof == "hip" else PAINT
    shade = colour if building.roof == "hip" else building.wall_colour
    faces.add(kind, np.array([left_back, right_back, back]), shade, frame, owner)
    faces.add(kind, np.array([right_front, left_front, front]), shade, frame, owner)


def _plant_rooms(faces: _Faces, building: Building, owner: int) -> None:
    """Boxes on a flat roof, where its size and place (its own fixed chance) put them."""
    own = [round(abs(v) * 100) for v in (*building.position, building.length_m)]
    rng = np.random.default_rng(own)
    turn = np.deg2rad(building.heading)
    along = np.array([np.sin(turn), np.cos(turn)])
    aside = np.array([along[1], -along[0]])
    for _ in range(int(min(6, building.length_m * building.width_m / 160))):
        spot = np.array(building.position)
        spot = spot + along * rng.uniform(-0.38, 0.38) * building.length_m
        spot = spot + aside * rng.uniform(-0.34, 0.34) * building.width_m
        size = rng.uniform(1.5, 4, 2)
        shade = (float(rng.uniform(90, 210)),) * 3
        low = building.height_m
        _box(faces, rectangle(spot, along, *size), low, low + rng.uniform(1, 2.6), shade, owner)


def _box(
    faces: _Faces, ring: Floats, low: float, high: float, colour: tuple[float, ...], owner: int,
    sides: int = PAINT,
) -> None:  # fmt: skip
    ring = ring[::-1]
    none = (0.0,) * 6
    for k in range(4):
        a, b = ring[k], ring[(k + 1) % 4]
        shade = (28.0, 32.0, 38.0) if sides == GLASS else colour
        faces.add(
            PAINT, np.array([[*a, low], [*b, low], [*b, high], [*a, high]]), shade, none, owner
        )
    faces.add(PAINT, np.column_stack([ring, np.full(4, high)]), colour, none, owner)


def _car(faces: _Faces, car: Car, owner: int) -> None:
    turn = np.deg2rad(car.heading)
    along = np.array([np.sin(turn), np.cos(turn)])
    spot = np.array(car.position)
    wide = 1.8 if car.length_m < 5 else 2.2
    wheels = rectangle(spot, along, car.length_m * 0.8, wide * 0.92)
    _box(faces, wheels, 0.0, 0.45, (26.0, 26.0, 28.0), owner)
    if car.length_m < 5:
        _box(faces, rectangle(spot, along, car.length_m, wide), 0.25, 0.95, car.colour, owner)
        cabin = rectangle(spot - along * 0.3, along, 2.9, wide - 0.05)
        _box(faces, cabin, 0.95, 1.45, car.colour, owner, GLASS)
    else:
        _box(faces, rectangle(spot, along, car.length_m, wide), 0.4, 2.6, car.colour, owner)


def _trunk(faces: _Faces, spot: tuple[float, float], height: float, owner: int) -> None:
    angles = np.array([0, 2.094, 4.189])
    ring = np.array(spot) + 0.18 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    for k in range(3):
        a, b = ring[k], ring[(k + 1) % 3]
        wall = np.array([[*a, 0], [*b, 0], [*b, height], [*a, height]])
        faces.add(PAINT, wall, (88.0, 72.0, 58.0), (0.0,) * 6, owner)
