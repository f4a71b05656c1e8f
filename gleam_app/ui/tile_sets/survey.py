"""What the files and folders are that somebody wants to add: a first look, off the GUI thread."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gleam_app.errors import GleamError
from gleam_app.geo.footprint import Ring, area_m2
from gleam_app.imagery.exif import clean_text
from gleam_app.imagery.folders import ARCHIVE_SUFFIXES, PLACED_SUFFIXES, folder_kind
from gleam_app.jobs.work import Work
from gleam_app.ui.strings import tr

if TYPE_CHECKING:
    from gleam_app.imagery.sources import MapSource

Kind = Literal[
    "geotiff", "vrt", "jpeg2000", "raster", "placed", "mbtiles", "pmtiles", "tiles", "rasters",
    "pictures",
]  # fmt: skip
_BY_SUFFIX: dict[str, Kind] = {
    ".tif": "geotiff", ".tiff": "geotiff", ".vrt": "vrt", ".jp2": "jpeg2000", ".j2k": "jpeg2000",
    ".mbtiles": "mbtiles", ".pmtiles": "pmtiles",
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """One source. ``error``: why it cannot be added; ``needs_crs``: it can once its CRS is named.

    ``rings``: its outlines (lat, lon); ``pictures``: how many a folder of plain pictures holds.
    """

    path: Path
    kind: Kind
    area_km2: float = 0.0
    resolution_m: float = 0.0
    crs: str = ""
    notes: tuple[str, ...] = ()
    rings: tuple[Ring, ...] = ()
    pictures: int = 0
    needs_crs: bool = False
    error: GleamError | None = None

    @property
    def good(self) -> bool:
        return self.error is None and not self.needs_crs


def survey(paths: tuple[Path, ...], crs: str | None, work: Work) -> tuple[Found, ...]:
    """Look at every source; ``crs`` is the one named for those without."""
    found = []
    for number, path in enumerate(paths):
        work.report("Looking at the imagery", number, len(paths))
        one = _look(path, crs)
        if one.kind == "pictures" and len(paths) > 1 and one.error is None:
            name = clean_text(path.name or path)
            alone = GleamError(tr("add.alone", name=name), tr("add.alone.hint"))
            one = replace(one, error=alone)
        found.append(one)
    return tuple(found)


def _look(path: Path, crs: str | None) -> Found:
    from gleam_app.imagery.geotiff import NoCrs
    from gleam_app.imagery.sources import open_source

    kind: Kind = "raster"
    try:
        kind = _kind(path)
        if kind == "pictures":
            from gleam_app.imagery.pictures import list_pictures

            return Found(path, kind, pictures=len(list_pictures(path)))
        source = open_source(path, crs)
    except NoCrs:
        return Found(path, kind, needs_crs=True)
    except GleamError as error:
        return Found(path, kind, error=error)
    try:
        return _facts(path, kind, source)
    finally:
        source.close()


def _facts(path: Path, kind: Kind, source: "MapSource") -> Found:
    rings = tuple(tuple(ring) for ring in source.outlines)
    return Found(
        path,
        kind,
        area_km2=sum(area_m2(ring) for ring in rings) / 1e6,
        resolution_m=source.resolution_m,
        crs=source.crs,
        notes=source.notes,
        rings=rings,
    )


def _kind(path: Path) -> Kind:
    if path.is_dir():
        return folder_kind(path)
    suffix = path.suffix.lower()
    if suffix in ARCHIVE_SUFFIXES or suffix in _BY_SUFFIX:
        return _BY_SUFFIX[suffix]
    return "placed" if suffix in PLACED_SUFFIXES else "raster"
