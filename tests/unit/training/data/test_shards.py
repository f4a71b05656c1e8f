"""Shards: the same pixels as decoding gives, whatever was changed, damaged or killed."""

import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from gleam_app.errors import GleamError
from gleam_app.jobs.lock import only_process
from training.data import shards as module
from training.data.records import Crop, Image
from training.data.shards import AHEAD, INDEX, LOCK, Picture, Shards, Size, write_shards
from training.gleam_c.shards import decoded

SIZES = ((24, 24), (16, 32))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Five pictures of 40 x 60 noise."""
    folder = tmp_path / "data" / "set"
    folder.mkdir(parents=True)
    for i in range(5):
        noise = np.random.default_rng(i).integers(0, 256, (40, 60, 3), np.uint8)
        Pillow.fromarray(noise).save(folder / f"{i}.png")
    return folder.parent


@pytest.fixture
def wanted(data: Path) -> list[tuple[Image, Size]]:
    images: list[Image] = [*sorted((data / "set").iterdir())]
    images.append(Crop(data / "set" / "0.png", 5, 4, 30, 20))
    return [(image, size) for image in images for size in SIZES]


def _fill(folder: Path, data: Path, wanted: list[tuple[Image, Size]]) -> int:
    return write_shards(folder, data, wanted, decoded, 2)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_pixels_are_those_of_decoding_also_from_many_threads(
    tmp_path: Path, data: Path, wanted: list[tuple[Image, Size]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHARD_BYTES", 3 * 24 * 24 * 3)  # several shards a size
    folder, told = tmp_path / "shards", list[tuple[int, int]]()
    count = write_shards(folder, data, [*wanted, *wanted], decoded, 2, lambda *at: told.append(at))
    assert count == len(wanted) and told == [(i + 1, count) for i in range(count)]
    assert len(list(folder.glob("24x24-*.npy"))) == 2
    shards = Shards(folder, data)

    def same(number: int) -> bool:
        image, size = wanted[number % len(wanted)]
        found = shards.find(image, size)
        return found is not None and np.array_equal(found, decoded(image, size))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(same, range(200)))
    assert shards.find(wanted[0][0], (25, 25)) is None
    assert _fill(folder, data, wanted) == 0  # nothing is left to do


def test_data_and_shards_may_move_together(
    tmp_path: Path, data: Path, wanted: list[tuple[Image, Size]]
) -> None:
    _fill(tmp_path / "shards", data, wanted[:2])
    moved = data.rename(tmp_path / "elsewhere")
    image, size = moved / "set" / "0.png", wanted[0][1]
    assert Shards(tmp_path / "shards", moved).find(image, size) is not None


def test_a_changed_file_is_noticed_and_decoded_again(
    tmp_path: Path, data: Path, wanted: list[tuple[Image, Size]]
) -> None:
    folder, (image, size) = tmp_path / "shards", wanted[0]
    wanted = wanted[:8]
    _fill(folder, data, wanted)
    before = Shards(folder, data)
    Pillow.new("RGB", (60, 40), (1, 2, 3)).save(data / "set" / "0.png")
    assert before.find(image, size) is None
    assert before.find(*wanted[2]) is not None
    assert _fill(folder, data, wanted) == 2  # both sizes of it
    after = Shards(folder, data).find(image, size)
    assert after is not None and (after == (1, 2, 3)).all()
    still = before.find(*wanted[2])  # a reader of the old index goes on
    np.testing.assert_array_equal(still, decoded(*wanted[2]))
    (data / "set" / "0.png").unlink()
    assert Shards(folder, data).find(image, size) is None


@pytest.mark.parametrize("damage", ["", "{}", "[1", '{"schema": "other", "pictures": {}}'])
def test_a_damaged_index_is_named_and_rebuilt(
    tmp_path: Path, data: Path, wanted: list[tuple[Image, Size]], damage: str
) -> None:
    folder, wanted = tmp_path / "shards", wanted[:4]
    with pytest.raises(GleamError, match="no shards"):
        Shards(folder, data)
    _fill(folder, data, wanted)
    (folder / INDEX).write_text(damage, "utf-8")
    with pytest.raises(GleamError, match="damaged"):
        Shards(folder, data)
    assert _fill(folder, data, wanted) == len(wanted)
    assert Shards(folder, data).find(*wanted[0]) is not None
    assert len(list(folder.glob("*.npy"))) == len(SIZES)  # the old ones are gone


def test_an_index_cannot_name_files_outside(
    tmp_path: Path, data: Path, wanted: list[tuple[Image, Size]]
) -> None:
    folder = tmp_path / "shards"
    _fill(folder, data, wanted[:1])
    text = (folder / INDEX).read_text("utf-8")
    name = next(folder.glob("*.npy")).name
    (folder / INDEX).write_text(text.replace(name, f"../{name}"), "utf-8")
    with pytest.raises(GleamError, match="damaged"):
        Shards(folder, data)


def test_a_lost_or_torn_shard_is_decoded_again(
    tmp_path: Path, data: Path, wanted: list[tuple[Image, Size]]
) -> None:
    folder, wanted = tmp_path / "shards", wanted[:8]
    _fill(folder, data, wanted)
    square = next(folder.glob("24x24-*.npy"))
    os.truncate(square, square.stat().st_size // 2)
    next(folder.glob("16x32-*.npy")).unlink()
    broken = Shards(folder, data)
    assert all(broken.find(*one) is None for one in wanted)
    assert _fill(folder, data, wanted) == len(wanted)
    whole = Shards(folder, data)
    for one in wanted:
        np.testing.assert_array_equal(whole.find(*one), decoded(*one))


def test_one_writer_at_a_time(tmp_path: Path, data: Path, wanted: list[tuple[Image, Size]]) -> None:
    folder = tmp_path / "shards"
    with (
        only_process(folder / LOCK, GleamError("busy")),
        pytest.raises(GleamError, match="Another process"),
    ):
        _fill(folder, data, wanted)
    assert not (folder / INDEX).exists()


def test_a_killed_writer_loses_one_shard_and_leaves_nothing_behind(
    tmp_path: Path,
    data: Path,
    wanted: list[tuple[Image, Size]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "SHARD_BYTES", 2 * 24 * 24 * 3)
    folder = tmp_path / "shards"
    square = [one for one in wanted if one[1] == (24, 24)][:5]

    def fails(image: Image, size: Size) -> Picture:
        if image == square[3][0]:
            raise GleamError("cannot be read")
        return decoded(image, size)

    with pytest.raises(GleamError, match="cannot be read"):
        write_shards(folder, data, square, fails, 1)
    assert len(json.loads((folder / INDEX).read_text("utf-8"))["pictures"]) == 2
    assert not list(folder.glob(".*.npy"))
    (folder / ".24x24-left.npy").write_bytes(b"of a process that was killed")
    assert _fill(folder, data, square) == 3
    assert not list(folder.glob(".*.npy"))


def test_memory_holds_few_pictures_however_many_there_are(tmp_path: Path, data: Path) -> None:
    """What is decoded and not yet written is bounded, though decoding is faster than writing."""
    source = data / "set" / "0.png"
    many: list[tuple[Image, Size]] = [(Crop(source, i, 0, 1, 1), (8, 8)) for i in range(300)]
    lock, alive, most = threading.Lock(), 0, 0

    def decode(_image: Image, size: Size) -> Picture:
        nonlocal alive, most
        with lock:
            alive += 1
            most = max(most, alive)
        return np.zeros((*size, 3), np.uint8)

    def written(_done: int, _count: int) -> None:
        nonlocal alive
        time.sleep(0.0005)
        with lock:
            alive -= 1

    assert write_shards(tmp_path / "shards", data, many, decode, 2, written) == 300
    assert 2 <= most <= 2 * AHEAD + 1
