"""Sparse files: what was never written is no imagery, and costs nothing."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from rasterio.windows import Window

from gleam_app.geo.mercator import tile_at
from gleam_app.imagery.raster_file import RasterFile
from gleam_app.imagery.sources import open_source
from gleam_app.imagery.sparse import StoredBlocks
from tests.unit.imagery.rasters import soft_rgb, transform_at

UTM, LAT, LON = "EPSG:32617", 28.04, -82.69


def sparse_map(path: Path, tiled: bool = True, side: int = 640) -> Path:
    """Imagery in the left half alone."""
    layout = {"tiled": True, "blockxsize": 64, "blockysize": 64} if tiled else {"blockysize": 8}
    with rasterio.open(
        path, "w", driver="GTiff", width=side, height=side, count=3, dtype="uint8", crs=UTM,
        transform=transform_at(UTM, LAT, LON, 0.5, (side, side)), SPARSE_OK="TRUE", **layout,
    ) as file:  # fmt: skip
        shape = (side // 2, side) if tiled else (side, side // 2)
        rows, columns = (side, side // 2) if tiled else (side // 2, side)
        assert shape == (columns, rows)
        file.write(soft_rgb(rows, columns), window=Window(0, 0, columns, rows))
    return path


@pytest.mark.parametrize("tiled", [True, False])
def test_blocks_that_are_not_there_are_no_imagery(tmp_path: Path, tiled: bool) -> None:
    source = open_source(sparse_map(tmp_path / "s.tif", tiled))
    picture = source.read_square(LAT, LON, 200, 100)
    half = picture.mask if tiled else picture.mask.T
    assert half[:, :49].all() and not half[:, 51:].any()
    assert picture.rgb[picture.mask].min() >= 20, "no dark seam"
    tile = source.read_map_tile(17, *tile_at(LAT, LON, 17))
    assert 0 < (tile[..., 3] > 0).mean() < 1
    source.close()


def test_empty_parts_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = open_source(sparse_map(tmp_path / "s.tif"))
    source.read_square(LAT, LON, 200, 100)

    def refuse(*_: object) -> None:
        raise AssertionError("read")

    monkeypatch.setattr(source._file, "_read", refuse)  # type: ignore[attr-defined]
    empty = source.read_square(LAT, LON + 0.001, 60, 100)
    assert not empty.mask.any() and not empty.rgb.any()
    source.close()


@given(
    st.integers(0, 90), st.integers(0, 90), st.integers(1, 60), st.integers(1, 60),
    st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**25 - 1),
)  # fmt: skip
def test_pixels_within_blocks_against_a_plain_loop(
    column: int, row: int, width: int, height: int, out_width: int, out_height: int, seed: int
) -> None:
    side = 30
    there = np.array([bool(seed >> bit & 1) for bit in range(25)]).reshape(5, 5)
    stored = StoredBlocks(there, (side, side))
    found = stored.within((column, row, width, height), (out_height, out_width))
    for y in range(out_height):
        tops = [row + (y + part) * height / out_height for part in (1e-5, 1 - 1e-5)]
        for x in range(out_width):
            lefts = [column + (x + part) * width / out_width for part in (1e-5, 1 - 1e-5)]
            corners = [there[int(top) // side, int(left) // side] for top in tops for left in lefts]
            assert found[y, x] == all(corners)


def test_whole_files_have_nothing_missing(tmp_path: Path) -> None:
    sparse = sparse_map(tmp_path / "s.tif")
    with rasterio.open(sparse) as file:
        data, profile = file.read(), file.profile
    with rasterio.open(tmp_path / "w.tif", "w", **(profile | {"SPARSE_OK": "FALSE"})) as file:
        file.write(data)
    whole = RasterFile(tmp_path / "w.tif")
    assert not whole.blank(400, 0, 100, 100)
    assert RasterFile(sparse).blank(400, 0, 100, 100)
    whole.close()
