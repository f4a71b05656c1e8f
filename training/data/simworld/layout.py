"""From a seed to a place: streets, then what stands in each block."""

import numpy as np
from numpy.typing import NDArray

from training.data.simworld import palette
from training.data.simworld.blocks import LAND
from training.data.simworld.draft import Draft
from training.data.simworld.facts import Marking, Road, Scene, Tree
from training.data.simworld.plots import Ground, length_of, walk
from training.data.simworld.streets import (
    PATTERNS,
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
