"""What dropped files and folders are, on real small ones."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gleam_app.errors import GleamError
from gleam_app.jobs.work import Work
from gleam_app.retrieval.tiles.tileset import SourceRecord, TileSetInfo
from gleam_app.ui.strings import language
from gleam_app.ui.tile_sets.coverage import coverage_of
from gleam_app.ui.tile_sets.entries import Entry
from gleam_app.ui.tile_sets.found import found_text
from gleam_app.ui.tile_sets.survey import Found, survey
from tests.windows import write_map


def look(*paths: Path, crs: str | None = None) -> tuple[Found, ...]:
    language.choose("en")
    return survey(paths, crs, Work())


def test_a_geotiff(tmp_path: Path) -> None:
    (found,) = look(write_map(tmp_path / "area.tif"))
    assert found.good and found.kind == "geotiff" and found.crs == "EPSG:32631"
    assert found.area_km2 == pytest.approx(0.01, rel=0.01)
    assert found.resolution_m == pytest.approx(0.5, rel=0.01)
    assert len(found.rings) == 1
    assert found_text(found) == "GeoTIFF · 0.5 m a pixel · EPSG:32631 · 0.010 km²"


def test_one_without_a_crs_is_asked_for_it(tmp_path: Path) -> None:
    path = write_map(tmp_path / "area.tif", crs=None)
    (found,) = look(path)
    assert found.needs_crs and not found.good and found.error is None
    (found,) = look(path, crs="EPSG:32631")
    assert found.good and found.area_km2 == pytest.approx(0.01, rel=0.01)


def test_a_folder_of_rasters_and_one_of_pictures(tmp_path: Path) -> None:
    write_map(tmp_path / "sheets" / "a.tif")
    plain = tmp_path / "plain"
    plain.mkdir()
    for name in "ab":
        Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(plain / f"{name}.jpg")
    rasters, pictures = look(tmp_path / "sheets", plain)
    assert rasters.kind == "rasters" and rasters.good
    assert pictures.pictures == 2 and "by itself" in str(pictures.error.hint)  # type: ignore[union-attr]
    (alone,) = look(plain)
    assert alone.good and found_text(alone) == "folder of pictures · 2 pictures"


def test_what_is_no_imagery_says_so_and_spoils_nothing_else(tmp_path: Path) -> None:
    broken = tmp_path / "broken.tif"
    broken.write_bytes(b"II*\x00 nothing")
    empty = tmp_path / "empty"
    empty.mkdir()
    good = write_map(tmp_path / "good.tif")
    first, second, third, last = look(broken, empty, good, tmp_path / "gone.tif")
    assert third.good
    for bad in (first, second, last):
        assert isinstance(bad.error, GleamError) and bad.error.hint


def coverage(path: Path, crs: str = "") -> int:
    record = SourceRecord(str(path), str(path), "map", 1, 1, "x", crs)
    from gleam_app.geo.coordinates import Bounds

    info = TileSetInfo("town", [record], 1, [48.0], 1.0, "p", "h", 256, Bounds(3, 52, 3.1, 52.1))
    made = coverage_of(Entry(info), Work())
    assert made.name == "town" and not made.new
    return len(made.rings[0])


def test_coverage_is_the_outline_and_a_box_where_the_imagery_is_gone(tmp_path: Path) -> None:
    assert coverage(write_map(tmp_path / "area.tif")) >= 4
    assert coverage(write_map(tmp_path / "bare.tif", crs=None), "EPSG:32631") >= 4
    assert coverage(tmp_path / "gone.tif") == 4
