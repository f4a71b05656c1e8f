"""Samples on disk, and reading them back as a ``Split``.

NAME/places/0000123/satellite.jpg, uav.jpg, map.png, panorama.jpg, ground.jpg
                    sample.json    (seed, how each picture was taken, what it shows, whose map it is)
                    before.json.gz, after.json.gz   (scene facts on both dates)
NAME/world.json     (origin of the textures, and of the maps of all extracts written here)

A place made up is named by its seed, one from OpenStreetMap by its cell (osm_ROW_COLUMN).
"""

import dataclasses
import gzip
import json
from pathlib import Path
from typing import Any

import cv2

from gleam_app.errors import GleamError
from gleam_app.imagery.views import View
from training.data.records import Split
from training.data.simworld.facts import Scene
from training.data.simworld.osm import Extract
from training.data.simworld.samples import Sample, Taken
from training.data.simworld.textures import Textures


def write_sample(folder: Path, sample: Sample) -> None:
    """Write one sample; ``sample.json`` comes last, so that a place with it is whole."""
    place = folder / "places" / sample.name
    place.mkdir(parents=True, exist_ok=True)
    entries = []
    for taken in (sample.satellite, *sample.queries):
        name = taken.view + (".png" if taken.view == "map" else ".jpg")
        _write(place / name, _encoded(taken))
        entries.append(
            {
                "file": name, "view": taken.view, "position": taken.position, "how": taken.how,
                "seen": [dataclasses.asdict(item) for item in taken.seen],
            }
        )  # fmt: skip
    for name, scene in (("before", sample.before), ("after", sample.after)):
        _write(place / f"{name}.json.gz", gzip.compress(scene.to_json().encode(), mtime=0))
    record = {"seed": sample.seed, "pictures": entries}
    if sample.origin is not None:
        record["origin"] = sample.origin
    _write(place / "sample.json", json.dumps(record).encode())


def write_origin(folder: Path, textures: Textures, extract: Extract | None = None) -> None:
    """Say what the world is made of, for the manifest of a pack trained on it."""
    folder.mkdir(parents=True, exist_ok=True)
    maps = _maps(folder / "world.json")
    if extract is not None and extract.origin not in maps:
        maps.append(extract.origin)
    text: dict[str, Any] = {"schema": "gleam.simworld/1", "textures": textures.origin}
    if maps:
        text["maps"] = maps
    _write(folder / "world.json", json.dumps(text).encode())


def is_written(folder: Path, name: str) -> bool:
    """Whether the place of a name (``samples.place_name``) is there and whole."""
    return (folder / "places" / name / "sample.json").is_file()


def read_scene(path: Path) -> Scene:
    """The facts in a ``before.json.gz`` or ``after.json.gz``; GleamError where it is damaged."""
    try:
        return Scene.from_json(gzip.decompress(path.read_bytes()).decode())
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        raise GleamError(
            f"{path.name} of place {path.parent.name} cannot be read.",
            "Delete that place's folder and write the world again.",
        ) from None


def open_simworld(folder: Path, view: View) -> Split:
    """All whole places that have a picture of ``view``; each satellite tile is one gallery image."""
    suffix = ".png" if view == "map" else ".jpg"
    places = [
        path.parent
        for path in sorted(folder.glob("places/*/sample.json"))
        if (path.parent / (view + suffix)).is_file()
    ]
    if not places:
        raise GleamError(
            f"No simulated places with a {view} picture were found.",
            "Write some: python -m training.data.simworld FOLDER",
        )
    return Split(
        name="simworld",
        view=view,
        queries=tuple(place / (view + suffix) for place in places),
        places=tuple(f"sim{place.name}" for place in places),
        gallery=tuple(place / "satellite.jpg" for place in places),
        gold=tuple((index,) for index in range(len(places))),
        protocol="own",
    )


def _maps(path: Path) -> list[dict[str, str]]:
    """The maps said by a world.json that is there: places of theirs may lie beside it."""
    if not path.is_file():
        return []
    try:
        return list(json.loads(path.read_bytes()).get("maps", []))
    except (OSError, ValueError, AttributeError, TypeError):
        raise GleamError(
            f"{path.name} cannot be read.", "Delete it and write the world again."
        ) from None


def _encoded(taken: Taken) -> bytes:
    flags = [] if taken.view == "map" else [cv2.IMWRITE_JPEG_QUALITY, 90]
    suffix = ".png" if taken.view == "map" else ".jpg"
    return bytes(cv2.imencode(suffix, taken.pixels[..., ::-1], flags)[1])


def _write(path: Path, data: bytes) -> None:
    staged = path.with_name(path.name + ".part")
    staged.write_bytes(data)
    staged.replace(path)
