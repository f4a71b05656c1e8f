"""What the arguments of commands may be: numbers, places, views. Wrong ones end as usage errors."""

import argparse
import math
import re
from datetime import date

VIEWS = ["auto", "uav", "ground", "panorama", "map"]
SIGNED = ("--near", "--box")
Arguments = argparse.Namespace


def positive(text: str) -> int:
    """A whole number, 1 or more."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def degrees(text: str) -> float:
    """An angle."""
    value = float(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError("must be a number of degrees")
    return value


def scales(text: str) -> list[float]:
    """Tile sides in metres, with commas between; named twice counts once."""
    sides = [float(part) for part in text.split(",")]
    if not all(1.0 <= side <= 100_000.0 for side in sides):
        raise argparse.ArgumentTypeError("tile sides are 1 to 100000 metres")
    return sorted(set(sides))


def source(text: str) -> str:
    """A path. An empty one, of a shell variable that is not set, would be the folder one stands in."""
    if not text:
        raise argparse.ArgumentTypeError("is empty")
    return text


def views(text: str) -> list[str]:
    """Kinds of pictures, with commas between."""
    chosen = list(dict.fromkeys(part.strip() for part in text.split(",")))
    if not set(chosen) <= set(VIEWS[1:]):
        raise argparse.ArgumentTypeError(f"views are {', '.join(VIEWS[1:])}")
    return chosen


def near(text: str) -> tuple[float, float, float]:
    """Latitude, longitude (degrees) and radius (metres)."""
    parts = [float(part) for part in text.split(",")]
    if len(parts) != 3 or not (abs(parts[0]) <= 90 and abs(parts[1]) <= 180 and parts[2] > 0):
        raise argparse.ArgumentTypeError("needs LAT,LON,RADIUS_M in degrees and metres")
    return parts[0], parts[1], parts[2]


def box(text: str) -> tuple[float, float, float, float]:
    """South, west, north and east sides in degrees."""
    parts = [float(part) for part in text.split(",")]
    if len(parts) != 4 or not (
        -90 <= parts[0] <= parts[2] <= 90 and abs(parts[1]) <= 180 and abs(parts[3]) <= 180
    ):
        raise argparse.ArgumentTypeError("needs SOUTH,WEST,NORTH,EAST in degrees")
    return parts[0], parts[1], parts[2], parts[3]


def dates(text: str) -> tuple[date, date]:
    """The first and the last day; either may be left out (``2023-04-01..``), or both be one day."""
    first, dots, last = text.partition("..")
    days = (
        date.fromisoformat(first) if first else date.min,
        date.fromisoformat(last) if last else date.max if dots else date.fromisoformat(first),
    )
    if days[0] > days[1] or not (first or last):
        raise argparse.ArgumentTypeError("needs FROM..TO, such as 2023-04-01..2023-09-30")
    return days


def with_signs(argv: list[str]) -> list[str]:
    """``--near -27.5,…`` as ``--near=-27.5,…``: argparse takes a leading minus for an option."""
    joined: list[str] = []
    for word in argv:
        if joined and joined[-1] in SIGNED and re.match(r"-[\d.]", word):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined
