"""Folders and patterns of rasters as one source, and what a folder is."""

import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyproj
import pytest
from rasterio.transform import Affine
from rasterio.warp import Resampling, reproject, transform_bounds

from gleam_app.errors import GleamError
from gleam_app.geo.footprint import point_in_ring
from gleam_app.geo.mercator import tile_at
from gleam_app.imagery import mosaic as mosaic_module
from gleam_app.imagery.folders import files_below, folder_kind, may_be_map
from gleam_app.imagery.geotiff import NoCrs, RasterSource
from gleam_app.imagery.mosaic import MosaicSource
from gleam_app.imagery.pictures import list_pictures
from gleam_app.imagery.sources import open_source, source_exists
from tests.unit.imagery.archives import block, write_folder
from tests.unit.imagery.rasters import north_up, shifted, soft_rgb, transform_at, write_raster

LAT, LON, UTM = 28.04, -81.0, "EPSG:32617"
PLACE = transform_at(UTM, LAT, LON, 0.5)


def cut(data: np.ndarray, left: int, top: int, side: int) -> tuple[np.ndarray, Affine]:
    return data[:, top : top + side, left : left + side], shifted(PLACE, left, top)


@pytest.fixture
def sheets(tmp_path: Path) -> Path:
    """A map of 400 x 400 px, and the same in four sheets, one of them in another CRS."""
    data = soft_rgb()
    write_raster(tmp_path / "whole.tif", data, UTM, PLACE)
    folder = tmp_path / "sheets"
    (folder / "deeper").mkdir(parents=True)
    for name, left, top in (("a", 0, 0), ("b", 200, 0), ("deeper/c", 0, 200)):
        write_raster(folder / f"{name}.tif", *_ordered(cut(data, left, top, 200)))
    # the fourth as degrees, with the corner that the warp leaves empty as nodata
    part, place = cut(data, 190, 190, 210)
    west, south, east, north = transform_bounds(UTM, "EPSG:4326", *_edges(place, 210))
    width, height, pixel = 210, 230, (east - west) / 210
    target = Affine(pixel, 0, west, 0, (south - north) / height, north)
    out = np.zeros((3, height, width), np.uint8)
    reproject(
        np.maximum(part, 1), out, src_transform=place, src_crs=UTM, dst_transform=target,
        dst_crs="EPSG:4326", resampling=Resampling.bilinear,
    )  # fmt: skip
    write_raster(folder / "z.tif", out, "EPSG:4326", target, nodata=0)
    return folder


def _ordered(part: tuple[np.ndarray, Affine]) -> tuple[np.ndarray, str, Affine]:
    return part[0], UTM, part[1]


def _edges(place: Affine, side: int) -> tuple[float, float, float, float]:
    end = shifted(place, side, side)
    return place.c, end.f, end.c, place.f


def test_sheets_are_one_map(sheets: Path) -> None:
    whole, many = RasterSource(sheets.parent / "whole.tif"), open_source(sheets)
    assert folder_kind(sheets) == "rasters" and isinstance(many, MosaicSource)
    expected, found = (s.read_square(LAT, LON, 180, 300) for s in (whole, many))
    assert found.mask.mean() > 0.99
    both = found.mask & expected.mask
    assert np.abs(found.rgb[both].astype(int) - expected.rgb[both]).mean() < 2.0
    tile = (18, *tile_at(LAT, LON, 18))
    expected_tile, tile_found = whole.read_map_tile(*tile), many.read_map_tile(*tile)
    assert (expected_tile[..., 3] != tile_found[..., 3]).mean() < 0.02
    seen = (expected_tile[..., 3] > 0) & (tile_found[..., 3] > 0)
    assert np.abs(tile_found[seen].astype(int) - expected_tile[seen]).mean() < 2.0
    assert many.resolution_m == pytest.approx(0.5, rel=0.05)
    assert many.crs == "EPSG:32617, EPSG:4326" and many.notes == ()
    assert np.allclose(many.bounds, whole.bounds, atol=3e-5)
    assert len(many.outlines) == 1 and point_in_ring(many.outline, LAT, LON)
    many.close()
    whole.close()


def test_the_first_valid_pixel_wins(tmp_path: Path) -> None:
    hole = np.full((3, 100, 100), 50, np.uint8)
    hole[:, 40:60, 40:60] = 0
    place = transform_at(UTM, LAT, LON, 1.0, (100, 100))
    write_raster(tmp_path / "1.tif", hole, UTM, place, nodata=0)
    write_raster(tmp_path / "2.tif", np.full((3, 100, 100), 200, np.uint8), UTM, place)
    rgb = open_source(tmp_path).read_square(LAT, LON, 90, 90).rgb
    assert (rgb[45, 45] == 200).all() and (rgb[10, 10] == 50).all()
    rgba = open_source(tmp_path).read_map_tile(20, *tile_at(LAT, LON, 20))
    assert set(np.unique(rgba[rgba[..., 3] > 0][:, 0])) <= {50, 200}


def test_few_files_are_open_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mosaic_module, "_MOST_OPEN", 3)
    data = soft_rgb(50, 50)
    for index in range(12):
        place = shifted(PLACE, 50 * index, 0)
        write_raster(tmp_path / f"{index:02}.tif", data, UTM, place)
    source = open_source(tmp_path)
    assert isinstance(source, MosaicSource)

    def handles() -> int:
        return sum(len(part.raster._handles) for part in source._parts)

    assert handles() == 0
    west, south, east, north = source.bounds
    for lon in np.linspace(west, east, 40):
        assert source.read_square((south + north) / 2, float(lon), 10, 8).mask.any()
        assert handles() <= 3
    source.read_square((south + north) / 2, (west + east) / 2, 600, 64)
    assert handles() <= 4  # the one in use, while the oldest goes
    source.close()
    assert handles() == 0


def test_parts_far_apart_have_rings_of_their_own(tmp_path: Path) -> None:
    for name, lon in (("a", 179.9), ("b", -179.9), ("c", 179.9)):
        place = transform_at("EPSG:32660", -17.0, lon, 1.0, (100, 100))
        if name == "c":
            place = shifted(place, 100, 0)
        write_raster(tmp_path / f"{name}.tif", soft_rgb(100, 100), "EPSG:32660", place)
    source = open_source(tmp_path)
    assert len(source.outlines) == 2
    assert source.bounds.west > 179.8 and source.bounds.east < -179.8
    for lon in (179.9, -179.9):
        assert source.read_square(-17.0, lon, 60, 16).mask.all()
        assert any(point_in_ring(ring, -17.0, lon) for ring in source.outlines)
        assert source.read_map_tile(18, *tile_at(-17.0, lon, 18))[..., 3].any()
    assert not source.read_square(-17.0, 180.0, 60, 16).mask.any()
    assert point_in_ring(source.outline, -17.0, 180.0)


def test_one_contrast_for_all(tmp_path: Path) -> None:
    for name, low, left in (("a", 1000, 0), ("b", 3000, 100)):
        data = (soft_rgb(100, 100).astype(np.uint16)) * 4 + low
        write_raster(tmp_path / f"{name}.tif", data, UTM, shifted(PLACE, left, 0))
    source = open_source(tmp_path)
    assert isinstance(source, MosaicSource)
    west, _, east, north = source.bounds
    rgb = source.read_square(north - 0.0002, (west + east) / 2, 40, 80).rgb.astype(int)
    assert source._parts[0].raster.stretch == source._parts[1].raster.stretch
    assert rgb[:, 60:].mean() > rgb[:, :20].mean() + 60  # the brighter sheet stays the brighter


def test_plain_pictures_among_maps_are_left_out_and_told(
    sheets: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cv2.imwrite(str(sheets / "plan.tif"), np.zeros((40, 40, 3), np.uint8))
    cv2.imwrite(str(sheets / "photo.jpg"), np.zeros((40, 40, 3), np.uint8))
    with caplog.at_level(logging.WARNING):
        source = open_source(sheets)
    assert len(source.notes) == 1 and "plan.tif" in source.notes[0]
    assert [record.getMessage() for record in caplog.records] == list(source.notes)


def test_crs_given_for_those_without(tmp_path: Path) -> None:
    write_raster(tmp_path / "a.tif", soft_rgb(100, 100), None, PLACE)
    with pytest.raises(NoCrs, match="no CRS") as caught:
        open_source(tmp_path)
    assert "--crs" in caught.value.hint and folder_kind(tmp_path) == "rasters"
    expected = write_raster(tmp_path / "b.tif", soft_rgb(100, 100), UTM, PLACE)
    for path in (tmp_path, tmp_path / "a.tif", tmp_path / "*.tif"):
        source = open_source(path, UTM)
        assert source.crs == UTM
        assert np.allclose(source.bounds, RasterSource(expected).bounds)
    # what a file says itself goes before
    assert open_source(expected, "EPSG:28992").crs == UTM
    for text in ("nonsense", "", " ", "EPSG:999999", "EPSG:4978"):
        if text:
            with pytest.raises(GleamError, match=r"CRS") as caught:
                open_source(tmp_path / "a.tif", text)
            assert caught.value.hint
    esri = pyproj.CRS.from_epsg(32617).to_wkt("WKT1_ESRI")
    (tmp_path / "a.prj").write_text(esri)
    assert open_source(tmp_path / "a.tif").crs == UTM


def test_patterns(sheets: Path) -> None:
    source = open_source(sheets / "[ab].tif")
    assert isinstance(source, MosaicSource) and len(source._parts) == 2
    assert source_exists(sheets / "*.tif") and not source_exists(sheets / "none" / "*.tif")
    assert source.fingerprint() == open_source(sheets / "[ab].tif").fingerprint()
    with pytest.raises(GleamError, match="named like"):
        open_source(sheets / "*.vrt")
    shutil.copy(sheets / "a.tif", sheets / "odd[1].tif")  # a name, not a pattern
    assert isinstance(open_source(sheets / "odd[1].tif"), RasterSource)


def test_fingerprint_of_a_folder(sheets: Path) -> None:
    before = open_source(sheets).fingerprint()
    os.utime(sheets / "a.tif", (1, 1))  # copied back from a stick
    assert open_source(sheets).fingerprint().sha256 == before.sha256
    data = bytearray((sheets / "a.tif").read_bytes())
    data[-1] ^= 1
    (sheets / "a.tif").write_bytes(data)
    changed = open_source(sheets).fingerprint()
    assert changed.sha256 != before.sha256
    (sheets / "a.tif").rename(sheets / "a2.tif")
    assert open_source(sheets).fingerprint().sha256 != changed.sha256


def test_what_a_folder_is(tmp_path: Path, sheets: Path) -> None:
    write_folder(tmp_path / "tiles", block(around=0), "jpg")
    assert folder_kind(tmp_path / "tiles") == "tiles"
    plain = tmp_path / "plain"
    (plain / "12" / "deep").mkdir(parents=True)
    for name in ("a.jpg", "12/b.png", "12/deep/c.tif"):
        cv2.imwrite(str(plain / name), np.zeros((20, 20, 3), np.uint8))
    assert folder_kind(plain) == "pictures"
    (tmp_path / "none").mkdir()
    assert folder_kind(tmp_path / "none") == "pictures"
    with pytest.raises(GleamError, match="no folder"):
        folder_kind(tmp_path / "missing")
    (plain / "a.jgw").write_text(f"0.5\n0\n0\n-0.5\n{PLACE.c}\n{PLACE.f}\n")
    assert folder_kind(plain) == "rasters"
    source = open_source(plain, UTM)
    assert isinstance(source, MosaicSource) and source._parts[0].path.name == "a.jpg"


def test_links_in_a_circle(sheets: Path) -> None:
    try:
        (sheets / "deeper" / "round").symlink_to(sheets, target_is_directory=True)
        (sheets / "self.tif").symlink_to(sheets / "self.tif")
        (sheets / "1").symlink_to(sheets / "1")
        (sheets / "gone.tif").symlink_to(sheets / "nowhere.tif")
    except OSError:
        pytest.skip("this system allows no links")
    assert [path.name for path in files_below(sheets)] == ["a.tif", "b.tif", "c.tif", "z.tif"]
    assert folder_kind(sheets) == "rasters" and len(list_pictures(sheets)) == 4
    with pytest.raises(GleamError, match="no file"):
        open_source(sheets / "self.tif")


def test_folders_that_cannot_be_read(sheets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plainly = os.scandir

    def refusing(path: Any = ".") -> Iterator[os.DirEntry[str]]:
        if str(path).endswith(closed):
            raise PermissionError(13, "Permission denied", str(path))
        return plainly(path)

    monkeypatch.setattr(os, "scandir", refusing)
    for closed in ("deeper", "sheets"):
        for use in (folder_kind, open_source, list_pictures):
            with pytest.raises(GleamError, match=f"{closed} cannot be read") as caught:
                use(sheets)
            assert caught.value.hint


def test_a_sheet_that_shrinks_while_read(tmp_path: Path) -> None:
    path = write_raster(
        tmp_path / "a.tif", soft_rgb(600, 600), UTM, PLACE, tiled=True, blockxsize=64, blockysize=64
    )
    source = open_source(tmp_path)
    west, south, east, north = source.bounds
    assert source.read_square(north - 1e-4, west + 1e-4, 10, 8).mask.any()
    source.close()
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    with pytest.raises(GleamError, match=r"a\.tif"):
        source.read_square((south + north) / 2, (west + east) / 2, 290, 64)


def test_world_and_degrees(tmp_path: Path) -> None:
    write_raster(tmp_path / "w.tif", soft_rgb(180, 360), "EPSG:4326", north_up(-180, 90, 1))
    write_raster(tmp_path / "x.tif", soft_rgb(50, 50), UTM, PLACE)
    source = open_source(tmp_path)
    assert isinstance(source, MosaicSource)
    for lat, lon in ((0, 180.0), (0, -180.0), (45, 179.9), (-60, 0)):
        assert source.read_square(lat, lon, 50_000, 16).mask.all()


def test_what_may_be_a_map(tmp_path: Path) -> None:
    for name in (
        "a.jpg",
        "b.JPG",
        "b.jgw",
        "c.png",
        "c.png.aux.xml",
        "d.tif",
        "e.mbtiles",
        "f.txt",
    ):
        (tmp_path / name).touch()
    maps = sorted(path.name for path in tmp_path.iterdir() if may_be_map(path))
    assert maps == ["b.JPG", "c.png", "d.tif", "e.mbtiles"]
    assert may_be_map(tmp_path) and not may_be_map(tmp_path / "a.jpg")


def test_far_out_thumbnails_show_what_the_files_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    for index in range(36):
        shade = rng.integers(30, 226, (3, 1, 1)).astype(np.uint8)
        place = shifted(PLACE, 100 * (index % 6), 100 * (index // 6))
        write_raster(tmp_path / f"{index}.tif", np.broadcast_to(shade, (3, 100, 100)), UTM, place)
    source, plain = open_source(tmp_path), open_source(tmp_path)
    assert isinstance(source, MosaicSource) and isinstance(plain, MosaicSource)
    monkeypatch.setattr(plain._thumbnails, "fits", lambda index, pixel_m: False)
    lat, lon = (source.bounds.south + source.bounds.north) / 2, source.bounds.east - 0.001
    for zoom in (16, 15, 14, 11):
        tile = (zoom, *tile_at(lat, lon, zoom))
        found, expected = source.read_map_tile(*tile), plain.read_map_tile(*tile)
        seen = (found[..., 3] > 0) & (expected[..., 3] > 0)
        middles = [np.argwhere(one[..., 3] > 0).mean(axis=0) for one in (found, expected)]
        assert np.abs(middles[0] - middles[1]).max() < 1.0
        differing = (found[..., 3] != expected[..., 3]).sum()
        assert differing <= 6 * np.sqrt(seen.sum())  # a pixel along the edge
        if zoom > 11:
            close = np.abs(found[seen].astype(int) - expected[seen]).max(axis=1) < 12
            assert close.mean() > (0.85 if zoom > 14 else 0.6)  # but for the seams between them
    opened = [part for part in source._parts if part.raster._handles]
    source.close()
    source.read_map_tile(14, *tile_at(lat, lon, 14))
    assert opened and not any(part.raster._handles for part in source._parts)  # drawn from memory
    plain.close()
