"""SetVL-480K (Wu et al., Set-CVGL, arXiv 2412.18852): ground photos, many to a satellite tile.

The authors (Mabel0403/Set-CVGL README; data on Hugging Face as Mabel0403/SetVL-480K) publish no
pictures: only the ids of the street photos, and the coordinates and zoom level of the satellite tiles.
The pictures come from Google and Esri under their terms. The column names of the published tables were
not seen by us, so this adapter asks for one table of its own, made from them, beside the pictures::

    SetVL-480K/setvl480k.csv        image_id,tile_id,lat,lon,zoom,split   (more columns are ignored)
    SetVL-480K/ground/<image_id>.jpg
    SetVL-480K/satellite/<tile_id>.jpg

``lat``, ``lon`` (degrees) are the centre of the tile, ``split`` is ``train`` or ``test``. Any picture
format will do. Photos without their file, or without their tile's, are left out and counted in
``Split.missing``. The gallery is the tiles of the split that are there.
"""

from pathlib import Path

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import LatLon
from gleam_app.imagery.exif import clean_text
from training.data.layout import (
    bad_line,
    need_folder,
    pictures,
    position,
    read_table,
    unknown_split,
)
from training.data.records import Split

SPLITS = ("train", "test", "all")
_COLUMNS = ("image_id", "tile_id", "lat", "lon", "zoom", "split")
_HOLDS = (
    "setvl480k.csv (image_id,tile_id,lat,lon,zoom,split) and the folders ground/ and satellite/"
)


def read_split(root: Path, split: str) -> Split:
    """Read one of ``SPLITS``. Raises GleamError."""
    if split not in SPLITS:
        raise unknown_split("SetVL-480K", split, SPLITS)
    table = root / "setvl480k.csv"
    need_folder(root, _HOLDS)
    rows = [row for row in _rows(table) if split in ("all", row[3])]
    ground = {path.stem: path for path in pictures(root / "ground", _HOLDS)}
    satellite = {path.stem: path for path in pictures(root / "satellite", _HOLDS)}
    tiles = sorted({tile for _, tile, _, _ in rows if tile in satellite})
    numbers = {tile: index for index, tile in enumerate(tiles)}
    found = [row for row in rows if row[0] in ground and row[1] in numbers]
    if not found:
        raise GleamError(
            f"{clean_text(root, 400)} holds no pictures of the {split} split that the table names.",
            f"Download the photos and tiles: the data set should hold {_HOLDS}.",
        )
    return Split(
        name=f"setvl480k/{split}",
        view="ground",
        queries=tuple(ground[image] for image, _, _, _ in found),
        places=tuple(tile for _, tile, _, _ in found),
        gallery=tuple(satellite[tile] for tile in tiles),
        gold=tuple((numbers[tile],) for _, tile, _, _ in found),
        protocol="own",
        positions=tuple(where for _, _, where, _ in found),
        missing=len(rows) - len(found),
    )


def _rows(table: Path) -> list[tuple[str, str, LatLon, str]]:
    """(image id, tile id, position of the tile, split) of every line."""
    found = []
    for number, row in read_table(table, _COLUMNS, _HOLDS):
        where = position(row["lat"], row["lon"])
        if where is None or not row["image_id"] or not row["tile_id"]:
            raise bad_line(table, number, _HOLDS)
        found.append((row["image_id"], row["tile_id"], where, row["split"]))
    return found
