"""The journal of a build: whatever is torn off or spoilt, what counts is what was written."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gleam_app.retrieval.tiles.journal import CHECKSUMS, COVERAGE, VECTORS, Journal, tiles_in

BOUNDS = np.array([0, 3, 4, 9, 12, 20])
DIMENSION = 5
RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(20, DIMENSION)).astype(np.float16)
SHARES = RNG.random(20).astype(np.float32)


def write(folder: Path, parts: int) -> None:
    """Append until there are so many parts."""
    with Journal(folder, BOUNDS, DIMENSION) as journal:
        for part in range(journal.parts, parts):
            first, end = BOUNDS[part : part + 2]
            journal.append(ROWS[first:end], SHARES[first:end])
        journal.sync()
        assert (journal.parts, journal.tiles) == (parts, BOUNDS[parts])


def read(folder: Path) -> tuple[bytes, bytes]:
    return (folder / VECTORS).read_bytes(), (folder / COVERAGE).read_bytes()


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    parts=st.integers(0, 5),
    file=st.sampled_from([VECTORS, COVERAGE, CHECKSUMS]),
    at=st.floats(0, 1),
    cut=st.booleans(),
)
def test_torn_or_spoilt_at_any_byte_it_goes_on(
    tmp_path: Path, parts: int, file: str, at: float, cut: bool
) -> None:
    for name in (VECTORS, COVERAGE, CHECKSUMS):
        (tmp_path / name).unlink(missing_ok=True)
    write(tmp_path, parts)
    data = bytearray((tmp_path / file).read_bytes())
    place = int(at * len(data))
    if cut:
        data = data[:place]
    elif place < len(data):
        data[place] ^= 0x55  # as a block that a power cut left unwritten
    (tmp_path / file).write_bytes(data)
    with Journal(tmp_path, BOUNDS, DIMENSION) as journal:
        # naively: the parts before the one that the byte belongs to
        width = {VECTORS: DIMENSION * 2, COVERAGE: 4}.get(file)
        hit = place // 4 if width is None else int((BOUNDS[1:] * width <= place).sum())
        assert journal.parts == min(parts, hit)
    write(tmp_path, 5)
    assert read(tmp_path) == (ROWS.tobytes(), SHARES.tobytes())


def test_files_of_any_content_are_taken_for_nothing(tmp_path: Path) -> None:
    for name in (VECTORS, COVERAGE, CHECKSUMS):
        (tmp_path / name).write_bytes(RNG.bytes(10_000))
    with Journal(tmp_path, BOUNDS, DIMENSION) as journal:
        assert journal.parts == 0
    assert read(tmp_path) == (b"", b"")


def test_a_part_of_another_size_is_refused(tmp_path: Path) -> None:
    with Journal(tmp_path, BOUNDS, DIMENSION) as journal, pytest.raises(AssertionError):
        journal.append(ROWS[:2], SHARES[:2])


def test_its_size_tells_how_far_it_is(tmp_path: Path) -> None:
    assert tiles_in(tmp_path, DIMENSION) == 0
    write(tmp_path, 3)
    assert tiles_in(tmp_path, DIMENSION) == 9
