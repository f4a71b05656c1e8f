"""DenseUAV (Dai et al., arXiv 2201.09201): dense UAV photos over 14 campuses.

Layout as read in Dmmm1997/DenseUAV (README, ``evaluateDistance.py`` and its split script; the gallery
folders only in the scripts)::

    DenseUAV/Dense_GPS_ALL.txt                     path E<longitude> N<latitude> height
    DenseUAV/train/drone/<6 digits>/H80.JPG H90.JPG H100.JPG
    DenseUAV/train/satellite/<id>/H80.tif H80_old.tif ...  (two years, three extents)
    DenseUAV/test/{query_drone,query_satellite,gallery_drone,gallery_satellite}/<id>/

The place is the folder. The gallery holds training places too, as distractors. Positions are optional.
"""

from pathlib import Path

from gleam_app.geo.coordinates import LatLon
from gleam_app.imagery.views import View
from training.data.layout import bad_line, pictures_by_place, position, read_lines, unknown_split
from training.data.records import Split, gold_by_place

_SPLITS: dict[str, tuple[View | None, str, str]] = {
    "train": ("uav", "train/drone", "train/satellite"),
    "test-drone": ("uav", "test/query_drone", "test/gallery_satellite"),
    "test-satellite": (None, "test/query_satellite", "test/gallery_drone"),
}
SPLITS = tuple(_SPLITS)
_HOLDS = "train/{drone,satellite}/<id>/ and test/{query,gallery}_{drone,satellite}/<id>/ (DenseUAV)"
_GPS = "lines such as train/drone/000001/H80.JPG E120.387 N30.324 94.1"


def read_split(root: Path, split: str) -> Split:
    """Read one of ``SPLITS``. Raises GleamError."""
    if split not in _SPLITS:
        raise unknown_split("DenseUAV", split, SPLITS)
    view, query_folder, gallery_folder = _SPLITS[split]
    queries, places = pictures_by_place(root / query_folder, _HOLDS)
    gallery, gallery_places = pictures_by_place(root / gallery_folder, _HOLDS)
    known = _positions(root / "Dense_GPS_ALL.txt")
    return Split(
        name=f"denseuav/{split}",
        view=view,
        queries=tuple(queries),
        places=tuple(places),
        gallery=tuple(gallery),
        gold=_nearest_extent_first(queries, gallery, gold_by_place(places, gallery_places)),
        protocol="university",
        positions=tuple(known.get(place) for place in places) if known else (),
    )


def _nearest_extent_first(
    queries: list[Path], gallery: list[Path], gold: tuple[tuple[int, ...], ...]
) -> tuple[tuple[int, ...], ...]:
    """Put the images named after the query's own height first: H80.tif for H80.JPG, then H80_old.tif."""

    def key(query: Path, index: int) -> tuple[bool, bool, int]:
        name = gallery[index].stem
        return name != query.stem, name.removesuffix("_old") != query.stem, index

    return tuple(
        tuple(sorted(indices, key=lambda index, query=query: key(query, index)))  # type: ignore[misc]
        for query, indices in zip(queries, gold, strict=True)
    )


def _positions(path: Path) -> dict[str, LatLon]:
    """Positions by place; none where the table is not there."""
    if not path.is_file():
        return {}
    found: dict[str, LatLon] = {}
    for number, line in read_lines(path, _GPS):
        columns = line.replace("\\", "/").split()
        place = columns[0].split("/")[-2:-1]
        if len(columns) < 3 or not place:
            raise bad_line(path, number, _GPS)
        where = position(columns[2].removeprefix("N"), columns[1].removeprefix("E"))
        if where is None:
            raise bad_line(path, number, _GPS)
        found[place[0]] = where
    return found
