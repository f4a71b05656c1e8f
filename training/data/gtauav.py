"""GTA-UAV (Ji et al., Game4Loc, AAAI 2025): UAV photos rendered by a game, with partial overlaps.

Layout and keys as read in Yux1angJi/GTA-UAV (README and ``Game4Loc/game4loc/dataset/gta.py``)::

    GTA-UAV/drone/images/*.png
    GTA-UAV/satellite/<zoom>_<x>_<y>.png
    GTA-UAV/{cross,same}-area-drone2sate-{train,test}.json

A JSON file is a list of objects with ``drone_img_dir``, ``drone_img_name``, ``sate_img_dir``,
``pair_pos_sate_img_list`` and ``pair_pos_semipos_sate_img_list`` (positives and semi-positives
together), and ``pair_pos_sate_weight_list`` (IoU). Right are the positives; semi-positives
are the rest of the second list. As in the authors' reader, photos without a positive are left out (and
counted in ``Split.missing``), and the gallery of a test is every satellite image. Positions are metres on
the game's map: of photos ``drone_loc_x_y``, of tiles from their names (24,576 pixels of 0.45 m a side).
"""

import json
import re
from pathlib import Path
from typing import Any

from gleam_app.errors import GleamError
from gleam_app.imagery.exif import clean_text
from training.data.layout import beneath, natural, need_all, need_file, pictures, unknown_split
from training.data.records import Split

MAP_PX, METRES_A_PIXEL = 24_576, 0.45
SPLITS = ("cross-train", "cross-test", "same-train", "same-test")
_TEXTS = ("drone_img_dir", "drone_img_name")
_LISTS = (
    "pair_pos_sate_img_list",
    "pair_pos_sate_weight_list",
    "pair_pos_semipos_sate_img_list",
)
_HOLDS = (
    "drone/images/, satellite/<zoom>_<x>_<y>.png and {cross,same}-area-drone2sate-{train,test}.json"
)


def read_split(root: Path, split: str) -> Split:
    """Read one of ``SPLITS``. Raises GleamError."""
    if split not in SPLITS:
        raise unknown_split("GTA-UAV", split, SPLITS)
    area, part = split.split("-")
    table = root / f"{area}-area-drone2sate-{part}.json"
    entries = _entries(table)
    gallery = pictures(root / "satellite", _HOLDS)
    gallery.sort(key=lambda path: natural(path.stem))
    numbers = {path.name: index for index, path in enumerate(gallery)}
    right = [entry for entry in entries if entry["pair_pos_sate_img_list"]]
    queries = [
        beneath(beneath(root, entry["drone_img_dir"]), entry["drone_img_name"]) for entry in right
    ]
    need_all(queries, _HOLDS)
    try:
        ordered = [_by_overlap(entry) for entry in right]
        gold = tuple(tuple(numbers[name] for name, _ in pairs) for pairs in ordered)
        semi = tuple(
            tuple(numbers[name] for name in entry["pair_pos_semipos_sate_img_list"])
            for entry in right
        )
    except KeyError as error:
        raise GleamError(
            f"There is no satellite image {clean_text(error.args[0])} in {clean_text(root, 400)}.",
            f"The data set should hold {_HOLDS}.",
        ) from None
    return Split(
        name=f"gtauav/{split}",
        view="uav",
        queries=tuple(queries),
        places=tuple(gallery[indices[0]].stem for indices in gold),
        gallery=tuple(gallery),
        gold=gold,
        protocol="gtauav",
        semi_positives=tuple(
            tuple(index for index in both if index not in set(sure))
            for both, sure in zip(semi, gold, strict=True)
        ),
        overlaps=tuple(tuple(overlap for _, overlap in pairs) for pairs in ordered),
        query_metres=tuple(_metres(table, entry.get("drone_loc_x_y")) for entry in right),
        gallery_metres=tuple(_tile_metres(path) for path in gallery),
        missing=len(entries) - len(right),
    )


def _by_overlap(entry: dict[str, Any]) -> list[tuple[str, float]]:
    """(positive, overlap), the largest overlap first."""
    names, weights = entry["pair_pos_sate_img_list"], entry["pair_pos_sate_weight_list"]
    return sorted(zip(names, map(float, weights), strict=True), key=lambda pair: -pair[1])


def _metres(table: Path, value: Any) -> tuple[float, float]:
    try:
        x, y = value
        return float(x), float(y)
    except (TypeError, ValueError):
        raise _not_the_table(table) from None


def _tile_metres(path: Path) -> tuple[float, float]:
    """Centre of the tile <zoom>_<x>_<y>.png, metres from the map's upper left corner."""
    match = re.fullmatch(r"(\d{1,2})_(\d+)_(\d+)", path.stem)
    if not match:
        raise GleamError(
            f"{clean_text(path, 400)} is not named <zoom>_<x>_<y>.",
            f"The data set should hold {_HOLDS}.",
        )
    side = MAP_PX * METRES_A_PIXEL / 2 ** int(match[1])
    return (int(match[2]) + 0.5) * side, (int(match[3]) + 0.5) * side


def _entries(table: Path) -> list[dict[str, Any]]:
    need_file(table, _HOLDS)
    try:
        entries: list[dict[str, Any]] = json.loads(table.read_bytes())
        for entry in entries:
            names, weights, both = (entry[key] for key in _LISTS)
            texts = [*(entry[key] for key in _TEXTS), *names, *both]
            numbers = [isinstance(weight, int | float) for weight in weights]
            known = isinstance(names, list) and all(isinstance(text, str) for text in texts)
            if not known or not all(numbers) or len(names) != len(numbers):
                raise ValueError
    except (OSError, ValueError, KeyError, TypeError):
        raise _not_the_table(table) from None
    return entries


def _not_the_table(table: Path) -> GleamError:
    return GleamError(
        f"{clean_text(table, 400)} is not the published table.",
        f"It should be a list of objects with {', '.join((*_TEXTS, *_LISTS))}, drone_loc_x_y.",
    )
