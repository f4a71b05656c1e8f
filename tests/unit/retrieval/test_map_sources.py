"""Tile sets of what users have besides one GeoTIFF: the same places, and opened again as they were added."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.shutil import copy as copy_raster
from rasterio.windows import Window

from gleam_app.errors import GleamError
from gleam_app.imagery.sources import open_source
from gleam_app.retrieval.encoder import Encoder
from gleam_app.retrieval.tiles.build import add_tile_set
from gleam_app.retrieval.tiles.plan import Steps, plan_maps
from gleam_app.retrieval.tiles.tileset import TileSetStore
from tests.unit.imagery.rasters import shifted, soft_rgb, transform_at, write_raster

SCALE_M = 108.0


def as_sheets(demo_map: Path, folder: Path) -> Path:
    """The map in two halves."""
    folder.mkdir()
    with rasterio.open(demo_map) as source:
        half = source.width // 2
        for name, left, width in (("a", 0, half), ("b", half, source.width - half)):
            window = Window(left, 0, width, source.height)
            profile = {
                **source.profile, "driver": "GTiff", "width": width, "tiled": True,
                "transform": shifted(source.transform, left, 0),
            }  # fmt: skip
            with rasterio.open(folder / f"{name}.tif", "w", **profile) as sheet:
                sheet.write(source.read(window=window))
    return folder


def as_mbtiles(demo_map: Path, path: Path) -> Path:
    """By GDAL."""
    copy_raster(str(demo_map), str(path), driver="MBTiles", TILE_FORMAT="JPEG", QUALITY="95")
    return path


def without_crs(demo_map: Path, path: Path) -> tuple[Path, str]:
    with rasterio.open(demo_map) as source:
        profile = {**source.profile, "driver": "GTiff", "crs": None}
        with rasterio.open(path, "w", **profile) as bare:
            bare.write(source.read())
        return path, source.crs.to_string()


@pytest.mark.parametrize("kind", ["sheets", "mbtiles", "without crs"])
def test_the_same_tiles_from_another_source(
    encoder: Encoder, demo_map: Path, tmp_path: Path, kind: str
) -> None:
    store, crs = TileSetStore(tmp_path / "home"), None
    if kind == "sheets":
        path = as_sheets(demo_map, tmp_path / "sheets")
    elif kind == "mbtiles":
        path = as_mbtiles(demo_map, tmp_path / "a.mbtiles")
    else:
        path, crs = without_crs(demo_map, tmp_path / "bare.tif")
        with pytest.raises(GleamError, match="no CRS"):
            add_tile_set(store, encoder, [path], "set", scales_m=[SCALE_M])
    add_tile_set(store, encoder, [demo_map], "plain", scales_m=[SCALE_M])
    add_tile_set(store, encoder, [path], "set", scales_m=[SCALE_M], crs=crs)
    assert store.verify("set").sources[0].crs == (crs or "")
    plain, other = store.open("plain"), store.open("set")
    assert 0.5 < other.info.tiles / plain.info.tiles < 1.5
    best = np.asarray(plain.vectors, float) @ np.asarray(other.vectors, float).T
    nearest = best.argmax(axis=1)
    metres = np.hypot(
        (plain.table["lat"] - other.table["lat"][nearest]) * 111_000,
        (plain.table["lon"] - other.table["lon"][nearest]) * 98_000,
    )
    assert np.median(metres) < SCALE_M / 4 and np.median(best.max(axis=1)) > 0.85
    assert other.read_window(0, SCALE_M, 64).coverage > 0.3
    plain.close()
    other.close()


def test_a_sheet_that_changed_is_told(encoder: Encoder, demo_map: Path, tmp_path: Path) -> None:
    folder, store = as_sheets(demo_map, tmp_path / "sheets"), TileSetStore(tmp_path / "home")
    add_tile_set(store, encoder, [folder], "set", scales_m=[SCALE_M])
    shutil.copy(folder / "a.tif", folder / "c.tif")
    with pytest.raises(GleamError, match="sheets has changed"):
        store.verify("set")
    shutil.rmtree(folder)
    with pytest.raises(GleamError, match="not where it was"):
        store.verify("set")


def test_parts_far_apart_get_grids_of_their_own(tmp_path: Path) -> None:
    """Two maps 1300 km apart in one folder: one grid over both would have billions of tiles."""
    for name, lat in (("a", 41.0), ("b", 53.0)):
        place = transform_at("EPSG:32631", lat, 3.0, 1.0, (300, 300))
        write_raster(tmp_path / f"{name}.tif", soft_rgb(300, 300), "EPSG:32631", place)
    source = open_source(tmp_path)
    plan = plan_maps([source], [100.0], Steps(192, 48))
    assert 2 * 80 < len(plan.table) < 2 * 250
    assert plan.area_km2 == pytest.approx(0.18, rel=0.01)
    assert set(np.round(plan.table["lat"]).tolist()) == {41.0, 53.0}
    assert plan.bounds is not None and plan.bounds.south < 41.01 and plan.bounds.north > 52.99
    source.close()
