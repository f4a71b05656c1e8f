"""Squares and map tiles against rasterio's own reprojection, the plain but slow way."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyproj
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.enums import ColorInterp, Resampling
from rasterio.transform import Affine
from rasterio.warp import reproject

from gleam_app.geo.footprint import distance_m, point_in_ring
from gleam_app.geo.mercator import tile_at, tile_extent_m
from gleam_app.imagery.geotiff import RasterSource
from gleam_app.imagery.sources import Picture, open_source
from tests.unit.imagery.rasters import north_up, soft_rgb, transform_at, write_raster

# (CRS, latitude, longitude, pixel in its units, turn in degrees)
PLACES = [
    ("EPSG:32617", 28.04, -82.69, 0.5, 0.0),
    ("EPSG:32631", 52.1, 5.9, 0.5, 30.0),
    ("EPSG:28992", 52.1, 5.9, 0.5, 0.0),
    ("EPSG:27700", 54.5, -3.0, 0.5, -110.0),
    ("EPSG:3857", 60.2, 24.9, 1.0, 0.0),
    ("EPSG:4326", 48.2, 16.4, 5e-6, 0.0),
    ("EPSG:4326", -17.0, 179.9999, 5e-6, 0.0),
    ("EPSG:3413", 81.0, -40.0, 1.0, 15.0),
    ("EPSG:2263", 40.7, -74.0, 1.5, 0.0),  # US feet
]

STRAIGHT = (
    "EPSG:32617",
    28.04,
    -81.0,
    0.5,
    0.0,
)  # on the central meridian, where grid north is north


def raster_at(folder: Path, place: tuple[str, float, float, float, float], **options: Any) -> Path:
    crs, lat, lon, pixel, turn = place
    data = options.pop("data", soft_rgb())
    size = (data.shape[2], data.shape[1])
    return write_raster(
        folder / "map.tif", data, crs, transform_at(crs, lat, lon, pixel, size, turn), **options
    )


def plainly(
    path: Path, crs: str, extent: tuple[float, float, float, float], size_px: int
) -> NDArray[np.uint8]:
    """The window by rasterio.warp, bilinear: uint8 (size, size, 3)."""
    out = np.zeros((3, size_px, size_px), np.uint8)
    with rasterio.open(path) as source:
        reproject(
            rasterio.band(source, [1, 2, 3]), out, dst_crs=crs, resampling=Resampling.bilinear,
            dst_transform=north_up(extent[0], extent[3], (extent[2] - extent[0]) / size_px), tolerance=0.0,
        )  # fmt: skip
    return np.moveaxis(out, 0, 2)


def local_crs(lat: float, lon: float) -> str:
    return f"+proj=aeqd +lat_0={lat} +lon_0={lon} +datum=WGS84 +units=m"


@pytest.mark.parametrize("place", PLACES, ids=lambda p: f"{p[0]} {p[4]:g}")
@pytest.mark.parametrize("metres_per_pixel", [0.3, 0.5, 0.9])
def test_square_is_where_it_should_be(
    tmp_path: Path, place: tuple[str, float, float, float, float], metres_per_pixel: float
) -> None:
    path = raster_at(tmp_path, place)
    lat, lon = place[1] + 1e-5, place[2] + 1e-5
    size_px = 128
    source = RasterSource(path)
    picture = source.read_square(lat, lon, size_px * metres_per_pixel, size_px)
    half = size_px * metres_per_pixel / 2
    expected = plainly(path, local_crs(lat, lon), (-half, -half, half, half), size_px)
    difference = np.abs(picture.rgb.astype(int) - expected)
    assert picture.mask.all() and picture.coverage == 1.0
    # Shifted by half a source pixel, it would differ four times as much.
    shifted = np.abs(np.roll(expected, 1, axis=1).astype(int) - expected)[:, 1:-1].mean()
    assert difference.mean() < 1.0 and difference.mean() < shifted / 2
    source.close()


@pytest.mark.parametrize("place", PLACES, ids=lambda p: f"{p[0]} {p[4]:g}")
def test_interpolated_grid_is_exact_to_a_tenth_of_a_pixel(
    tmp_path: Path, place: tuple[str, float, float, float, float]
) -> None:
    crs, lat, lon, _, _ = place
    source = RasterSource(raster_at(tmp_path, place))
    side_m, size_px = 3000.0, 96
    seen: list[Any] = []
    original = source._source_grid

    def spy(*args: Any) -> Any:
        seen.append(original(*args))
        return seen[-1]

    source._source_grid = spy  # type: ignore[method-assign]
    source.read_square(lat, lon, side_m, size_px)
    at = ((np.arange(size_px) + 0.5) / size_px - 0.5) * side_m
    east, north = np.meshgrid(at, -at)
    lons, lats = pyproj.Transformer.from_crs(local_crs(lat, lon), 4326, always_xy=True).transform(
        east, north
    )
    x, y = pyproj.Transformer.from_crs(4326, crs, always_xy=True).transform(lons, lats)
    if crs == "EPSG:4326" and lon > 179:
        x = np.where(x < 0, x + 360, x)
    with rasterio.open(source.path) as file:
        matrix = np.array(file.transform).reshape(3, 3)
    columns, rows, _ = np.einsum("ij,jkl->ikl", np.linalg.inv(matrix), [x, y, np.ones_like(x)])
    assert np.abs(seen[0][0] - columns).max() < 0.1
    assert np.abs(seen[0][1] - rows).max() < 0.1


def test_minified_square_is_averaged_not_sampled(tmp_path: Path) -> None:
    """A one-pixel chequerboard must become even grey, with overviews and without."""
    board = np.indices((800, 800)).sum(axis=0) % 2 * 255
    data = np.repeat(board[None].astype(np.uint8), 3, axis=0)
    for overviews in (False, True):
        path = raster_at(tmp_path, PLACES[1], data=data, overviews=overviews, tiled=True)
        source = RasterSource(path)
        for metres_per_pixel in (1.0, 1.3, 2.0, 3.1):
            rgb = source.read_square(52.1, 5.9, 64 * metres_per_pixel, 64).rgb
            assert abs(rgb.mean() - 127.5) < 4 and rgb.std() < 25
        source.close()


def test_minified_square_against_area_averages(tmp_path: Path) -> None:
    crs, lat, lon, pixel, _ = PLACES[0]
    data = soft_rgb(800, 800)
    for overviews in (False, True):
        path = raster_at(tmp_path, PLACES[0], data=data, overviews=overviews, tiled=True)
        for factor in (2.0, 2.7, 4.0):
            size_px = 96
            source = RasterSource(path)
            fine = source.read_square(
                lat, lon, size_px * factor * pixel, round(size_px * factor) * 2
            ).rgb
            coarse = source.read_square(lat, lon, size_px * factor * pixel, size_px).rgb
            expected = cv2.resize(fine, (size_px, size_px), interpolation=cv2.INTER_AREA)
            assert np.abs(coarse.astype(int) - expected).mean() < 2.5
            source.close()
    assert crs == source.crs


def test_north_is_up_and_red_is_red(tmp_path: Path) -> None:
    data = np.zeros((3, 100, 100), np.uint8)
    data[0, :50], data[1, 50:, :50], data[2, 50:, 50:] = 250, 250, 250
    source = RasterSource(raster_at(tmp_path, ("EPSG:32617", 28.0, -82.0, 1.0, 0.0), data=data))
    rgb = source.read_square(28.0, -82.0, 80, 80).rgb
    assert [tuple(rgb[y, x]) for y, x in ((10, 40), (70, 10), (70, 70))] == [
        (250, 0, 0), (0, 250, 0), (0, 0, 250),
    ]  # fmt: skip
    up = transform_at("EPSG:32617", 28.0, -82.0, 1.0, (100, 100))
    south_up = Affine(1.0, 0.0, up.c, 0.0, 1.0, up.f - 100)
    upside_down = write_raster(tmp_path / "south_up.tif", data[:, ::-1], "EPSG:32617", south_up)
    flipped = RasterSource(upside_down).read_square(28.0, -82.0, 80, 80).rgb
    assert np.array_equal(flipped[5:35], rgb[5:35]) and np.array_equal(flipped[45:], rgb[45:])


def test_outside_is_black_and_masked(tmp_path: Path) -> None:
    source = RasterSource(
        raster_at(tmp_path, PLACES[0], data=np.full((3, 100, 100), 200, np.uint8))
    )
    west, south, east, north = source.bounds
    picture = source.read_square((south + north) / 2, east, 40, 80)  # half of it beyond the edge
    assert 0.45 < picture.coverage < 0.55
    assert (picture.rgb[picture.mask] == 200).all() and (picture.rgb[~picture.mask] == 0).all()
    assert source.read_square(south - 1, west, 40, 80).coverage == 0.0
    assert source.read_square(-south, west + 180, 40, 80).coverage == 0.0


@pytest.mark.parametrize("kind", ["nodata", "alpha", "mask", "nan"])
def test_holes(tmp_path: Path, kind: str) -> None:
    hole = np.zeros((200, 200), bool)
    hole[50:120, 60:150] = True
    data = np.clip(soft_rgb(200, 200), 1, 255)
    options: dict[str, Any] = {}
    if kind == "nodata":
        data[:, hole] = 0
        options["nodata"] = 0
    elif kind == "alpha":
        data = np.concatenate([data, np.where(hole, 0, 255).astype(np.uint8)[None]])
        options["colorinterp"] = [
            ColorInterp.red,
            ColorInterp.green,
            ColorInterp.blue,
            ColorInterp.alpha,
        ]
    elif kind == "mask":
        options["mask"] = np.where(hole, 0, 255).astype(np.uint8)
    else:
        data = np.where(hole, np.nan, data).astype(np.float32)
    source = RasterSource(raster_at(tmp_path, STRAIGHT, data=data, **options))
    picture = source.read_square(STRAIGHT[1], STRAIGHT[2], 98, 196)
    assert picture.coverage == pytest.approx(1 - hole.sum() / 196**2, abs=0.01)
    assert not picture.mask[50:116, 60:146].any() and picture.mask[:46].all()
    tile = source.read_map_tile(19, *tile_at(STRAIGHT[1], STRAIGHT[2], 19))
    assert set(np.unique(tile[..., 3])) == {0, 255}


@pytest.mark.parametrize("bands", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_bands_and_types(tmp_path: Path, bands: int, dtype: str) -> None:
    data = soft_rgb(200, 200, bands).astype(dtype)
    if dtype != "uint8":
        data = data * 3 + 700
    source = RasterSource(raster_at(tmp_path, PLACES[0], data=data.astype(dtype)))
    rgb = source.read_square(PLACES[0][1], PLACES[0][2], 90, 180).rgb
    assert rgb.dtype == np.uint8 and rgb.shape == (180, 180, 3)
    assert np.ptp(rgb) > 150
    if bands < 3:
        assert (rgb[..., 0] == rgb[..., 1]).all() and (rgb[..., 0] == rgb[..., 2]).all()


def test_stretch_is_one_for_the_whole_source(tmp_path: Path) -> None:
    data = (soft_rgb(300, 300).astype(np.uint16) * 20) + 300
    data[:, 10, 10] = 65_000  # an outlier must not darken everything
    low, high = np.percentile(data[0], (2, 98))
    source = RasterSource(raster_at(tmp_path, STRAIGHT, data=data))
    rgb = source.read_square(STRAIGHT[1], STRAIGHT[2], 150, 300).rgb
    expected = np.clip((data[0].astype(float) - low) / (high - low) * 255, 0, 255)
    assert np.abs(rgb[20:-20, 20:-20, 0] - expected[20:-20, 20:-20]).mean() < 6


def test_named_colours_and_palettes(tmp_path: Path) -> None:
    data = np.zeros((3, 60, 60), np.uint8)
    data[2] = 240
    order = [ColorInterp.blue, ColorInterp.green, ColorInterp.red]
    path = raster_at(tmp_path, PLACES[0], data=data, photometric="MINISBLACK")
    with rasterio.open(path, "r+") as file:
        file.colorinterp = order
    assert tuple(RasterSource(path).read_square(28.04, -82.69, 20, 40).rgb[20, 20]) == (240, 0, 0)
    index = np.full((1, 60, 60), 7, np.uint8)
    path = raster_at(tmp_path, PLACES[0], data=index, colormap={7: (12, 200, 99)})
    assert tuple(RasterSource(path).read_square(28.04, -82.69, 20, 40).rgb[20, 20]) == (12, 200, 99)


@pytest.mark.parametrize("place", PLACES, ids=lambda p: f"{p[0]} {p[4]:g}")
@pytest.mark.parametrize("closer", [0, 2])
def test_map_tile_against_reproject(
    tmp_path: Path, place: tuple[str, float, float, float, float], closer: int
) -> None:
    path = raster_at(tmp_path, place)
    source = RasterSource(path)
    zoom = 18 + closer
    x, y = tile_at(place[1], place[2], zoom)
    rgba = source.read_map_tile(zoom, x, y)
    expected = plainly(path, "EPSG:3857", tile_extent_m(zoom, x, y), 256)
    assert rgba.shape == (256, 256, 4) and rgba[..., 3].any()
    solid = cv2.erode(rgba[..., 3], np.ones((5, 5), np.uint8)) > 0
    assert solid.any() and expected[solid].any(axis=1).mean() > 0.99
    assert np.abs(rgba[..., :3][solid].astype(int) - expected[solid]).mean() < 2.5
    covered = expected.any(axis=2)
    assert ((rgba[..., 3] > 0) != covered).mean() < 0.02  # but for the edge
    assert not source.read_map_tile(zoom, (x + 40) % 2**zoom, y).any()


@pytest.mark.parametrize("zoom", [0, 1, 5, 10])
def test_far_out_a_map_is_a_speck_in_the_right_place(tmp_path: Path, zoom: int) -> None:
    data = np.full((3, 400, 400), 180, np.uint8)
    source = RasterSource(raster_at(tmp_path, ("EPSG:32617", 28.04, -82.69, 500.0, 0.0), data=data))
    x, y = tile_at(28.04, -82.69, zoom)
    alpha = source.read_map_tile(zoom, x, y)[..., 3] > 0
    assert alpha.any()
    to_mercator = pyproj.Transformer.from_crs(4326, 3857, always_xy=True)
    west, south, east, north = tile_extent_m(zoom, x, y)
    centre_x, centre_y = to_mercator.transform(-82.69, 28.04)
    column, row = (
        (centre_x - west) / (east - west) * 256,
        (north - centre_y) / (north - south) * 256,
    )
    assert alpha[int(row), int(column)]
    if zoom < 6:
        rows, columns = np.nonzero(alpha)
        assert abs(rows.mean() + 0.5 - row) < 1.5 and abs(columns.mean() + 0.5 - column) < 1.5


def test_whole_world(tmp_path: Path) -> None:
    data = soft_rgb(180, 360)
    path = write_raster(tmp_path / "world.tif", data, "EPSG:4326", north_up(-180, 90, 1))
    source = RasterSource(path)
    assert source.bounds == (-180, -90, 180, 90)
    assert (source.read_map_tile(0, 0, 0)[..., 3] == 255).mean() > 0.99
    assert source.read_square(0, 179.99, 500_000, 64).mask[:, 0].all()


def test_a_polar_raster_holds_its_pole(tmp_path: Path) -> None:
    path = write_raster(
        tmp_path / "pole.tif", soft_rgb(), "EPSG:3413", north_up(-200_000, 200_000, 1000)
    )
    source = RasterSource(path)
    assert source.bounds.north == 90 and source.bounds.west == -180
    assert source.bounds.south == pytest.approx(87.4, abs=0.1)  # a corner, 283 km away
    assert source.read_square(90, 0, 50_000, 64).coverage == 1.0
    assert source.read_square(89.5, 123, 50_000, 64).coverage == 1.0


def test_facts(tmp_path: Path) -> None:
    source = open_source(raster_at(tmp_path, ("EPSG:32631", 52.1, 5.9, 0.5, 30.0)))
    assert (source.crs, source.path.name) == ("EPSG:32631", "map.tif")
    assert source.resolution_m == pytest.approx(0.5, rel=2e-3)
    west, south, east, north = source.bounds
    side = 200 * (np.cos(np.radians(30)) + np.sin(np.radians(30)))
    assert distance_m((south, west), (north, west)) == pytest.approx(side, rel=0.05)
    assert point_in_ring(source.outline, 52.1, 5.9) and not point_in_ring(
        source.outline, north, west
    )
    assert all(south <= lat <= north and west <= lon <= east for lat, lon in source.outline)


def test_antimeridian_bounds(tmp_path: Path) -> None:
    source = RasterSource(raster_at(tmp_path, ("EPSG:32660", -17.0, 179.9999, 1.0, 0.0)))
    assert source.bounds.west > 179.9 and source.bounds.east < -179.9
    assert source.read_square(-17.0, -179.9995, 100, 64).coverage == 1.0
    assert source.read_map_tile(18, *tile_at(-17.0, -179.9995, 18))[..., 3].any()
    assert source.read_map_tile(18, *tile_at(-17.0, 179.9995, 18))[..., 3].any()


def test_fingerprint_changes_with_the_file(tmp_path: Path) -> None:
    path = raster_at(tmp_path, PLACES[0])
    source = RasterSource(path)
    before = source.fingerprint()
    assert before == source.fingerprint() and before.size == path.stat().st_size
    source.close()
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert source.fingerprint().sha256 != before.sha256


def test_many_threads_see_the_same(tmp_path: Path) -> None:
    source = RasterSource(raster_at(tmp_path, PLACES[3], overviews=True, tiled=True))
    expected = source.read_square(54.5, -3.0, 60, 128)
    with ThreadPoolExecutor(4) as pool:
        pictures: list[Picture] = list(
            pool.map(lambda _: source.read_square(54.5, -3.0, 60, 128), range(40))
        )
    assert all(np.array_equal(picture.rgb, expected.rgb) for picture in pictures)
    assert 2 <= len(source._file._handles) <= 5
    source.close()
    assert not source._file._handles
    assert np.array_equal(source.read_square(54.5, -3.0, 60, 128).rgb, expected.rgb)  # opens again
    source.close()


def test_close_while_others_read(tmp_path: Path) -> None:
    source = RasterSource(raster_at(tmp_path, PLACES[0]))
    stop = threading.Event()
    failures: list[BaseException] = []

    def read() -> None:
        while not stop.is_set():
            try:
                source.read_square(28.04, -82.69, 50, 64)
            except BaseException as error:
                failures.append(error)
                return

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(50):
        source.close()
    stop.set()
    for thread in threads:
        thread.join()
    source.close()
    assert not failures
