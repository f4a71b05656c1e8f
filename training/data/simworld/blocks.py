"""What stands in a block, for every use of land."""

import numpy as np
from numpy.typing import NDArray

from training.data.simworld.draft import Draft, fill_car_park
from training.data.simworld.plots import inside, length_of, rectangle, unit, walk
from training.data.simworld.streets import (
    Block,
    Side,
    heading_of,
)

Floats = NDArray[np.float64]


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
