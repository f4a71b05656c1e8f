"""Tile sets on disk: map sources, tile table and vectors, bound to one encoder pack.

``<home>/tiles/<name>/`` holds ``tileset.json`` (what it was built from), ``tiles.npy`` (the tile table)
and ``vectors.f16`` (one row a tile, memory-mapped). A set is built in ``tiles/.staging/`` and moved here
whole, so a folder under a name is always complete.
"""

import json
import re
import shutil
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import Bounds
from gleam_app.imagery.exif import clean_text
from gleam_app.imagery.sources import MapSource, Picture, open_source, source_exists

SCHEMA = "gleam.tileset/1"
STAGING = ".staging"
# index of the source (or of the picture), side on the ground, centre, share of the tile with imagery
TILE = np.dtype(
    [("source", "<u4"), ("scale_m", "<f4"), ("lat", "<f8"), ("lon", "<f8"), ("coverage", "<f4")]
)
NAME = re.compile(r"[\w][\w .-]{0,63}")


@dataclass(frozen=True)
class SourceRecord:
    """A source as it was when embedded.

    ``given`` is the path as the user wrote it, ``path`` the absolute one; ``kind`` is ``map``
    (georeferenced) or ``pictures`` (a folder of them). ``crs`` is the one the user named for rasters
    without one of their own, or empty.
    """

    given: str
    path: str
    kind: str
    size: int
    mtime_ns: int
    sha256: str
    crs: str = ""


@dataclass(frozen=True)
class TileSetInfo:
    """What a tile set is, without opening its vectors. ``bounds`` is None without coordinates."""

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
    """An opened tile set. Reading tiles is safe from several threads."""

    def __init__(self, folder: Path, info: TileSetInfo) -> None:
        self.folder = folder
        self.info = info
        self.table: NDArray[Any] = np.load(folder / "tiles.npy", mmap_mode="r", allow_pickle=False)
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

    @cached_property
    def sources(self) -> list[MapSource]:
        """The georeferenced sources; raises GleamError if one is gone, or is not what was embedded."""
        opened: list[MapSource] = []
        try:
            for record in self.info.sources:
                if record.kind == "map":
                    opened.append(_open_recorded(record))
        except GleamError:
            for source in opened:
                source.close()
            raise
        return opened

    @cached_property
    def pictures(self) -> list[str]:
        """File names of a set of plain pictures, in tile order; empty for map sources."""
        listing = self.folder / "pictures.json"
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
                "Use letters, digits, spaces, points, - and _; at most 64 of them.",
            )
        return self.root / name

    def exists(self, name: str) -> bool:
        return (self.folder(name) / "tileset.json").is_file()

    def list(self) -> "list[TileSetInfo]":
        """Every tile set, by name, then those left half-built (state ``incomplete``)."""
        if not self.root.is_dir():
            return []
        infos = []
        for manifest in sorted(self.root.glob("*/tileset.json")):
            try:
                infos.append(_read_info(manifest))
            except GleamError:
                infos.append(_placeholder(manifest.parent.name, "damaged"))
        ready = {info.name for info in infos}
        for plan in sorted(self.root.glob(f"{STAGING}/*/plan.json")):
            if plan.parent.name not in ready:
                infos.append(_placeholder(plan.parent.name, "incomplete"))
        return infos

    def info(self, name: str) -> TileSetInfo:
        """Raises GleamError if there is none of that name, or only half of one."""
        if not self.exists(name):
            if (self.root / STAGING / name / "plan.json").exists():
                raise GleamError(
                    f"Tile set {name!r} is only half built.",
                    "Go on with: gleam tiles add … --resume",
                )
            known = ", ".join(i.name for i in self.list() if i.state == "ready") or "none yet"
            raise GleamError(
                f"There is no tile set {name!r} (there are: {known}).",
                "Make one from your imagery: gleam tiles add SOURCE --name NAME",
            )
        return _read_info(self.folder(name) / "tileset.json")

    def open(self, name: str) -> TileSet:
        """Open for searching. Raises GleamError if missing or damaged."""
        info = self.info(name)
        try:
            tile_set = TileSet(self.folder(name), info)
            _ = tile_set.pictures
            return tile_set
        except (OSError, EOFError, ValueError, TypeError) as error:
            raise _damaged(name) from error

    def verify(self, name: str) -> TileSetInfo:
        """Check the set and that its sources are still what was embedded; raises GleamError if not."""
        tile_set = self.open(name)
        vectors = np.asarray(tile_set.vectors, np.float32)
        lengths = np.linalg.norm(vectors, axis=1)
        if not np.allclose(lengths, 1.0, atol=5e-3):
            raise _damaged(name)
        for record in tile_set.info.sources:
            check_source(record)
        return tile_set.info

    def remove(self, name: str) -> None:
        """Delete the set (not the user's imagery), whole or half-built."""
        found = [f for f in (self.folder(name), self.root / STAGING / name) if f.exists()]
        if not found:
            self.info(name)  # raises with what there is
        for folder in found:
            shutil.rmtree(folder)


def check_source(record: SourceRecord) -> None:
    """Raise GleamError if a source moved or changed since it was embedded."""
    if record.kind == "map":
        _open_recorded(record).close()
    elif not Path(record.path).exists():
        raise _gone(Path(record.path))


def _open_recorded(record: SourceRecord) -> MapSource:
    """The source, if it is still the one that was embedded: elsewhere the candidates would lie."""
    path = Path(record.path)
    if not source_exists(path):
        raise _gone(path)
    source = open_source(path, record.crs or None)
    if source.fingerprint().sha256 != record.sha256:
        source.close()
        raise GleamError(
            f"The imagery {clean_text(path.name)} has changed since the tile set was made.",
            "Remove the tile set and add the imagery again.",
        )
    return source


def _gone(path: Path) -> GleamError:
    return GleamError(
        f"The imagery {clean_text(path.name)} is not where it was ({clean_text(path.parent)}).",
        "Put it back, or make the tile set again from its new place.",
    )


def write_info(folder: Path, info: TileSetInfo) -> None:
    """Write ``tileset.json`` into a staging folder."""
    document = {"schema": SCHEMA, **asdict(info)}
    (folder / "tileset.json").write_text(json.dumps(document, indent=1), "utf-8")


def _read_info(manifest: Path) -> TileSetInfo:
    try:
        document = json.loads(manifest.read_text("utf-8"))
        if document.pop("schema") != SCHEMA:
            raise GleamError(
                f"Tile set {manifest.parent.name!r} was made by another version of the program.",
                "Remove it and add the imagery again.",
            )
        document["sources"] = [SourceRecord(**source) for source in document["sources"]]
        document["bounds"] = Bounds(*document["bounds"]) if document["bounds"] else None
        return TileSetInfo(**{**document, "name": manifest.parent.name})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(manifest.parent.name) from error


def _placeholder(name: str, state: str) -> TileSetInfo:
    return TileSetInfo(name, [], 0, [], 0.0, "", "", 0, None, state)


def _damaged(name: str) -> GleamError:
    return GleamError(
        f"Tile set {name!r} is damaged: its files do not fit together.",
        "Remove it (gleam tiles remove) and add the imagery again.",
    )
