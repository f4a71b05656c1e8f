"""What opens as a map source, what is refused and why, and that nothing reaches the network."""

import socket
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pyproj
import pytest
import rasterio

from gleam_app.errors import GleamError
from gleam_app.imagery.sources import open_source
from tests.unit.imagery.rasters import north_up, soft_rgb, transform_at, write_raster


def small_map(folder: Path, **options: str | bool) -> Path:
    place = transform_at("EPSG:32617", 28.04, -82.69, 0.5)
    return write_raster(folder / "map.tif", soft_rgb(), "EPSG:32617", place, **options)  # type: ignore[arg-type]


def test_vrt_and_world_file(tmp_path: Path) -> None:
    path = small_map(tmp_path)
    with rasterio.open(path) as file:
        west, north = file.transform.c, file.transform.f
    (tmp_path / "a.vrt").write_text(
        '<VRTDataset rasterXSize="400" rasterYSize="400"><SRS>EPSG:32617</SRS>'
        f"<GeoTransform>{west}, 0.5, 0, {north}, 0, -0.5</GeoTransform>"
        + "".join(
            f'<VRTRasterBand dataType="Byte" band="{band}"><SimpleSource><SourceFilename relativeToVRT="1">'
            f"map.tif</SourceFilename><SourceBand>{band}</SourceBand></SimpleSource></VRTRasterBand>"
            for band in (1, 2, 3)
        )
        + "</VRTDataset>"
    )
    expected = open_source(path).read_square(28.04, -82.69, 80, 100)
    found = open_source(tmp_path / "a.vrt").read_square(28.04, -82.69, 80, 100)
    assert np.array_equal(found.rgb, expected.rgb)

    cv2.imwrite(str(tmp_path / "plain.png"), np.moveaxis(soft_rgb(), 0, 2)[..., ::-1])
    (tmp_path / "plain.pgw").write_text(f"0.5\n0\n0\n-0.5\n{west + 0.25}\n{north - 0.25}\n")
    with pytest.raises(GleamError, match="no CRS") as caught:
        open_source(tmp_path / "plain.png")
    assert ".prj" in caught.value.hint
    (tmp_path / "plain.prj").write_text(pyproj.CRS.from_epsg(32617).to_wkt("WKT1_ESRI"))
    found = open_source(tmp_path / "plain.png").read_square(28.04, -82.69, 80, 100)
    assert np.abs(found.rgb.astype(int) - expected.rgb).max() <= 1


def test_what_is_no_map_source(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "photo.jpg"), np.zeros((40, 40, 3), np.uint8))
    (tmp_path / "empty.tif").write_bytes(b"")
    (tmp_path / "text.tif").write_text("hello")
    (tmp_path / "service.xml").write_text(
        '<GDAL_WMS><Service name="TMS"><ServerUrl>http://127.0.0.1:9/${z}/${x}/${y}.png</ServerUrl>'
        "</Service></GDAL_WMS>"
    )
    (tmp_path / "remote.vrt").write_text(
        '<VRTDataset rasterXSize="9" rasterYSize="9"><VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
        "<SourceFilename>/vsicurl/http://127.0.0.1:9/a.tif</SourceFilename><SourceBand>1</SourceBand>"
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )
    plain = tmp_path / "plain"
    plain.mkdir()
    cv2.imwrite(str(plain / "photo.jpg"), np.zeros((40, 40, 3), np.uint8))
    nowhere = write_raster(
        tmp_path / "nowhere.tif", soft_rgb(50, 50), "EPSG:4326", north_up(5000, 9000, 1)
    )
    for path, words in (
        (tmp_path / "photo.jpg", "no georeference"),
        (tmp_path / "empty.tif", "empty"),
        (tmp_path / "text.tif", "not imagery"),
        (tmp_path / "service.xml", "not imagery"),
        (tmp_path / "remote.vrt", "network"),
        (tmp_path / "missing.tif", "no file"),
        (plain, "folder without"),
        (nowhere, "nowhere on Earth"),
    ):
        with pytest.raises(GleamError, match=words) as caught:
            open_source(path)
        assert str(caught.value).isprintable() and caught.value.hint


def test_a_file_cut_short_is_told_when_read(tmp_path: Path) -> None:
    path = small_map(tmp_path, tiled=True, compress="deflate")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(GleamError, match=r"map\.tif"):
        open_source(path).read_square(28.04, -82.69, 190, 64)


NESTED = """
import sys
from pathlib import Path
from gleam_app.errors import GleamError
from gleam_app.imagery.sources import open_source
try:
    open_source(Path(sys.argv[1])).read_square(0.0, 0.0, 100.0, 16)
except GleamError as error:
    print("refused", error)
"""


@pytest.mark.parametrize("kind", ["vsicurl", "wms"])
def test_nothing_inside_a_vrt_reaches_the_network(tmp_path: Path, kind: str) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.2)
    web = f"http://127.0.0.1:{listener.getsockname()[1]}"
    (tmp_path / "wms.xml").write_text(
        f'<GDAL_WMS><Service name="TMS"><ServerUrl>{web}/${{z}}/${{x}}/${{y}}.png</ServerUrl></Service>'
        "<DataWindow><UpperLeftX>0</UpperLeftX><UpperLeftY>0</UpperLeftY><LowerRightX>99</LowerRightX>"
        "<LowerRightY>99</LowerRightY><SizeX>99</SizeX><SizeY>99</SizeY><TileLevel>0</TileLevel></DataWindow>"
        "<BandsCount>3</BandsCount></GDAL_WMS>"
    )

    def vrt(source: str) -> str:
        return (
            '<VRTDataset rasterXSize="99" rasterYSize="99"><SRS>EPSG:32631</SRS><GeoTransform>166000, 1, 0, '
            '50, 0, -1</GeoTransform><VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
            f"<SourceFilename>{source}</SourceFilename><SourceBand>1</SourceBand></SimpleSource>"
            "</VRTRasterBand></VRTDataset>"
        )

    inner = f"/vsicurl/{web}/a.tif" if kind == "vsicurl" else str(tmp_path / "wms.xml")
    (tmp_path / "inner.vrt").write_text(vrt(inner))
    (tmp_path / "outer.vrt").write_text(vrt(str(tmp_path / "inner.vrt")))
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", NESTED, str(tmp_path / "outer.vrt")],
        cwd=root, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("refused")
    with pytest.raises(TimeoutError):
        listener.accept()
    listener.close()
