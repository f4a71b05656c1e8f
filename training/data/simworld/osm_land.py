"""Land, water, parking and trees of a map, and what gardens have that no map says."""

import numpy as np
from numpy.typing import NDArray

from training.data.simworld.draft import Draft, fill_car_park
from training.data.simworld.facts import Road
from training.data.simworld.osm import Feature
from training.data.simworld.osm_shapes import (
    Piece,
    area_of,
    clipped,
    even_runs,
    keyhole,
    main_direction,
    pieces_of,
)
from training.data.simworld.osm_tags import land_of
from training.data.simworld.plots import Ground, inside, length_of, rectangle, unit, walk
from training.data.simworld.streets import heading_of

Floats = NDArray[np.float64]
_CROPS, _CROP_SHARES = ("crop", "meadow", "soil_field", "stubble"), (0.4, 0.25, 0.2, 0.15)
_BARE = ("water", "pool", "pitch", "court")  # no trees or buildings of chance there
_MOST_TREES = 2500


def lands(features: list[Feature], reach: float) -> list[tuple[str, Floats, float]]:
    """(kind of ground, ring within ``reach``, square metres there), largest first."""
    found = []
    for feature in features:
        kind = land_of(feature.tags) if feature.kind == "area" else ""
        if kind:
            ring = clipped(keyhole(feature.rings), reach)
            if len(ring):
                found.append((kind, ring, area_of((ring,))))
    return sorted(found, key=lambda land: -land[2])


def paint_land(draft: Draft, found: list[tuple[str, Floats, float]], character: str) -> None:
    """Everything but parking, lowest first; water and pitches take their ground."""
    rng = draft.rng
    urban = character in ("town", "centre")
    for kind, ring, size in found:
        direction = main_direction(ring)
        heading = heading_of(direction)
        if kind == "fields":
            kind = str(rng.choice(_CROPS, p=_CROP_SHARES))
        elif kind == "grass" and urban and size > 9000:
            kind = "paving"  # a residential quarter
        elif kind in ("pitch", "court"):
            ring, heading = _field(ring, direction)
        if kind != "car_park":
            draft.area(kind, ring, heading)
        if kind in _BARE:
            draft.ground.take(ring)


def park_cars(draft: Draft, features: list[Feature], streets: Ground) -> None:
    """Car parks as rectangles of bays on an apron; ``streets`` says where they cannot be."""
    for feature in features:
        if feature.kind != "area" or land_of(feature.tags) != "car_park":
            continue
        if np.abs(feature.rings[0].mean(axis=0)).max() > draft.side / 2:
            continue
        draft.area("road", keyhole(feature.rings), tone=0.3)
        full = float(draft.rng.uniform(0.25, 0.8))
        for piece in pieces_of(feature.rings, streets, 5.0, 6):
            draft.area("car_park", piece.ring, heading_of(piece.ring[1] - piece.ring[0]))
            fill_car_park(draft, piece.ring, draft.areas[-1].heading, full)
            streets.take(piece.ring)
        draft.ground.take(feature.rings[0])


def plant_mapped(draft: Draft, features: list[Feature], reach: float) -> int:
    """Single trees and rows of trees; how many there are."""
    before = len(draft.trees)
    rng = draft.rng
    for feature in features:
        if feature.tags.get("natural") == "tree" and feature.kind == "node":
            spots = feature.rings[0]
        elif feature.tags.get("natural") == "tree_row" and feature.kind == "way":
            apart = float(rng.uniform(6, 10))
            runs = even_runs(feature.rings[0], reach, 0.5)
            rows = [walk(run, np.arange(1.0, length_of(run), apart))[0] for run in runs]
            spots = np.concatenate([*rows, np.empty((0, 2))])
        else:
            continue
        needles = feature.tags.get("leaf_type") == "needleleaved"
        for spot in spots:
            if np.abs(spot).max() < draft.side / 2:
                draft.grow(spot, float(rng.uniform(4, 9)), "conifer" if needles else "broadleaf")
    return len(draft.trees) - before


def plant_unmapped(draft: Draft, found: list[tuple[str, Floats, float]], mapped: int) -> None:
    """Woods in full, and, where the map has few single trees, some in parks and on grass."""
    rng = draft.rng
    half = draft.side / 2
    spacing = {"wood": 42.0, "meadow": 700.0, "bank": 0.0}
    if mapped < 40:
        spacing |= {"park": 220.0, "grass": 420.0, "garden": 260.0, "paving": 700.0}
    for kind, ring, _ in found:
        each = spacing.get(kind, 0.0)
        if not each:
            continue
        conifer = float(rng.choice([0.05, 0.4, 0.8])) if kind == "wood" else 0.12
        low = np.maximum(ring.min(axis=0), -half)
        high = np.minimum(ring.max(axis=0), half)
        if (high <= low).any():
            continue
        count = min(int(np.prod(high - low) / each), _MOST_TREES)
        for spot in rng.uniform(low, high, (count, 2)):
            if len(draft.trees) < _MOST_TREES and inside(ring, spot):
                draft.plant(spot, 4, 10, conifer)


def dress_gardens(draft: Draft, houses: list[Piece], roads: tuple[Road, ...]) -> None:
    """A garden round each house, a drive to the street, some cars, hedges' trees and pools."""
    rng = draft.rng
    lines = [np.array(road.line) for road in roads]
    if not lines:
        return
    every = np.concatenate(lines)
    widths = np.repeat([road.width_m for road in roads], [len(line) for line in lines])
    for house in houses:
        around = rng.uniform(7, 12, 2)
        middle = house.centre + rng.uniform(-2, 2, 2)
        size = house.length_m + around[0], house.width_m + around[1]
        draft.area("garden", rectangle(middle, house.direction, *size))
    for house in houses:
        to = every - house.centre
        away = np.hypot(*to.T)
        near = int(away.argmin())
        direction = unit(to[near])
        reach = _within(house, direction)
        start, end = reach + 0.3, float(away[near]) - widths[near] / 2
        if 3 < end - start < 32:
            aside = np.array([direction[1], -direction[0]]) * rng.uniform(-2, 2)
            stops = np.arange(start + 1.0, end - 1.5, 1.0)
            if not draft.ground.taken_at(house.centre + aside + stops[:, None] * direction).any():
                spot = house.centre + aside + direction * (start + end) / 2
                drive = rectangle(spot, direction, end - start + 2, 3.2)
                draft.area("drive", drive)
                if rng.random() < 0.5 and end - start > 6:
                    draft.park_car(house.centre + aside + direction * (start + 3.2), direction)
                draft.ground.take(drive)
        if rng.random() < 0.05:
            pool = rectangle(house.centre - direction * (reach + 6), house.direction, 8, 4)
            if draft.ground.is_free(pool):
                draft.area("pool", pool)
                draft.ground.take(pool)
        for _ in range(int(rng.integers(1, 7))):
            angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(7, 18)
            draft.plant(house.centre + far * np.array([np.cos(angle), np.sin(angle)]), 3, 8, 0.25)


def _field(ring: Floats, direction: Floats) -> tuple[Floats, float]:
    """The rectangle of a pitch and the heading of its length."""
    aside = np.array([direction[1], -direction[0]])
    local = np.column_stack([ring @ direction, ring @ aside])
    middle, size = (local.min(axis=0) + local.max(axis=0)) / 2, np.ptp(local, axis=0)
    centre = middle[0] * direction + middle[1] * aside
    if size[1] > size[0]:
        direction, size = aside, size[::-1]
    return rectangle(centre, direction, float(size[0]), float(size[1])), heading_of(direction)


def _within(house: Piece, direction: Floats) -> float:
    """Metres from a house's middle to its wall in a direction."""
    along = abs(float(direction @ house.direction))
    across = float(np.sqrt(max(0.0, 1 - along**2)))
    return min(house.length_m / 2 / max(along, 1e-6), house.width_m / 2 / max(across, 1e-6))
