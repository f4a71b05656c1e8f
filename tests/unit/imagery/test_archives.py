"""MBTiles, PMTiles and tile folders: the same ground, whatever holds it, in the same place."""

import gzip
import itertools
import logging
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.geo.frame import LocalFrame
from gleam_app.geo.mercator import tile_at, tile_extent_m
from gleam_app.imagery import pyramid as pyramid_module
from gleam_app.imagery.pmtiles import PMTiles, tile_number
from gleam_app.imagery.pyramid import around_the_world
from gleam_app.imagery.sources import MapSource, open_source
from tests.unit.imagery.archives import (
    COARSEST,
    FINEST,
    LAT,
    LON,
    Tile,
    block,
    encoded,
    ground,
    pixels_of,
    pyramid,
    write_as_raster,
    write_folder,
    write_mbtiles,
    write_pmtiles,
)
from tests.unit.imagery.test_geotiff import plainly

pytest.importorskip("pmtiles", reason="the reference writer of PMTiles")
_TO_CLOSE: list[MapSource | PMTiles] = []
KINDS = ("mbtiles", "pmtiles", "xyz", "tms")


@pytest.fixture(autouse=True)
def closed_afterwards() -> Iterator[None]:
    yield
    while _TO_CLOSE:
        _TO_CLOSE.pop().close()


def opened(path: Path) -> MapSource:
    _TO_CLOSE.append(open_source(path))
    return _TO_CLOSE[-1]  # type: ignore[return-value]


def written(
    folder: Path, kind: str, tiles: list[Tile], picture: str = "png", side: int = 256
) -> Path:
    if kind == "mbtiles":
        return write_mbtiles(folder / "map.mbtiles", tiles, picture, side)
    if kind == "pmtiles":
        return write_pmtiles(folder / "map.pmtiles", tiles, picture, side)
    return write_folder(folder / kind, tiles, picture, side, tms=kind == "tms")


def expected_square(lat: float, lon: float, side_m: float, size_px: int) -> NDArray[np.uint8]:
    """What the ground looks like there, by its formula."""
    import pyproj

    at = ((np.arange(size_px) + 0.5) / size_px - 0.5) * side_m
    lats, lons = LocalFrame(lat, lon).to_degrees(*np.meshgrid(at, -at))
    to_map = pyproj.Transformer.from_crs(4326, 3857, always_xy=True)
    return ground(*to_map.transform(lons, lats))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("picture", "side"), [("png", 256), ("jpg", 256), ("webp", 512)])
def test_squares_and_map_tiles_are_the_ground(
    tmp_path: Path, kind: str, picture: str, side: int
) -> None:
    finest = block(around=1)
    source = opened(written(tmp_path, kind, pyramid(finest, FINEST - 1), picture, side))
    slack = 2.5 if picture == "jpg" else 1.0
    found = source.read_square(LAT, LON, 90.0, 150)
    assert found.mask.all()
    expected = expected_square(LAT, LON, 90.0, 150)
    shifted = np.abs(np.roll(expected, 1, axis=1).astype(int) - expected)[:, 1:-1].mean()
    difference = np.abs(found.rgb.astype(int) - expected).mean()
    assert difference < slack and difference < shifted
    for tile in [finest[4], (FINEST + 1, finest[4][1] * 2 + 1, finest[4][2] * 2)]:
        rgba = source.read_map_tile(*tile)
        assert (rgba[..., 3] == 255).all()
        assert np.abs(rgba[..., :3].astype(int) - pixels_of(tile)).mean() < slack
    assert source.crs == "EPSG:3857" and source.notes == ()
    assert source.resolution_m == pytest.approx(
        0.597 * np.cos(np.radians(LAT)) * 256 / side, rel=5e-3
    )
    west, south, east, north = source.bounds
    assert west < LON < east and south < LAT < north and east - west < 0.005
    assert not source.read_map_tile(FINEST, 3, 3).any()
    source.close()
    assert source.read_square(LAT, LON, 90.0, 8).mask.all()  # opens again
    source.close()


@pytest.mark.parametrize("kind", [*KINDS, "raster", "folder"])
def test_map_tiles_against_gdal_far_out_and_close(tmp_path: Path, kind: str) -> None:
    finest = block(around=2)
    raster = write_as_raster(tmp_path / "map.tif", finest)
    if kind == "folder":
        (tmp_path / "maps").mkdir()
        shutil.copy(raster, tmp_path / "maps" / "a.tif")
        path = tmp_path / "maps"
    else:
        path = raster if kind == "raster" else written(tmp_path, kind, pyramid(finest))
    source = opened(path)
    for zoom in (COARSEST - 1, COARSEST, FINEST - 1, FINEST, FINEST + 2):
        x, y = tile_at(LAT, LON, zoom)
        rgba = source.read_map_tile(zoom, x, y)
        expected = plainly(raster, "EPSG:3857", tile_extent_m(zoom, x, y), 256)
        if zoom < FINEST:  # GDAL's bilinear does not average
            fine = plainly(raster, "EPSG:3857", tile_extent_m(zoom, x, y), 256 << (FINEST - zoom))
            expected = cv2.resize(fine, (256, 256), interpolation=cv2.INTER_AREA)
        solid = cv2.erode(rgba[..., 3], np.ones((3, 3), np.uint8), borderValue=255) > 0
        inside = solid & cv2.erode(
            expected.max(axis=2), np.ones((5, 5), np.uint8), borderValue=255
        ).astype(bool)
        assert inside.any()
        assert np.abs(rgba[..., :3][inside].astype(int) - expected[inside]).mean() < 3.0
        if kind in ("raster", "folder"):
            assert ((rgba[..., 3] > 0) != expected.any(axis=2)).mean() < 0.02


def test_coarse_levels_are_read_and_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = opened(written(tmp_path, "mbtiles", pyramid(block(around=2))))
    asked: list[int] = []
    archive = source._archive  # type: ignore[attr-defined]
    plain: Callable[[int, int, int], bytes | None] = archive.tile
    monkeypatch.setattr(archive, "tile", lambda *tile: (asked.append(tile[0]), plain(*tile))[1])
    source.read_map_tile(COARSEST, *tile_at(LAT, LON, COARSEST))
    assert asked and set(asked) == {COARSEST}
    asked.clear()
    source.read_map_tile(COARSEST, *tile_at(LAT, LON, COARSEST))
    assert not asked  # decoded once
    assert source.read_square(LAT, LON, 150, 128).mask.all()
    assert FINEST not in asked and FINEST - 1 in asked


@pytest.mark.parametrize("around", [2, 9])
def test_missing_levels_are_made_within_bounds(tmp_path: Path, around: int) -> None:
    finest = block(around=around)
    path = write_folder(tmp_path / "one", finest, "jpg")
    source = opened(path)
    archive = source._archive  # type: ignore[attr-defined]
    plain, asked = archive.tile, itertools.count()
    archive.tile = lambda *tile: (next(asked), plain(*tile))[1]
    zoom = FINEST - 6
    x, y = tile_at(LAT, LON, zoom)
    rgba = source.read_map_tile(zoom, x, y)
    assert next(asked) <= 64 * 9
    seen = rgba[..., 3] > 0
    assert seen.mean() == pytest.approx((2 * around + 1) ** 2 / 64**2, rel=0.1)
    truth = write_as_raster(tmp_path / "t.tif", finest, overviews=False)
    alpha = opened(truth).read_map_tile(zoom, x, y)[..., 3] > 0
    assert (alpha != seen).sum() < 2 * np.sqrt(seen.sum())
    zoom = FINEST - 2
    rgba = source.read_map_tile(zoom, *tile_at(LAT, LON, zoom))
    seen = rgba[..., 3] > 0
    truth = pixels_of((zoom, *tile_at(LAT, LON, zoom)))
    assert seen.any() and np.abs(rgba[seen][:, :3].astype(int) - truth[seen]).mean() < 12


def test_rows_of_tms_count_from_the_south(tmp_path: Path) -> None:
    finest = block(around=1)
    as_tms = opened(write_folder(tmp_path / "a", finest, tms=True))
    as_xyz = opened(write_folder(tmp_path / "b", finest))
    assert as_tms.bounds == pytest.approx(as_xyz.bounds)
    (tmp_path / "a" / "tilemapresource.xml").unlink()
    mirrored = opened(tmp_path / "a")  # nothing says so: taken as XYZ
    assert mirrored.bounds.north < 0
    assert mirrored.fingerprint().sha256 != as_tms.fingerprint().sha256


@pytest.mark.parametrize("text", ["", "<a", "<!DOCTYPE x [<!ENTITY a 'b'>]><TileMap/>", "<TileMap><SRS>EPSG:4326</SRS></TileMap>", "<TileMap/>"])  # fmt: skip
def test_tms_descriptions_of_other_grids_are_refused(tmp_path: Path, text: str) -> None:
    folder = write_folder(tmp_path / "a", block(around=0), tms=True)
    (folder / "tilemapresource.xml").write_text(text)
    with pytest.raises(GleamError, match=r"tilemapresource\.xml") as caught:
        opened(folder)
    assert caught.value.hint and str(caught.value).isprintable()


@pytest.mark.parametrize("kind", KINDS)
def test_across_the_antimeridian(tmp_path: Path, kind: str) -> None:
    source = opened(written(tmp_path, kind, pyramid(block(-17.0, 180.0, around=1))))
    assert source.bounds.west > 179.99 and source.bounds.east < -179.99
    for lon in (179.9999, 180.0, -179.9999):
        picture = source.read_square(-17.0, lon, 120.0, 100)
        assert picture.mask.all()
    left, right = (source.read_map_tile(FINEST, x, tile_at(-17.0, 0.0, FINEST)[1]) for x in (2**FINEST - 1, 0))  # fmt: skip
    for rgba, x in ((left, 2**FINEST - 1), (right, 0)):
        truth = pixels_of((FINEST, x, tile_at(-17.0, 0.0, FINEST)[1]))
        assert np.abs(rgba[..., :3].astype(int) - truth).mean() < 1


@given(
    st.integers(1, 12).flatmap(
        lambda zoom: st.tuples(st.just(zoom), st.lists(st.integers(0, 2**zoom - 1), min_size=1))
    )
)
def test_shortest_run_around_the_world(drawn: tuple[int, list[int]]) -> None:
    zoom, columns = drawn
    left, right = around_the_world(columns, zoom)
    held = {x % 2**zoom for x in range(left, right + 1)}
    assert held >= set(columns) and 0 <= left < 2**zoom and right - left < 2**zoom
    world, known = 2**zoom, sorted(set(columns))
    assert right - left + 1 == min(max((x - start) % world for x in known) + 1 for start in known)


def test_declared_bounds_cut_the_filler(tmp_path: Path) -> None:
    finest = block(around=1)
    whole = opened(write_mbtiles(tmp_path / "a.mbtiles", pyramid(finest)))
    west, south, east, north = whole.bounds
    middle = (west + east) / 2
    half = opened(
        write_mbtiles(tmp_path / "b.mbtiles", pyramid(finest), bounds=f"{west},{south},{middle},{north}")
    )  # fmt: skip
    assert half.bounds.east == pytest.approx(middle, abs=1e-5)
    assert not half.read_square(LAT, middle + 0.0005, 40, 16).mask.any()
    for nonsense in (
        "",
        "a,b,c,d",
        "1,2,3",
        "0,0,0,0",
        "10,10,11,11",
        "-180,-85,180,85",
        "nan,0,1,1",
    ):
        same = write_mbtiles(tmp_path / "c.mbtiles", pyramid(finest), bounds=nonsense)
        assert opened(same).bounds == pytest.approx(whole.bounds, abs=1e-6)
        same.unlink()


def test_transparent_tiles_are_no_imagery(tmp_path: Path) -> None:
    finest = block(around=1)
    path = write_folder(tmp_path / "a", finest)
    z, x, y = finest[4]
    pixels = np.dstack([pixels_of(finest[4]), np.full((256, 256), 255, np.uint8)])
    pixels[:, 128:, 3] = 0
    pixels[:, 128:, :3] = 0
    (path / str(z) / str(x) / f"{y}.png").write_bytes(encoded(pixels))
    rgba = opened(path).read_map_tile(z, x, y)
    assert (rgba[:, :127, 3] == 255).all() and not rgba[:, 129:].any()
    far = opened(path).read_map_tile(z - 1, x // 2, y // 2)
    seen = far[..., 3] > 0
    truth = pixels_of((z - 1, x // 2, y // 2)).astype(int)
    assert (
        np.abs(far[seen][:, :3] - truth[seen]).max() < 60
    )  # no dark seam from what is transparent


def corrupted(path: Path, kind: str, tile: Tile, data: bytes) -> None:
    z, x, y = tile
    if kind == "mbtiles":
        with sqlite3.connect(path) as file:
            file.execute(
                "UPDATE tiles SET tile_data = ? WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?",
                (data, z, x, 2**z - 1 - y),
            )
        file.close()
    else:
        (path / str(z) / str(x) / f"{y}.png").write_bytes(data)


@pytest.mark.parametrize("kind", ["mbtiles", "xyz"])
def test_a_corrupt_tile_is_empty_and_told_once(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    finest = block(around=1)
    path = written(tmp_path, kind, pyramid(finest))
    whole = encoded(pixels_of(finest[3]))
    corrupted(path, kind, finest[3], whole[: len(whole) // 2])
    corrupted(path, kind, finest[5], b"not a picture")
    source = opened(path)
    with caplog.at_level(logging.WARNING):
        for tile in finest:
            rgba = source.read_map_tile(*tile)
            solid = tile not in (finest[3], finest[5])
            assert (rgba[2:-2, 2:-2, 3] > 0).all() == solid and rgba[2:-2, 2:-2].any() == solid
        source.read_map_tile(*finest[3])
    assert len(caplog.records) == 1 and len(source.notes) == 1
    assert "2 tiles cannot be read" in source.notes[0] and source.notes[0].isprintable()


def vector_mbtiles(folder: Path) -> Path:
    path = write_mbtiles(folder / "a.mbtiles", block(around=0), format="pbf")
    return path


def vector_pmtiles(folder: Path) -> Path:
    path = write_pmtiles(folder / "a.pmtiles", block(around=0))
    data = bytearray(path.read_bytes())
    data[99] = 1
    path.write_bytes(data)
    return path


def of_bytes(name: str, data: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    return make


def other_database(folder: Path) -> Path:
    with sqlite3.connect(folder / "a.mbtiles") as file:
        file.execute("CREATE TABLE notes (text TEXT)")
    file.close()
    return folder / "a.mbtiles"


def no_tiles(folder: Path) -> Path:
    path = write_mbtiles(folder / "a.mbtiles", block(around=0))
    with sqlite3.connect(path) as file:
        file.execute("DELETE FROM tiles")
    file.close()
    return path


def heights(folder: Path) -> Path:
    path = write_mbtiles(folder / "a.mbtiles", block(around=0))
    corrupted(path, "mbtiles", block(around=0)[0], b"\x1f\x8b" + gzip.compress(b"x"))
    return path


def cut(kind: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = written(folder, kind, block(around=1))
        path.write_bytes(path.read_bytes()[:110])
        return path

    return make


def being_written(folder: Path) -> Path:
    path = write_mbtiles(folder / "a.mbtiles", block(around=0))
    (folder / "a.mbtiles-wal").write_bytes(b"x")
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (vector_mbtiles, "vector tiles"),
        (vector_pmtiles, "vector tiles"),
        (of_bytes("a.mbtiles", b""), "database without"),
        (of_bytes("a.mbtiles", b"hello"), "cannot be read"),
        (of_bytes("a.pmtiles", b""), "damaged"),
        (of_bytes("a.pmtiles", b"PMTiles\x02" + bytes(200)), "version 3"),
        (of_bytes("a.pmtiles", b"PMTiles\x03" + b"\xff" * 200), "kind"),
        (
            of_bytes("a.pmtiles", b"PMTiles\x03" + bytes(89) + bytes([1, 1, 2]) + bytes(40)),
            "damaged",
        ),
        (other_database, "database without"),
        (no_tiles, "no tiles"),
        (heights, "no picture"),
        (cut("mbtiles"), "cannot be read"),
        (cut("pmtiles"), "damaged"),
        (being_written, "still being written"),
    ],
)
def test_what_is_refused_in_one_line(
    tmp_path: Path, make: Callable[[Path], Path], words: str
) -> None:
    with pytest.raises(GleamError, match=words) as caught:
        opened(make(tmp_path))
    assert caught.value.hint and str(caught.value).isprintable()


@pytest.mark.parametrize("kind", ["mbtiles", "pmtiles"])
def test_an_archive_that_shrinks_while_read(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path, kind, block(around=2))
    source = opened(path)
    source.read_square(LAT, LON, 20, 16)
    source.close()
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    with pytest.raises(GleamError, match=r"map\."):
        for tile in block(around=2):
            source.read_map_tile(*tile)


def test_mbtiles_are_left_untouched(tmp_path: Path) -> None:
    path = write_mbtiles(tmp_path / "a #1?.mbtiles", block(around=1))
    before = path.read_bytes()
    source = opened(path)
    assert source.read_square(LAT, LON, 60, 32).mask.all()
    source.close()
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


@given(st.integers(0, 20).flatmap(lambda z: st.tuples(st.just(z), st.integers(0, 2**z - 1), st.integers(0, 2**z - 1))))  # fmt: skip
def test_tile_numbers_are_those_of_the_reference(tile: Tile) -> None:
    from pmtiles.tile import zxy_to_tileid

    assert tile_number(*tile) == zxy_to_tileid(*tile)


def test_pmtiles_with_leaf_directories(tmp_path: Path) -> None:
    """Many entries make the writer split its directory; each tile is what was put there."""
    from pmtiles.tile import Compression, TileType, tileid_to_zxy
    from pmtiles.writer import write

    path, first, count = tmp_path / "a.pmtiles", tile_number(12, 0, 0), 30_000
    rng = np.random.default_rng(0)
    put = [rng.bytes(length) for length in rng.integers(1, 200, count)]
    with write(str(path)) as file:
        for number, data in enumerate(put):
            file.write_tile(first + number, data)
        file.finalize(
            {"tile_type": TileType.PNG, "tile_compression": Compression.NONE}, {"name": "x"}
        )
    archive = PMTiles(path)
    _TO_CLOSE.append(archive)
    assert archive._leaves and int.from_bytes(path.read_bytes()[48:56], "little") > 0
    for number in range(0, count, 997):
        assert archive.tile(*tileid_to_zxy(first + number)) == put[number]
    assert archive.tile(12, 4095, 0) is None and archive.tile(3, 1, 1) is None
    assert archive.about() == {"name": "x"}


@pytest.mark.parametrize("kind", KINDS)
def test_fingerprints_follow_the_content(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path, kind, block(around=1))
    source: MapSource = opened(path)
    before = source.fingerprint()
    assert before == opened(path).fingerprint() and before.size > 1000
    copied = (shutil.copytree if path.is_dir() else shutil.copyfile)(path, tmp_path / "copy")
    assert opened(Path(copied)).fingerprint().sha256 == before.sha256
    if path.is_dir():
        next(path.rglob("*.png")).unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert source.fingerprint().sha256 != before.sha256


def test_the_cache_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyramid_module, "_CACHE_BYTES", 1 << 20)
    source = opened(written(tmp_path, "xyz", block(around=2)))
    for tile in block(around=2):
        source.read_map_tile(*tile)
    pixels = source._pixels  # type: ignore[attr-defined]
    assert 0 < pixels._held <= 1 << 20
    assert pixels._held == sum(p.nbytes if p is not None else 256 for p in pixels._cache.values())
