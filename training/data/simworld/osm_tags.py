"""What OpenStreetMap's tags say in this world's terms. Tags are untrusted text: what is odd is unsaid.

Keys and values as in the map features of the OpenStreetMap wiki.
"""

import math
import re
from dataclasses import dataclass

from gleam_app.imagery.exif import clean_text
from training.data.simworld.facts import Colour

Tags = dict[str, str]
# class -> (rank, width in metres where neither width nor lanes are given)
_STREETS: dict[str, tuple[str, float]] = {
    "motorway": ("main", 10.5), "trunk": ("main", 10.0), "primary": ("main", 9.5),
    "secondary": ("main", 8.8), "motorway_link": ("street", 6.0), "trunk_link": ("street", 6.0),
    "primary_link": ("street", 5.6), "secondary_link": ("street", 5.6),
    "tertiary": ("street", 7.4), "tertiary_link": ("street", 5.4), "unclassified": ("street", 6.4),
    "residential": ("street", 6.0), "living_street": ("street", 5.2), "road": ("street", 6.0),
    "service": ("street", 3.8), "busway": ("street", 6.5),
}  # fmt: skip
# class -> (kind of ground, width)
_PATHS: dict[str, tuple[str, float]] = {
    "pedestrian": ("plaza", 6.0), "footway": ("path", 2.0), "cycleway": ("path", 2.8),
    "path": ("path", 1.6), "bridleway": ("soil", 2.0), "track": ("soil", 2.8),
    "steps": ("paving", 2.4),
}  # fmt: skip
_WATERWAYS = {"river": 12.0, "canal": 9.0, "stream": 2.6, "ditch": 1.6, "drain": 1.6}
# (key, value) -> kind of ground; "fields" is drawn among crops
_LAND: dict[str, dict[str, str]] = {
    "landuse": {
        "forest": "wood", "farmland": "fields", "meadow": "meadow", "grass": "grass",
        "village_green": "grass", "recreation_ground": "grass", "cemetery": "park",
        "allotments": "garden", "orchard": "garden", "vineyard": "crop", "quarry": "soil",
        "landfill": "soil", "brownfield": "soil", "greenfield": "meadow", "construction": "soil",
        "railway": "soil", "basin": "water", "reservoir": "water", "farmyard": "drive",
        "industrial": "concrete", "commercial": "paving", "retail": "paving", "garages": "concrete",
        "residential": "grass", "flowerbed": "garden", "greenhouse_horticulture": "soil_field",
        "plant_nursery": "crop",
    },
    "natural": {
        "wood": "wood", "water": "water", "scrub": "meadow", "heath": "meadow",
        "grassland": "meadow", "sand": "bank", "beach": "bank", "wetland": "bank",
        "bare_rock": "concrete", "scree": "soil", "shingle": "bank",
    },
    "leisure": {
        "park": "park", "garden": "garden", "golf_course": "grass", "dog_park": "grass",
        "common": "grass", "nature_reserve": "", "playground": "bank", "swimming_pool": "pool",
        "pitch": "pitch", "schoolyard": "concrete",
    },
    "amenity": {"parking": "car_park", "grave_yard": "park", "marketplace": "plaza"},
    "highway": {"pedestrian": "plaza", "footway": "plaza", "service": "road"},
    "place": {"square": "plaza"},
    "waterway": {"riverbank": "water", "dock": "water"},
}  # fmt: skip
_HARD_COURTS = ("tennis", "basketball", "handball", "skateboard", "padel", "netball", "volleyball")
_ROOFS = {
    "flat": "flat", "gabled": "gable", "gambrel": "gable", "saltbox": "gable", "round": "gable",
    "half-hipped": "gable", "hipped": "hip", "pyramidal": "hip", "mansard": "hip", "skillion": "flat",
}  # fmt: skip
_NAMED: dict[str, Colour] = {
    "white": (235, 235, 230), "black": (40, 40, 42), "grey": (132, 132, 132),
    "gray": (132, 132, 132), "red": (158, 70, 56), "brown": (118, 84, 64),
    "yellow": (214, 188, 112), "green": (98, 128, 98), "blue": (88, 112, 150),
    "orange": (196, 116, 70), "beige": (206, 192, 162), "silver": (184, 186, 188),
    "lightgrey": (190, 190, 188), "darkgrey": (84, 86, 90), "pink": (208, 164, 154),
}  # fmt: skip
_COVERINGS: dict[str, Colour] = {
    "roof_tiles": (160, 84, 60), "tile": (160, 84, 60), "slate": (78, 80, 86),
    "gravel": (152, 146, 134), "tar_paper": (70, 70, 70), "grass": (104, 124, 76),
    "copper": (108, 148, 128), "concrete": (150, 148, 142), "glass": (120, 138, 148),
}  # fmt: skip


@dataclass(frozen=True)
class Street:
    """A carriageway's terms; ``stated``: its width is that of its tags."""

    name: str
    rank: str
    width_m: float
    stated: bool


def is_at_ground(tags: Tags) -> bool:
    """Whether a thing is under the open sky: no tunnel, cellar, covered way or platform roof."""
    if any(tags.get(key, "no") != "no" for key in ("tunnel", "indoor", "covered")):
        return False
    if tags.get("location") == "underground" or tags.get("parking") == "underground":
        return False
    layer = number(tags.get("layer"))
    return (layer is None or layer >= 0) and tags.get("building") != "roof"


def street_of(tags: Tags) -> Street | None:
    """The street that a way is; None where it is none, or a place of its own (area=yes)."""
    kind = tags.get("highway", "")
    if kind not in _STREETS or tags.get("area") == "yes":
        return None
    rank, width = _STREETS[kind]
    if kind == "service" and tags.get("service") == "driveway":
        width = 3.0
    name = clean_text(tags.get("name", ""), 48)
    stated, lanes = number(tags.get("width")), number(tags.get("lanes"))
    if stated is None and lanes is not None and kind != "service":
        stated = max(3.2 * lanes + 0.4, width * 0.75)
    if stated is None:
        return Street(name, rank, width, False)
    return Street(name, rank, min(max(stated, 2.5), 22.0), True)


def path_of(tags: Tags) -> tuple[str, float] | None:
    """Kind of ground and width of a way on foot or wheels; pavements and crossings come with the street."""
    kind = tags.get("highway", "")
    if kind not in _PATHS or tags.get("area") == "yes":
        return None
    if tags.get("footway") in ("sidewalk", "crossing", "traffic_island", "link"):
        return None
    ground, width = _PATHS[kind]
    stated = number(tags.get("width"))
    return ground, width if stated is None else min(max(stated, 1.0), 12.0)


def waterway_of(tags: Tags) -> float | None:
    """The width of a water course drawn as a line."""
    kind = tags.get("waterway", "")
    if kind not in _WATERWAYS:
        return None
    stated = number(tags.get("width"))
    return _WATERWAYS[kind] if stated is None else min(max(stated, 0.8), 60.0)


def land_of(tags: Tags) -> str:
    """The kind of ground of an area, "fields" for crops unsaid; "" where it says nothing of it."""
    if tags.get("building", "no") != "no" or tags.get("parking") == "multi-storey":
        return ""
    for key in ("amenity", "leisure", "natural", "waterway", "place", "highway", "landuse"):
        kind = _LAND[key].get(tags.get(key, ""), "")
        if key == "highway" and tags.get("area") != "yes" and kind:
            continue  # a closed loop
        if kind == "pitch" and tags.get("sport") in _HARD_COURTS:
            return "court"
        if kind:
            return kind
    return ""


def floors_of(tags: Tags) -> float | None:
    """Floors under the eaves."""
    floors = number(tags.get("building:levels"))
    return None if floors is None else min(max(floors, 1.0), 60.0)


def height_of(tags: Tags) -> float | None:
    """The top's metres, as tagged."""
    height = number(tags.get("height"))
    return None if height is None else min(max(height, 2.0), 220.0)


def roof_of(tags: Tags) -> str | None:
    """ "flat", "gable" or "hip"."""
    return _ROOFS.get(tags.get("roof:shape", ""))


def roof_colour_of(tags: Tags) -> Colour | None:
    """From the roof's colour, else from what it is covered with."""
    return colour(tags.get("roof:colour")) or _COVERINGS.get(tags.get("roof:material", ""))


def number(text: str | None) -> float | None:
    """The number a value begins with ("12", "12.5 m", "3;4"); None where there is none above zero or below."""
    found = re.match(r"\s*(-?\d+(?:\.\d+)?)", text or "")
    value = float(found[1]) if found else math.nan
    return value if abs(value) < 1e5 else None


def colour(text: str | None) -> Colour | None:
    """From #rgb, #rrggbb or a common name, made no brighter or darker than things under the sky are."""
    text = (text or "").strip().lower()
    found = re.fullmatch(r"#([0-9a-f]{3}|[0-9a-f]{6})", text)
    if not found:
        return _NAMED.get(text.replace("_", "").replace(" ", ""))
    digits = found[1] if len(found[1]) == 6 else "".join(2 * digit for digit in found[1])
    # painted colours in the tags are purer than roofs are in pictures
    values = [int(digits[k : k + 2], 16) for k in (0, 2, 4)]
    grey = sum(values) / 3
    r, g, b = (int(min(max(0.6 * v + 0.4 * grey, 30), 236)) for v in values)
    return r, g, b
