"""Street maps and the satellite images of the same ground: a folder of aligned pairs.

``satellite/NNNN.ext`` and ``map/NNNN.ext`` show the same ground, as in the "maps" set published with
pix2pix (Isola et al., CVPR 2017). It stands in for the street-map pairs of GLEAM (arXiv 2509.07450),
which are not released. There are no coordinates; ``val`` is a fixed one in ten by name, ``train`` the rest.
"""

from pathlib import Path

from gleam_app.errors import GleamError
from gleam_app.imagery.exif import clean_text
from training.data.layout import pictures, unknown_split
from training.data.records import Split, held_out

SPLITS = ("train", "val", "all")
_HOLDS = "satellite/NNNN.ext and map/NNNN.ext, one of each for every number"


def read_split(root: Path, split: str) -> Split:
    """Read one of ``SPLITS``. Raises GleamError, also where one side of a pair is missing."""
    if split not in SPLITS:
        raise unknown_split("street maps", split, SPLITS)
    maps = {path.stem: path for path in pictures(root / "map", _HOLDS)}
    satellites = {path.stem: path for path in pictures(root / "satellite", _HOLDS)}
    alone = sorted(maps.keys() ^ satellites.keys())
    if alone:
        side = "map" if alone[0] in satellites else "satellite"
        raise GleamError(
            f"{clean_text(root, 400)} has no {side} for {clean_text(alone[0])}.",
            f"The data set should hold {_HOLDS}.",
        )
    stems = [s for s in sorted(maps) if split == "all" or held_out(s) == (split == "val")]
    if not stems:
        raise GleamError(
            f"No pair of {clean_text(root, 400)} falls into the {split} split.",
            "Use the split all for so few pairs.",
        )
    return Split(
        name=f"streetmaps/{split}",
        view="map",
        queries=tuple(maps[stem] for stem in stems),
        places=tuple(stems),
        gallery=tuple(satellites[stem] for stem in stems),
        gold=tuple((index,) for index in range(len(stems))),
        protocol="own",
    )
