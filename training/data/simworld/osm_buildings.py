"""Buildings of a map: how high they are, how they are roofed, and as rectangles where they stand."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training.data.simworld import palette
from training.data.simworld.draft import Draft, Dress
from training.data.simworld.facts import Colour
from training.data.simworld.osm import Feature
from training.data.simworld.osm_shapes import Piece, area_of, pieces_of
from training.data.simworld.osm_tags import (
    Tags,
    colour,
    floors_of,
    height_of,
    roof_colour_of,
    roof_of,
)

Floats = NDArray[np.float64]
# what an unsaid building is by its use: floors (low, high), and how often its roof is pitched
_USES: dict[str, tuple[float, float, float]] = {
    "house": (1.0, 2.0, 0.95), "detached": (1.0, 2.0, 0.95), "bungalow": (1.0, 1.0, 0.95),
    "semidetached_house": (1.6, 2.4, 0.95), "terrace": (2.0, 3.0, 0.85), "farm": (1.0, 2.0, 1.0),
    "cabin": (1.0, 1.0, 1.0), "residential": (1.0, 2.4, 0.9), "garage": (0.8, 0.9, 0.4),
    "garages": (0.8, 0.9, 0.2), "shed": (0.7, 0.9, 0.5), "hut": (0.8, 0.9, 0.7),
    "carport": (0.8, 0.8, 0.1), "kiosk": (0.9, 1.0, 0.2), "barn": (1.6, 2.6, 1.0),
    "farm_auxiliary": (1.4, 2.4, 0.9), "stable": (1.2, 1.8, 0.9), "greenhouse": (1.0, 1.3, 0.8),
    "industrial": (1.8, 3.2, 0.2), "warehouse": (2.0, 3.4, 0.15), "retail": (1.4, 2.4, 0.15),
    "supermarket": (1.8, 2.4, 0.1), "school": (2.0, 3.5, 0.3), "kindergarten": (1.0, 1.4, 0.5),
    "church": (3.5, 6.0, 1.0), "chapel": (2.0, 3.0, 1.0), "service": (0.9, 1.2, 0.3),
}  # fmt: skip
_SMALL, _HOUSE = 60.0, 420.0  # square metres: a shed, a house
_WIDEST_PITCHED = 22.0


@dataclass(frozen=True)
class Stock:
    """What buildings of a place are like where the map does not say."""

    floors: float
    storey_m: float
    pitched: float  # share of large ones
    hipped: float  # share of pitched ones


def draw_stock(features: list[Feature], character: str, rng: np.random.Generator) -> Stock:
    """Floors as around those that the map has, else by the character."""
    known = [
        floors
        for f in features
        if f.kind == "area"
        and (floors := floors_of(f.tags)) is not None
        and area_of(f.rings) > _HOUSE
    ]
    usual = {"suburb": 2.5, "town": 4.0, "centre": 6.0, "works": 2.5, "country": 2.0}[character]
    floors = float(np.median(known)) if len(known) >= 4 else usual * rng.uniform(0.8, 1.25)
    pitched = {"suburb": 0.5, "town": 0.4, "centre": 0.3}.get(character, 0.2)
    return Stock(
        floors,
        float(rng.uniform(2.9, 3.4)),
        float(np.clip(rng.normal(pitched, 0.25), 0, 1)),
        float(rng.uniform(0.05, 0.7)),
    )


def put_up(draft: Draft, features: list[Feature], stock: Stock) -> list[Piece]:
    """Put up all buildings of the map on free ground, large ones first; the houses' rectangles."""
    outlines = [
        f
        for f in features
        if _is_building(f)
        and area_of(f.rings) > 9
        and (np.abs(f.rings[0]) < draft.side / 2).all(axis=1).any()
    ]
    houses = []
    for feature in sorted(outlines, key=lambda f: -area_of(f.rings)):
        size = area_of(feature.rings)
        pieces = pieces_of(feature.rings, draft.ground, 3.0 if size < 900 else 4.5)
        if not pieces:
            continue
        height, dress = _drawn(draft, feature.tags, size, stock, pieces)
        for piece in pieces:
            # taken with a margin: the next one's cells are no finer than the ground's
            wider = Piece(piece.centre, piece.direction, piece.length_m + 1, piece.width_m + 1)
            draft.ground.take(wider.ring)
            wing = dress if min(piece.length_m, piece.width_m) < _WIDEST_PITCHED else _flat(dress)
            draft.erect(
                piece.centre, piece.direction, (piece.length_m, piece.width_m), height, wing
            )
        if _SMALL < size < _HOUSE and stock.floors < 3.5:
            houses.append(pieces[0])
    return houses


def _drawn(
    draft: Draft, tags: Tags, size: float, stock: Stock, pieces: list[Piece]
) -> tuple[float, Dress]:
    """Height of the eaves and looks: what the tags say, the rest drawn."""
    rng = draft.rng
    kind = tags["building"]
    low, high, often = _USES.get(kind, (0.0, 0.0, 0.0))
    if not high and size < _SMALL:
        low, high, often = 0.8, 1.1, 0.5
    elif not high and size < _HOUSE and stock.floors < 3.5:
        low, high, often = 1.0, 2.2, 0.85
    elif not high:
        low, high, often = max(1.0, stock.floors - 1.2), stock.floors + 1.2, stock.pitched
    chance, pitch = rng.random(2)
    roof = roof_of(tags) or (
        "flat" if chance >= often else "hip" if pitch < stock.hipped else "gable"
    )
    narrow = min(pieces[0].length_m, pieces[0].width_m)
    if narrow >= _WIDEST_PITCHED:
        roof = "flat"
    dress = _coloured(draft.dress(roof), tags)
    drawn = rng.uniform(low, high)
    floors = floors_of(tags)
    eaves = (floors or drawn) * stock.storey_m + (0.4 if roof != "flat" else 0.8)
    top = height_of(tags)
    if top is not None:  # a tagged height is the ridge's
        eaves = max(top - narrow / 2 * dress.slope, 0.5 * top, 2.0)
        dress = replace(dress, slope=max(0.0, top - eaves) / (narrow / 2))
    return float(eaves), dress


def _coloured(dress: Dress, tags: Tags) -> Dress:
    roof, wall = roof_colour_of(tags), colour(tags.get("building:colour"))
    if roof is not None:
        dress = replace(dress, roof_colour=roof, roof_name=_name_of(roof))
    return dress if wall is None else replace(dress, wall_colour=wall)


def _name_of(roof: Colour) -> str:
    """The palette's name nearest to a colour."""
    return min(
        palette.ROOFS,
        key=lambda name: sum((a - b) ** 2 for a, b in zip(palette.ROOFS[name], roof, strict=True)),
    )


def _flat(dress: Dress) -> Dress:
    return replace(dress, roof="flat", slope=0.0)


def _is_building(feature: Feature) -> bool:
    return feature.kind == "area" and feature.tags.get("building", "no") != "no"
