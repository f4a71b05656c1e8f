"""What is embedded so far, part by part: it survives a kill or a power cut at any byte.

``vectors.f16`` and ``coverage.f4`` grow by one part at a time, and ``parts.crc`` by the checksum of that
part. When the journal is opened again, the parts from the first on whose checksums are right count, and
what lies behind them is cut off.
"""

import os
import time
import zlib
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

VECTORS, COVERAGE, CHECKSUMS = "vectors.f16", "coverage.f4", "parts.crc"
SYNC_S = 5.0  # what a power cut may cost; a kill costs the part in work alone


class Journal:
    """Append-only; one process at a time. ``parts`` and ``tiles`` count what is there.

    ``bounds`` int64 (parts + 1,): rows at which parts begin, and their end. Raises OSError.
    """

    def __init__(self, folder: Path, bounds: NDArray[np.int64], dimension: int) -> None:
        self._bounds, self._dimension = bounds, dimension
        files = [(folder / name).open("a+b") for name in (VECTORS, COVERAGE, CHECKSUMS)]
        self._vectors, self._coverage, self._checksums = files
        self.parts = self._sound_parts()
        rows = int(bounds[self.parts])
        self._vectors.truncate(rows * dimension * 2)
        self._coverage.truncate(rows * 4)
        self._checksums.truncate(self.parts * 4)
        self._synced = time.monotonic()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for file in self._files:
            try:
                file.close()
            except OSError:  # a full disk refuses what was still to be written: it is cut off later
                if error is None:
                    raise

    @property
    def tiles(self) -> int:
        return int(self._bounds[self.parts])

    def append(self, vectors: NDArray[np.float16], coverage: NDArray[np.float32]) -> None:
        """Add the next part: vectors (n, D), coverage (n,)."""
        rows = int(self._bounds[self.parts + 1] - self._bounds[self.parts])
        assert vectors.shape == (rows, self._dimension) and coverage.shape == (rows,)
        parts = vectors.tobytes(), coverage.tobytes()
        for file, data in zip(self._files, (*parts, _checksum(*parts)), strict=True):
            file.write(data)
            file.flush()
        self.parts += 1
        if time.monotonic() - self._synced > SYNC_S:
            self.sync()

    def sync(self) -> None:
        """Force it to the disk."""
        for file in self._files:
            os.fsync(file.fileno())
        self._synced = time.monotonic()

    @property
    def _files(self) -> tuple[BinaryIO, ...]:
        return self._vectors, self._coverage, self._checksums

    def _sound_parts(self) -> int:
        """How many parts from the first on are there and as they were written."""
        for file in self._files:
            file.seek(0)
        written = np.frombuffer(_whole(self._checksums.read(), 4), "<u4")
        sizes = np.diff(self._bounds)[: len(written)].tolist()
        for part, rows in enumerate(sizes):
            vectors = self._vectors.read(rows * self._dimension * 2)
            coverage = self._coverage.read(rows * 4)
            whole = len(vectors) == rows * self._dimension * 2 and len(coverage) == rows * 4
            if not whole or _checksum(vectors, coverage) != written[part].tobytes():
                return part
        return len(sizes)


def tiles_in(folder: Path, dimension: int) -> int:
    """About how many tiles a journal holds, by its size alone."""
    try:
        return (folder / VECTORS).stat().st_size // (dimension * 2)
    except OSError:
        return 0


def _checksum(vectors: bytes, coverage: bytes) -> bytes:
    return zlib.crc32(coverage, zlib.crc32(vectors)).to_bytes(4, "little")


def _whole(data: bytes, size: int) -> bytes:
    return data[: len(data) // size * size]
