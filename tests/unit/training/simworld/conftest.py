"""What every scene keeps to, made up or mapped."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from training.data.simworld.facts import Scene
from training.data.simworld.plots import inside, walk


@pytest.fixture(scope="session")
def stands_apart() -> Callable[[Scene], None]:
    """Asserts that buildings keep off the streets and off each other."""

    def check(scene: Scene) -> None:
        assert scene.roads and scene.buildings and scene.junctions
        lines = [
            (road.width_m, walk(np.array(road.line), np.arange(0, 900, 1.0))[0])
            for road in scene.roads
        ]
        for building in scene.buildings:
            for corner in building.footprint:
                for width, line in lines:
                    assert np.hypot(*(line - corner).T).min() > width / 2
        rings = [(np.array(b.position), np.array(b.footprint)) for b in scene.buildings]
        for (middle_a, a), (middle_b, b) in itertools.combinations(rings, 2):
            if np.hypot(*(middle_a - middle_b)) < 40:
                assert not any(inside(b, corner) for corner in a)

    return check
