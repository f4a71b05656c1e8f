"""What the manager knows of each pack, and the sign it shows for it."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gleam_app.jobs.work import Work
from gleam_app.packs.manifest import Pack
from gleam_app.packs.store import PackStatus, PackStore
from gleam_app.retrieval.tiles.tileset import TileSetInfo
from gleam_app.services import Services
from gleam_app.ui.messages.translate import translate
from gleam_app.ui.strings import tr
from gleam_app.ui.tile_sets.entries import StateSign, size_text

State = Literal[
    "ready", "not_fetched", "fetching", "paused", "stopping", "checking", "corrupt", "incompatible"
]
_SIGNS: dict[State, tuple[str, str]] = {
    "ready": ("circle-check", "verified"),
    "not_fetched": ("download", "secondary"),
    "fetching": ("hourglass", "accent"),
    "paused": ("pause", "possible"),
    "stopping": ("square", "secondary"),
    "checking": ("hourglass", "accent"),
    "corrupt": ("circle-alert", "contradicted"),
    "incompatible": ("triangle-alert", "possible"),
}
_OF_STATUS: dict[str, State] = {
    "ready": "ready",
    "not fetched": "not_fetched",
    "fetching": "fetching",
    "corrupt": "corrupt",
    "incompatible": "incompatible",
}


@dataclass(frozen=True)
class Entry:
    """One pack. ``disk_bytes``: room that removing it frees, 0 where it comes with the program.

    ``active``: the one of its kind that is used; ``arrived_bytes``: of a fetch that was broken off.
    """

    status: PackStatus
    disk_bytes: int = 0
    arrived_bytes: int = 0
    active: bool = False
    tile_sets: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return self.status.id

    @property
    def state(self) -> State:
        return _OF_STATUS[self.status.state]

    @property
    def fetchable(self) -> bool:
        return self.status.state == "not fetched"


@dataclass(frozen=True)
class Overview:
    """All packs, and the room that packs and tile sets take on the disk of ``folder``."""

    entries: tuple[Entry, ...]
    folder: Path
    packs_bytes: int
    tiles_bytes: int
    free_bytes: int


def state_sign(state: State) -> StateSign:
    """The sign in the language in use."""
    icon, token = _SIGNS[state]
    return StateSign(tr(f"packs.state.{state}"), icon, token)


def look(services: Services, work: Work) -> Overview:
    """Every pack, broken ones too. Call off the GUI thread."""
    store, tile_sets = services.packs, services.tile_sets
    infos = tile_sets.list()
    work.check()
    entries = [_entry(store, status, infos) for status in store.list()]
    return Overview(
        tuple(entries),
        store.folder,
        sum(_room(place) for place in (store.bundled, *store.places)),
        sum(tile_sets.disk_bytes(info.name) for info in infos),
        _free(store.folder),
    )


def _entry(store: PackStore, status: PackStatus, infos: list[TileSetInfo]) -> Entry:
    manifest = status.manifest
    best = store.by_preference(manifest.kind)[:1] if manifest is not None else []
    return Entry(
        status,
        disk_bytes=store.disk_bytes(status.id),
        arrived_bytes=store.arrived_bytes(status.id),
        active=status.state == "ready" and best[0].id == status.id if best else False,
        tile_sets=tuple(info.name for info in infos if _made_with(info, status)),
    )


def _made_with(info: TileSetInfo, status: PackStatus) -> bool:
    """By the pack's content where it is here, else by its name."""
    if status.manifest is None or status.manifest.kind != "gleam-c":
        return False
    if status.state == "ready":
        return info.fits(Pack(status.manifest, status.folder))
    return info.pack == status.manifest.label


def _room(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _free(folder: Path) -> int:
    """Bytes free on the disk that holds ``folder``, or will hold it."""
    there = next((one for one in (folder, *folder.parents) if one.is_dir()), Path.cwd())
    return shutil.disk_usage(there).free


def facts_text(entry: Entry) -> str:
    """Kind, version, size and licence in one line."""
    manifest = entry.status.manifest
    if manifest is None:
        return translate(entry.status.detail)
    parts = [tr(f"packs.kind.{manifest.kind}"), manifest.version, size_text(manifest.size)]
    return " · ".join([*parts, manifest.licence])
