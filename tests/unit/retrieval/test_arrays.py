"""Array files, spoilt in every byte of their header."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from gleam_app.retrieval.tiles.arrays import mapped_array
from gleam_app.retrieval.tiles.tileset import TILE


def test_an_array_is_mapped_as_it_was_saved(tmp_path: Path) -> None:
    rows = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.save(tmp_path / "a.npy", rows)
    found = mapped_array(tmp_path / "a.npy")
    assert np.array_equal(found, rows) and not found.flags.writeable
    del found


@pytest.mark.parametrize("bit", [0x01, 0x04, 0x10, 0x80])
def test_no_bit_of_the_header_raises_anything_but_what_is_said(tmp_path: Path, bit: int) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.zeros(3, TILE))
    whole, refused = path.read_bytes(), 0
    for place in range(len(whole) - 3 * TILE.itemsize):
        spoilt = bytearray(whole)
        spoilt[place] ^= bit
        path.write_bytes(spoilt)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numpy's guess at a file of Python 2
            try:
                mapped_array(path)
            except (OSError, ValueError):
                refused += 1
    assert refused > 20
