"""From a seed to a place: streets, then what stands in each block."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from training.data.simworld import palette
from training.data.simworld.facts import Area, Building, Car, Marking, Road, Scene, Tree
from training.data.simworld.plots import Ground, length_of, rectangle, unit, walk
from training.data.simworld.streets import (
    PATTERNS,
    Block,
    Side,
    draw_lattice,
    heading_of,
    points,
)

Floats = NDArray[np.float64]
# what a block is used for, by the character of the place
USES: dict[str, dict[str, float]] = {
    "suburb": {"houses": 72, "rows": 8, "park": 8, "sports": 5, "wood": 4, "car_park": 3},
    "town": {
        "rows": 30,
        "flats": 34,
        "houses": 12,
        "plaza": 6,
        "park": 9,
        "car_park": 7,
        "sports": 2,
    },
    "centre": {"flats": 50, "towers": 22, "plaza": 9, "park": 8, "car_park": 11},
    "works": {"halls": 62, "car_park": 12, "flats": 6, "waste": 12, "wood": 5, "field": 3},
    "country": {"field": 66, "wood": 12, "farm": 16, "houses": 6},
}
_SPACING = {"suburb": 78.0, "town": 82.0, "centre": 88.0, "works": 115.0, "country": 150.0}


@dataclass
class Draft:
    """A scene while it is being laid out."""

    rng: np.random.Generator
    side: float
    ground: Ground
    roofs: list[str]
    walls: list[tuple[int, int, int]]
    buildings: list[Building] = field(default_factory=list)
    trees: list[Tree] = field(default_factory=list)
    areas: list[Area] = field(default_factory=list)
    cars: list[Car] = field(default_factory=list)

    def area(
        self, kind: str, ring: Floats, heading: float = 0.0, tone: float | None = None
    ) -> None:
        shade = self.rng.uniform(-1, 1) if tone is None else tone
        self.areas.append(Area(kind, points(ring), round(heading, 1), round(float(shade), 3)))

    def build(
        self, centre: Floats, direction: Floats, size: tuple[float, float], height: float, roof: str
    ) -> bool:
        """Put up a building where the ground is free; ``size`` = (length along ``direction``, width)."""
        clear = rectangle(centre, direction, size[0] + 2, size[1] + 2)
        if not self.ground.is_free(clear):
            return False
        self.ground.take(clear)
        if size[0] < size[1]:
            direction, size = np.array([direction[1], -direction[0]]), (size[1], size[0])
        names = [n for n in self.roofs if (n in palette.FLAT_ROOFS) == (roof == "flat")]
        name = str(self.rng.choice(names or (palette.FLAT_ROOFS if roof == "flat" else self.roofs)))
        top = height if roof == "flat" else height + size[1] / 2 * self.rng.uniform(0.45, 0.9)
        wall = self.walls[int(self.rng.integers(len(self.walls)))]
        self.buildings.append(
            Building(
                points(centre[None])[0],
                round(size[0], 2),
                round(size[1], 2),
                round(heading_of(direction) % 180, 1),
                round(height, 2),
                round(float(top), 2),
                roof,
                name,
                palette.jitter(palette.ROOFS[name], self.rng, 14),
                palette.jitter(wall, self.rng, 10),
                points(rectangle(centre, direction, *size)),
            )
        )
        return True

    def front(
        self, kerb: Floats, along: Floats, inner: Floats, size: tuple[float, float], setback: float,
        height: float, roof: str,
    ) -> Floats | None:  # fmt: skip
        """Build facing a street, further back or smaller where need be; the middle, or None."""
        for shrink in (1.0, 0.7, 0.5):
            for more in (0.0, 3.0, 6.5):
                real = size[0] * shrink, size[1] * min(1.0, shrink + 0.2)
                centre = kerb + inner * (setback + more + real[1] / 2)
                if min(real) > 4.5 and self.build(centre, along, real, height, roof):
                    return np.asarray(centre, np.float64)
        return None

    def plant(
        self, spot: Floats, low: float = 4.0, high: float = 11.0, conifer: float = 0.15
    ) -> None:
        """A tree where the ground is free."""
        crown = float(self.rng.uniform(low, high))
        if not self.ground.is_free(rectangle(spot, np.array([1.0, 0.0]), crown * 0.6, crown * 0.6)):
            return
        kind = "conifer" if self.rng.random() < conifer else "broadleaf"
        height = crown * (
            self.rng.uniform(1.6, 2.2) if kind == "conifer" else self.rng.uniform(0.9, 1.4)
        )
        self.trees.append(
            Tree(points(spot[None])[0], round(float(height), 2), round(crown, 2), kind)
        )

    def park_car(self, spot: Floats, direction: Floats) -> None:
        """A car, sometimes a van."""
        length = 4.4 if self.rng.random() < 0.88 else float(self.rng.uniform(5.5, 8.5))
        colour = palette.CARS[int(self.rng.integers(len(palette.CARS)))]
        flip = 180 if self.rng.random() < 0.5 else 0
        heading = round((heading_of(direction) + flip) % 360, 1)
        self.cars.append(Car(points(spot[None])[0], heading, colour, round(length, 1)))


def lay_out(
    seed: int, pattern: str | None = None, character: str | None = None, side_m: float = 512.0
) -> Scene:
    """The place of a seed; ``pattern`` (PATTERNS) and ``character`` (USES) are drawn where not given."""
    rng = np.random.default_rng([seed, 1])
    drawn = str(rng.choice(PATTERNS)), str(rng.choice(list(USES), p=[0.3, 0.25, 0.15, 0.15, 0.15]))
    pattern, character = pattern or drawn[0], character or drawn[1]
    lattice = draw_lattice(rng, pattern, _SPACING[character] * rng.uniform(0.85, 1.2), side_m)
    lattice.names.extend(palette.street_names(rng))
    roads = lattice.roads(side_m * 0.55)
    junctions = lattice.junctions(side_m * 0.5)
    draft = Draft(rng, side_m, Ground(side_m), *palette.draw_fashion(rng, character))
    blocks = lattice.blocks(side_m * 0.6)
    for block in blocks:  # lowest paint first
        draft.area("verge" if character != "centre" else "paving", block.ring)
    river = _river(draft) if rng.random() < 0.3 else []
    pavement = 0.5 if character == "country" else 3.0
    for road in roads:
        draft.ground.take_line(np.array(road.line), road.width_m + 2 * pavement)
    weights = np.array(list(USES[character].values()))
    for block in blocks:
        use = str(rng.choice(list(USES[character]), p=weights / weights.sum()))
        LAND[use](draft, block)
    for kind, ring in river:  # over the blocks' paint
        draft.area(kind, ring)
    if pattern == "radial":
        _roundabout(draft, lattice.centre, float(lattice.t_ticks[0]))
    if character != "country":
        _street_trees(draft, roads, pavement)
    traffic(draft, roads)
    markings = _zebras(roads, [j.position for j in junctions if j.arms >= 3], rng)
    return Scene(
        seed,
        0,
        side_m,
        pattern,
        character,
        roads,
        junctions,
        tuple(draft.buildings),
        tuple(draft.trees),
        tuple(draft.areas),
        markings,
        tuple(draft.cars),
    )


def traffic(draft: Draft, roads: tuple[Road, ...]) -> None:
    """Cars parked along the kerbs and driving."""
    for road in roads:
        line = np.array(road.line)
        stops = np.arange(4.0, length_of(line) - 4, 7.0)
        for spot, along in zip(*walk(line, stops), strict=True):
            right = np.array([along[1], -along[0]])
            for hand in (1, -1):
                if draft.rng.random() < 0.13:
                    draft.park_car(spot + right * hand * (road.width_m / 2 - 1.1), along)
                elif draft.rng.random() < 0.03 * road.width_m / 7:
                    draft.park_car(spot + right * hand * road.width_m / 5, along)


def fill_car_park(draft: Draft, ring: Floats, heading: float, share: float = 0.55) -> None:
    """Cars in the bays of a car park; ``ring`` a rectangle whose first side has ``heading``."""
    along = np.array([np.sin(np.deg2rad(heading)), np.cos(np.deg2rad(heading))])
    aside = np.array([along[1], -along[0]])
    middle = ring.mean(axis=0)
    length = float(np.ptp(ring @ along))
    width = float(np.ptp(ring @ aside))
    for row in palette.bay_rows(width):
        for place in np.arange(-length / 2 + 2.4, length / 2 - 2, 2.6):
            if draft.rng.random() < share:
                draft.park_car(middle + along * place + aside * row, aside)


def _sides(block: Block) -> list[tuple[Side, Floats]]:
    """The sides, and the unit normal into the block at their middle."""
    found = []
    for side in block.sides:
        along = unit(side.line[-1] - side.line[0])
        normal = np.array([-along[1], along[0]])
        if normal @ (block.middle - side.line.mean(axis=0)) < 0:
            normal = -normal
        found.append((side, normal))
    return found


def _frontage(
    draft: Draft, block: Block, lot: tuple[float, float], start: float = 6.0
) -> list[tuple[Floats, Floats, Floats, float]]:
    """Along every street: (kerb point, direction along, direction inwards, lot width)."""
    spots = []
    for side, inwards in _sides(block):
        at = start + float(draft.rng.uniform(0, 6))
        end = length_of(side.line) - start
        while True:
            wide = float(draft.rng.uniform(*lot))
            if at + wide > end:
                break
            place, along = walk(side.line, np.array([at + wide / 2]))
            inner = np.array([-along[0, 1], along[0, 0]])
            inner = inner if inner @ inwards > 0 else -inner
            spots.append((place[0] + inner * side.width_m / 2, along[0], inner, wide))
            at += wide
    return spots


def _houses(draft: Draft, block: Block) -> None:
    draft.area("grass", block.ring)
    rng = draft.rng
    lot = float(rng.uniform(14, 20))
    roof_habit = rng.uniform(0.2, 0.9)
    for kerb, along, inner, wide in _frontage(draft, block, (lot, lot * 1.4)):
        depth = rng.uniform(24, 32)
        setback = rng.uniform(6, 10)
        size = (min(wide - 3, rng.uniform(9, 16)), rng.uniform(8, 12))
        garden = rectangle(kerb + inner * (3 + depth / 2), along, wide - 0.6, depth)
        roof = "gable" if rng.random() < roof_habit else "hip"
        centre = draft.front(kerb, along, inner, size, setback, rng.uniform(3.2, 6.5), roof)
        if centre is None:
            continue
        draft.area("garden", garden)
        drive = kerb + along * (size[0] / 2 - 2) + inner * (setback + 2) / 2
        draft.area("drive", rectangle(drive, inner, setback + 2, 3.2))
        if rng.random() < 0.45:  # a wing at the back
            wing = centre + inner * (size[1] / 2 + 3.2) + along * rng.uniform(-2, 2)
            draft.build(wing, inner, (5.0, rng.uniform(4, 6)), rng.uniform(2.6, 3.2), roof)
        if rng.random() < 0.4:
            draft.park_car(drive, inner)
        if rng.random() < 0.13:
            pool = centre + inner * (size[1] / 2 + 9) + along * rng.uniform(-3, 3)
            draft.area("pool", rectangle(pool, along, rng.uniform(6, 9), rng.uniform(3, 4.5)))
        for _ in range(int(rng.integers(0, 4))):
            draft.plant(
                kerb + inner * rng.uniform(4, depth) + along * rng.uniform(-wide, wide) / 2, 3, 9
            )


def _rows(draft: Draft, block: Block) -> None:
    draft.area("grass", block.ring)
    roof = "gable" if draft.rng.random() < 0.8 else "flat"
    for kerb, along, inner, wide in _frontage(draft, block, (24, 48), 5.0):
        depth = draft.rng.uniform(8.5, 11)
        size, height = (wide - 3, depth), draft.rng.uniform(5.5, 10)
        centre = draft.front(kerb, along, inner, size, draft.rng.uniform(4.5, 6), height, roof)
        if centre is not None:
            back = rectangle(centre + inner * (depth / 2 + 7), along, wide - 3, 12)
            draft.area("garden", back)
            draft.plant(centre + inner * (depth / 2 + 9) + along * draft.rng.uniform(-9, 9), 3, 7)


def _flats(draft: Draft, block: Block) -> None:
    draft.area("paving" if draft.rng.random() < 0.5 else "grass", block.ring)
    roof = str(draft.rng.choice(["flat", "flat", "hip", "gable"]))
    floors = int(draft.rng.integers(3, 7))
    for kerb, along, inner, wide in _frontage(draft, block, (18, 44), 5.0):
        depth = draft.rng.uniform(11, 16)
        height = 3.1 * (floors + int(draft.rng.integers(-1, 2)))
        setback = draft.rng.uniform(4.3, 6)
        draft.front(kerb, along, inner, (wide - 2, depth), setback, height, roof)
    _yard(draft, block)


def _towers(draft: Draft, block: Block) -> None:
    draft.area("paving", block.ring)
    for kerb, along, inner, wide in _frontage(draft, block, (26, 52), 5.0):
        depth = draft.rng.uniform(18, 26)
        height = 3.3 * float(draft.rng.integers(5, 16))
        draft.front(kerb, along, inner, (wide - 4, depth), 5.0, height, "flat")
    _yard(draft, block)


def _yard(draft: Draft, block: Block) -> None:
    """The inside of a block: a car park, low sheds, lawn and trees, as far as there is room."""
    along, middle, length, width = _core(block)
    aside = np.array([along[1], -along[0]])
    heading = heading_of(along)
    for _ in range(5):
        spot = middle + along * draft.rng.uniform(-0.4, 0.4) * length
        spot = spot + aside * draft.rng.uniform(-0.4, 0.4) * width
        size = draft.rng.uniform(16, 34), draft.rng.uniform(11, 20)
        ring = rectangle(spot, along, *size)
        if not draft.ground.is_free(ring):
            continue
        kind = str(draft.rng.choice(["car_park", "grass", "shed", "plaza"]))
        if kind == "shed":
            draft.build(
                spot, along, (size[0] * 0.7, size[1] * 0.6), draft.rng.uniform(3, 5), "flat"
            )
            continue
        draft.area(kind, ring, heading)
        if kind == "car_park":
            fill_car_park(draft, ring, heading)
        draft.ground.take(ring)
    for _ in range(9):
        spot = middle + along * draft.rng.uniform(-0.5, 0.5) * length
        draft.plant(spot + aside * draft.rng.uniform(-0.5, 0.5) * width, 3, 9)


def _halls(draft: Draft, block: Block) -> None:
    draft.area("concrete", block.ring)
    for kerb, along, inner, wide in _frontage(draft, block, (34, 70), 8.0):
        depth = draft.rng.uniform(20, 38)
        gap = draft.rng.uniform(5, 20)
        roof = "flat" if draft.rng.random() < 0.7 else "gable"
        size = (wide - 7, depth)
        height = draft.rng.uniform(5.5, 11)
        built = draft.front(kerb, along, inner, size, gap, height, roof)
        if built is not None and gap > 14:
            ring = rectangle(kerb + inner * (gap / 2 + 1), along, wide - 9, gap - 4)
            heading = heading_of(along)
            draft.area("car_park", ring, heading)
            fill_car_park(draft, ring, heading, 0.4)


def _car_park(draft: Draft, block: Block) -> None:
    draft.area("concrete", block.ring)
    along, middle, length, width = _core(block)
    ring = rectangle(middle, along, length, width)
    heading = heading_of(along)
    draft.area("car_park", ring, heading)
    fill_car_park(draft, ring, heading, float(draft.rng.uniform(0.2, 0.8)))
    draft.ground.take(ring)
    for _ in range(8):
        draft.plant(block.middle + draft.rng.uniform(-50, 50, 2), 3, 6)


def _park(draft: Draft, block: Block) -> None:
    draft.area("park", block.ring)
    rng = draft.rng
    along, middle, length, width = _core(block)
    aside = np.array([along[1], -along[0]])
    for direction, reach in ((along, length), (aside, width)):
        draft.area("path", rectangle(middle, direction, reach * 1.3, rng.uniform(2, 3.5)))
    if rng.random() < 0.6:
        angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        bulge = 1 + 0.25 * np.sin(2 * angles + rng.uniform(0, 6)) + 0.15 * np.sin(3 * angles)
        spot = middle + along * rng.uniform(-0.2, 0.2) * length
        pond = spot + (np.stack([np.cos(angles), np.sin(angles)], 1) * bulge[:, None]) * (
            min(length, width) * rng.uniform(0.16, 0.28)
        )
        draft.area("water", pond)
        draft.ground.take(pond)
    for _ in range(int(rng.integers(15, 60))):
        spot = (
            middle
            + along * rng.uniform(-0.6, 0.6) * length
            + aside * rng.uniform(-0.6, 0.6) * width
        )
        draft.plant(spot, 4, 12)


def _sports(draft: Draft, block: Block) -> None:
    draft.area("grass", block.ring)
    along, middle, length, width = _core(block)
    heading = heading_of(along)
    if min(length, width) < 30:
        aside = np.array([along[1], -along[0]])
        for k in (-1, 0, 1):
            court = rectangle(middle + along * k * 19, aside, 34, 17)
            draft.area("court", court, heading + 90)
    else:
        pitch = rectangle(middle, along, min(length, 105), min(width, 66))
        draft.area("pitch", pitch, heading)
        draft.ground.take(pitch)
    for _ in range(14):
        draft.plant(block.middle + draft.rng.uniform(-60, 60, 2))


def _plaza(draft: Draft, block: Block) -> None:
    draft.area("paving", block.ring)
    along, middle, length, width = _core(block)
    draft.area("plaza", rectangle(middle, along, length, width), heading_of(along))
    draft.build(middle, along, (length * 0.3, width * 0.25), draft.rng.uniform(6, 22), "hip")
    for k in np.linspace(-0.45, 0.45, 7):
        for hand in (-0.42, 0.42):
            aside = np.array([along[1], -along[0]])
            draft.plant(middle + along * k * length + aside * hand * width, 4, 6, 0)


def _wood(draft: Draft, block: Block) -> None:
    draft.area("wood", block.ring)
    conifer = float(draft.rng.choice([0.05, 0.5, 0.9]))
    low, high = block.ring.min(axis=0), block.ring.max(axis=0)
    count = int(np.prod(high - low) / 60)
    for spot in draft.rng.uniform(low, high, (min(count, 220), 2)):
        if inside(block.ring, spot):
            draft.plant(spot, 5, 11, conifer)


def _waste(draft: Draft, block: Block) -> None:
    draft.area("soil", block.ring)
    for _ in range(14):
        draft.plant(block.middle + draft.rng.normal(0, 30, 2), 2, 6)


def _field(draft: Draft, block: Block) -> None:
    along, *_ = _core(block)
    parts = [block.ring]
    if draft.rng.random() < 0.6:  # split in two, with a hedge between
        a, b, c, d = (side.line for side in block.sides)
        cut = float(draft.rng.uniform(0.3, 0.7))
        one = walk(a, np.array([cut * length_of(a)]))[0]
        two = walk(c, np.array([(1 - cut) * length_of(c)]))[0]
        parts = [
            np.concatenate([a[:1], one, two, d[:-1]]),
            np.concatenate([one, a[-1:], b[1:], two]),
        ]
        for k in np.linspace(0.05, 0.95, 18):
            if draft.rng.random() < 0.5:
                draft.plant((one * (1 - k) + two * k)[0] + draft.rng.normal(0, 1, 2), 3, 7)
    for part in parts:
        kind = str(
            draft.rng.choice(["crop", "meadow", "soil_field", "stubble"], p=[0.4, 0.25, 0.2, 0.15])
        )
        turn = 0 if draft.rng.random() < 0.6 else 90
        draft.area(kind, part, heading_of(along) + turn)


def _farm(draft: Draft, block: Block) -> None:
    _field(draft, block)
    for side, inner in _sides(block)[:1]:
        place, along = walk(
            side.line, np.array([length_of(side.line) * draft.rng.uniform(0.3, 0.7)])
        )
        yard = place[0] + inner * 30
        draft.area("drive", rectangle(yard, inner, 58, 30))
        for _ in range(6):
            spot = yard + draft.rng.uniform(-24, 24, 2)
            size = (draft.rng.uniform(12, 34), draft.rng.uniform(9, 15))
            turned = along[0] if draft.rng.random() < 0.6 else inner
            draft.build(spot, turned, size, draft.rng.uniform(3.5, 7), "gable")
        for _ in range(8):
            draft.plant(yard + draft.rng.normal(0, 26, 2), 5, 10)


LAND = {
    "houses": _houses, "rows": _rows, "flats": _flats, "towers": _towers, "halls": _halls,
    "car_park": _car_park, "park": _park, "sports": _sports, "plaza": _plaza, "wood": _wood,
    "waste": _waste, "field": _field, "farm": _farm,
}  # fmt: skip


def _core(block: Block) -> tuple[Floats, Floats, float, float]:
    """A rectangle well inside the block: direction, middle, length, width."""
    a, b, c, d = (side.line[len(side.line) // 2] for side in block.sides)
    first, second = c - a, b - d
    long, short = (first, second) if np.hypot(*first) > np.hypot(*second) else (second, first)
    clear = 2 * 10.0
    sizes = [max(8.0, float(np.hypot(*v)) - clear) for v in (long, short)]
    return unit(long), block.middle, sizes[0], sizes[1]


def _river(draft: Draft) -> list[tuple[str, Floats]]:
    """Take the ground of a river; its bank and its water."""
    rng = draft.rng
    turn, shift = rng.uniform(0, np.pi), rng.uniform(-0.3, 0.3) * draft.side
    along = np.linspace(-draft.side * 0.75, draft.side * 0.75, 80)
    aside = shift + 25 * np.sin(along / rng.uniform(45, 90) + rng.uniform(0, 6)) + 0.1 * along
    half = rng.uniform(5, 14) * (1 + 0.2 * np.sin(along / 37))
    to_east = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    parts = []
    for kind, more in (("bank", 5.0), ("water", 0.0)):
        left = np.stack([along, aside - half - more], axis=1)
        right = np.stack([along, aside + half + more], axis=1)[::-1]
        ring = np.concatenate([left, right]) @ to_east
        parts.append((kind, ring))
    draft.ground.take(ring)
    draft.ground.take_line(np.stack([along, aside], axis=1) @ to_east, 2 * float(half.max()) + 6)
    return parts


def _roundabout(draft: Draft, centre: Floats, radius: float) -> None:
    angles = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    middle = centre
    draft.area("park" if draft.rng.random() < 0.7 else "plaza", middle + circle * (radius - 6))
    for _ in range(6):
        draft.plant(middle + draft.rng.normal(0, radius / 3.5, 2), 4, 7)


def _street_trees(draft: Draft, roads: tuple[Road, ...], pavement: float) -> None:
    for road in roads:
        if draft.rng.random() < 0.55:
            continue
        line = np.array(road.line)
        stops = np.arange(10.0, length_of(line) - 8, draft.rng.uniform(9, 16))
        kind = draft.rng.uniform(3.5, 6.5)
        for spot, along in zip(*walk(line, stops), strict=True):
            for hand in (1, -1):
                beside = spot + np.array([along[1], -along[0]]) * hand * (
                    road.width_m / 2 + pavement - 1
                )
                crown = float(kind * draft.rng.uniform(0.8, 1.2))
                if np.abs(beside).max() < draft.side / 2 and draft.rng.random() < 0.85:
                    draft.trees.append(
                        Tree(
                            points(beside[None])[0],
                            round(crown * 1.3, 2),
                            round(crown, 2),
                            "broadleaf",
                        )
                    )


def _zebras(
    roads: tuple[Road, ...], nodes: list[tuple[float, float]], rng: np.random.Generator
) -> tuple[Marking, ...]:
    """Crossings on the arms of some junctions of the wider streets."""
    found = []
    for road in roads:
        if road.width_m < 6.3:
            continue
        line = np.array(road.line)
        stops = np.arange(0.0, length_of(line), 1.0)
        places, tangents = walk(line, stops)
        for node in nodes:
            away = np.hypot(*(places - node).T)
            near = int(away.argmin())
            if away[near] > 1.5 or rng.random() < 0.5:
                continue
            for step in (-14, 14):
                if 0 <= near + step < len(places):
                    heading = (heading_of(tangents[near + step]) + 90) % 180
                    found.append(
                        Marking(
                            "zebra",
                            points(places[near + step][None])[0],
                            round(heading, 1),
                            round(road.width_m - 0.6, 2),
                        )
                    )
    return tuple(found)


def inside(ring: Floats, spot: Floats) -> bool:
    """Whether a point lies in a polygon (ray casting)."""
    x, y = spot
    a, b = ring, np.roll(ring, -1, axis=0)
    crosses = (a[:, 1] > y) != (b[:, 1] > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = a[:, 0] + (y - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])
    return bool((crosses & (x < at)).sum() % 2)
