"""Scene facts of pictures from the street: ground photos and panoramas of the simulated world."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gleam_app.errors import GleamError
from gleam_app.explain.scene_facts import Fact
from training.data.simworld.facts import Building, Point, Scene
from training.gleam_x.pairs.scene import Frame, roads, roof_form

Floats = NDArray[np.float64]
REACH_M = 70.0  # how far a building is spoken of
TREE_REACH_M, HIDDEN_TREE_M = 28.0, 6.0
JUNCTION_M, NO_JUNCTION_M = 16.0, 45.0
RAYS = 720
LEAST_WIDTH_DEG = 3.0  # of a building, to be noticed
LEAST_SHARE = 0.004  # of a photo, to be noticed
LOW_M, TALL_M = 7.5, 16.0  # heights of the eaves: up to two storeys, six and more
_ARMS = {3: "tee", 4: "cross"}


def ground_facts(scene: Scene, place: Path) -> list[Fact]:
    """What the middle square of a place's ground photo shows, by what its sample says was seen."""
    width, seen = _seen(place)
    buildings: dict[int, float] = {}
    trees = 0.0
    for kind, index, (left, _, right, _), share in seen:
        middle = (left + right) / 2
        if (
            not width / 8 <= middle <= 7 * width / 8
        ):  # of 4:3, the square is the middle three quarters
            continue
        if kind == "tree":
            trees += share
        elif kind == "building" and share >= LEAST_SHARE:
            buildings[index] = share
    found = _houses([(scene.buildings[i], share) for i, share in buildings.items()])
    for value, low, high in (("none", 0.0, 0.002), ("few", 0.01, 0.07), ("many", 0.18, 1.0)):
        if low <= trees <= high:
            found.append(_fact("trees", value, measure=round(trees, 3)))
    return found


def panorama_facts(scene: Scene, spot: Point, turned_deg: float) -> list[Fact]:
    """What a panorama taken at ``spot`` (east, north metres) shows; its directions are those of the
    picture, ``turned_deg`` clockwise beyond the true ones."""
    here = np.array(spot)
    found = _houses(visible_buildings(scene, here))
    near = [np.hypot(*(np.array(tree.position) - here)) for tree in scene.trees]
    count = sum(HIDDEN_TREE_M < away < TREE_REACH_M for away in near)
    for value, low, high in (("none", 0, 0), ("few", 2, 5), ("many", 10, 10_000)):
        if low <= count <= high:
            found.append(_fact("trees", value, measure=count))
    corners = here + 60.0 * np.array([[-1, 1], [1, 1], [1, -1], [-1, -1]])
    angle = np.deg2rad(turned_deg)
    cos, sin = np.cos(angle), np.sin(angle)
    # the frame is turned back, so that things in it lie turned clockwise
    frame = Frame((corners - here) @ np.array([[cos, sin], [-sin, cos]]) + here)
    found += [fact for fact in roads(scene, frame, street=True) if fact.kind == "street"]
    return found + _junction(scene, here)


def visible_buildings(scene: Scene, here: Floats) -> list[tuple[Building, float]]:
    """Buildings that are the first thing in some direction from ``here``, with their share of the round.

    Walls are higher than an eye, so that the plan alone decides.
    """
    edges, owners = [], []
    for index, building in enumerate(scene.buildings):
        ring = np.array(building.footprint)
        edges.append(np.stack([ring, np.roll(ring, -1, axis=0)], axis=1))
        owners += [index] * len(ring)
    if not edges:
        return []
    starts, ends = np.concatenate(edges).transpose(1, 0, 2) - here
    angles = np.arange(RAYS) * 2 * np.pi / RAYS
    rays = np.stack([np.sin(angles), np.cos(angles)], axis=1)
    along = ends - starts
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = rays[:, :1] * along[:, 1] - rays[:, 1:] * along[:, 0]
        distance = (starts[:, 0] * along[:, 1] - starts[:, 1] * along[:, 0]) / crossing
        share = (starts[:, 0] * rays[:, 1:] - starts[:, 1] * rays[:, :1]) / crossing
    hit = (distance > 0) & (distance < REACH_M) & (share >= 0) & (share <= 1)
    first = np.where(hit, distance, np.inf)
    nearest = first.argmin(axis=1)
    counts: dict[int, int] = {}
    for ray in np.flatnonzero(np.isfinite(first.min(axis=1))):
        owner = owners[nearest[ray]]
        counts[owner] = counts.get(owner, 0) + 1
    least = LEAST_WIDTH_DEG * RAYS / 360
    return [
        (scene.buildings[owner], count / RAYS)
        for owner, count in sorted(counts.items())
        if count >= least
    ]


def _houses(shown: list[tuple[Building, float]]) -> list[Fact]:
    """How many, how high, and which roofs; ``shown`` with their shares of the picture."""
    if not shown:
        return [_fact("buildings", "none")]
    found = []
    for value, low, high in (("few", 1, 3), ("several", 5, 9), ("many", 12, 10_000)):
        if low <= len(shown) <= high:
            found.append(_fact("buildings", value, measure=len(shown)))
    weights = np.array([share for _, share in shown])
    heights = np.array([building.height_m for building, _ in shown])
    levels = {
        "low": heights <= LOW_M,
        "mid": (heights > LOW_M) & (heights <= TALL_M),
        "tall": heights > TALL_M,
    }
    for value, mask in levels.items():
        if weights[mask].sum() >= 0.75 * weights.sum():
            found.append(_fact("storeys", value))
    flat = np.array([building.roof == "flat" for building, _ in shown])
    return found + roof_form(flat, weights)


def _junction(scene: Scene, here: Floats) -> list[Fact]:
    known = [junction for junction in scene.junctions if junction.arms >= 3]
    away = [float(np.hypot(*(np.array(junction.position) - here))) for junction in known]
    if not away or min(away) > NO_JUNCTION_M:
        return [_fact("junction", "none")]
    nearest = int(np.argmin(away))
    if away[nearest] > JUNCTION_M:
        return []
    return [_fact("junction", _ARMS.get(known[nearest].arms, "star"), measure=round(away[nearest]))]


def _seen(place: Path) -> tuple[int, list[tuple[str, int, tuple[int, int, int, int], float]]]:
    """Width of the ground photo in pixels, and (kind, index, box, share) of what it shows."""
    try:
        pictures = json.loads((place / "sample.json").read_bytes())["pictures"]
        photo = next(picture for picture in pictures if picture["view"] == "ground")
        seen = [(s["kind"], int(s["index"]), tuple(s["box"]), s["share"]) for s in photo["seen"]]
    except (OSError, ValueError, KeyError, TypeError, StopIteration):
        raise GleamError(
            f"sample.json of place {place.name} cannot be read.",
            "Delete that place's folder and write the world again.",
        ) from None
    with Image.open(place / photo["file"]) as opened:
        return opened.size[0], seen


def _fact(kind: str, value: str, measure: float | None = None) -> Fact:
    return Fact(id="", kind=kind, value=value, measure=measure)
