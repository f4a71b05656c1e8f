"""Colours, names and measures the world is dressed in."""

import numpy as np

from training.data.simworld.facts import Colour

ROOFS: dict[str, Colour] = {
    "red": (158, 78, 58),
    "orange": (184, 112, 76),
    "brown": (112, 84, 66),
    "dark grey": (74, 76, 80),
    "grey": (132, 132, 132),
    "light grey": (182, 182, 178),
    "white": (226, 226, 222),
    "tan": (182, 162, 130),
    "green": (98, 128, 108),
    "blue": (88, 116, 152),
    "gravel": (152, 146, 134),
    "tar": (66, 64, 64),
}
FLAT_ROOFS = ["grey", "light grey", "white", "gravel", "tar", "blue", "tan"]
_PITCHED = ["red", "orange", "brown", "dark grey", "grey", "tan", "green"]
_WALLS: list[Colour] = [
    (214, 206, 190), (188, 172, 148), (162, 96, 76), (224, 222, 216), (150, 142, 134),
    (204, 178, 130), (130, 108, 92), (176, 186, 190), (218, 196, 170), (140, 76, 62),
]  # fmt: skip
CARS: list[Colour] = [
    (235, 235, 235), (30, 30, 34), (120, 124, 128), (176, 180, 184), (150, 28, 28), (36, 60, 112),
    (214, 214, 208), (60, 66, 62), (200, 188, 160), (222, 224, 226), (22, 24, 30),
]  # fmt: skip
_FIRST = ["Mill", "Oak", "Station", "Church", "King", "Lime", "River", "North", "Hill", "Garden",
          "Market", "Rose", "West", "Bridge", "Stone", "Maple", "Castle", "Spring"]  # fmt: skip
_LAST = ["Street", "Road", "Lane", "Avenue", "Way", "Drive"]


def jitter(colour: Colour, rng: np.random.Generator, spread: float) -> Colour:
    """The colour a little lighter or darker, and a little off in hue."""
    moved = np.array(colour) + rng.normal(0, spread) + rng.normal(0, spread / 3, 3)
    r, g, b = (int(v) for v in np.clip(moved, 8, 245))
    return r, g, b


def draw_fashion(
    rng: np.random.Generator, character: str
) -> tuple[list[str], list[tuple[int, int, int]]]:
    """The roofs (names) and walls (colours) that are common in one place."""
    flat = list(rng.choice(FLAT_ROOFS, int(rng.integers(2, 5)), replace=False))
    pitched = list(rng.choice(_PITCHED, int(rng.integers(1, 4)), replace=False))
    picked = rng.choice(len(_WALLS), int(rng.integers(2, 5)), replace=False)
    return [str(n) for n in flat + pitched], [_WALLS[int(k)] for k in picked]


def street_names(rng: np.random.Generator) -> list[str]:
    """Made-up street names, all different."""
    every = [f"{first} {last}" for first in _FIRST for last in _LAST]
    return [str(name) for name in rng.permutation(every)]


def bay_rows(width: float) -> list[float]:
    """Where rows of bays lie across a car park ``width`` metres wide: pairs back to back, aisles between."""
    rows: list[float] = []
    at = -width / 2 + 2.6
    while at < width / 2 - 2.4:
        rows.append(at)
        at += 11.2 if len(rows) % 2 else 5.2
    return rows
