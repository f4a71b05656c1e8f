"""Smaller copies of large rasters, made in the background for the base map."""

import logging
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.enums import Resampling
from rasterio.warp import reproject

from gleam_app.errors import Cancelled
from gleam_app.geo.mercator import tile_at, tile_extent_m
from gleam_app.imagery import overviews
from gleam_app.imagery.geotiff import RasterSource
from gleam_app.imagery.overviews import cache_folder, make_room, write_smaller
from gleam_app.imagery.raster_file import RasterFile
from gleam_app.imagery.sources import open_source
from gleam_app.jobs.work import Work
from tests.unit.imagery.rasters import north_up, smooth, soft_rgb, transform_at, write_raster

UTM, LAT, LON = "EPSG:32617", 28.04, -82.69
SIDE = 2048
TILED = {"tiled": True, "blockxsize": 256, "blockysize": 256}
FAR = 14  # a zoom at which a pixel is some 17 of half a metre


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overviews, "AVERAGED_PX", 1 << 20)
    monkeypatch.setattr(overviews, "_SMALLEST_PX", 64)
    monkeypatch.setattr(overviews, "_PIECE_PX", 1 << 19)
    monkeypatch.setattr(overviews, "_BAND_PX", 64)


def large_map(folder: Path, crs: str = UTM, turn: float = 0.0, **options: Any) -> Path:
    """Waves so long that they are still soft from afar."""
    data = np.rint(smooth(SIDE // 16, SIDE // 16) * 200 + 20).astype(np.uint8)
    data = data.repeat(16, axis=1).repeat(16, axis=2)
    pixel = 0.5 if crs == UTM else 5e-6
    place = transform_at(crs, LAT, LON, pixel, (SIDE, SIDE), turn)
    return write_raster(folder / "map.tif", data, crs, place, **(TILED | options))


def settle(source: Any) -> None:
    until = time.monotonic() + 30
    while not source.settled and time.monotonic() < until:
        time.sleep(0.01)
    assert source.settled


def far_tile(source: Any, zoom: int = FAR, size: int = 256) -> np.ndarray:
    tile: np.ndarray = source.read_map_tile(zoom, *tile_at(LAT, LON, zoom), size)
    return tile


def copies(path: Path) -> list[Path]:
    return sorted(path.rglob("*.tif")) if path.exists() else []


@pytest.mark.parametrize(("crs", "turn"), [(UTM, 0.0), (UTM, 30.0), ("EPSG:4326", 0.0)])
@pytest.mark.parametrize("size", [256, 512])
def test_map_tiles_from_copies_against_gdal(
    tmp_path: Path, crs: str, turn: float, size: int
) -> None:
    path = large_map(tmp_path, crs, turn)
    source = open_source(path)
    far_tile(source)
    assert not source.settled
    settle(source)
    assert copies(cache_folder())
    for zoom in (FAR, FAR - 1):
        x, y = tile_at(LAT, LON, zoom)
        found = source.read_map_tile(zoom, x, y, size)
        west, _, east, north = tile_extent_m(zoom, x, y)
        pixel = (east - west) / size
        warped = np.zeros((4, size, size), np.uint8)
        with rasterio.open(path) as dataset:
            reproject(
                np.concatenate([dataset.read(), np.full((1, SIDE, SIDE), 255, np.uint8)]),
                warped, src_transform=dataset.transform, src_crs=dataset.crs,
                dst_transform=north_up(west, north, pixel),
                dst_crs="EPSG:3857", resampling=Resampling.average,
            )  # fmt: skip
        both = (found[..., 3] > 0) & (warped[3] == 255)
        off = np.abs(found[both][:, :3].astype(int) - warped[:3, both].T)
        assert off.mean() < 3.0 and np.percentile(off, 99) < 16
        edge = ((found[..., 3] > 0) != (warped[3] > 0)).sum()
        assert edge <= 8 * np.sqrt(both.sum())  # a pixel or two along the outline
    source.close()


@pytest.mark.parametrize("options", [TILED, {"tiled": False, "blockysize": 1}])
def test_a_copy_is_the_mean_of_its_pixels(tmp_path: Path, options: dict[str, Any]) -> None:
    data = soft_rgb(500, 700, 1)  # grey: JPEG keeps colours at half the detail
    hole = np.full((500, 700), 255, np.uint8)
    hole[80:240, 160:480] = 0
    place = transform_at(UTM, LAT, LON, 0.5)
    path = write_raster(tmp_path / "m.tif", data, UTM, place, mask=hole, **options)
    write_smaller(RasterFile(path), 8, tmp_path / "8.tif", Work())
    copy = RasterFile(tmp_path / "8.tif")
    assert (copy.width, copy.height) == (87, 62)
    rgb, valid = copy.read(0, 0, 87, 62, 87, 62)
    means = data[:, :496, :696].reshape(1, 62, 8, 87, 8).mean(axis=(2, 4))
    assert (valid == hole[4::8, 4::8][:62, :87]).mean() > 0.995
    off = np.abs(np.moveaxis(rgb, 2, 0) - means)[:, valid > 0]
    assert off.mean() < 3.0  # JPEG
    copy.close()


def test_copies_are_kept_beside_nothing_of_the_users_and_used_again(tmp_path: Path) -> None:
    folder = tmp_path / "maps"
    folder.mkdir()
    path = large_map(folder)
    for _ in range(2):
        source = open_source(path)
        far_tile(source)
        settle(source)
        made = {file: file.stat().st_mtime_ns for file in copies(cache_folder())}
        source.close()
    assert [file.name for file in sorted(made)] == ["16.tif", "32.tif", "8.tif"]
    assert {file: file.stat().st_mtime_ns for file in copies(cache_folder())} == made
    assert list(folder.iterdir()) == [path]
    large_map(folder, turn=5.0)
    os.utime(path, ns=(1, 1))
    source = open_source(path)
    far_tile(source)
    settle(source)
    assert len(copies(cache_folder())) == 2 * len(made), "another file, other copies"
    source.close()


def test_what_is_embedded_does_not_depend_on_copies(tmp_path: Path) -> None:
    source = open_source(large_map(tmp_path))
    before = source.read_square(LAT, LON, 900, 64)
    far_tile(source)
    settle(source)
    assert np.array_equal(source.read_square(LAT, LON, 900, 64).rgb, before.rgb)
    source.close()


def test_closing_stops_the_making(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []

    def slow(source: RasterFile, factor: int, target: Path, work: Work) -> None:
        begun.append(factor)
        while True:
            overviews.check(work)
            time.sleep(0.005)

    monkeypatch.setattr(overviews, "write_smaller", slow)
    source = open_source(large_map(tmp_path))
    assert far_tile(source)[..., 3].any(), "meanwhile it is sampled"
    while not begun:
        time.sleep(0.005)
    source.close()
    until = time.monotonic() + 10
    while list(cache_folder().iterdir()) and time.monotonic() < until:
        time.sleep(0.01)
    assert not list(cache_folder().iterdir())


def test_a_cancelled_copy_ends_at_the_next_piece(tmp_path: Path) -> None:
    work = Work()
    work.cancel()
    with pytest.raises(Cancelled):
        write_smaller(RasterFile(large_map(tmp_path)), 8, tmp_path / "8.tif", work)


def test_a_damaged_copy_is_thrown_away_and_made_anew(tmp_path: Path) -> None:
    path = large_map(tmp_path)
    source = open_source(path)
    far_tile(source)
    settle(source)
    good = far_tile(source)
    source.close()
    for file in copies(cache_folder()):
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 3])
    again = open_source(path)
    for _ in range(3):
        assert far_tile(again)[..., 3].any()
        settle(again)
    assert np.array_equal(far_tile(again), good)
    again.close()


def test_without_a_place_for_copies_the_map_is_shown_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("no folder")
    monkeypatch.setenv("GLEAM_HOME", str(blocked))
    source = open_source(large_map(tmp_path))
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert far_tile(source)[..., 3].any()
            settle(source)
    assert caplog.text.count("coarsely") == 1
    source.close()


def test_room_is_made_by_what_was_used_longest_ago(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "8.tif").write_bytes(b"x" * 100)
        os.utime(tmp_path / str(number), (1000 + number, 1000 + number))
    (tmp_path / ".left-over").mkdir()
    os.utime(tmp_path / ".left-over", (5, 5))
    make_room(tmp_path, 250)
    assert sorted(place.name for place in tmp_path.iterdir()) == ["2", "3"]


def test_small_rasters_and_those_with_overviews_need_none(tmp_path: Path) -> None:
    place = transform_at(UTM, LAT, LON, 0.5, (SIDE, SIDE))
    data = soft_rgb(SIDE, SIDE)
    own = write_raster(tmp_path / "own.tif", data, UTM, place, overviews=True, **TILED)
    small = write_raster(tmp_path / "s.tif", soft_rgb(), UTM, transform_at(UTM, LAT, LON, 0.5))
    for path in (own, small):
        source = RasterSource(path)
        far_tile(source, 12)
        assert source.settled and not cache_folder().exists()
        source.close()


def test_sixteen_bits_are_shown_with_one_contrast(tmp_path: Path) -> None:
    data = (smooth(SIDE, SIDE, 1) * 3000 + 500).astype(np.uint16)
    place = transform_at(UTM, LAT, LON, 0.5, (SIDE, SIDE))
    source = open_source(write_raster(tmp_path / "m.tif", data, UTM, place, **TILED))
    sampled = far_tile(source)
    settle(source)
    copied = far_tile(source)
    seen = (sampled[..., 3] > 0) & (copied[..., 3] > 0)
    assert abs(sampled[seen].mean() - copied[seen].mean()) < 4
    source.close()
