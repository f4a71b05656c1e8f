"""The facts of pairs from the simulated world, scenes read once and kept while they are needed."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from gleam_app.imagery.views import View
from training.data.simworld.folder import read_scene
from training.data.simworld.streetmap import STYLES
from training.gleam_x.facts import Fact, SceneFacts, scene_facts
from training.gleam_x.facts_scene import Frame, SceneMap
from training.gleam_x.facts_street import ground_facts, panorama_facts

KEPT_SCENES = 64
Stand = tuple[Path, dict[str, Any]]
"""Folder of the place, and ``Shot.scene``."""


@lru_cache(KEPT_SCENES)
def _scene(place: Path, date: str) -> SceneMap:
    return SceneMap(read_scene(place / f"{date}.json.gz"))


def facts_of(view: View, first: Stand, second: Stand, quarters: int) -> SceneFacts:
    """The facts of a query of ``first`` turned clockwise by ``quarters``, and of the tile of ``second``."""
    from_street = view in ("panorama", "ground")
    tile = _scene(second[0], "before").facts(_frame(second[1]["frame2"]), street=from_street)
    if view == "map":  # what a map does not draw cannot be compared, and is not asked of the tile
        house = STYLES[first[1]["style"]].houses is not None
        frame = _frame(first[1]["frame1"]).turned(quarters)
        query = _scene(first[0], "after").facts(frame, "map", houses=house)
    else:
        query = _from_eye(view, first, quarters)
    return scene_facts(query, tile, same_extent=not from_street)


def _from_eye(view: View, stand: Stand, quarters: int) -> list[Fact]:
    place, how = stand
    now = _scene(place, "after")
    if view == "uav":
        return now.facts(_frame(how["frame1"]).turned(quarters))
    if view == "panorama":
        return panorama_facts(now.scene, tuple(how["spot"]), 90.0 * quarters)
    return ground_facts(now.scene, place)


def _frame(corners: list[list[float]]) -> Frame:
    return Frame(np.array(corners))
