"""From a place on the map to a scene: what OpenStreetMap says, and the rest drawn from the seed."""

import numpy as np
from numpy.typing import NDArray

from training.data.simworld import palette
from training.data.simworld.draft import Draft
from training.data.simworld.facts import Scene
from training.data.simworld.osm import Extract, Feature
from training.data.simworld.osm_buildings import draw_stock, put_up
from training.data.simworld.osm_land import (
    dress_gardens,
    lands,
    paint_land,
    park_cars,
    plant_mapped,
    plant_unmapped,
)
from training.data.simworld.osm_shapes import area_of
from training.data.simworld.osm_streets import (
    lay_lines,
    lay_paths,
    map_crossings,
    map_junctions,
    map_roads,
)
from training.data.simworld.osm_tags import floors_of, land_of
from training.data.simworld.plots import Ground
from training.data.simworld.roadside import WIDE_ENOUGH, street_trees, traffic, zebras

Floats = NDArray[np.float64]
_CLEAR = 1.8  # metres that buildings stay off a carriageway, both sides together
_PAVEMENT = 3.0


def lay_out_mapped(seed: int, extract: Extract, side_m: float) -> Scene:
    """The place of a seed in an extract; GleamError where it has not so many.

    A world without heights: bridges lie on the ground, tunnels and cellars are left out.
    """
    cell = extract.cell(seed)
    rng = np.random.default_rng([seed, cell.number, 6])
    half, reach = side_m / 2, side_m * 0.7
    features = extract.around(cell, reach)
    character = _character(features, half)
    roads = map_roads(features, reach, rng)
    draft = Draft(rng, side_m, Ground(side_m), *palette.draw_fashion(rng, character))
    corners = np.array([[-reach, -reach], [-reach, reach], [reach, reach], [reach, -reach]])
    base = "paving" if character == "centre" else "verge"
    draft.area(base, corners)
    found = lands(features, reach)
    paint_land(draft, found, character)
    streets = Ground(side_m)  # those with pavements, then buildings: car parks have their own lanes
    for road in roads:
        line = np.array(road.line)
        draft.ground.take_line(line, road.width_m + _CLEAR)
        if road.width_m >= WIDE_ENOUGH:
            streets.take_line(line, road.width_m + _CLEAR)
    houses = put_up(draft, features, draw_stock(features, character, rng))
    standing = Ground(side_m)
    for building in draft.buildings:
        streets.take(np.array(building.footprint))
        standing.take(np.array(building.footprint))
    dress_gardens(draft, houses, roads)
    lay_lines(draft, features, reach)
    park_cars(draft, features, streets)
    lay_paths(draft, features, reach)
    mapped = plant_mapped(draft, features, reach)
    plant_unmapped(draft, [(base, corners, 0.0), *found], mapped)
    if mapped < 40 and character != "country":
        street_trees(draft, tuple(r for r in roads if r.width_m >= WIDE_ENOUGH), _PAVEMENT)
    spots = np.array([tree.position for tree in draft.trees]).reshape(-1, 2)
    free = ~standing.taken_at(spots)
    traffic(draft, roads)
    junctions = map_junctions(features, half)
    markings = map_crossings(features, roads, half)
    if not markings:
        markings = zebras(roads, [j.position for j in junctions], rng)
    return Scene(
        seed,
        0,
        side_m,
        "mapped",
        character,
        roads,
        junctions,
        tuple(draft.buildings),
        tuple(tree for tree, ok in zip(draft.trees, free, strict=True) if ok),
        tuple(draft.areas),
        markings,
        tuple(draft.cars),
    )


def _character(features: list[Feature], half: float) -> str:
    """One of layout.USES, by what covers the place."""
    built = works = open_land = 0.0
    floors = []
    for feature in features:
        if feature.kind != "area" or np.abs(feature.rings[0].mean(axis=0)).max() > half:
            continue
        size, tags = area_of(feature.rings), feature.tags
        if tags.get("building", "no") != "no":
            built += size
            floors.append(floors_of(tags) or 0.0)
        elif tags.get("landuse") in ("industrial", "railway"):
            works += size
        elif land_of(tags) in ("fields", "wood", "meadow"):
            open_land += size
    whole = (2 * half) ** 2
    known = [count for count in floors if count]
    usual = float(np.median(known)) if len(known) >= 4 else 0.0
    if works > 0.3 * whole:
        return "works"
    if built > 0.3 * whole or (usual >= 4.5 and built > 0.2 * whole):
        return "centre"
    if built > 0.16 * whole or usual >= 3.5:
        return "town"
    return "country" if open_land > 0.45 * whole and built < 0.06 * whole else "suburb"
