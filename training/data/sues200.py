"""SUES-200 (Zhu et al., arXiv 2204.10704): 200 places, four heights, 50 drone images a place and height.

Two layouts are read, as published by Reza-Zhu/SUES-200-Benchmark. The download::

    SUES-200-512x512/drone_view_512/<4-digit id>/<150|200|250|300>/*.jpg
    SUES-200-512x512/satellite-view/<id>/0.png

and what its ``split_datasets.py`` makes of it::

    Training/<height>/{drone,satellite}/<id>/
    Testing/<height>/{query_drone,query_satellite,gallery_drone,gallery_satellite}/<id>/

The split is fixed: 120 training places in that repository's ``script/indexs.yaml``, the other 80 test.
The gallery of a test is all 200 places, so the training places are distractors (they are "kept").
"""

from collections.abc import Iterable
from pathlib import Path

from gleam_app.errors import GleamError
from training.data.layout import missing, need_folder, pictures, pictures_by_place, unknown_split
from training.data.records import Split, gold_by_place

HEIGHTS = (150, 200, 250, 300)
SPLITS = (
    "train",
    *(f"train-{height}" for height in HEIGHTS),
    *(f"test-{height}-{side}" for height in HEIGHTS for side in ("drone", "satellite")),
)
_TRAINING = (
    1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 13, 15, 16, 20, 21, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33,
    34, 36, 37, 39, 43, 44, 45, 51, 55, 56, 57, 58, 60, 64, 66, 67, 69, 70, 73, 74, 76, 77, 80,
    81, 82, 84, 85, 86, 87, 88, 89, 90, 91, 94, 96, 97, 100, 101, 102, 103, 104, 105, 106, 113,
    116, 118, 119, 120, 123, 125, 126, 127, 129, 132, 134, 137, 139, 141, 142, 145, 146, 147,
    148, 149, 151, 152, 155, 156, 157, 158, 159, 160, 163, 166, 167, 168, 169, 171, 174, 179,
    180, 182, 183, 184, 185, 186, 187, 191, 192, 193, 196, 197, 198, 199, 200,
)  # fmt: skip
TRAINING_PLACES = frozenset(f"{number:04}" for number in _TRAINING)
ALL_PLACES = tuple(f"{number:04}" for number in range(1, 201))
TEST_PLACES = tuple(place for place in ALL_PLACES if place not in TRAINING_PLACES)

_HOLDS = (
    "drone_view_512/<id>/<height>/ and satellite-view/<id>/0.png (SUES-200-512x512), or the folders "
    "Training/<height>/ and Testing/<height>/ made by the authors' split script"
)
_Pictures = tuple[list[Path], list[str]]


def read_split(root: Path, split: str) -> Split:
    """Read one of ``SPLITS``; ``root`` holds either layout. Raises GleamError."""
    if split not in SPLITS:
        raise unknown_split("SUES-200", split, SPLITS)
    need_folder(root, _HOLDS)
    kind, *rest = split.split("-")
    heights = (int(rest[0]),) if rest else HEIGHTS
    from_satellite = rest[1:] == ["satellite"]
    testing = kind == "test"
    drone, satellite = _Folders(root, testing, from_satellite).read(heights)
    queries, gallery = (satellite, drone) if from_satellite else (drone, satellite)
    return Split(
        name=f"sues200/{split}",
        view=None if from_satellite else "uav",
        queries=tuple(queries[0]),
        places=tuple(queries[1]),
        gallery=tuple(gallery[0]),
        gold=gold_by_place(queries[1], gallery[1]),
        protocol="sues",
    )


class _Folders:
    """Where drone and satellite images lie in the layout at hand."""

    def __init__(self, root: Path, testing: bool, from_satellite: bool) -> None:
        self._root, self._testing, self._from_satellite = root, testing, from_satellite
        self._divided = (root / "Testing").is_dir() or (root / "Training").is_dir()
        if not self._divided and not (root / "drone_view_512").is_dir():
            raise missing(root / "drone_view_512", _HOLDS)

    def read(self, heights: tuple[int, ...]) -> tuple[_Pictures, _Pictures]:
        """(drone, satellite) pictures with their places; the query side only of the split's places."""
        drone: _Pictures = ([], [])
        for height in heights:
            paths, places = self._drone(height)
            drone[0].extend(paths)
            drone[1].extend(places)
        return drone, self._satellite(heights[0])

    def _drone(self, height: int) -> _Pictures:
        role = self._role("drone", query=not self._from_satellite)
        if self._divided:
            return self._listed(self._root / self._part / str(height) / role, role)
        return _flat(
            (self._root / "drone_view_512" / place / str(height), place)
            for place in self._places(query=not self._from_satellite)
        )

    def _satellite(self, height: int) -> _Pictures:
        role = self._role("satellite", query=self._from_satellite)
        if self._divided:  # the same satellite images lie under every height
            return self._listed(self._root / self._part / str(height) / role, role)
        return _flat(
            (self._root / "satellite-view" / place, place)
            for place in self._places(query=self._from_satellite)
        )

    def _listed(self, folder: Path, role: str) -> _Pictures:
        paths, places = pictures_by_place(folder, _HOLDS)
        expected = set(self._places(query=not role.startswith("gallery")))
        if set(places) != expected:
            odd = sorted(set(places) ^ expected)[0]
            raise GleamError(
                f"{folder} does not hold the fixed split: place {odd} is "
                f"{'missing' if odd in expected else 'not of it'}.",
                "Split the data set again with the authors' script and its indexs.yaml.",
            )
        return paths, places

    @property
    def _part(self) -> str:
        return "Testing" if self._testing else "Training"

    def _role(self, side: str, query: bool) -> str:
        return f"{'query' if query else 'gallery'}_{side}" if self._testing else side

    def _places(self, query: bool) -> tuple[str, ...]:
        if not self._testing:
            return tuple(sorted(TRAINING_PLACES))
        return TEST_PLACES if query else ALL_PLACES


def _flat(folders: Iterable[tuple[Path, str]]) -> _Pictures:
    found = [(path, place) for folder, place in folders for path in pictures(folder, _HOLDS)]
    return [path for path, _ in found], [place for _, place in found]
