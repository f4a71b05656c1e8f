"""What real aerial pictures show, as far as their class tells: UC Merced Land Use as weak labels.

The simulated world alone would not tell whether a head knows real woods. A class says some facts of its
pictures (a forest is wood and holds no car park) and leaves others open (there may be a pool anywhere).
"""

from pathlib import Path

from gleam_app.errors import GleamError
from gleam_app.explain.scene_facts import SOME, THINGS, VALUES

Known = dict[tuple[str, str], bool]
HELD_OUT_FROM = 80  # pictures of a class that nothing is learnt or fitted on

# class -> things present, things absent, whether buildings (None: open)
_CLASSES: dict[str, tuple[str, str, bool | None]] = {
    "agricultural": ("field", "water wood car_park sports pool", False),
    "airplane": ("", "field wood water sports pool", None),
    "baseballdiamond": ("sports", "field", None),
    "beach": ("water", "field wood sports pool car_park", None),
    "buildings": ("", "field wood water", True),
    "chaparral": ("", "field wood water car_park sports pool", False),
    "denseresidential": ("", "field wood water car_park sports", True),
    "forest": ("wood", "field water car_park sports pool", False),
    "freeway": ("", "water car_park sports pool", None),
    "golfcourse": ("", "field car_park pool", None),
    "harbor": ("water", "field wood sports pool", None),
    "intersection": ("", "field wood water sports", None),
    "mediumresidential": ("", "field wood water car_park sports", True),
    "mobilehomepark": ("", "field wood water sports", True),
    "overpass": ("", "field water sports pool", None),
    "parkinglot": ("car_park", "field wood water sports pool", None),
    "river": ("water", "car_park sports pool", None),
    "runway": ("", "wood water car_park sports pool", None),
    "sparseresidential": ("", "car_park sports", True),
    "storagetanks": ("", "field wood sports pool", None),
    "tenniscourt": ("sports", "field wood water", None),
}


def known_of(label: str) -> Known:
    """(kind, value) -> whether a picture of this class shows it; what the class leaves open is left out."""
    present, absent, built = _CLASSES[label]
    known: Known = {}
    for names, there in ((present, True), (absent, False)):
        for kind in names.split():
            assert kind in THINGS
            known |= {(kind, "present"): there, (kind, "none"): not there}
    if built is not None:
        known |= {("buildings", SOME): built, ("buildings", "none"): not built}
    if built is False:
        known |= {("buildings", v): False for v in VALUES["buildings"] if v != "none"}
    return known


def aerial_pictures(folder: Path) -> list[Path]:
    """All pictures of the known classes, by class and name. Raises GleamError where there are none."""
    found = [p for label in _CLASSES for p in sorted((folder / label).glob("*.jpg"))]
    if not found:
        raise GleamError(
            f"{folder.name} holds no UC Merced pictures.", "One folder a class, JPEG files."
        )
    return found


def is_held_out(picture: Path) -> bool:
    """By the number in its name."""
    return int("".join(filter(str.isdigit, picture.stem))) >= HELD_OUT_FROM
