"""Map sources that GDAL reads: GeoTIFF, COG, VRT, BigTIFF, JPEG 2000, pictures with a world file."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.geo.mercator import latitude_of
from gleam_app.imagery.dates import days_of_dataset
from gleam_app.imagery.exif import clean_text
from gleam_app.imagery.folders import world_file
from gleam_app.imagery.grid_source import GridSource
from gleam_app.imagery.overviews import Overviews
from gleam_app.imagery.projections import read_crs
from gleam_app.imagery.raster_file import RasterFile
from gleam_app.imagery.raster_opening import Unreadable

if TYPE_CHECKING:
    import pyproj

_MIB = 1024 * 1024


class NoGeoreference(GleamError):
    """A picture like any other: where it lies is not written in it."""


class NoCrs(GleamError):
    """It has a position, but in no known CRS: the user must name one."""


class RasterSource(GridSource):
    """A MapSource over one georeferenced raster file; ``crs`` serves where the file names none."""

    def __init__(self, path: Path, crs: str | None = None) -> None:
        path = Path(path)
        file = RasterFile(path)
        try:
            with file.inspect() as dataset:
                projection = _projection(dataset, path, crs)
                to_ground = np.array(dataset.transform, float)[:6].reshape(2, 3)
                acquired = days_of_dataset(dataset)
            super().__init__(path, file, projection, to_ground, acquired)
        except BaseException:
            file.close()
            raise
        self.raster = file
        self._to_ground_m = to_ground
        self._projection = projection
        self._overviews = Overviews(file)
        self._smaller: dict[RasterFile, GridSource] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        if not self.raster.slow_to_cut:
            return ()
        name = clean_text(self.path.name)
        return (
            f"{name} is stored in long compressed strips: reading it takes many times as long as "
            "from tiles (gdal_translate -co TILED=YES -co COMPRESS=DEFLATE -co BIGTIFF=YES).",
        )

    @property
    def settled(self) -> bool:
        return not self._overviews.being_made

    def read_mercator(
        self, west: float, north: float, side: float, size_px: int
    ) -> NDArray[np.uint8]:
        pixel_m = side / size_px * math.cos(math.radians(latitude_of(north - side / 2)))
        found = self._overviews.nearest(pixel_m / self.resolution_m)
        if found is not None:
            try:
                return self._seen_smaller(*found).read_mercator(west, north, side, size_px)
            except GleamError:
                self._overviews.forget()
        return super().read_mercator(west, north, side, size_px)

    def release(self) -> None:
        """Close the files, which a later read opens again."""
        super().close()
        self._overviews.release()

    def close(self) -> None:
        self._overviews.close()
        super().close()

    def _seen_smaller(self, factor: int, file: RasterFile) -> GridSource:
        """The same ground as pixels that many times larger."""
        if file not in self._smaller:
            to_ground = self._to_ground_m * (factor, factor, 1.0)
            self._smaller = {
                **self._smaller,
                file: GridSource(self.path, file, self._projection, to_ground),
            }
        return self._smaller[file]


def has_georeference(path: Path) -> bool:
    """Whether a raster says where it lies (with or without a CRS), or is meant to: a world file is there.

    False for what cannot be opened.
    """
    try:
        file = RasterFile(path)
    except GleamError:
        return False
    try:
        with file.inspect() as dataset:
            return not dataset.transform.is_identity or world_file(path) is not None
    finally:
        file.close()


def _projection(dataset: Any, path: Path, crs: str | None) -> "pyproj.CRS":
    """The dataset's CRS, or the one in a .prj file beside it, or ``crs``."""
    name = clean_text(path.name)
    if dataset.transform.is_identity:
        _refuse_unplaced(dataset, path)
    written = dataset.crs.to_wkt() if dataset.crs else _beside(path)
    if written and not written.lstrip().upper().startswith(
        ("LOCAL_CS", "ENGCRS", "ENGINEERINGCRS")
    ):
        try:
            return read_crs(written)
        except GleamError:
            raise GleamError(
                f"{name} has a CRS this program does not understand.",
                "Set its CRS in QGIS and export it again.",
            ) from None
    if crs:
        return read_crs(crs)
    raise NoCrs(
        f"{name} has a position but no CRS.",
        "Name it (gleam tiles add … --crs EPSG:…), or put it into a .prj file of the same name.",
    )


def _refuse_unplaced(dataset: Any, path: Path) -> None:
    name = clean_text(path.name)
    points, _ = dataset.gcps
    if points or dataset.rpcs:
        raise GleamError(
            f"{name} is placed by control points only, not warped to the ground yet.",
            "Warp it once: gdalwarp -tps in.tif out.tif, or Raster > Projections > Warp in QGIS.",
        )
    beside = world_file(path)
    if beside is not None:
        raise Unreadable(
            f"The world file {clean_text(beside.name)} is not six numbers in six lines: "
            f"nobody knows where {name} lies.",
            "Write it again, or georeference the picture in QGIS (Layer > Georeferencer).",
        )
    raise NoGeoreference(
        f"{name} has no georeference: where it lies is not written in it.",
        "Georeference it in QGIS (Layer > Georeferencer) or add its world file (.tfw, .jgw, .pgw) and .prj.",
    )


def _beside(path: Path) -> str | None:
    """The text of the .prj file of the same name."""
    for beside in (path.with_suffix(".prj"), path.with_suffix(".PRJ")):
        if beside.is_file() and beside.stat().st_size < _MIB:
            return beside.read_text("utf-8", "replace").strip()
    return None
