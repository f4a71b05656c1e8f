"""A folder of plain pictures and the table that places them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import LatLon
from gleam_app.imagery.pictures import list_pictures, read_coords, read_picture


def test_lists_pictures_in_order(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.png", "sub/c.tif", ".hidden.jpg", ".git/x.jpg", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.jpg").mkdir()
    found = [path.relative_to(tmp_path).as_posix() for path in list_pictures(tmp_path)]
    assert found == ["a.png", "b.JPG", "sub/c.tif"]


def test_no_folder_and_no_pictures(tmp_path: Path) -> None:
    (tmp_path / "file.txt").touch()
    for path, words in (
        (tmp_path, "no pictures"),
        (tmp_path / "none", "no folder"),
        (tmp_path / "file.txt", "no folder"),
    ):
        with pytest.raises(GleamError, match=words) as caught:
            list_pictures(path)
        assert caught.value.hint


@pytest.mark.parametrize("size", [(300, 200), (200, 300), (40, 40)])
def test_reads_the_middle_square(tmp_path: Path, size: tuple[int, int]) -> None:
    width, height = size
    pixels = np.zeros((height, width, 3), np.uint8)
    side = min(size)
    top, left = (height - side) // 2, (width - side) // 2
    pixels[top : top + side, left : left + side] = 90
    pixels[top : top + side // 2, left : left + side // 2] = 210
    Image.fromarray(pixels).save(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png", 100)
    assert picture.rgb.shape == (100, 100, 3) and picture.mask.all()
    assert (picture.rgb[2:48, 2:48] == 210).all() and (picture.rgb[52:, 52:] == 90).all()


def test_reads_coordinates(tmp_path: Path) -> None:
    table = tmp_path / "c.csv"
    table.write_text("file,lat,lon\na.jpg,28.04125,-82.69847\nsub\\b.jpg,-1, 2.5\n")
    assert read_coords(table) == {
        "a.jpg": LatLon(28.04125, -82.69847),
        "sub/b.jpg": LatLon(-1, 2.5),
    }
    table.write_text("\ufeffLon;File;height;LAT\r\n2;é.jpg;7;1\r\n\r\n", encoding="utf-8")
    assert read_coords(table) == {"é.jpg": LatLon(1, 2)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "lacks the column"),
        ("file,lat\na,1\n", "lacks the column lon"),
        ("file,lat,lon\n", "no positions"),
        ("file,lat,lon\na.jpg,x,2\n", "line 2: the latitude .x. is not a number"),
        ("file,lat,lon\na.jpg,1,2\nb.jpg,1\n", "line 3: the longitude"),
        ("file,lat,lon\na.jpg,91,2\n", "not within"),
        ("file,lat,lon\na.jpg,1,nan\n", "not within"),
        ("file,lat,lon\na.jpg,1,2\na.jpg,1,3\n", "line 3: a.jpg appears twice"),
        ("file,lat,lon\n,1,2\n", "no file name"),
        ('file,lat,lon\n"' + "a" * 200_000 + '",1,2\n', "field larger"),
    ],
)
def test_doubtful_tables_are_refused(tmp_path: Path, text: str, words: str) -> None:
    table = tmp_path / "c.csv"
    table.write_text(text)
    with pytest.raises(GleamError, match=words) as caught:
        read_coords(table)
    assert str(caught.value).isprintable() and caught.value.hint


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=80).map(lambda t: f"file,lat,lon\n{t}".encode()))
def test_any_bytes_are_a_table_or_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    table = tmp_path_factory.mktemp("t") / "c.csv"
    table.write_bytes(data)
    try:
        positions = read_coords(table)
    except GleamError as error:
        assert str(error).isprintable()
    else:
        assert positions
