"""Public benchmarks, each read from the layout it is published in, into one form of record."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import cast

from gleam_app.errors import GleamError
from gleam_app.imagery.exif import clean_text
from training.data.records import Split

DATA_SETS = (
    "university1652",
    "sues200",
    "vigor",
    "cvusa",
    "cvact",
    "setvl480k",
    "denseuav",
    "uavvisloc",
    "gtauav",
    "streetmaps",
)


def open_dataset(name: str, root: Path, split: str) -> Split:
    """Read a split of a data set: queries, gallery and what is right; ``.pairs()`` for training.

    ``name`` is one of ``DATA_SETS``, ``split`` one of ``splits_of(name)``, ``root`` the folder that
    holds what the module of that name describes. Raises GleamError naming what is missing.
    """
    read = cast(Callable[[Path, str], Split], _module(name).read_split)
    return read(Path(root), split)


def splits_of(name: str) -> tuple[str, ...]:
    """The splits of a data set."""
    return cast(tuple[str, ...], _module(name).SPLITS)


def _module(name: str) -> ModuleType:
    if name not in DATA_SETS:
        raise GleamError(
            f"There is no data set {clean_text(name)!r}.", f"Choose one of: {', '.join(DATA_SETS)}."
        )
    return import_module(f"training.data.{name}")
