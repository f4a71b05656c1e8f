"""Rasters that cannot be read: told in one line, and never the end of the sound ones beside them."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gleam_app.errors import GleamError
from gleam_app.imagery.folders import folder_kind
from gleam_app.imagery.sources import open_source
from tests.windows import write_map

NO_TEXT = os.name != "nt"  # there every name is text


def cut(path: Path) -> Path:
    """Plain tiles that end too early: GDAL opens the file and says nothing."""
    write_map(path, seed=1)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 3)
    return path


def beheaded(path: Path) -> Path:
    write_map(path)
    path.write_bytes(path.read_bytes()[:100])
    return path


def empty(path: Path) -> Path:
    path.touch()
    return path


def no_text(path: Path) -> Path:
    """A name that is no UTF-8, as old archives and cameras leave them."""
    sound = write_map(path.with_name("sound.tif"), seed=2)
    odd = Path(os.fsdecode(os.fsencode(path.parent) + b"/odd-\xff.tif"))
    return sound.rename(odd)


BROKEN = [cut, beheaded, empty]


@pytest.mark.parametrize("make", [*BROKEN, pytest.param(no_text, marks=pytest.mark.skipif(not NO_TEXT, reason="names are text"))])  # fmt: skip
def test_one_broken_file_is_left_out_and_told(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    sound = open_source(write_map(tmp_path / "maps" / "a.tif"))
    broken = make(tmp_path / "maps" / "b.tif")
    with pytest.raises(GleamError) as caught:
        open_source(broken)
    assert str(caught.value).isprintable() and caught.value.hint
    source = open_source(tmp_path / "maps")
    assert source.bounds == pytest.approx(sound.bounds)
    (note,) = source.notes
    assert str(caught.value) in note and note.isprintable()
    lat, lon = (source.bounds.south + source.bounds.north) / 2, source.bounds.west + 5e-4
    one, other = (each.read_square(lat, lon, 40, 32) for each in (sound, source))
    assert one.mask.any() and np.array_equal(one.rgb, other.rgb)
    sound.close()
    source.close()


def test_a_path_longer_than_gdal_takes_is_one_line(tmp_path: Path) -> None:
    sound = write_map(tmp_path / "a.tif")
    deep = tmp_path
    for _ in range(10):
        deep /= "x" * 200
    try:
        deep.mkdir(parents=True)
        shutil.copy(sound, deep / "a.tif")
    except OSError:
        pytest.skip("this system has no paths as long")
    with pytest.raises(GleamError, match="too long") as caught:
        open_source(deep / "a.tif")
    assert "folder" in caught.value.hint
    source = open_source(tmp_path)  # the file below it is left out
    assert "too long" in source.notes[0]
    source.close()


@pytest.mark.parametrize("text", ["", "0.5\nhello\n", "0.5 0 0 -0.5"])
def test_a_broken_world_file_makes_no_plain_picture(tmp_path: Path, text: str) -> None:
    Image.fromarray(np.zeros((50, 50, 3), np.uint8)).save(tmp_path / "p.png")
    (tmp_path / "p.pgw").write_text(text)
    (tmp_path / "p.prj").write_text("EPSG:32631")
    for path in (tmp_path / "p.png", tmp_path):
        with pytest.raises(GleamError, match=r"world file p\.pgw"):
            open_source(path)
    assert folder_kind(tmp_path) == "rasters"
    (tmp_path / "p.pgw").write_text("0.5\n0\n0\n-0.5\n500000\n5772000\n")
    source = open_source(tmp_path / "p.png")
    assert 52 < source.bounds.south < 53
    source.close()
