"""Lines and outlines of a map made fit for the world: even lines, clipped rings, oriented rectangles."""

from collections import Counter, defaultdict
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.simworld.plots import Ground, length_of, rectangle

Floats = NDArray[np.float64]
_STEP = 3.0  # metres between the corners of an even line


@dataclass(frozen=True, eq=False)
class Piece:
    """An oriented rectangle; ``direction`` is the unit vector of its ``length_m``."""

    centre: Floats
    direction: Floats
    length_m: float
    width_m: float

    @property
    def ring(self) -> Floats:
        return rectangle(self.centre, self.direction, self.length_m, self.width_m)


def joined(lines: list[Floats]) -> list[Floats]:
    """Lines made longer where the ends of two, and no more, meet."""
    ends: defaultdict[tuple[float, float], list[int]] = defaultdict(list)
    for index, line in enumerate(lines):
        for end in (line[0], line[-1]):
            ends[key(end)].append(index)
    found, used = [], set[int]()
    for index, line in enumerate(lines):
        if index in used:
            continue
        used.add(index)
        for _ in range(2):  # at its end, then at its beginning
            while True:
                meeting = ends[key(line[-1])]
                more = [other for other in meeting if other not in used]
                if len(meeting) != 2 or not more:
                    break
                used.add(more[0])
                other = lines[more[0]]
                other = other if key(other[0]) == key(line[-1]) else other[::-1]
                line = np.concatenate([line, other[1:]])
            line = line[::-1]
        found.append(line)
    return found


def arms(lines: list[Floats]) -> dict[tuple[float, float], int]:
    """How many arms leave every corner of the lines, by its ``key``."""
    found: Counter[tuple[float, float]] = Counter()
    for line in lines:
        for index, corner in enumerate(line):
            found[key(corner)] += 1 if index in (0, len(line) - 1) else 2
    return found


def key(corner: Floats) -> tuple[float, float]:
    """A corner in centimetres, by which lines meet."""
    return round(float(corner[0]), 2), round(float(corner[1]), 2)


def even_runs(line: Floats, reach: float, round_m: float) -> list[Floats]:
    """The parts of a line within the square of ``reach``, corners evenly spaced, bends not sharper
    than a radius of about ``round_m``."""
    length = length_of(line)
    if length < 2:
        return []
    fine = _resampled(line, 1.0)
    sigma = round_m / 1.6  # a right angle under this Gaussian bends no sharper
    width = min(int(3 * sigma), len(fine) - 1)
    if width:
        # ends stay: the line is continued as its mirror image through them
        padded = np.concatenate(
            [2 * fine[:1] - fine[width:0:-1], fine, 2 * fine[-1:] - fine[-2 : -width - 2 : -1]]
        )
        kernel = np.exp(-0.5 * (np.arange(-width, width + 1) / sigma) ** 2)
        kernel /= kernel.sum()
        fine = np.stack([np.convolve(padded[:, k], kernel, "valid") for k in (0, 1)], axis=1)
    within = np.abs(fine).max(axis=1) < reach
    edges = np.flatnonzero(np.diff(np.concatenate([[0], within.astype(int), [0]])))
    runs = [fine[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return [_resampled(run, _STEP) for run in runs if len(run) > 2]


def _resampled(line: Floats, step: float) -> Floats:
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    stops = np.linspace(0, along[-1], max(2, round(float(along[-1]) / step) + 1))
    return np.stack([np.interp(stops, along, line[:, k]) for k in (0, 1)], axis=1)


def keyhole(rings: tuple[Floats, ...]) -> Floats:
    """One ring of an outline and its holes, by slits from the first corner."""
    outer = rings[0]
    parts = [outer]
    for hole in rings[1:]:
        parts += [outer[:1], hole, hole[:1]]
    return np.concatenate(parts)


def clipped(ring: Floats, reach: float) -> Floats:
    """The ring within the square of ``reach`` (Sutherland and Hodgman 1974); empty where none of it is."""
    for axis in (0, 1):
        for sign in (1.0, -1.0):
            depth = reach - sign * ring[:, axis]
            kept: list[Floats] = []
            for k in range(len(ring)):
                here, there = depth[k - 1], depth[k]
                if (here >= 0) != (there >= 0):
                    kept.append(ring[k - 1] + (ring[k] - ring[k - 1]) * here / (here - there))
                if there >= 0:
                    kept.append(ring[k])
            if len(kept) < 3:
                return np.empty((0, 2))
            ring = np.array(kept)
    return ring


def area_of(rings: tuple[Floats, ...]) -> float:
    """Square metres within an outline, without its holes."""
    sizes = [abs(float(cv2.contourArea(ring.astype(np.float32)))) for ring in rings]
    return sizes[0] - sum(sizes[1:])


def main_direction(ring: Floats) -> Floats:
    """The unit vector along which, or square to which, most of an outline runs."""
    edges = np.roll(ring, -1, axis=0) - ring
    lengths = np.hypot(*edges.T)
    turn = np.angle(np.sum(lengths * np.exp(4j * np.arctan2(edges[:, 1], edges[:, 0])))) / 4
    return np.array([np.cos(turn), np.sin(turn)])


def pieces_of(
    rings: tuple[Floats, ...], ground: Ground, least_m: float = 3.0, most: int = 14
) -> list[Piece]:
    """Rectangles, largest first, that fill an outline on free ground as far as they can, side by side.

    None is narrower than ``least_m``, and none overlaps another.
    """
    direction = main_direction(rings[0])
    aside = np.array([direction[1], -direction[0]])
    local = [np.column_stack([ring @ direction, ring @ aside]) for ring in rings]
    low, high = local[0].min(axis=0), local[0].max(axis=0)
    cell = max(0.4, float((high - low).max()) / 110)
    columns, rows = (max(1, int(np.ceil(size / cell))) for size in high - low)
    low = (low + high) / 2 - np.array([columns, rows]) * cell / 2
    mask = np.zeros((rows, columns), np.uint8)
    corners = [np.round(((ring - low) / cell - 0.5) * 16).astype(np.int32) for ring in local]
    cv2.fillPoly(mask, corners, 1, cv2.LINE_8, 4)
    y, x = np.mgrid[:rows, :columns]
    spots = np.column_stack([x.ravel(), y.ravel()]) * cell + low + cell / 2
    places = spots[:, :1] * direction + spots[:, 1:] * aside
    free = (mask > 0) & ~ground.taken_at(places).reshape(mask.shape)
    whole = free.sum()
    found: list[Piece] = []
    while len(found) < most:
        top, left, tall, wide = largest_rectangle(free, max(1, int(np.ceil(least_m / cell))))
        if tall * wide < max(0.025 * whole, 1):
            break
        free[top : top + tall, left : left + wide] = False
        middle = low + np.array([left + wide / 2, top + tall / 2]) * cell
        centre = middle[0] * direction + middle[1] * aside
        # a hair apart, so that no corner lies on another's edge
        found.append(Piece(centre, direction, wide * cell - 0.04, tall * cell - 0.04))
    return found


def largest_rectangle(mask: NDArray[np.bool_], least: int = 1) -> tuple[int, int, int, int]:
    """(top, left, rows, columns) of the largest all-true rectangle with no side below ``least``;
    zeros where there is none."""
    best = (0, 0, 0, 0)
    height = np.zeros(mask.shape, np.int32)  # how far up the column stays true
    for row in range(mask.shape[0]):
        height[row] = np.where(mask[row], (height[row - 1] if row else 0) + 1, 0)
    columns = np.arange(mask.shape[1])
    for tall in range(least, int(height.max(initial=0)) + 1):
        if tall * mask.shape[1] <= best[2] * best[3]:
            continue
        gap = np.maximum.accumulate(np.where(height >= tall, -1, columns), axis=1)
        run = columns - gap  # true columns up to here
        wide = int(run.max())
        if wide >= least and wide * tall > best[2] * best[3]:
            last, right = divmod(int(run.argmax()), len(columns))
            best = (last - tall + 1, right - wide + 1, tall, wide)
    return best
