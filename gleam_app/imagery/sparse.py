"""Where the blocks of a TIFF file lie: some were never written, some may be cut off."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_MOST_BLOCKS = 8_000_000  # a microsecond each to look up
_LOOKED_AT = 64


class StoredBlocks:
    """Sparse files: blocks that were never written take no room and hold no imagery.

    Which blocks of a raster are in its file: ``there`` bool (rows, columns), of ``block`` (height, width)
    pixels.
    """

    def __init__(self, there: NDArray[np.bool_], block: tuple[int, int]) -> None:
        self.there, self.block = there, block

    @classmethod
    def of(cls, dataset: Any) -> "StoredBlocks | None":
        """None where every block is there, or the format does not tell."""
        height, width = dataset.block_shapes[0]
        rows, columns = -(-dataset.height // height), -(-dataset.width // width)
        if dataset.driver != "GTiff" or rows * columns > _MOST_BLOCKS:
            return None
        tell = dataset.get_tag_item
        there = np.array(
            [
                tell(f"BLOCK_OFFSET_{column}_{row}", "TIFF", bidx=1) is not None
                for row in range(rows)
                for column in range(columns)
            ]
        ).reshape(rows, columns)
        return None if there.all() else cls(there, (int(height), int(width)))

    def part(self, column: int, row: int, width: int, height: int) -> NDArray[np.bool_]:
        """The blocks that a window (pixels) meets."""
        down, across = self.block
        return self.there[
            row // down : -(-(row + height) // down),
            column // across : -(-(column + width) // across),
        ]

    def within(
        self, window: tuple[int, int, int, int], shape: tuple[int, int]
    ) -> NDArray[np.bool_]:
        """For a picture of ``shape`` of the window (column, row, width, height): which of its pixels lie
        in blocks that are there, by their corners."""
        found: NDArray[np.bool_] = np.ones(shape, bool)
        if self.part(*window).all():
            return found
        column, row, width, height = window
        rows = _blocks(row, height, shape[0], self.block[0])
        columns = _blocks(column, width, shape[1], self.block[1])
        for at_row in rows:
            for at_column in columns:
                found &= self.there[np.ix_(at_row, at_column)]
        return found


def end_of_blocks(dataset: Any) -> int:
    """How many bytes a TIFF file must have at least, by the places of some blocks; 0 for other formats.

    GDAL does not say when the strips it reads directly end before they should.
    """
    if dataset.driver != "GTiff":
        return 0
    height, width = dataset.block_shapes[0]
    columns = -(-dataset.width // width)
    count = columns * -(-dataset.height // height)
    ends = [0]
    for number in {*range(0, count, -(-count // _LOOKED_AT)), count - 1}:
        row, column = divmod(number, columns)
        for band in (1, dataset.count):
            place, size = (
                dataset.get_tag_item(f"BLOCK_{what}_{column}_{row}", "TIFF", bidx=band)
                for what in ("OFFSET", "SIZE")
            )
            ends.append(int(place) + int(size) if place and size else 0)
    return max(ends)


def _blocks(first: int, length: int, count: int, side: int) -> list[NDArray[np.int64]]:
    """The blocks in which ``count`` even parts of a line begin and in which they end."""
    edges = first + np.arange(count + 1) * length / count
    begin = np.floor(edges[:-1] + 1e-6).astype(np.int64)
    end = np.maximum(begin, np.ceil(edges[1:] - 1e-6).astype(np.int64) - 1)
    return [begin // side, end // side]
