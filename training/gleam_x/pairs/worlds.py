"""The scene facts of single pictures from the written simulated world."""

from pathlib import Path
from typing import Any

import numpy as np

from gleam_app.explain.scene_facts import Fact
from gleam_app.imagery.views import View
from training.data.simworld.folder import read_scene
from training.data.simworld.streetmap import STYLES
from training.gleam_x.pairs.scene import Frame, SceneMap
from training.gleam_x.pairs.street import ground_facts, panorama_facts

STREET_VIEWS: tuple[View, ...] = ("panorama", "ground")
"""Pictures that show another extent than a tile, whose place is in the tile's middle."""


def tile_facts(view: View, place: Path, scene: dict[str, Any]) -> list[Fact]:
    """Facts, without ids, of the tile of a shot (``Shot.scene``) whose place lies in a folder.

    ``view`` is that of the query it is held against. Raises GleamError.
    """
    world = SceneMap(read_scene(place / "before.json.gz"))
    return world.facts(_frame(scene["frame2"]), street=view in STREET_VIEWS)


def query_facts(
    view: View, place: Path, scene: dict[str, Any], quarters: tuple[int, ...]
) -> dict[int, list[Fact]]:
    """The same of the shot's query, turned clockwise by each number of ``quarters``."""
    now = read_scene(place / "after.json.gz")
    if view == "ground":
        return dict.fromkeys(quarters, ground_facts(now, place))
    if view == "panorama":
        east, north = scene["spot"]
        return {turn: panorama_facts(now, (east, north), 90.0 * turn) for turn in quarters}
    world, frame = SceneMap(now), _frame(scene["frame1"])
    if view == "map":
        houses = STYLES[scene["style"]].houses is not None
        return {t: world.facts(frame.turned(t), "map", houses=houses) for t in quarters}
    return {turn: world.facts(frame.turned(turn)) for turn in quarters}


def _frame(corners: list[list[float]]) -> Frame:
    return Frame(np.array(corners))
