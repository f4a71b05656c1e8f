"""Scene facts: what each of two pictures shows, and what they share.

The simulated world knows them of its own pictures; the heads of a pack tell those they are sure of. A closed
vocabulary of kinds and values, so that every fact can be said in two languages and a checker can read it back. Positions are cells of a 3 x 3 grid over the picture.
"""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

Zone = Literal[
    "", "centre", "upper", "lower", "left", "right",
    "upper left", "upper right", "lower left", "lower right",
]  # fmt: skip
"""Where in the picture; "" where it is in no one cell, or was not asked."""
ZONES: tuple[Zone, ...] = (
    "upper left", "upper", "upper right", "left", "centre", "right",
    "lower left", "lower", "lower right",
)  # fmt: skip
"""By row, from the upper left."""

THINGS = ("water", "pool", "sports", "car_park", "wood", "park", "field", "green")
"""Kinds that are "present" or "none"; "green" is a street map's one colour for parks, woods and pitches."""
NEVER_ABSENT = ("park", "green")
"""Things that nobody says are not there: lawns and gardens look alike."""
VALUES: dict[str, tuple[str, ...]] = {
    "buildings": ("none", "few", "several", "many"),
    "trees": ("none", "few", "many"),
    "roofs": ("red", "brown", "tan", "dark", "grey", "light", "green", "blue"),
    "roof_form": ("flat", "pitched"),
    "storeys": ("low", "mid", "tall"),
    "road": ("ns", "nesw", "ew", "nwse"),
    "street": ("ns", "nesw", "ew", "nwse"),
    "bend": ("straight", "curved"),
    "junction": ("none", "tee", "cross", "star"),
    **dict.fromkeys(THINGS, ("none", "present")),
    **dict.fromkeys(NEVER_ABSENT, ("present",)),
}
"""Kinds of facts and what each may be. ``road`` is the direction of the largest road of a picture,
``street`` of the one that a panorama was taken on; ``junction`` a fork or T, a crossroads, or more arms."""

SOME = "some"
"""Buildings, nobody says how many: no value of the simulated world, which counts them."""

_SCALES = {"buildings": 2, "trees": 2}  # levels apart from which on a difference is plain
_SIMILAR_ROOFS = {
    frozenset(pair)
    for pair in (
        ("red", "brown"), ("brown", "tan"), ("brown", "dark"), ("tan", "light"), ("tan", "grey"),
        ("dark", "grey"), ("grey", "light"), ("grey", "green"), ("grey", "blue"), ("dark", "green"),
        ("brown", "green"), ("dark", "blue"), ("red", "tan"), ("brown", "grey"),
    )
}  # fmt: skip
SAME_DIRECTION_DEG, OTHER_DIRECTION_DEG = 15.0, 40.0


class Fact(BaseModel):
    """One fact of one picture. ``measure`` is its number where it has one: how many, degrees (0..180,
    clockwise from up), or share of the picture (0..1)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    kind: str
    value: str
    zone: Zone = ""
    measure: float | None = None


class Link(BaseModel):
    """Two facts, one of each picture, that agree or differ. ``zone``: the cell that both name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    first: str
    second: str
    zone: Zone = ""


class SceneFacts(BaseModel):
    """``image1`` and ``image2``: facts with ids A1, A2, … and B1, B2, …; how they compare."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    image1: tuple[Fact, ...]
    image2: tuple[Fact, ...]
    shared: tuple[Link, ...]
    differing: tuple[Link, ...]

    def by_id(self, name: str) -> Fact:
        """The fact of an id; KeyError where there is none."""
        for fact in (*self.image1, *self.image2):
            if fact.id == name:
                return fact
        raise KeyError(name)


def scene_facts(
    image1: Sequence[Fact], image2: Sequence[Fact], same_extent: bool = True
) -> SceneFacts:
    """Give ids, and compare what can be compared. Each fact is in one link at most.

    ``same_extent``: both pictures show about as much ground. A photo from the street does not, and how
    much it shows of a thing says little.
    """
    firsts = [fact.model_copy(update={"id": f"A{n}"}) for n, fact in enumerate(image1, start=1)]
    seconds = [fact.model_copy(update={"id": f"B{n}"}) for n, fact in enumerate(image2, start=1)]
    shared: list[Link] = []
    differing: list[Link] = []
    for wanted, into in ((True, shared), (False, differing)):
        for one in firsts:
            if any(one.id == link.first for link in (*shared, *differing)):
                continue
            for two in seconds:
                taken = any(two.id == link.second for link in (*shared, *differing))
                if not taken and agree(one, two, same_extent) is wanted:
                    zone = one.zone if wanted and one.zone == two.zone else ""
                    into.append(Link(kind=one.kind, first=one.id, second=two.id, zone=zone))
                    break
    return SceneFacts(
        image1=tuple(firsts),
        image2=tuple(seconds),
        shared=tuple(shared),
        differing=tuple(differing),
    )


def agree(one: Fact, two: Fact, same_extent: bool = True) -> bool | None:
    """Whether two facts of one kind say the same of their pictures (True), plainly not (False), or neither."""
    if one.kind != two.kind:
        return None
    if one.kind in THINGS:
        if one.value == two.value == "none":
            return None
        if one.value != two.value:
            return False
        return near(one.zone, two.zone)
    if one.kind in _SCALES:
        if SOME in (one.value, two.value):
            return False if "none" in (one.value, two.value) else one.value == two.value or None
        levels = VALUES[one.kind]
        apart = abs(levels.index(one.value) - levels.index(two.value))
        plain = _SCALES[one.kind] if same_extent else len(levels) - 1
        return True if apart == 0 else False if apart >= plain else None
    if one.kind == "roofs":
        if one.value == two.value:
            return True
        return None if frozenset((one.value, two.value)) in _SIMILAR_ROOFS else False
    if one.kind in ("road", "street"):
        return _same_direction(one, two)
    if one.kind == "junction":
        return _same_junction(one, two)
    return one.value == two.value


def near(one: Zone, two: Zone) -> bool:
    """Whether two cells touch, or one of them is not known."""
    if not one or not two:
        return True
    (row, column), (other_row, other_column) = (divmod(ZONES.index(zone), 3) for zone in (one, two))
    return max(abs(row - other_row), abs(column - other_column)) <= 1


def _same_direction(one: Fact, two: Fact) -> bool | None:
    if one.measure is None or two.measure is None:
        return None
    apart = abs((one.measure - two.measure + 90) % 180 - 90)
    if apart <= SAME_DIRECTION_DEG:
        return True if one.value == two.value else None
    return False if apart >= OTHER_DIRECTION_DEG and one.value != two.value else None


def _same_junction(one: Fact, two: Fact) -> bool | None:
    """The same kind in touching cells; plainly not where one is in the middle and there is none else."""
    if one.value == two.value:
        return True if one.value != "none" and near(one.zone, two.zone) else None
    lone = one if two.value == "none" else two if one.value == "none" else None
    return False if lone is not None and lone.zone in ("centre", "") else None
