"""Other areas for a gallery to be diluted with: all that is wrong whatever is asked."""

from collections.abc import Iterator
from pathlib import Path

from training.gleam_c.report.cuts import Cut, grid, size_of, whole

# folder of the open imagery -> squares along a picture's side; 1: the whole picture
PARTS = {
    "ucmerced": 1,
    "spacenet_vegas_ccbysa": 4,
    "gsi_japan_road_pdl": 2,
    "gsi_japan_solar_pdl": 2,
    "oam_banepa_nepal_ccby/tiles_z19": 1,
}
STREET_MAP_TILE_PX = 192  # in two corners of the satellite halves of street maps


def other_areas(open_data: Path, data: Path) -> list[Cut]:
    """Squares of every other area, 50 to 200 m wide."""
    found: list[Cut] = []
    for folder, parts in PARTS.items():
        for picture in _pictures(open_data / folder):
            side = min(size_of(picture)) / parts
            found += [whole(picture)] if parts == 1 else grid(picture, side, side)
    for picture in _pictures(data / "streetmaps" / "satellite"):
        step = min(size_of(picture)) - STREET_MAP_TILE_PX
        found += list(grid(picture, STREET_MAP_TILE_PX, step))[::3]  # the first and the last
    return found


def _pictures(folder: Path) -> Iterator[Path]:
    suffixes = {".jpg", ".jpeg", ".png", ".webp", ".tif"}
    return (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in suffixes)
