"""VIGOR (Zhu et al., CVPR 2021): panoramas against satellite images of four cities.

Layouts as read in the authors' release and in Sample4Geo's README and ``dataset/vigor.py``; either::

    <City>/panorama/<pano id>,<lat>,<lng>,.jpg     ground/<City>/<the same>
    <City>/satellite/satellite_<lat>_<lng>.png     satellite/<City>/<the same>
    splits/<City>/{satellite_list,same_area_balanced_train,same_area_balanced_test,pano_label_balanced}.txt

A label line is ``pano  sat dx dy  sat dx dy  sat dx dy  sat dx dy``: columns 0, 1, 4, 7, 10 are the
panorama, its satellite image and three semi-positives. The gallery is every satellite image of the
split's cities, those that cover no panorama included. To use the corrected labels published with
SliceMatch (tudelft-iv), put them in the place of ``splits``.
"""

import re
from pathlib import Path

from gleam_app.geo.coordinates import LatLon
from training.data.layout import (
    bad_line,
    beneath,
    need_all,
    need_folder,
    position,
    read_lines,
    unknown_split,
)
from training.data.records import Split

SPLITS = ("same-train", "same-test", "cross-train", "cross-test")
SAME_CITIES = ("Chicago", "NewYork", "SanFrancisco", "Seattle")
CROSS_CITIES = {"train": ("NewYork", "Seattle"), "test": ("Chicago", "SanFrancisco")}

_COLUMNS = 13
_HOLDS = (
    "splits/<City>/satellite_list.txt and pano_label_balanced.txt, with the pictures in "
    "<City>/panorama and <City>/satellite, or in ground/<City> and satellite/<City>"
)
_LABELS = "lines of 13 columns: panorama, then four times satellite image, dx, dy"
_PANORAMA = re.compile(r".*,(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?),?\.\w+")


def read_split(root: Path, split: str) -> Split:
    """Read one of ``SPLITS``; ``root`` holds ``splits``. Raises GleamError."""
    if split not in SPLITS:
        raise unknown_split("VIGOR", split, SPLITS)
    area, part = split.split("-")
    cities = SAME_CITIES if area == "same" else CROSS_CITIES[part]
    labels = f"same_area_balanced_{part}.txt" if area == "same" else "pano_label_balanced.txt"
    gallery: list[Path] = []
    queries: list[Path] = []
    gold: list[tuple[int, ...]] = []
    semi: list[tuple[int, ...]] = []
    for city in cities:
        numbers = _satellites(root, city, gallery)
        for panorama, references in _labels(root, city, labels, numbers):
            queries.append(panorama)
            gold.append(references[:1])
            semi.append(tuple(i for i in references[1:] if i != references[0]))
    need_all(gallery, _HOLDS)
    need_all(queries, _HOLDS)
    return Split(
        name=f"vigor/{split}",
        view="panorama",
        queries=tuple(queries),
        places=tuple(gallery[indices[0]].stem for indices in gold),
        gallery=tuple(gallery),
        gold=tuple(gold),
        protocol="vigor",
        semi_positives=tuple(semi),
        positions=tuple(_position(query.name) for query in queries),
    )


def _satellites(root: Path, city: str, gallery: list[Path]) -> dict[str, int]:
    """Append the city's satellite images to ``gallery``; their indices by name."""
    folder = _folder(root, city, "satellite")
    numbers: dict[str, int] = {}
    for _, line in read_lines(root / "splits" / city / "satellite_list.txt", _HOLDS):
        name = line.split()[0]
        numbers[name] = len(gallery)
        gallery.append(beneath(folder, name))
    return numbers


def _labels(
    root: Path, city: str, name: str, numbers: dict[str, int]
) -> list[tuple[Path, tuple[int, ...]]]:
    """(panorama, gallery indices of the positive and the three semi-positives) of a city's label file."""
    folder, path = _folder(root, city, "panorama"), root / "splits" / city / name
    found = []
    for number, line in read_lines(path, _HOLDS):
        columns = line.split()
        if len(columns) < _COLUMNS or any(columns[c] not in numbers for c in (1, 4, 7, 10)):
            raise bad_line(path, number, f"{_LABELS}, all of them named in satellite_list.txt")
        found.append(
            (beneath(folder, columns[0]), tuple(numbers[columns[c]] for c in (1, 4, 7, 10)))
        )
    return found


def _folder(root: Path, city: str, kind: str) -> Path:
    official = root / city / kind
    moved = root / ("ground" if kind == "panorama" else "satellite") / city
    folder = moved if moved.is_dir() else official
    return need_folder(folder, _HOLDS)


def _position(name: str) -> LatLon | None:
    match = _PANORAMA.fullmatch(name)
    return position(match[1], match[2]) if match else None
