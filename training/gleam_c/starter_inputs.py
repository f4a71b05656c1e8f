"""The folder that the starter encoder is trained from, made of the imagery at hand.

``orthophotos/grounds.csv`` lists pictures where they lie; ``streetmaps`` links to the maps. The
simulated world is written into the same folder by ``python -m training.data.simworld``.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gleam_app.errors import GleamError
from gleam_app.imagery.exif import clean_text
from training.data.layout import pictures
from training.data.records import read_pixels
from training.gleam_c import street_maps
from training.gleam_c.orthophotos import TILE_M


@dataclass(frozen=True)
class Imagery:
    """Pictures of one source: a glob below the folder of the open imagery, and what is known of them."""

    name: str
    files: str
    metres_per_pixel: float
    licence: str


OPEN = (
    # one foot, says its readme
    Imagery("ucmerced", "ucmerced/*/*.jpg", 0.3048, "USGS, public domain"),
    # "a ground pixel size of 20 cm"
    Imagery("gsi_road", "gsi_japan_road_pdl/images/*.jpg", 0.2, "GSI Japan, PDL 1.0"),
    # the same series; not stated for these
    Imagery("gsi_solar", "gsi_japan_solar_pdl/images/*.jpg", 0.2, "GSI Japan, PDL 1.0"),
    # nominal: SpaceNet's 0.3 m at 1300 px, reduced to 1024 px
    Imagery("vegas", "spacenet_vegas_ccbysa/images/*.jpg", 0.38, "SpaceNet, CC BY-SA 4.0"),
    # a guess from the size of cars: between 0.1 and 0.15 m
    Imagery("munich", "aerial_cars_ccby_ccbysa/kit_ais_munich_ccby/*.jpg", 0.13, "KIT AIS, CC BY 3.0"),
)  # fmt: skip
"""Left out: the Minsk photos (oblique), Caliterra (validation; its orthomosaic has no scale), and all
panoramas and street photos (no satellite pictures of their places)."""

NEPAL = Imagery(
    "nepal", "oam_banepa_nepal_ccby/tiles.csv", 0.132, "OpenAerialMap, CC BY 4.0"
)  # tiles of zoom 19 at 512 px, latitude 27.63
MOSAIC = 3, 4  # tiles side by side, and one above another: one tile alone is too small for a place
MAPS_LICENCE = "Google Maps imagery by way of the pix2pix maps set: no licence stated, research use"


def prepare_inputs(imagery: Path, maps: Path, folder: Path) -> list[str]:
    """Write ``folder``; returns a line on each source. Raises GleamError naming what is missing."""
    orthophotos = folder / "orthophotos"
    orthophotos.mkdir(parents=True, exist_ok=True)
    said, rows = [], []
    for source in OPEN:
        files = sorted(imagery.glob(source.files))
        if not files:
            raise GleamError(
                f"{clean_text(imagery)} has no {source.files}.",
                "Give the folder that holds all of the open imagery.",
            )
        rows += [_row(f, f"{source.name}/{f.name}", source.metres_per_pixel) for f in files]
        said.append(_line(source.name, len(files), source.metres_per_pixel, source.licence))
    mosaics = list(_mosaics(imagery / NEPAL.files, orthophotos / "nepal"))
    rows += [_row(f, f"nepal/{f.name}", NEPAL.metres_per_pixel) for f in mosaics]
    said.append(_line("nepal", len(mosaics), NEPAL.metres_per_pixel, NEPAL.licence))
    satellites = pictures(maps / "satellite", "satellite/NNNN.ext and map/NNNN.ext")
    # by the names, and with the tiles, that they have as street maps: then the places are the same
    metres = street_maps.METRES_PER_PIXEL
    rows += [_row(f, f.stem, metres, street_maps.TILE_M) for f in satellites]
    said.append(_line("maps", len(satellites), metres, MAPS_LICENCE))
    _write_table(orthophotos / "grounds.csv", rows)
    linked = folder / "streetmaps"
    linked.mkdir(exist_ok=True)
    for side in ("satellite", "map"):
        if not (linked / side).exists():
            (linked / side).symlink_to((maps / side).resolve(), target_is_directory=True)
    return said


_Row = dict[str, str | float]


def _row(file: Path, name: str, metres: float, tile_m: tuple[float, float] = TILE_M) -> _Row:
    return {
        "picture": str(file.resolve()), "metres_per_pixel": metres, "name": name,
        "least_m": tile_m[0], "most_m": tile_m[1],
    }  # fmt: skip


def _line(name: str, count: int, metres: float, licence: str) -> str:
    return f"{name}: {count} pictures, {metres:g} m a pixel, {licence}"


def _write_table(path: Path, rows: list[_Row]) -> None:
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    staged = path.with_name(path.name + ".part")
    staged.write_text(text.getvalue(), "utf-8")
    staged.replace(path)


def _mosaics(table: Path, folder: Path) -> Iterator[Path]:
    """The contiguous tiles of a map joined into pictures of ``MOSAIC`` tiles."""
    import cv2

    try:
        with table.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["split"] == "train"]
        tiles = {(int(row["x"]), int(row["y"])): row["file"] for row in rows}
    except (OSError, KeyError, ValueError):
        raise GleamError(f"{clean_text(table)} cannot be read as a table of tiles.") from None
    folder.mkdir(exist_ok=True)
    wide, high = MOSAIC
    for x in sorted({x for x, _ in tiles})[::wide]:
        for y in sorted({y for _, y in tiles})[::high]:
            block = [[tiles.get((x + i, y + j)) for i in range(wide)] for j in range(high)]
            if any(name is None for row in block for name in row):
                continue
            whole = np.vstack(
                [
                    np.hstack([read_pixels(table.parent / "tiles_z19" / str(n)) for n in row])
                    for row in block
                ]
            )
            path = folder / f"{x}_{y}.png"
            staged = path.with_name(f"{path.name}.part.png")
            cv2.imwrite(str(staged), whole[..., ::-1])
            staged.replace(path)
            yield path
