"""What goes with a street: cars, trees along it, crossings."""

import numpy as np

from training.data.simworld.draft import Draft
from training.data.simworld.facts import Marking, Road, Tree
from training.data.simworld.plots import length_of, walk
from training.data.simworld.streets import heading_of, points

WIDE_ENOUGH = 5.0  # metres: narrower ways have neither pavements nor cars standing on them


def traffic(draft: Draft, roads: tuple[Road, ...]) -> None:
    """Cars parked along the kerbs and driving."""
    for road in roads:
        if road.width_m < WIDE_ENOUGH:
            continue
        line = np.array(road.line)
        stops = np.arange(4.0, length_of(line) - 4, 7.0)
        for spot, along in zip(*walk(line, stops), strict=True):
            right = np.array([along[1], -along[0]])
            for hand in (1, -1):
                if draft.rng.random() < 0.13:
                    draft.park_car(spot + right * hand * (road.width_m / 2 - 1.1), along)
                elif draft.rng.random() < 0.03 * road.width_m / 7:
                    draft.park_car(spot + right * hand * road.width_m / 5, along)


def street_trees(draft: Draft, roads: tuple[Road, ...], pavement: float) -> None:
    """Rows of trees along some of the streets, at the edge of the pavement."""
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


def zebras(
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
