"""Work on a tile set that is begun and not ended: what was asked for, and how far it is.

``<home>/tiles/.staging/<name>/`` belongs to one process at a time. ``request.json`` is written when the
plan lies there whole, so that going on needs neither arguments nor the time to plan again; the journal
and, at the end, the new tables grow beside it. Finished tables of a set are numbered (``generation``):
work whose number is there already has ended, and only its folder was left behind.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from gleam_app.errors import GleamError
from gleam_app.imagery.views import View
from gleam_app.jobs.lock import only_process
from gleam_app.retrieval.tiles.durable import sync_files, write_durably
from gleam_app.retrieval.tiles.journal import tiles_in
from gleam_app.retrieval.tiles.source_records import SourceRecord

STAGING = ".staging"
SCHEMA = "gleam.request/1"
REQUEST = "request.json"
Purpose = Literal["new", "join", "replace"]


@dataclass(frozen=True)
class Request:
    """What is to be embedded, and into what.

    ``sources`` are those to be embedded, each at its own ``scales_m`` (metres; none for pictures);
    ``places`` are their numbers among the sources of the finished set. ``asked_scales_m``, ``coords``
    and ``views`` are what the user named, or empty. ``generation``: the number the finished tables get.
    """

    purpose: Purpose
    sources: list[SourceRecord]
    places: list[int]
    scales_m: list[list[float]]
    asked_scales_m: tuple[float, ...]
    coords: str
    views: tuple[View, ...]
    pack: str
    pack_hash: str
    dimension: int
    generation: int
    tiles: int = 0
    area_km2: float = 0.0


@dataclass(frozen=True)
class HalfBuilt:
    """What people are told of work that is begun and not ended. ``sources`` as the user gave them."""

    sources: tuple[str, ...]
    scales_m: tuple[float, ...]
    tiles_done: int
    tiles: int
    area_km2: float
    pack: str = ""
    purpose: Purpose = "new"

    def to_json(self) -> dict[str, Any]:
        """As in ``gleam tiles info --json``."""
        return {
            "purpose": self.purpose,
            "sources": list(self.sources),
            "scales_m": list(self.scales_m),
            "tiles_done": self.tiles_done,
            "tiles": self.tiles,
            "area_km2": round(self.area_km2, 4),
            "pack": self.pack,
        }


class Staging:
    """The folder in which work on the tile set ``name`` goes on; ``root`` holds all tile sets."""

    def __init__(self, root: Path, name: str) -> None:
        self.name = name
        self.folder = root / STAGING / name
        self._lock = root / STAGING / f".{name}.lock"  # no set has such a name

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other windows and commands away. Raises GleamError if one is there."""
        busy = GleamError(
            f"Tile set {self.name!r} is being built by another window or command.",
            "Wait for its end, or choose another name.",
        )
        with only_process(self._lock, busy):
            yield

    @property
    def begun(self) -> bool:
        """Whether anything lies there to go on with, readable or not."""
        return (self.folder / REQUEST).is_file()

    def clear(self) -> None:
        """Throw away what lies there; the request last goes first, so that no rest is gone on with."""
        (self.folder / REQUEST).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def beginning(self, request: Request) -> Iterator[Path]:
        """A fresh folder for the plan; what is asked for is written when that lies there."""
        self.clear()
        self.folder.mkdir(parents=True)
        yield self.folder
        sync_files(self.folder)
        self.write(request)

    def write(self, request: Request) -> None:
        document = {"schema": SCHEMA, **asdict(request)}
        write_durably(self.folder / REQUEST, json.dumps(document, indent=1))

    def request(self) -> Request | None:
        """What was asked for; None if nothing is begun. Raises GleamError if it cannot be read."""
        if not self.begun:
            return None
        try:
            return _request(json.loads((self.folder / REQUEST).read_text("utf-8")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise self.damaged() from None

    def damaged(self) -> GleamError:
        return GleamError(
            f"The half-built work on tile set {self.name!r} cannot be gone on with: it is damaged.",
            f'Throw it away: gleam tiles discard "{self.name}"',
        )

    def half_built(self) -> HalfBuilt | None:
        """For people: what was asked for, and about how much of it is done."""
        try:
            request = self.request()
        except GleamError:
            return HalfBuilt((), (), 0, 0, 0.0)
        if request is None:
            return None
        done = min(request.tiles, tiles_in(self.folder, request.dimension))
        scales = sorted({scale for own in request.scales_m for scale in own})
        given = tuple(record.given for record in request.sources)
        return HalfBuilt(
            given, tuple(scales), done, request.tiles, request.area_km2, request.pack,
            request.purpose,
        )  # fmt: skip


def _request(document: dict[str, Any]) -> Request:
    if document.pop("schema") != SCHEMA:
        raise ValueError("another version of the program")
    records = [SourceRecord(**record) for record in document.pop("sources")]
    for name in ("asked_scales_m", "views"):
        document[name] = tuple(document[name])
    request = Request(sources=records, **document)
    if not (len(records) == len(request.places) == len(request.scales_m) > 0):
        raise ValueError("numbers that do not fit together")
    if request.dimension < 1 or request.generation < 1 or request.tiles < 1:
        raise ValueError("numbers that cannot be")
    return request
