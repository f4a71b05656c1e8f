"""Streets, junctions, crossings, paths and water courses from a map."""

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from training.data.simworld.draft import Draft
from training.data.simworld.facts import Junction, Marking, Road
from training.data.simworld.osm import Feature
from training.data.simworld.osm_shapes import arms, even_runs, joined, key
from training.data.simworld.osm_tags import Street, path_of, street_of, waterway_of
from training.data.simworld.plots import band, length_of, walk
from training.data.simworld.roadside import WIDE_ENOUGH
from training.data.simworld.streets import heading_of, points

Floats = NDArray[np.float64]
_PAVEMENT = 2.8
_SHORTEST = 7.0  # metres


def map_roads(features: list[Feature], reach: float, rng: np.random.Generator) -> tuple[Road, ...]:
    """Streets within ``reach``, each as long as its name and width last; narrow ones first."""
    alike: defaultdict[Street, list[Floats]] = defaultdict(list)
    for feature in features:
        street = street_of(feature.tags) if feature.kind == "way" else None
        if street:
            alike[street].append(feature.rings[0])
    habit = float(rng.uniform(0.92, 1.12))  # how wide streets of unsaid width are here
    found = []
    for street, lines in alike.items():
        width = street.width_m if street.stated else street.width_m * habit
        bend = width / 2 + (_PAVEMENT if width >= WIDE_ENOUGH else 0.0)
        for line in joined(lines):
            for run in even_runs(line, reach, bend):
                if length_of(run) >= _SHORTEST:
                    heading = round(heading_of(run[-1] - run[0]) % 180, 1)
                    found.append(
                        Road(street.name, street.rank, round(width, 2), heading, points(run))
                    )
    return tuple(sorted(found, key=lambda road: road.width_m))


def map_junctions(features: list[Feature], reach: float) -> tuple[Junction, ...]:
    """Where three arms or more of streets with pavements meet."""
    lines, radii = [], defaultdict[tuple[float, float], float](float)
    for feature in features:
        street = street_of(feature.tags) if feature.kind == "way" else None
        if street and street.width_m >= WIDE_ENOUGH:
            lines.append(feature.rings[0])
            for corner in feature.rings[0]:
                radii[key(corner)] = max(radii[key(corner)], street.width_m / 2)
    return tuple(
        Junction(place, count, round(radii[place], 2))
        for place, count in arms(lines).items()
        if count >= 3 and max(map(abs, place)) < reach
    )


def map_crossings(
    features: list[Feature], roads: tuple[Road, ...], reach: float
) -> tuple[Marking, ...]:
    """Painted crossings, each on the street it crosses."""
    spots = [
        f.rings[0][0]
        for f in features
        if f.kind == "node"
        and f.tags.get("highway") == "crossing"
        and f.tags.get("crossing") not in ("unmarked", "no", "informal")
        and np.abs(f.rings[0]).max() < reach
    ]
    wide = [road for road in roads if road.width_m >= WIDE_ENOUGH]
    if not spots or not wide:
        return ()
    walked = [
        walk(np.array(road.line), np.arange(0.5, length_of(np.array(road.line)), 1.0))
        for road in wide
    ]
    places = np.concatenate([place for place, _ in walked])
    tangents = np.concatenate([tangent for _, tangent in walked])
    owner = np.repeat(np.arange(len(wide)), [len(place) for place, _ in walked])
    found: list[Marking] = []
    for spot in spots:
        away = np.hypot(*(places - spot).T)
        near = int(away.argmin())
        place = points(places[near][None])[0]
        if away[near] > 3 or any(np.hypot(*np.subtract(m.position, place)) < 5 for m in found):
            continue
        heading = round((heading_of(tangents[near]) + 90) % 180, 1)
        length = round(wide[owner[near]].width_m - 0.6, 2)
        found.append(Marking("zebra", place, heading, length))
    return tuple(found)


def lay_paths(draft: Draft, features: list[Feature], reach: float) -> None:
    """Foot- and cycle paths, and the turning circles at the ends of streets."""
    for feature in features:
        if feature.kind == "node" and feature.tags.get("highway") == "turning_circle":
            angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
            circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
            draft.area("road", feature.rings[0] + circle * draft.rng.uniform(5.5, 8))
        path = path_of(feature.tags) if feature.kind == "way" else None
        if path is None:
            continue
        for run in even_runs(feature.rings[0], reach, path[1] / 2 + 0.6):
            draft.area(path[0], band(run, path[1]), tone=0.0)
            draft.ground.take_line(run, path[1])


def lay_lines(draft: Draft, features: list[Feature], reach: float) -> None:
    """Water courses and railways that the map has as lines."""
    for feature in features:
        if feature.kind != "way":
            continue
        water = waterway_of(feature.tags)
        if water is not None:
            for run in even_runs(feature.rings[0], reach, water / 2 + 2):
                draft.area("bank", band(run, water + 3))
                draft.area("water", band(run, water), tone=0.0)
                draft.ground.take_line(run, water + 3)
        elif feature.tags.get("railway") in ("rail", "light_rail", "narrow_gauge"):
            for run in even_runs(feature.rings[0], reach, 4):
                draft.area("soil", band(run, 4.6), tone=-0.6)
                aside = band(run, 1.5)
                for rail in (aside[: len(run)], aside[len(run) :]):
                    draft.area("road", band(rail, 0.35), tone=-1.0)
                draft.ground.take_line(run, 5)
