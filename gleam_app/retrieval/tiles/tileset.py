"""Tile sets on disk: map sources, tile table and vectors, bound to one encoder pack.

``<home>/tiles/<name>/`` holds ``tileset.json`` (what it was built from) and a numbered folder that it
names, with ``tiles.npy`` (the tile table), ``vectors.f16`` (one row a tile, memory-mapped) and the
index. A set is built in ``tiles/.staging/``. Finished tables get a number of their own, and replacing
``tileset.json`` is the one moment at which they become the set: it is always whole, old or new, and
files that are open elsewhere need not move.
"""

import errno
import json
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError, disk_trouble
from gleam_app.geo.coordinates import Bounds
from gleam_app.imagery.sources import MapSource, Picture
from gleam_app.jobs.work import Work
from gleam_app.retrieval.tiles.arrays import mapped_array
from gleam_app.retrieval.tiles.durable import write_durably
from gleam_app.retrieval.tiles.source_records import SourceRecord as SourceRecord
from gleam_app.retrieval.tiles.source_records import check_source, open_all
from gleam_app.retrieval.tiles.staging import REQUEST, HalfBuilt, Staging
from gleam_app.retrieval.tiles.staging import STAGING as STAGING

if TYPE_CHECKING:
    from gleam_app.packs.manifest import Pack

SCHEMA = "gleam.tileset/2"
MANIFEST = "tileset.json"
TABLE = "tiles.npy"
PICTURES = "pictures.json"
# index of the source (or of the picture), side on the ground, centre, share of the tile with imagery
TILE = np.dtype(
    [("source", "<u4"), ("scale_m", "<f4"), ("lat", "<f8"), ("lon", "<f8"), ("coverage", "<f4")]
)
# A folder's name everywhere: Windows cuts off points and spaces at the end, and keeps some for itself.
NAME = re.compile(r"(?!(?i:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))\w(?:[\w .-]{0,62}[\w-])?")
_NAMES_TOLD = 10  # of the sets there are


@dataclass(frozen=True)
class TileSetInfo:
    """What a tile set is, without opening its vectors.

    ``bounds`` is None without coordinates. ``state``: ``ready``, ``incomplete`` (begun and not ended) or
    ``damaged``. ``generation`` numbers its tables: they are in the folder of that name.
    """

    name: str
    sources: list[SourceRecord]
    tiles: int
    scales_m: list[float]
    area_km2: float
    pack: str
    pack_hash: str
    dimension: int
    bounds: Bounds | None
    state: str = "ready"
    generation: int = 1

    def fits(self, pack: "Pack") -> bool:
        """Whether it was embedded with this very pack: vectors of others cannot be compared."""
        return self.pack_hash == pack.hash

    def require(self, pack: "Pack") -> None:
        """Raise GleamError if it was embedded with another pack than this, the loaded one."""
        if not self.fits(pack):
            raise GleamError(
                f"Tile set {self.name!r} was made with the encoder pack {self.pack}; "
                f"loaded is {pack.label}.",
                f"Embed it anew with the loaded one: gleam tiles reembed {quoted(self.name)}",
            )

    def to_json(self) -> dict[str, Any]:
        """An entry of ``gleam.tiles/1``."""
        return {
            "name": self.name,
            "sources": [source.given for source in self.sources],
            "tiles": self.tiles,
            "scales_m": self.scales_m,
            "area_km2": round(self.area_km2, 4),
            "pack": self.pack,
            "state": self.state,
        }


class TileSet:
    """An opened tile set; ``folder`` holds its tables. Reading tiles is safe from several threads."""

    def __init__(self, folder: Path, info: TileSetInfo) -> None:
        self.folder = folder
        self.info = info
        self.table = mapped_array(folder / TABLE)
        expected = info.tiles * info.dimension * 2
        if (
            self.table.dtype != TILE
            or len(self.table) != info.tiles
            or (folder / "vectors.f16").stat().st_size != expected
        ):
            raise _damaged(info.name)
        self.vectors: NDArray[np.float16] = np.memmap(
            folder / "vectors.f16", np.float16, "r", shape=(info.tiles, info.dimension)
        )

    @property
    def root(self) -> Path:
        """The folder of all tile sets."""
        return self.folder.parent.parent

    @cached_property
    def sources(self) -> list[MapSource]:
        """The georeferenced sources; raises GleamError if one is gone, or is not what was embedded."""
        return open_all(self.info.sources)

    @cached_property
    def pictures(self) -> list[str]:
        """File names of a set of plain pictures, in tile order; empty for map sources."""
        listing = self.folder / PICTURES
        if not listing.exists():
            return []
        names = json.loads(listing.read_text("utf-8"))
        if not isinstance(names, list) or len(names) != self.info.tiles:
            raise _damaged(self.info.name)
        return [str(name) for name in names]

    def tile_id(self, row: int) -> str:
        """Stable name of a tile within the set."""
        if self.pictures:
            return self.pictures[row]
        return f"{self.table[row]['scale_m']:g}m-{row}"

    def source_path(self, row: int) -> str:
        """The source of a tile, as the user gave it."""
        if self.pictures:
            return self.info.sources[0].given
        return self.info.sources[int(self.table[row]["source"])].given

    def position(self, row: int) -> tuple[float, float] | None:
        """Centre of a tile as (lat, lon); None for a picture without coordinates."""
        lat, lon = float(self.table[row]["lat"]), float(self.table[row]["lon"])
        return None if np.isnan(lat) else (lat, lon)

    def read_window(self, row: int, side_m: float, size_px: int) -> Picture:
        """The square of ``side_m`` around a tile's centre; a plain picture is read as it is."""
        if self.pictures:
            return self._read_picture(row, size_px)
        position = self.position(row)
        assert position is not None
        source = self.sources[int(self.table[row]["source"])]
        return source.read_square(*position, side_m, size_px)

    def read_at(self, row: int, lat: float, lon: float, side_m: float, size_px: int) -> Picture:
        """A square of the tile's source around any position."""
        return self.sources[int(self.table[row]["source"])].read_square(lat, lon, side_m, size_px)

    def _read_picture(self, row: int, size_px: int) -> Picture:
        from gleam_app.imagery.pictures import read_picture

        return read_picture(Path(self.info.sources[0].path) / self.pictures[row], size_px)

    def close(self) -> None:
        """Release the sources' files."""
        for source in self.__dict__.pop("sources", []):
            source.close()


class TileSetStore:
    """All tile sets of one home folder."""

    def __init__(self, home: Path) -> None:
        self.root = home / "tiles"

    def folder(self, name: str) -> Path:
        """Where the set of that name lies, there or not. Raises GleamError for an unusable name."""
        if not NAME.fullmatch(name):
            raise GleamError(
                f"{name!r} cannot name a tile set.",
                "Use letters, digits, spaces, points, - and _; at most 64 of them, and neither a space "
                "nor a point at the end.",
            )
        return self.root / name

    def check_writable(self, name: str) -> None:
        """Raise OSError where the set of that name cannot be written, GleamError if it cannot be a name."""
        _ = self.folder(name)
        (self.root / STAGING).mkdir(parents=True, exist_ok=True)
        if not os.access(self.root / STAGING, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self.root))

    def exists(self, name: str) -> bool:
        return (self.folder(name) / MANIFEST).is_file()

    def list(self) -> "list[TileSetInfo]":
        """Every tile set, by name, then those begun and never finished (state ``incomplete``).

        Raises GleamError where the folder of all tile sets cannot be read.
        """
        if not self.root.is_dir():
            return []
        if not os.access(self.root, os.R_OK | os.X_OK):  # glob would find nothing, and say nothing
            raise disk_trouble(
                PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self.root))
            )
        infos = []
        for manifest in sorted(self.root.glob(f"*/{MANIFEST}")):
            try:
                infos.append(_read_info(manifest))
            except _Unreadable:
                infos.append(_placeholder(manifest.parent.name, "unreadable"))
            except GleamError:
                infos.append(_placeholder(manifest.parent.name, "damaged"))
        finished = {info.name for info in infos}
        for request in sorted(self.root.glob(f"{STAGING}/*/{REQUEST}")):
            if request.parent.name not in finished:
                infos.append(_placeholder(request.parent.name, "incomplete"))
        return infos

    def info(self, name: str) -> TileSetInfo:
        """Raises GleamError if there is none of that name, or only half of one."""
        if not self.exists(name):
            if Staging(self.root, name).begun:
                raise GleamError(
                    f"Tile set {name!r} is only half built.",
                    f"Go on with: gleam tiles add --resume --name {quoted(name)}",
                )
            known = [i.name for i in self.list() if i.state == "ready"] or ["none yet"]
            told = ", ".join(known[:_NAMES_TOLD]) + (", …" if len(known) > _NAMES_TOLD else "")
            raise GleamError(
                f"There is no tile set {name!r} (there are: {told}).",
                "Make one from your imagery: gleam tiles add SOURCE --name NAME",
            )
        return _read_info(self.folder(name) / MANIFEST)

    def open(self, name: str) -> TileSet:
        """Open for searching. Raises GleamError if missing or damaged."""
        info = self.info(name)
        while True:
            try:
                tile_set = TileSet(self.folder(name) / str(info.generation), info)
                _ = tile_set.pictures
                return tile_set
            except (OSError, EOFError, ValueError, TypeError) as error:
                now = self.info(name)
                if now.generation == info.generation:
                    raise _damaged(name) from error
                info = now  # replaced between two looks

    def half_built(self, name: str) -> HalfBuilt | None:
        """The work on that name that is begun and not ended: on a new set or on one that serves meanwhile."""
        staging = self.staging(name)
        request = staging.half_built()
        return None if request is None or self._is_over(staging) else request

    def staging(self, name: str) -> Staging:
        return Staging(self.root, self.folder(name).name)

    def discard(self, name: str) -> None:
        """Throw half-built work away, never the finished set. Raises GleamError if there is none."""
        staging = self.staging(name)
        if not staging.begun:
            self.info(name)  # a name that is none says so
            raise GleamError(f"Nothing of tile set {name!r} is half built.", "It is whole.")
        with staging.alone():
            staging.clear()

    def _is_over(self, staging: Staging) -> bool:
        """Whether what lies in staging has become the set, and only its folder was left behind."""
        try:
            request = staging.request()
            return request is not None and self.generation(staging.name) >= request.generation
        except GleamError:
            return False

    def generation(self, name: str) -> int:
        """The number of the set's tables; 0 if there is no set of that name."""
        return self.info(name).generation if self.exists(name) else 0

    def missing(self, name: str) -> Sequence[SourceRecord]:
        """Sources gone from their place, changed, or not to be opened."""
        return missing_of(self.info(name).sources)

    def disk_bytes(self, name: str) -> int:
        """Room that the set takes, half-built work included."""
        places = self.folder(name), self.staging(name).folder
        files = (path for place in places for path in place.rglob("*"))
        return sum(path.stat().st_size for path in files if path.is_file())

    def verify(self, name: str, work: Work | None = None) -> TileSetInfo:
        """Check the set and that its sources are still what was embedded.

        Raises GleamError, the first of its ``soundness.problems``.
        """
        from gleam_app.retrieval.tiles.soundness import problems

        for problem in problems(self, name, work):
            raise problem
        return self.info(name)

    def publish(self, info: TileSetInfo) -> None:
        """Make this what the set of that name is, at once and durably; older tables are removed."""
        folder = self.folder(info.name)
        write_durably(folder / MANIFEST, _document(info))
        self.sweep(info.name)

    def sweep(self, name: str) -> None:
        """Remove tables that are not the set's (any more), as far as nobody has them open."""
        kept = str(self.generation(name))
        for folder in self.folder(name).iterdir() if self.folder(name).is_dir() else ():
            if folder.name.isdecimal() and folder.name != kept:
                shutil.rmtree(folder, ignore_errors=True)

    def remove(self, name: str) -> None:
        """Delete the set (not the user's imagery) and what of it is half built."""
        staging = self.staging(name)
        if not (self.folder(name).exists() or staging.folder.exists()):
            self.info(name)  # raises with what there is
        with staging.alone():
            staging.clear()
            (self.folder(name) / MANIFEST).unlink(missing_ok=True)  # half a set is none
            shutil.rmtree(self.folder(name), ignore_errors=True)


def missing_of(records: Sequence[SourceRecord]) -> list[SourceRecord]:
    """Those gone from their place, changed, or not to be opened."""
    gone = []
    for record in records:
        try:
            check_source(record)
        except (GleamError, OSError):
            gone.append(record)
    return gone


def quoted(name: str) -> str:
    """A tile set's name as a word of a command line."""
    return f'"{name}"' if " " in name else name


def _document(info: TileSetInfo) -> str:
    return json.dumps({"schema": SCHEMA, **asdict(info)}, indent=1)


class _Unreadable(GleamError):
    """The description is there and cannot be read: permissions, or a disk that is gone."""


def _read_info(manifest: Path) -> TileSetInfo:
    try:
        text = manifest.read_text("utf-8")
    except OSError as error:  # perhaps only not to be read now: nothing to be thrown away for
        trouble = disk_trouble(error)
        raise _Unreadable(str(trouble), trouble.hint) from None
    except UnicodeDecodeError as error:
        raise _damaged_description(manifest) from error
    try:
        document = json.loads(text)
        if document.pop("schema") != SCHEMA:
            raise GleamError(
                f"Tile set {manifest.parent.name!r} was made by another version of the program.",
                f"gleam tiles remove {quoted(manifest.parent.name)}, then add the imagery again.",
            )
        document["sources"] = [SourceRecord(**source) for source in document["sources"]]
        document["bounds"] = Bounds(*document["bounds"]) if document["bounds"] else None
        return TileSetInfo(**{**document, "name": manifest.parent.name})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged_description(manifest) from error


def _damaged_description(manifest: Path) -> GleamError:
    name = manifest.parent.name
    return _damaged(name, f"gleam tiles remove {quoted(name)}, then add it again.")


def _placeholder(name: str, state: str) -> TileSetInfo:
    return TileSetInfo(name, [], 0, [], 0.0, "", "", 0, None, state)


def _damaged(name: str, cure: str = "") -> GleamError:
    return GleamError(
        f"Tile set {name!r} is damaged: its files do not fit together.",
        cure or f"Embed it anew from its imagery: gleam tiles reembed {quoted(name)}",
    )
