"""Another date of a place: the streets stay; cars, some buildings, trees and fields do not."""

import dataclasses

import numpy as np

from training.data.simworld import palette
from training.data.simworld.draft import Draft, fill_car_park
from training.data.simworld.facts import Area, Building, Change, Scene, Tree
from training.data.simworld.plots import Ground, rectangle
from training.data.simworld.roadside import traffic

_CROPS = ("crop", "meadow", "soil_field", "stubble")


def later(scene: Scene, seed: int, amount: float = 1.0) -> Scene:
    """The scene on another date; ``amount`` 0 moves only cars, 1 is some years, 3 a lot of building."""
    rng = np.random.default_rng([scene.seed, seed, 2])
    changes: list[Change] = []
    buildings, cleared = _rebuild(scene, rng, amount, changes)
    areas = _replough(scene, rng, amount)
    areas += [Area("soil", ring, 0.0, 0.3) for ring in cleared]
    draft = Draft(rng, scene.side_m, Ground(scene.side_m), [], [])
    traffic(draft, scene.roads)
    for area in scene.areas:
        if area.kind == "car_park":
            fill_car_park(draft, np.array(area.ring), area.heading, float(rng.uniform(0.2, 0.8)))
    return dataclasses.replace(
        scene,
        date=seed,
        buildings=tuple(buildings),
        trees=tuple(_regrow(scene, rng, amount, changes)),
        areas=tuple(areas),
        cars=tuple(draft.cars),
        changes=tuple(changes),
    )


def _rebuild(
    scene: Scene, rng: np.random.Generator, amount: float, changes: list[Change]
) -> tuple[list[Building], list[tuple[tuple[float, float], ...]]]:
    kept: list[Building] = []
    cleared = []
    for building in scene.buildings:
        chance = rng.random() / max(amount, 1e-9)
        if chance < 0.025:
            changes.append(Change("demolished", "building", building.position))
            cleared.append(building.footprint)
            continue
        if chance < 0.05:
            changes.append(Change("reroofed", "building", building.position))
            flat = building.roof == "flat"
            name = str(rng.choice([n for n in palette.ROOFS if (n in palette.FLAT_ROOFS) == flat]))
            colour = palette.jitter(palette.ROOFS[name], rng, 14)
            building = dataclasses.replace(building, roof_name=name, roof_colour=colour)
        elif chance < 0.065 and building.roof == "flat":
            changes.append(Change("raised", "building", building.position))
            height = round(building.height_m + 3.1 * int(rng.integers(1, 4)), 2)
            building = dataclasses.replace(building, height_m=height, top_m=height)
        kept.append(building)
    kept += _new_buildings(scene, kept, rng, amount, changes)
    return kept, cleared


def _new_buildings(
    scene: Scene, kept: list[Building], rng: np.random.Generator, amount: float,
    changes: list[Change],
) -> list[Building]:  # fmt: skip
    """Like buildings that are there, put on free ground beside them."""
    ground = Ground(scene.side_m)
    for road in scene.roads:
        ground.take_line(np.array(road.line), road.width_m + 5)
    for area in scene.areas:
        if area.kind in ("water", "pitch", "court", "car_park", "pool", "path", "drive"):
            ground.take(np.array(area.ring))
    for building in scene.buildings:
        ground.take(np.array(building.footprint))
    found = []
    for model in rng.permutation(len(kept))[: round(len(kept) * 0.1 * amount)]:
        like = kept[int(model)]
        turn = np.deg2rad(like.heading)
        along = np.array([np.sin(turn), np.cos(turn)])
        aside = np.array([along[1], -along[0]])
        step = aside if rng.random() < 0.5 else along
        reach = (like.width_m if step is aside else like.length_m) + rng.uniform(3, 14)
        spot = np.array(like.position) + step * reach * rng.choice([-1, 1])
        ring = rectangle(spot, along, like.length_m, like.width_m)
        if not ground.is_free(ring):
            continue
        ground.take(ring)
        place = (round(float(spot[0]), 2), round(float(spot[1]), 2))
        footprint = tuple((round(float(x), 2), round(float(y), 2)) for x, y in ring)
        found.append(dataclasses.replace(like, position=place, footprint=footprint))
        changes.append(Change("built", "building", place))
    return found


def _regrow(
    scene: Scene, rng: np.random.Generator, amount: float, changes: list[Change]
) -> list[Tree]:
    trees = []
    for tree in scene.trees:
        if rng.random() < 0.07 * amount:
            changes.append(Change("felled", "tree", tree.position))
            continue
        growth = 1 + amount * rng.uniform(-0.05, 0.2)
        trees.append(
            dataclasses.replace(
                tree,
                height_m=round(tree.height_m * growth, 2),
                crown_m=round(tree.crown_m * growth, 2),
            )
        )
    return trees


def _replough(scene: Scene, rng: np.random.Generator, amount: float) -> list[Area]:
    areas = []
    for area in scene.areas:
        if area.kind in _CROPS and rng.random() < 0.5 * min(amount, 1.5):
            area = dataclasses.replace(area, kind=str(rng.choice(_CROPS)))
        elif amount > 0:
            tone = float(np.clip(area.tone + rng.normal(0, 0.15), -1, 1))
            area = dataclasses.replace(area, tone=round(tone, 3))
        areas.append(area)
    return areas
