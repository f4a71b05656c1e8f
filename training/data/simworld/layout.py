"""From a seed to a place: streets, then what stands in each block."""

import numpy as np
from numpy.typing import NDArray

from training.data.simworld import palette
from training.data.simworld.blocks import LAND
from training.data.simworld.draft import Draft
from training.data.simworld.facts import Scene
from training.data.simworld.osm import Extract
from training.data.simworld.osm_layout import lay_out_mapped
from training.data.simworld.plots import Ground
from training.data.simworld.roadside import street_trees, traffic, zebras
from training.data.simworld.streets import PATTERNS, draw_lattice

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
    seed: int, pattern: str | None = None, character: str | None = None, side_m: float = 512.0,
    extract: Extract | None = None,
) -> Scene:  # fmt: skip
    """The place of a seed; ``pattern`` (PATTERNS) and ``character`` (USES) are drawn where not given.

    With an ``extract`` it is one of that map's places, and both are what the map makes them.
    """
    if extract is not None:
        return lay_out_mapped(seed, extract, side_m)
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
        street_trees(draft, roads, pavement)
    traffic(draft, roads)
    markings = zebras(roads, [j.position for j in junctions if j.arms >= 3], rng)
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
