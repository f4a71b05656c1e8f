"""What the manager knows of each tile set, and the sign it shows for it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gleam_app.imagery.exif import clean_text
from gleam_app.jobs.work import Work
from gleam_app.retrieval.tiles.tileset import SourceRecord, TileSetInfo, TileSetStore
from gleam_app.ui.lengths import lengths
from gleam_app.ui.plural import counted
from gleam_app.ui.strings import tr
from gleam_app.ui.tile_sets.builds import Build

if TYPE_CHECKING:  # pydantic is slow to import
    from gleam_app.packs.manifest import Pack
    from gleam_app.retrieval.tiles.staging import HalfBuilt

State = Literal[
    "ready", "half_built", "other_pack", "missing", "damaged", "unreadable", "building", "paused", "waiting",
    "stopping",
]  # fmt: skip


@dataclass(frozen=True)
class StateSign:
    """How a state is shown: word, icon and the token of its colour, always together."""

    word: str
    icon: str
    token: str


_SIGNS: dict[State, tuple[str, str]] = {
    "ready": ("circle-check", "verified"),
    "half_built": ("contrast-half", "possible"),
    "other_pack": ("refresh-cw", "possible"),
    "missing": ("triangle-alert", "possible"),
    "damaged": ("circle-alert", "contradicted"),
    "unreadable": ("triangle-alert", "possible"),
    "building": ("hourglass", "accent"),
    "paused": ("pause", "possible"),
    "waiting": ("clock", "secondary"),
    "stopping": ("square", "secondary"),
}


def state_sign(state: State) -> StateSign:
    """The sign in the language in use."""
    icon, token = _SIGNS[state]
    return StateSign(tr(f"sets.state.{state}"), icon, token)


@dataclass(frozen=True)
class Entry:
    """One tile set as it lies on disk.

    ``fits`` None: there is no encoder to compare with. ``half_built``: work begun and not ended, on a new
    set or on one that serves meanwhile; ``resumable``: with the pack that is loaded. ``missing``: sources gone from their place or changed; known a
    moment later than the rest.
    """

    info: TileSetInfo
    disk_bytes: int = 0
    fits: bool | None = None
    half_built: "HalfBuilt | None" = None
    resumable: bool = True
    missing: tuple[SourceRecord, ...] = ()

    @property
    def name(self) -> str:
        return self.info.name

    @property
    def usable(self) -> bool:
        """Whether it can be opened for searching."""
        return self.info.state == "ready"

    def state(self, build: Build | None = None) -> State:
        """What matters most about it just now."""
        if build is not None:
            if build.stopping:
                return "stopping"
            if build.paused:
                return "paused"
            return "waiting" if build.waiting else "building"
        if self.info.state == "damaged":
            return "damaged"
        if self.info.state == "unreadable":
            return "unreadable"
        if self.half_built is not None or not self.usable:
            return "half_built"
        if self.fits is False:
            return "other_pack"
        return "missing" if self.missing else "ready"


def look(store: TileSetStore, pack: "Pack | None", work: Work) -> list[Entry]:
    """Every tile set, half-built and damaged ones too. Call off the GUI thread."""
    entries = []
    for info in store.list():
        work.check()
        usable = info.state == "ready"
        known = info.state not in ("damaged", "unreadable")
        half = store.half_built(info.name) if known else None
        begun_with = half.pack if half is not None else ""
        entries.append(
            Entry(
                info,
                disk_bytes=store.disk_bytes(info.name),
                fits=info.fits(pack) if usable and pack is not None else None,
                half_built=half,
                resumable=pack is None or begun_with in ("", pack.label),
            )
        )
    return entries


def new_entry(name: str) -> Entry:
    """One for a tile set of which nothing lies on disk yet."""
    return Entry(TileSetInfo(name, [], 0, [], 0.0, "", "", 0, None, "incomplete"))


def size_text(count: int) -> str:
    """Bytes for people: "840 KB", "1.3 GB"."""
    size = float(count)
    for unit in ("KB", "MB", "GB"):
        size /= 1000
        if size < 999.5 or unit == "GB":
            return f"{size:.0f} {unit}" if size >= 10 else f"{size:.1f} {unit}"
    raise AssertionError


def metres_text(metres: float) -> str:
    """A length without digits that mean nothing: "0.3 m", "48 m", "162 m"."""
    return f"{metres:.3g} m" if metres < 100 else f"{metres:,.0f} m"


def scales_text(scales_m: tuple[float, ...] | list[float]) -> str:
    """The sides of tiles: "48, 72, 108 m"."""
    return ", ".join(f"{scale:g}" for scale in scales_m) + " m"


def facts_text(entry: Entry) -> str:
    """Tiles, area and room on disk in one line."""
    info = entry.info
    if not entry.usable:
        half = entry.half_built
        if half is None:
            return ""
        done = tr("sets.of", done=f"{half.tiles_done:,}", total=f"{half.tiles:,}")
        parts = [counted("tiles.count", half.tiles, done)]
        return " · ".join(parts + ([lengths.area(half.area_km2)] if half.area_km2 else []))
    parts = [counted("tiles.count", info.tiles)]
    if info.area_km2:
        parts.append(lengths.area(info.area_km2))
    if entry.disk_bytes:
        parts.append(size_text(entry.disk_bytes))
    return " · ".join(parts)


def source_name(given: str) -> str:
    """A source's name without its folder, safe to show."""
    return clean_text(Path(given).name or given)
