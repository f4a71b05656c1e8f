"""University-1652 (Zheng et al., ACM MM 2020).

Layout and counts as read in layumi/University1652-Baseline and Sample4Geo's ``dataset/university.py``::

    University-Release/
      train/{drone,satellite,street,google}/<4-digit id>/          701 buildings
      test/{query_drone,query_satellite,query_street}/<id>/        701 buildings
      test/{gallery_drone,gallery_satellite,gallery_street}/<id>/  951 (street 793): 250 are distractors

One satellite image a building; 54 drone images (``image-01.jpeg`` ...). The place is the folder name.
Whether the 250 distractors count is the evaluator's choice (``distractors=kept|removed``).
"""

from pathlib import Path

from gleam_app.imagery.views import View
from training.data.layout import pictures_by_place, unknown_split
from training.data.records import Split, gold_by_place

_HOLDS = "train/ and test/ with folders such as train/drone/0839/image-01.jpeg (University-Release)"

# split: (view of the queries, folder of the queries, folder of the gallery)
_SPLITS: dict[str, tuple[View | None, str, str]] = {
    "train": ("uav", "train/drone", "train/satellite"),
    "train-street": ("ground", "train/street", "train/satellite"),
    "test-drone": ("uav", "test/query_drone", "test/gallery_satellite"),
    "test-satellite": (None, "test/query_satellite", "test/gallery_drone"),
    "test-street": ("ground", "test/query_street", "test/gallery_satellite"),
}
SPLITS = tuple(_SPLITS)


def read_split(root: Path, split: str) -> Split:
    """Read one of ``SPLITS``; ``root`` holds ``train`` and ``test``. Raises GleamError."""
    if split not in _SPLITS:
        raise unknown_split("University-1652", split, SPLITS)
    view, query_folder, gallery_folder = _SPLITS[split]
    queries, places = pictures_by_place(root / query_folder, _HOLDS)
    gallery, gallery_places = pictures_by_place(root / gallery_folder, _HOLDS)
    return Split(
        name=f"university1652/{split}",
        view=view,
        queries=tuple(queries),
        places=tuple(places),
        gallery=tuple(gallery),
        gold=gold_by_place(places, gallery_places),
        protocol="university",
    )
