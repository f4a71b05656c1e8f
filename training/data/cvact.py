"""CVACT (Liu and Li, CVPR 2019).

Layout as read in Sample4Geo's ``dataset/cvact.py``::

    CVACT/ACT_data.mat                                   panoIds; trainSet, valSet: indices from 1
    CVACT/ANU_data_small/streetview/<id>_grdView.jpg     panoramas of train and val
    CVACT/ANU_data_small/satview_polish/<id>_satView_polish.jpg
    CVACT/ANU_data_test/{streetview,satview_polish}/     the same names

A train or val entry whose pictures are missing is left out, as there (here it is counted in
``Split.missing``). ``test`` is the ids that exist in both test folders, one exact pair each: that is
Sample4Geo's reading; the authors' own test counts everything within 5 m as right and is not built here.
The table is a MATLAB file, so train and val need scipy.
"""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from gleam_app.errors import GleamError
from gleam_app.imagery.exif import clean_text
from training.data.layout import names_in, need_file, unknown_split
from training.data.records import Split

SPLITS = ("train", "val", "test")
_GROUND, _SATELLITE = "_grdView.jpg", "_satView_polish.jpg"
_HOLDS = (
    "ACT_data.mat, ANU_data_small/streetview/<id>_grdView.jpg and "
    "ANU_data_small/satview_polish/<id>_satView_polish.jpg (ANU_data_test for the test split)"
)


def read_split(root: Path, split: str) -> Split:
    """Read one of ``SPLITS``. Raises GleamError, also where scipy is needed and not installed."""
    if split not in SPLITS:
        raise unknown_split("CVACT", split, SPLITS)
    folder = root / ("ANU_data_test" if split == "test" else "ANU_data_small")
    ground = names_in(folder / "streetview", _HOLDS)
    satellite = names_in(folder / "satview_polish", _HOLDS)
    if split == "test":
        listed = sorted(n.removesuffix(_GROUND) for n in ground if n.endswith(_GROUND))
    else:
        listed = ids_of(_load(root / "ACT_data.mat"), split)
    ids = [i for i in listed if f"{i}{_GROUND}" in ground and f"{i}{_SATELLITE}" in satellite]
    if not ids:
        raise GleamError(
            f"{clean_text(folder, 400)} holds no pictures of the {split} split.",
            f"The data set should hold {_HOLDS}.",
        )
    return Split(
        name=f"cvact/{split}",
        view="panorama",
        queries=tuple(folder / "streetview" / f"{i}{_GROUND}" for i in ids),
        places=tuple(ids),
        gallery=tuple(folder / "satview_polish" / f"{i}{_SATELLITE}" for i in ids),
        gold=tuple((index,) for index in range(len(ids))),
        protocol="sample4geo",
        missing=len(listed) - len(ids),
    )


def ids_of(table: Mapping[str, Any], split: str) -> list[str]:
    """The panorama ids of ``train`` or ``val`` in what scipy's loadmat returns.

    ``trainSet`` and ``valSet`` are structs whose second field holds indices into ``panoIds`` from 1.
    """
    try:
        indices = np.asarray(table[f"{split}Set"][0][0][1]).ravel().astype(np.int64) - 1
        ids = np.asarray(table["panoIds"]).ravel()
        if len(indices) == 0 or indices.min() < 0 or indices.max() >= len(ids):
            raise IndexError
    except (KeyError, IndexError, TypeError, ValueError):
        raise GleamError(
            "ACT_data.mat has not the expected content.",
            f"It should hold panoIds and {split}Set, as published with CVACT.",
        ) from None
    return [_text(ids[index]) for index in indices]


def _text(value: Any) -> str:
    """A name from a character matrix, or from a cell array (an array inside the array)."""
    return str(value.ravel()[0] if isinstance(value, np.ndarray) else value).strip()


def _load(path: Path) -> Mapping[str, Any]:
    need_file(path, _HOLDS)
    try:
        loadmat = import_module("scipy.io").loadmat
    except ImportError:
        raise GleamError(
            "Reading ACT_data.mat needs scipy, which is not installed.",
            "Install it with: pip install scipy.",
        ) from None
    try:
        table: Mapping[str, Any] = loadmat(path)
    except (
        Exception
    ) as error:  # loadmat raises ValueError, NotImplementedError, OSError, struct.error ...
        raise GleamError(
            f"{clean_text(path, 400)} cannot be read: {clean_text(error, 100)}.",
            "Download the file again.",
        ) from None
    return table
