"""Street networks: a bent lattice of lines, some of them left out; its cells are the blocks."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from training.data.simworld.facts import Junction, Point, Road

Floats = NDArray[np.float64]
PATTERNS = ("grid", "radial", "organic")
_STEPS = 7  # points of a road between two junctions


@dataclass(frozen=True)
class Side:
    """One side of a block: its line, and the width of the street along it (0: none)."""

    line: Floats
    width_m: float


@dataclass(frozen=True)
class Block:
    """A piece of land between streets; sides in order around it."""

    sides: tuple[Side, ...]

    @property
    def ring(self) -> Floats:
        return np.concatenate([side.line[:-1] for side in self.sides])

    @property
    def middle(self) -> Floats:
        return np.asarray(self.ring.mean(axis=0), np.float64)


@dataclass(frozen=True)
class Lattice:
    """Lines of constant s and of constant t; ``across[i, j]``: is there a street (i, j) to (i+1, j)."""

    pattern: str
    s_ticks: Floats
    t_ticks: Floats
    turn: float
    centre: Floats
    waves: Floats  # (k, 5): amplitude east, north, wave vector east, north, phase
    across: NDArray[np.bool_]
    along: NDArray[np.bool_]
    across_width: Floats
    along_width: Floats
    names: list[str] = field(default_factory=list)

    def locate(self, s: Floats, t: Floats) -> Floats:
        """(n, 2) metres of lattice coordinates."""
        a = np.interp(s, np.arange(len(self.s_ticks)), self.s_ticks)
        b = np.interp(t, np.arange(len(self.t_ticks)), self.t_ticks)
        if self.pattern == "radial":
            x, y = b * np.cos(a), b * np.sin(a)
        else:
            x = a * np.cos(self.turn) - b * np.sin(self.turn)
            y = a * np.sin(self.turn) + b * np.cos(self.turn)
        place = np.stack([x, y], axis=-1) + self.centre
        bend = np.zeros_like(place)
        for east, north, wave_east, wave_north, phase in self.waves:
            swing = np.sin(place[:, 0] * wave_east + place[:, 1] * wave_north + phase)
            bend += swing[:, None] * (east, north)
        return np.asarray(place + bend, np.float64)

    def roads(self, reach: float) -> tuple[Road, ...]:
        """All streets as unbroken lines, those that come within ``reach`` of the centre line."""
        found: list[Road] = []
        for j, width in enumerate(self.across_width):
            for first, last in _runs(self.across[:, j]):
                s = np.linspace(first, last, (last - first) * _STEPS + 1)
                self._add(found, self.locate(s, np.full_like(s, j)), width, reach)
        for i, width in enumerate(self.along_width):
            for first, last in _runs(self.along[i]):
                t = np.linspace(first, last, (last - first) * _STEPS + 1)
                self._add(found, self.locate(np.full_like(t, i), t), width, reach)
        return tuple(found)

    def _add(self, found: list[Road], line: Floats, width: float, reach: float) -> None:
        if not (np.abs(line).max(axis=1) < reach).any():
            return
        rank = "main" if width > 8.5 else "street"
        name = self.names[len(found) % len(self.names)] if self.names else f"R{len(found) + 1}"
        found.append(Road(name, rank, round(float(width), 2), _chord_heading(line), points(line)))

    def junctions(self, reach: float) -> tuple[Junction, ...]:
        """Nodes where three arms or more meet."""
        found = []
        count_s, count_t = len(self.s_ticks), len(self.t_ticks)
        wrapped = self.pattern == "radial"
        for i in range(count_s - 1 if wrapped else count_s):
            for j in range(count_t):
                before = i - 1 if i or not wrapped else count_s - 2
                arms = [
                    i < count_s - 1 and self.across[i, j],
                    before >= 0 and self.across[before, j],
                    j < count_t - 1 and self.along[i, j],
                    j > 0 and self.along[i, j - 1],
                ]
                place = self.locate(np.array([float(i)]), np.array([float(j)]))[0]
                if sum(map(bool, arms)) >= 3 and np.abs(place).max() < reach:
                    radius = max(self.across_width[j], self.along_width[i]) / 2
                    found.append(
                        Junction(
                            points(place[None])[0], sum(map(bool, arms)), round(float(radius), 2)
                        )
                    )
        return tuple(found)

    def blocks(self, reach: float) -> tuple[Block, ...]:
        """The cells of the lattice whose middle is within ``reach``."""
        found = []
        ramp = np.linspace(0, 1, _STEPS + 1)
        for i in range(len(self.s_ticks) - 1):
            for j in range(len(self.t_ticks) - 1):
                flat = np.zeros_like(ramp)
                block = Block(
                    (
                        Side(
                            self.locate(i + ramp, j + flat),
                            self.across_width[j] * self.across[i, j],
                        ),
                        Side(
                            self.locate(i + 1 + flat, j + ramp),
                            self.along_width[i + 1] * self.along[i + 1, j],
                        ),
                        Side(
                            self.locate(i + 1 - ramp, j + 1 + flat),
                            self.across_width[j + 1] * self.across[i, j + 1],
                        ),
                        Side(
                            self.locate(i + flat, j + 1 - ramp),
                            self.along_width[i] * self.along[i, j],
                        ),
                    )
                )
                if np.abs(block.middle).max() < reach:
                    found.append(block)
        return tuple(found)


def draw_lattice(rng: np.random.Generator, pattern: str, spacing: float, side: float) -> Lattice:
    """A lattice of about ``spacing`` metres that covers a square of ``side`` metres."""
    reach = side * 0.75
    if pattern == "radial":
        spokes = int(rng.integers(6, 12))
        s_ticks = np.linspace(0, 2 * np.pi, spokes + 1) + rng.uniform(0, 2)
        s_ticks[1:-1] += rng.uniform(-0.2, 0.2, spokes - 1) * 2 * np.pi / spokes
        t_ticks = np.concatenate([[rng.uniform(18, 34)], _spaced(rng, spacing, 0, reach * 1.2)[1:]])
        centre = rng.uniform(-side * 0.2, side * 0.2, 2)
    else:
        s_ticks = _spaced(rng, spacing * rng.uniform(0.8, 1.6), -reach, reach)
        t_ticks = _spaced(rng, spacing, -reach, reach)
        centre = rng.uniform(-30, 30, 2)
    strength = {"grid": rng.choice([0.0, 3.0]), "radial": 4.0, "organic": rng.uniform(12, 22)}[
        pattern
    ]
    waves = np.column_stack(
        [
            rng.normal(0, strength, (3, 2)),
            2 * np.pi / rng.uniform(140, 420, (3, 2)) * rng.choice([-1, 1], (3, 2)),
            rng.uniform(0, 6.3, 3),
        ]
    )
    missing = {"grid": 0.08, "radial": 0.12, "organic": 0.25}[pattern]
    shape = (len(s_ticks), len(t_ticks))
    across = rng.random((shape[0] - 1, shape[1])) > missing
    along = rng.random((shape[0], shape[1] - 1)) > missing
    if pattern == "radial":
        along[-1] = False  # the same spoke as the first
        across[:, 0] = True
    across_width = _widths(rng, shape[1])
    along_width = _widths(rng, shape[0])
    across[:, across_width > 8.5] = True
    along[:-1][along_width[:-1] > 8.5] = True
    turn = rng.uniform(0, np.pi / 2)
    return Lattice(
        pattern, s_ticks, t_ticks, turn, centre, waves, across, along, across_width, along_width
    )


def heading_of(vector: Floats) -> float:
    """Bearing of (east, north), 0..360."""
    return float(np.rad2deg(np.arctan2(vector[0], vector[1])) % 360)


def points(line: Floats) -> tuple[Point, ...]:
    """Centimetre-true pairs for the facts."""
    return tuple((round(float(x), 2), round(float(y), 2)) for x, y in line)


def _chord_heading(line: Floats) -> float:
    return round(heading_of(line[-1] - line[0]) % 180, 1)


def _widths(rng: np.random.Generator, count: int) -> Floats:
    main = np.arange(count) % int(rng.integers(3, 6)) == int(rng.integers(3))
    return np.where(main, rng.uniform(9, 15), rng.uniform(5.5, 7.5, count))


def _spaced(rng: np.random.Generator, spacing: float, low: float, high: float) -> Floats:
    steps = rng.uniform(0.65, 1.35, int((high - low) / spacing * 1.6) + 2) * spacing
    ticks = low + np.concatenate([[0.0], np.cumsum(steps)])
    return np.asarray(ticks[: max(3, int((ticks < high).sum()) + 1)], np.float64)


def _runs(kept: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(first, last) node of every unbroken run of kept edges."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], kept.astype(int), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
