"""A scene while it is being laid out: what is built, planted and parked so far."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from training.data.simworld import palette
from training.data.simworld.facts import Area, Building, Car, Colour, Tree
from training.data.simworld.plots import Ground, rectangle
from training.data.simworld.streets import (
    heading_of,
    points,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Dress:
    """How a building looks; ``slope``: metres that its roof rises a metre, 0 where it is flat."""

    roof: str
    roof_name: str
    slope: float
    roof_colour: Colour
    wall_colour: Colour


@dataclass
class Draft:
    """A scene while it is being laid out."""

    rng: np.random.Generator
    side: float
    ground: Ground
    roofs: list[str]
    walls: list[tuple[int, int, int]]
    buildings: list[Building] = field(default_factory=list)
    trees: list[Tree] = field(default_factory=list)
    areas: list[Area] = field(default_factory=list)
    cars: list[Car] = field(default_factory=list)

    def area(
        self, kind: str, ring: Floats, heading: float = 0.0, tone: float | None = None
    ) -> None:
        shade = self.rng.uniform(-1, 1) if tone is None else tone
        self.areas.append(Area(kind, points(ring), round(heading, 1), round(float(shade), 3)))

    def build(
        self, centre: Floats, direction: Floats, size: tuple[float, float], height: float, roof: str
    ) -> bool:
        """Put up a building where the ground is free; ``size`` = (length along ``direction``, width)."""
        clear = rectangle(centre, direction, size[0] + 2, size[1] + 2)
        if not self.ground.is_free(clear):
            return False
        self.ground.take(clear)
        self.erect(centre, direction, size, height, self.dress(roof))
        return True

    def dress(self, roof: str) -> Dress:
        """Roof and walls in the fashion of the place."""
        names = [n for n in self.roofs if (n in palette.FLAT_ROOFS) == (roof == "flat")]
        name = str(self.rng.choice(names or (palette.FLAT_ROOFS if roof == "flat" else self.roofs)))
        slope = 0.0 if roof == "flat" else float(self.rng.uniform(0.45, 0.9))
        wall = self.walls[int(self.rng.integers(len(self.walls)))]
        roof_colour = palette.jitter(palette.ROOFS[name], self.rng, 14)
        return Dress(roof, name, slope, roof_colour, palette.jitter(wall, self.rng, 10))

    def erect(
        self, centre: Floats, direction: Floats, size: tuple[float, float], height: float,
        dress: Dress,
    ) -> None:  # fmt: skip
        """Put up a building whatever the ground; ``height`` is that of the eaves."""
        if size[0] < size[1]:
            direction, size = np.array([direction[1], -direction[0]]), (size[1], size[0])
        top = height + size[1] / 2 * dress.slope
        self.buildings.append(
            Building(
                points(centre[None])[0],
                round(size[0], 2),
                round(size[1], 2),
                round(heading_of(direction) % 180, 1),
                round(height, 2),
                round(float(top), 2),
                dress.roof,
                dress.roof_name,
                dress.roof_colour,
                dress.wall_colour,
                points(rectangle(centre, direction, *size)),
            )
        )

    def front(
        self, kerb: Floats, along: Floats, inner: Floats, size: tuple[float, float], setback: float,
        height: float, roof: str,
    ) -> Floats | None:  # fmt: skip
        """Build facing a street, further back or smaller where need be; the middle, or None."""
        for shrink in (1.0, 0.7, 0.5):
            for more in (0.0, 3.0, 6.5):
                real = size[0] * shrink, size[1] * min(1.0, shrink + 0.2)
                centre = kerb + inner * (setback + more + real[1] / 2)
                if min(real) > 4.5 and self.build(centre, along, real, height, roof):
                    return np.asarray(centre, np.float64)
        return None

    def plant(
        self, spot: Floats, low: float = 4.0, high: float = 11.0, conifer: float = 0.15
    ) -> None:
        """A tree where the ground is free."""
        crown = float(self.rng.uniform(low, high))
        if not self.ground.is_free(rectangle(spot, np.array([1.0, 0.0]), crown * 0.6, crown * 0.6)):
            return
        self.grow(spot, crown, "conifer" if self.rng.random() < conifer else "broadleaf")

    def grow(self, spot: Floats, crown: float, kind: str) -> None:
        """A tree whatever the ground; ``crown`` is its diameter."""
        height = crown * (
            self.rng.uniform(1.6, 2.2) if kind == "conifer" else self.rng.uniform(0.9, 1.4)
        )
        self.trees.append(
            Tree(points(spot[None])[0], round(float(height), 2), round(crown, 2), kind)
        )

    def park_car(self, spot: Floats, direction: Floats) -> None:
        """A car, sometimes a van."""
        length = 4.4 if self.rng.random() < 0.88 else float(self.rng.uniform(5.5, 8.5))
        colour = palette.CARS[int(self.rng.integers(len(palette.CARS)))]
        flip = 180 if self.rng.random() < 0.5 else 0
        heading = round((heading_of(direction) + flip) % 360, 1)
        self.cars.append(Car(points(spot[None])[0], heading, colour, round(length, 1)))


def fill_car_park(draft: Draft, ring: Floats, heading: float, share: float = 0.55) -> None:
    """Cars in the bays of a car park; ``ring`` a rectangle whose first side has ``heading``."""
    along = np.array([np.sin(np.deg2rad(heading)), np.cos(np.deg2rad(heading))])
    aside = np.array([along[1], -along[0]])
    middle = ring.mean(axis=0)
    length = float(np.ptp(ring @ along))
    width = float(np.ptp(ring @ aside))
    for row in palette.bay_rows(width):
        for place in np.arange(-length / 2 + 2.4, length / 2 - 2, 2.6):
            if draft.rng.random() < share:
                draft.park_car(middle + along * place + aside * row, aside)
