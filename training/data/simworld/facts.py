"""The scene facts: what is where at one place on one date. The pictures are drawn from these.

Positions are (east, north) metres from the place's centre; headings are degrees clockwise from north;
colours are 0..255 RGB. Rings are closed polygons without a repeated first corner.
"""

import dataclasses
import functools
import json
import types
import typing
from dataclasses import dataclass
from typing import Any

Point = tuple[float, float]
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Road:
    """A street: its middle ``line``, the carriageway's ``width_m``, ``heading`` of its chord (0..180)."""

    name: str
    rank: str  # "main" or "street"
    width_m: float
    heading: float
    line: tuple[Point, ...]


@dataclass(frozen=True)
class Junction:
    """Where streets meet: ``arms`` is how many leave it."""

    position: Point
    arms: int
    radius_m: float


@dataclass(frozen=True)
class Building:
    """A block on an oriented rectangle. ``heading``: bearing of its long axis (``length_m``).

    ``height_m`` is that of the eaves, ``top_m`` that of the ridge (the same for a flat roof).
    """

    position: Point
    length_m: float
    width_m: float
    heading: float
    height_m: float
    top_m: float
    roof: str  # "flat", "gable" or "hip"
    roof_name: str
    roof_colour: Colour
    wall_colour: Colour
    footprint: tuple[Point, ...]


@dataclass(frozen=True)
class Tree:
    """``crown_m`` is the crown's diameter."""

    position: Point
    height_m: float
    crown_m: float
    kind: str  # "broadleaf" or "conifer"


@dataclass(frozen=True)
class Area:
    """A piece of ground. ``heading`` is that of its rows or markings, ``tone`` -1..1 its own shade."""

    kind: str
    ring: tuple[Point, ...]
    heading: float = 0.0
    tone: float = 0.0


@dataclass(frozen=True)
class Marking:
    """Paint on a road: "zebra" crossings, with the bearing one walks and their length."""

    kind: str
    position: Point
    heading: float
    length_m: float


@dataclass(frozen=True)
class Car:
    """A car; ``length_m`` tells vans and lorries."""

    position: Point
    heading: float
    colour: Colour
    length_m: float


@dataclass(frozen=True)
class Change:
    """What is different from the earlier date: "built", "demolished", "reroofed", "felled", "planted"."""

    kind: str
    what: str
    position: Point


@dataclass(frozen=True)
class Scene:
    """All facts of a square of ``side_m`` around the place's centre, on one date.

    ``changes`` says what differs from the scene it was made from; empty for a first date.
    """

    seed: int
    date: int
    side_m: float
    pattern: str
    character: str
    roads: tuple[Road, ...]
    junctions: tuple[Junction, ...]
    buildings: tuple[Building, ...]
    trees: tuple[Tree, ...]
    areas: tuple[Area, ...]
    markings: tuple[Marking, ...]
    cars: tuple[Car, ...]
    changes: tuple[Change, ...] = ()

    def to_json(self) -> str:
        """One JSON document, always the same text for the same facts."""
        return json.dumps(dataclasses.asdict(self), separators=(",", ":"))

    @staticmethod
    def from_json(text: str) -> "Scene":
        """Raises ValueError, KeyError or TypeError where the text is not such a document."""
        scene = _restore(Scene, json.loads(text))
        assert isinstance(scene, Scene)
        return scene


_hints = functools.cache(typing.get_type_hints)  # a scene has thousands of things of a few kinds


def _restore(kind: Any, value: Any) -> Any:
    """``value`` from JSON as the annotated ``kind``: dataclasses and tuples again."""
    if dataclasses.is_dataclass(kind):
        hints = _hints(typing.cast(Any, kind))
        return typing.cast(Any, kind)(**{key: _restore(hints[key], value[key]) for key in hints})
    if isinstance(kind, types.GenericAlias):
        inner = typing.get_args(kind)
        many = len(inner) == 2 and inner[1] is Ellipsis
        members = [inner[0]] * len(value) if many else inner
        return tuple(_restore(one, item) for one, item in zip(members, value, strict=True))
    return kind(value)
