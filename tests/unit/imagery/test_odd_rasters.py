"""Rasters that are not plain RGB bytes north up: types, masks, overviews, poles, files that are damaged."""

import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyproj
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.control import GroundControlPoint
from rasterio.enums import ColorInterp, Resampling
from rasterio.shutil import copy as copy_raster
from rasterio.warp import reproject

from gleam_app.errors import GleamError
from gleam_app.geo.mercator import tile_at, tile_extent_m, to_mercator
from gleam_app.imagery import raster_file
from gleam_app.imagery.geotiff import NoGeoreference, RasterSource
from gleam_app.imagery.sources import Picture, open_source
from tests.unit.imagery.rasters import north_up, soft_rgb, transform_at, write_raster
from tests.unit.imagery.test_geotiff import local_crs, plainly

LAT, LON, UTM = 28.04, -81.0, "EPSG:32617"


def placed(folder: Path, data: NDArray[Any], name: str = "map.tif", **options: Any) -> Path:
    size = (data.shape[2], data.shape[1])
    return write_raster(folder / name, data, UTM, transform_at(UTM, LAT, LON, 0.5, size), **options)


def middle(path: Path, side_m: float = 90.0, size_px: int = 180) -> Picture:
    source = open_source(path)
    found = source.read_square(LAT, LON, side_m, size_px)
    source.close()
    return found


@pytest.mark.parametrize("crs", ["EPSG:5041", "EPSG:5042", "EPSG:32661", "EPSG:32761", "EPSG:3031"])
@pytest.mark.parametrize("lon", [0.0, 100.0, -179.99])
def test_polar_maps_lie_where_gdal_puts_them(tmp_path: Path, crs: str, lon: float) -> None:
    lat = 87.3 if crs in ("EPSG:5041", "EPSG:32661") else -87.3
    x, y = rasterio.warp.transform("EPSG:4326", crs, [lon], [lat])  # GDAL's axes, not pyproj's
    place = north_up(x[0] - 200, y[0] + 200, 1.0)
    path = write_raster(tmp_path / "pole.tif", soft_rgb(), crs, place)
    source = RasterSource(path)
    found = source.read_square(lat, lon, 128.0, 128)
    expected = plainly(path, local_crs(lat, lon), (-64, -64, 64, 64), 128)
    assert found.mask.all() and np.abs(found.rgb.astype(int) - expected).mean() < 1.0
    assert source.resolution_m == pytest.approx(1.0, rel=0.03)


def test_a_square_over_the_pole(tmp_path: Path) -> None:
    path = write_raster(
        tmp_path / "n.tif", soft_rgb(), "EPSG:5041", north_up(1_999_800, 2_000_200, 1)
    )
    source = RasterSource(path)
    assert source.bounds.north == 90.0
    found = source.read_square(90.0, 0.0, 200.0, 200)
    expected = plainly(path, local_crs(90, 0), (-100, -100, 100, 100), 200)
    assert found.mask.all() and np.abs(found.rgb.astype(int) - expected).mean() < 1.0


def test_a_world_map_has_no_seam_at_the_antimeridian(tmp_path: Path) -> None:
    """Shifted by half a turn, the same world has its seam elsewhere."""
    data = soft_rgb(900, 1800)
    turned = np.roll(data, 900, axis=2)
    a = write_raster(tmp_path / "a.tif", data, "EPSG:4326", north_up(-180, 90, 0.2))
    b = write_raster(tmp_path / "b.tif", turned, "EPSG:4326", north_up(0, 90, 0.2))
    left, right = RasterSource(a), RasterSource(b)
    for lat, lon, side_m in (
        (10.0, 180.0, 4e6),
        (-50.0, 179.5, 18e5),
        (0.0, -180.0, 6e5),
        (3.0, 0.0, 18e5),
    ):
        one, two = (source.read_square(lat, lon, side_m, 64) for source in (left, right))
        assert one.mask.mean() > 0.95 and two.mask.mean() > 0.95
        both = one.mask & two.mask
        assert np.abs(one.rgb[both].astype(int) - two.rgb[both]).mean() < 1.5
    for tile in ((0, 0, 0), (2, 0, 1), (2, 3, 2), (5, 31, 16), (5, 15, 16)):
        tiles = [source.read_map_tile(*tile) for source in (left, right)]
        assert (tiles[0][..., 3] > 0).mean() > 0.98 and (tiles[1][..., 3] > 0).mean() > 0.98
        assert np.abs(tiles[0].astype(int) - tiles[1]).mean() < 4.0


def test_other_meridians_and_units(tmp_path: Path) -> None:
    """NTF (Paris) counts longitudes in grads from Paris."""
    x, y = rasterio.warp.transform("EPSG:4326", "EPSG:4807", [3.0], [47.0])
    place = north_up(x[0] - 200 * 6e-6, y[0] + 200 * 5e-6, 6e-6)
    path = write_raster(tmp_path / "ntf.tif", soft_rgb(), "EPSG:4807", place)
    source = RasterSource(path)
    west, south, east, north = source.bounds
    assert 2.9 < west < east < 3.1 and 46.9 < south < north < 47.1
    lat, lon = (south + north) / 2, (west + east) / 2
    expected = plainly(path, local_crs(lat, lon), (-30, -30, 30, 30), 100)
    found = source.read_square(lat, lon, 60.0, 100)
    assert found.mask.all() and np.abs(found.rgb.astype(int) - expected).mean() < 3.0


@pytest.mark.parametrize("how", ["nodata", "mask", "mask file", "alpha", "alpha16"])
def test_holes_have_no_dark_seam(tmp_path: Path, how: str) -> None:
    data = np.full((3, 200, 200), 180, np.uint8)
    hole = np.zeros((200, 200), bool)
    hole[:, 100:] = True
    data[:, hole] = 0
    alpha = np.where(hole, 0, 255).astype(np.uint8)
    named = [ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha]
    if how == "nodata":
        path = placed(tmp_path, data, nodata=0)
    elif how == "mask":
        path = placed(tmp_path, data, mask=alpha)
    elif how == "mask file":
        path = placed(tmp_path, data)
        with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False), rasterio.open(path, "r+") as file:
            file.write_mask(alpha)
        assert (tmp_path / "map.tif.msk").is_file()
    elif how == "alpha":
        path = placed(tmp_path, np.concatenate([data, alpha[None]]), colorinterp=named)
    else:
        ramp = (data.astype(np.uint16) + np.arange(200, dtype=np.uint16)) * 257
        ramp[:, hole] = 0
        wide = np.concatenate([ramp, alpha[None].astype(np.uint16) * 257])
        path = placed(tmp_path, wide, colorinterp=named)
    for size_px in (180, 75, 31):
        picture = middle(path, 90.0, size_px)
        assert 0.45 < picture.coverage < 0.55
        if how != "alpha16":
            assert (picture.rgb[picture.mask] == 180).all()
    tile = open_source(path).read_map_tile(18, *tile_at(LAT, LON, 18))
    assert how == "alpha16" or (tile[tile[..., 3] > 0][:, 0] == 180).all()


def test_grey_with_alpha_is_grey(tmp_path: Path) -> None:
    grey = np.stack([np.full((100, 100), 90, np.uint8), np.full((100, 100), 255, np.uint8)])
    path = placed(tmp_path, grey, colorinterp=[ColorInterp.gray, ColorInterp.alpha])
    picture = middle(path, 40.0, 40)
    assert picture.mask.all() and (picture.rgb == 90).all()


def test_extreme_values_of_floats(tmp_path: Path) -> None:
    data = soft_rgb(200, 200).astype(np.float32) / 255
    data[:, :40] = -3.4028235e38
    data[0, 100, 100], data[1, 101, 101] = np.inf, np.nan
    for dtype, nodata in (("float32", -3.4028235e38), ("float64", -3.4028235e38)):
        path = placed(tmp_path, data.astype(dtype), nodata=nodata)
        picture = middle(path)
        assert 0.82 < picture.coverage < 0.84 and np.ptp(picture.rgb[picture.mask]) > 150
        assert middle(path, 90.0, 40).coverage == pytest.approx(picture.coverage, abs=0.03)


@pytest.mark.parametrize(
    "dtype", ["int8", "int16", "uint16", "int32", "uint32", "float32", "float64"]
)
def test_stretch_keeps_the_order_and_is_the_same_in_every_window(
    tmp_path: Path, dtype: str
) -> None:
    ramp = np.linspace(-100, 100, 400) if dtype[0] != "u" else np.linspace(0, 4000, 400)
    data = np.broadcast_to(ramp, (1, 400, 400)).astype(dtype)
    source = open_source(placed(tmp_path, data, nodata=None))
    row = source.read_square(LAT, LON, 198, 396).rgb[200, :, 0].astype(int)
    assert (np.diff(row) >= 0).all() and row[4] < 8 and row[-5] > 247
    part = source.read_square(LAT, LON, 50, 100).rgb[50, :, 0].astype(int)
    assert np.abs(part - row[148:248]).max() <= 2


def test_one_value_everywhere_is_grey(tmp_path: Path) -> None:
    picture = middle(placed(tmp_path, np.full((1, 100, 100), 777, np.uint16)), 40, 40)
    assert (picture.rgb == 128).all() and picture.mask.all()


@pytest.mark.parametrize("where", ["inside", "beside"])
def test_overviews_are_read(tmp_path: Path, where: str) -> None:
    """Overviews of another colour show that they, and not the full picture, are read."""
    path = placed(tmp_path, np.full((3, 1024, 1024), 40, np.uint8), tiled=True)
    options = {"TIFF_USE_OVR": "TRUE"} if where == "beside" else {}
    with rasterio.Env(**options), rasterio.open(path, "r+") as file:
        file.build_overviews([2, 4, 8], Resampling.nearest)
    assert (tmp_path / "map.tif.ovr").is_file() == (where == "beside")
    for level in range(3):
        with rasterio.open(path, "r+", overview_level=level) as file:
            side = 512 >> level
            file.write(np.full((3, side, side), 100 + 50 * level, np.uint8))
    source = open_source(path)
    shades = [int(source.read_square(LAT, LON, 64 * m, 64).rgb[32, 32, 0]) for m in (0.5, 1, 2, 4)]
    assert shades == [40, 100, 150, 200]
    assert source.read_map_tile(15, *tile_at(LAT, LON, 15)).max() == 255
    source.close()


def test_without_overviews_a_large_map_is_sampled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raster_file, "AVERAGED_PX", 1 << 16)
    monkeypatch.setattr(raster_file, "_SAMPLED_BLOCKS", 64)
    data = soft_rgb(1024, 1024)
    data[:, :, :512] //= 4
    path = placed(tmp_path, data, tiled=True, blockxsize=16, blockysize=16)
    source = open_source(path)
    assert isinstance(source, RasterSource)
    assert source.raster._sample_shape(1024, 1024, 128, 128) == (8, 8)
    x, y = to_mercator(LAT, LON)
    far = source.read_mercator(x - 280, y + 280, 560, 64)
    assert (far[8:-8, 8:-8, 3] == 255).all()
    assert far[8:-8, 8:28, :3].mean() * 2 < far[8:-8, 36:-8, :3].mean()
    far_square, near = source.read_square(LAT, LON, 500, 64), source.read_square(LAT, LON, 50, 64)
    monkeypatch.undo()
    assert np.array_equal(near.rgb, source.read_square(LAT, LON, 50, 64).rgb)
    exact = source.read_square(LAT, LON, 500, 64).rgb
    assert np.array_equal(far_square.rgb, exact), "what is embedded is averaged, always"
    assert not np.array_equal(source.read_mercator(x - 280, y + 280, 560, 64), far)


def test_jpeg2000(tmp_path: Path) -> None:
    path = placed(tmp_path, soft_rgb())
    with rasterio.open(path) as source:
        if "JP2OpenJPEG" not in rasterio.Env().drivers():
            pytest.skip("this GDAL writes no JPEG 2000")
        copy_raster(
            source, tmp_path / "map.jp2", driver="JP2OpenJPEG", quality="100", reversible="YES"
        )
    expected, found = middle(path), middle(tmp_path / "map.jp2")
    assert np.abs(found.rgb.astype(int) - expected.rgb).max() <= 1
    assert open_source(tmp_path / "map.jp2").crs == UTM


@pytest.mark.parametrize("options", [{"BIGTIFF": "YES"}, {"driver": "COG", "blocksize": 128}])
def test_bigtiff_and_cog(tmp_path: Path, options: dict[str, Any]) -> None:
    path = placed(tmp_path, soft_rgb())
    copy_raster(str(path), str(tmp_path / "b.tif"), **{"driver": "GTiff", **options})
    assert np.abs(middle(tmp_path / "b.tif").rgb.astype(int) - middle(path).rgb).max() <= 1


@pytest.mark.parametrize(("picture", "world"), [("a.jpg", "a.jgw"), ("a.png", "a.pngw"), ("a.png", "a.wld"), ("a.tif", "a.tfw")])  # fmt: skip
def test_pictures_with_world_files(tmp_path: Path, picture: str, world: str) -> None:
    data = soft_rgb()
    place = transform_at(UTM, LAT, LON, 0.5, turn=20.0)
    expected = RasterSource(write_raster(tmp_path / "e.tif", data, UTM, place)).read_square(
        LAT, LON, 80, 160
    )
    bgr = np.moveaxis(data, 0, 2)[..., ::-1]
    cv2.imwrite(str(tmp_path / picture), bgr, [cv2.IMWRITE_JPEG_QUALITY, 98])
    a, b, c, d, e, f = tuple(place)[:6]
    x, y = c + (a + b) / 2, f + (d + e) / 2
    (tmp_path / world).write_text("\n".join(repr(float(v)) for v in (a, d, b, e, x, y)))
    found = open_source(tmp_path / picture, UTM).read_square(LAT, LON, 80, 160)
    assert found.mask.all() and np.abs(found.rgb.astype(int) - expected.rgb).mean() < 2.5


def test_wrong_and_missing_georeference_is_told(tmp_path: Path) -> None:
    plain = tmp_path / "plain.png"
    cv2.imwrite(str(plain), np.zeros((40, 40, 3), np.uint8))
    with pytest.raises(NoGeoreference, match="no georeference"):
        open_source(plain)
    points = [
        GroundControlPoint(r, c, LON + c * 1e-5, LAT - r * 1e-5) for r in (0, 40) for c in (0, 40)
    ]
    with rasterio.open(tmp_path / "g.tif", "w", driver="GTiff", width=40, height=40, count=1, dtype="uint8", gcps=points, crs="EPSG:4326") as file:  # fmt: skip
        file.write(np.zeros((1, 40, 40), np.uint8))
    local = 'LOCAL_CS["unnamed",UNIT["metre",1]]'
    unnamed = write_raster(
        tmp_path / "l.tif", soft_rgb(40, 40), local, transform_at(UTM, LAT, LON, 1)
    )
    swapped = write_raster(
        tmp_path / "s.tif", soft_rgb(40, 40), "EPSG:4326", north_up(28.0, -182.0, 1e-5)
    )
    flat = write_raster(
        tmp_path / "f.tif", soft_rgb(40, 40), UTM, rasterio.Affine(0, 0, 5e5, 0, 0, 3e6)
    )
    for path, words in (
        (tmp_path / "g.tif", "control points"),
        (unnamed, "no CRS"),
        (swapped, "nowhere on Earth"),
        (flat, "no size"),
    ):
        with pytest.raises(GleamError, match=words) as caught:
            open_source(path)
        assert caught.value.hint and str(caught.value).isprintable()
    assert open_source(unnamed, UTM).crs == UTM


def test_files_that_are_damaged_or_shrink(tmp_path: Path) -> None:
    path = placed(
        tmp_path, soft_rgb(800, 800), tiled=True, blockxsize=64, blockysize=64, compress="deflate"
    )
    whole = path.read_bytes()
    source = open_source(path)
    assert source.read_square(LAT, LON, 20, 16).mask.all()
    source.close()
    for keep in (len(whole) // 2, 2000, 8, 0):
        shutil.copy(path, tmp_path / "cut.tif")
        (tmp_path / "cut.tif").write_bytes(whole[:keep])
        with pytest.raises(GleamError, match=r"cut\.tif") as caught:
            open_source(tmp_path / "cut.tif").read_square(LAT, LON, 390, 64)
        assert caught.value.hint and str(caught.value).isprintable()
    with path.open("r+b") as file:
        file.truncate(len(whole) // 3)
    with pytest.raises(GleamError, match=r"map\.tif"):
        source.read_square(LAT, LON, 390, 64)
    path.unlink()
    source.close()
    with pytest.raises(GleamError, match=r"map\.tif"):
        source.read_square(LAT, LON, 390, 64)


def test_plain_strips_read_directly_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bands, kind in ((1, np.uint8), (3, np.uint8), (3, np.uint16)):
        path = placed(tmp_path, soft_rgb(800, 800, bands).astype(kind), blockysize=3)
        plain = RasterSource(path)
        monkeypatch.setattr(raster_file, "_SHORT_STRIP_PX", 99)
        direct = RasterSource(path)
        monkeypatch.undo()
        assert direct.raster._direct and not plain.raster._direct
        for side in (30, 150, 390):
            one, other = (source.read_square(LAT, LON, side, 96) for source in (plain, direct))
            assert np.array_equal(one.rgb, other.rgb) and other.mask.all()
        plain.close()
        direct.close()
    with rasterio.open(path, "r+") as file:
        file.build_overviews([2], Resampling.average)
    monkeypatch.setattr(raster_file, "_SHORT_STRIP_PX", 99)
    assert not RasterSource(path).raster._direct


@pytest.mark.parametrize("options", [{"blockysize": 8}, {"tiled": True, "blockxsize": 64, "blockysize": 64}])  # fmt: skip
def test_plain_strips_cut_short_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    """GDAL reads strips that are not compressed directly, and says nothing where they end too early."""
    monkeypatch.setattr(raster_file, "_SHORT_STRIP_PX", 99)
    path = placed(tmp_path, soft_rgb(800, 800), **options)
    source = open_source(path)
    assert source.read_square(LAT, LON, 390, 64).mask.all()
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 3000)
    with pytest.raises(GleamError, match=r"map\.tif"):
        source.read_square(LAT, LON, 390, 64)
    source.close()
    with pytest.raises(GleamError, match=r"map\.tif is cut short") as caught:
        open_source(path)
    assert "again" in caught.value.hint


def test_long_compressed_strips_are_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raster_file, "_LONG_STRIP_PX", 399)
    slow = placed(tmp_path, soft_rgb(), compress="lzw", blockysize=1)
    assert "long compressed strips" in open_source(slow).notes[0]
    for options in ({"blockysize": 1}, {"compress": "lzw", "tiled": True}):
        assert not open_source(placed(tmp_path, soft_rgb(), **options)).notes


def test_map_tiles_of_a_turned_map_far_out(tmp_path: Path) -> None:
    """Averaged down through overviews, against GDAL's own averaging."""
    data = soft_rgb(1024, 1024)
    place = transform_at("EPSG:28992", 52.1, 5.9, 0.5, (1024, 1024), 33.0)
    path = write_raster(tmp_path / "m.tif", data, "EPSG:28992", place, overviews=True, tiled=True)
    source = RasterSource(path)
    for zoom in (17, 16, 15):
        x, y = tile_at(52.1, 5.9, zoom)
        west, _, east, north = tile_extent_m(zoom, x, y)
        out = np.zeros((3, 256, 256), np.uint8)
        with rasterio.open(path) as file:
            reproject(
                rasterio.band(file, [1, 2, 3]), out, dst_crs="EPSG:3857", resampling=Resampling.average,
                dst_transform=north_up(west, north, (east - west) / 256), tolerance=0.0,
            )  # fmt: skip
        expected = np.moveaxis(out, 0, 2)
        rgba = source.read_map_tile(zoom, x, y)
        inside = cv2.erode(rgba[..., 3], np.ones((5, 5), np.uint8)) > 0
        assert inside.any()
        assert np.abs(rgba[..., :3][inside].astype(int) - expected[inside]).mean() < 4.0
        assert ((rgba[..., 3] > 0) != expected.any(axis=2)).mean() < 0.02


def test_a_crs_in_any_words(tmp_path: Path) -> None:
    path = write_raster(
        tmp_path / "m.tif", soft_rgb(50, 50), None, transform_at(UTM, LAT, LON, 1, (50, 50))
    )
    utm = pyproj.CRS.from_epsg(32617)
    for text in (
        "EPSG:32617",
        "epsg:32617",
        " 32617 ",
        utm.to_wkt(),
        "+proj=utm +zone=17 +datum=WGS84",
    ):
        assert open_source(path, text).read_square(LAT, LON, 30, 8).mask.all()


def test_a_vrt_whose_file_is_gone_never_reads_as_black(tmp_path: Path) -> None:
    placed(tmp_path, soft_rgb(100, 100))
    place = transform_at(UTM, LAT, LON, 0.5, (100, 100))
    numbers = ", ".join(str(v) for v in (place.c, place.a, place.b, place.f, place.d, place.e))
    (tmp_path / "a.vrt").write_text(
        f'<VRTDataset rasterXSize="100" rasterYSize="100"><SRS>{UTM}</SRS><GeoTransform>{numbers}'
        '</GeoTransform><VRTRasterBand dataType="Byte" band="1"><SimpleSource><SourceFilename '
        'relativeToVRT="1">map.tif</SourceFilename><SourceBand>1</SourceBand></SimpleSource>'
        "</VRTRasterBand></VRTDataset>"
    )
    source = open_source(tmp_path / "a.vrt")
    assert source.read_square(LAT, LON, 40, 16).mask.all()
    source.close()
    (tmp_path / "map.tif").unlink()
    for opened in (source, open_source(tmp_path / "a.vrt")):
        for _ in range(3):
            with pytest.raises(GleamError, match=r"a\.vrt cannot be read"):
                opened.read_square(LAT, LON, 40, 16)
