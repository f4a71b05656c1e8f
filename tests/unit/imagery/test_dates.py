"""When imagery was taken: read where it is written, and never made up."""

import json
import os
from datetime import date, timedelta
from pathlib import Path

import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st

from gleam_app.imagery.dates import Days, days_beside, days_of_notes, read_day, span
from gleam_app.imagery.sources import open_source
from gleam_app.retrieval.tiles.source_records import record_map
from tests.unit.imagery.archives import block, write_mbtiles, write_pmtiles
from tests.unit.imagery.rasters import soft_rgb, transform_at, write_raster

MAY = date(2024, 5, 17)
PLACE = transform_at("EPSG:32617", 28.04, -82.69, 0.5)


def a_map(path: Path, namespace: str = "", **tags: str) -> Path:
    write_raster(path, soft_rgb(), "EPSG:32617", PLACE)
    if tags:
        with rasterio.open(path, "r+") as file:
            file.update_tags(**({"ns": namespace} if namespace else {}), **tags)
    return path


def acquired(path: Path) -> Days | None:
    source = open_source(path)
    source.close()
    return source.acquired


@pytest.mark.parametrize(
    "text",
    ["2024-05-17", "2024:05:17 11:02:03", "2024-05-17T11:02:03.5Z", " 20240517 ", "20240517T1102", "2024/05/17", "2024-05-17 11:02"],
)  # fmt: skip
def test_time_stamps(text: str) -> None:
    assert read_day(text) == MAY


@pytest.mark.parametrize(
    "text",
    ["", "2024", "2024-05", "05/17/2024", "2024-13-01", "2024-02-30", "0000:00:00 00:00:00", "2024-0517", "202405171", "1066-10-14", "2024-05-17 about", "9999-12-31", None, 20240517, ["2024-05-17"]],
)  # fmt: skip
def test_doubtful_time_stamps_are_none(text: object) -> None:
    assert read_day(text) is None


@given(st.text(max_size=30))
def test_any_text_is_a_day_or_none(text: str) -> None:
    day = read_day(text)
    assert day is None or date(1900, 1, 1) <= day <= date.today() + timedelta(days=1)


@given(st.dates(), st.dates())
def test_days_are_written_and_read_again(one: date, other: date) -> None:
    days = Days(min(one, other), max(one, other))
    assert Days.of_iso(days.iso) == days
    assert Days.of_iso(days.iso + "/") is None or days.first == days.last
    assert days.meets(Days(days.last, date.max)) and Days(date.min, days.first).meets(days)


@pytest.mark.parametrize("text", ["", "2024", "2024-05-18/2024-05-17", "a/b", "2024-05-17/"])
def test_other_text_is_no_span_of_days(text: str) -> None:
    assert Days.of_iso(text) is None


def test_tags_of_rasters(tmp_path: Path) -> None:
    assert acquired(a_map(tmp_path / "a.tif")) is None, "not the file's own time"
    stamp = a_map(tmp_path / "b.tif", TIFFTAG_DATETIME="2024:05:17 10:00:00")
    assert acquired(stamp) == Days(MAY, MAY)
    satellite = a_map(tmp_path / "c.tif", TIFFTAG_DATETIME="2025:01:01 10:00:00")
    with rasterio.open(satellite, "r+") as file:
        file.update_tags(ns="IMAGERY", ACQUISITIONDATETIME="2024-05-17 03:04:05")
    assert acquired(satellite) == Days(MAY, MAY), "when it was taken, not made"
    assert acquired(a_map(tmp_path / "d.tif", TIFFTAG_DATETIME="yesterday")) is None


def test_what_lies_beside(tmp_path: Path) -> None:
    path = a_map(tmp_path / "a.tif")
    item = {"stac_version": "1.0.0", "properties": {"datetime": "2024-05-17T00:00:00Z"}}
    path.with_suffix(".json").write_text(json.dumps(item))
    assert acquired(path) == Days(MAY, MAY)
    item["properties"] = {
        "datetime": None,
        "start_datetime": "2024-05-17T01:00:00Z",
        "end_datetime": "2024-05-19T01:00:00Z",
    }
    path.with_suffix(".json").write_text(json.dumps(item))
    assert acquired(path) == Days(MAY, date(2024, 5, 19))
    for text in ('{"datetime": "2024-05-17"}', "[]", "3", "{", '{"stac_version": 1}', '{"stac_version": 1, "properties": []}', "[" * 9000):  # fmt: skip
        path.with_suffix(".json").write_text(text)
        assert days_beside(path) is None


def test_archives_say_it_themselves(tmp_path: Path) -> None:
    import sqlite3

    path = write_mbtiles(tmp_path / "a.mbtiles", block())
    assert acquired(path) is None
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO metadata VALUES ('acquisition_date', '2024-05-17')")
    connection.commit()
    connection.close()
    assert acquired(path) == Days(MAY, MAY)
    assert acquired(write_pmtiles(tmp_path / "a.pmtiles", block())) is None
    assert days_of_notes({"Date": "2024-05-17", "datetime": "?"}) == Days(MAY, MAY)


def test_a_folder_knows_its_days_if_all_its_parts_do(tmp_path: Path) -> None:
    a_map(tmp_path / "a.tif", TIFFTAG_DATETIME="2024:05:17 10:00:00")
    a_map(tmp_path / "b.tif", TIFFTAG_DATETIME="2024:05:20 10:00:00")
    days = Days(MAY, date(2024, 5, 20))
    assert acquired(tmp_path) == days
    source = open_source(tmp_path)
    assert record_map(tmp_path, source, None).acquired == "2024-05-17/2024-05-20"
    source.close()
    a_map(tmp_path / "c.tif")
    os.utime(tmp_path / "c.tif", (0, 0))
    assert acquired(tmp_path) is None
    assert span([]) is None and span([days, None]) is None
