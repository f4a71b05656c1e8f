"""A raster on disk, read in windows: handles per thread, bands to RGB, masks, contrast.

Knows pixels only; where they lie on the ground is ``geotiff``'s business.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.imagery.exif import clean_text
from gleam_app.imagery.raster_opening import Unreadable, open_dataset
from gleam_app.imagery.sparse import StoredBlocks, end_of_blocks

_STRETCH_PERCENTILES = (2.0, 98.0)
_STRETCH_SIDE_PX = 1024
AVERAGED_PX = 1 << 24  # more pixels than this take too long to average for one map tile
_SAMPLED_BLOCKS = 1024  # no more of the file's blocks are decoded for it then
_SHORT_STRIP_PX, _LONG_STRIP_PX = 4_096, 65_536
Stretch = list[tuple[float, float]]  # the darkest and the brightest value of each band


@dataclass
class _Handle:
    """One thread's dataset. The lock is held while reading, so that ``close`` waits for it."""

    dataset: Any
    lock: threading.Lock = field(default_factory=threading.Lock)
    open: bool = True


class RasterFile:
    """RGB windows and validity masks of a raster that rasterio opens. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._handles: list[_Handle] = []
        self._lock = threading.Lock()
        self._stretch: Stretch | None = None
        self._direct = False
        with self._dataset() as dataset:
            self.width, self.height = int(dataset.width), int(dataset.height)
            self._bands = _colour_bands(dataset)
            types = [str(dataset.dtypes[band - 1]) for band in self._bands]
            self._has_nan = any(name.startswith("float") for name in types)
            self._palette = _palette(dataset, self._bands)
            self._all_valid = all(
                "ALL_VALID" in str(flags).upper() for flags in dataset.mask_flag_enums
            )
            self._eight_bit = all(name == "uint8" for name in types)
            is_vrt = dataset.driver == "VRT"
            self._factors = [1] if is_vrt else [1, *dataset.overviews(self._bands[0])]
            block = dataset.block_shapes[self._bands[0] - 1]
            self._block = (int(block[0]), int(block[1]))
            self.kind = ",".join(types)
            self._compressed = dataset.compression is not None
            self._least_bytes = end_of_blocks(dataset)
            direct = _read_directly(dataset)
            if any(name.startswith("complex") for name in types):
                raise GleamError(
                    f"{clean_text(path.name)} holds complex numbers, not imagery.",
                    "Add imagery with 1 to 4 ordinary bands.",
                )

        size = path.stat().st_size
        if size < self._least_bytes:
            self.close()
            raise Unreadable(
                f"{clean_text(path.name)} is cut short: it has {size:,} of at least {self._least_bytes:,} bytes.",
                "Copy or download the file again.",
            )
        if direct:
            self.close()
            self._direct = True
        if is_vrt:  # to ask opens its files; one that fails then is passed over in later reads
            with open_dataset(path) as apart:
                self._factors += apart.overviews(self._bands[0])

    @contextmanager
    def _dataset(self) -> Iterator[Any]:
        """This thread's dataset, opened on first use (and again after ``close``)."""
        while True:
            handle: _Handle | None = getattr(self._local, "handle", None)
            if handle is None or not handle.open:
                handle = _Handle(open_dataset(self.path, self._direct))
                with self._lock:
                    self._handles = [known for known in self._handles if known.open] + [handle]
                self._local.handle = handle
            with handle.lock:
                if handle.open:  # not closed between the look and the lock
                    yield handle.dataset
                    return

    def _discard(self) -> None:
        """Close this thread's handle: a VRT whose file failed once reads as black from then on."""
        handle: _Handle = self._local.handle
        with handle.lock:
            if handle.open:
                handle.open = False
                handle.dataset.close()

    def inspect(self) -> Any:
        """Context manager: the calling thread's rasterio dataset, for reading its metadata."""
        return self._dataset()

    def close(self) -> None:
        """Close the handles of all threads; a later read opens a new one."""
        with self._lock:
            handles, self._handles = self._handles, []
        for handle in handles:
            with handle.lock:
                handle.open = False
                handle.dataset.close()

    def read(
        self, column: int, row: int, width: int, height: int, out_width: int, out_height: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """A window inside the raster, averaged down to ``out_width`` x ``out_height`` through overviews.

        Returns RGB uint8 (out_height, out_width, 3) and validity uint8 (out_height, out_width), 0 or 255.
        """
        from rasterio.enums import Resampling

        window, shape = (column, row, width, height), (out_height, out_width)
        averaging = self._palette is None and (out_width < width or out_height < height)
        values, valid = self._read(
            window, shape, Resampling.average if averaging else Resampling.nearest
        )
        return self._to_rgb(values), valid

    def glance(
        self, column: int, row: int, width: int, height: int, out_width: int, out_height: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """As ``read``, but quick however large the window is: where averaging is slow, it is sampled."""
        from rasterio.enums import Resampling

        few = self._sample_shape(width, height, out_width, out_height)
        if few is None:
            return self.read(column, row, width, height, out_width, out_height)
        values, valid = self._read((column, row, width, height), few, Resampling.nearest)
        rows = (np.arange(out_height) * few[0]) // out_height
        columns = (np.arange(out_width) * few[1]) // out_width
        return self._to_rgb(values)[rows][:, columns], valid[rows][:, columns]

    def blank(self, column: int, row: int, width: int, height: int) -> bool:
        """Whether the window is known to hold nothing: a sparse file has no blocks there."""
        return self._stored is not None and not self._stored.part(column, row, width, height).any()

    @property
    def coarsest(self) -> int:
        """How many times smaller its smallest overview is; 1 without any."""
        return int(max(self._factors))

    @property
    def block(self) -> tuple[int, int]:
        """(height, width) of the blocks in which it is stored, in pixels."""
        return self._block

    @property
    def slow_to_cut(self) -> bool:
        """Whether a small window costs much: long strips, each of which is decoded as a whole."""
        return self._compressed and self._block[1] == self.width > _LONG_STRIP_PX

    @property
    def stretch(self) -> Stretch | None:
        """The contrast applied to every window; None for bytes and palettes, which are shown as they are."""
        if self._eight_bit or self._palette is not None:
            return None
        return self._stretch or self._measure_stretch()

    @stretch.setter
    def stretch(self, limits: Stretch | None) -> None:
        self._stretch = limits

    def _sample_shape(
        self, width: int, height: int, out_width: int, out_height: int
    ) -> tuple[int, int] | None:
        """How few samples (rows, columns) stand for a window that no overview makes small; else None."""
        shrink = min(width / out_width, height / out_height)
        if shrink <= 1.0:
            return None
        factor = max(factor for factor in self._factors if factor <= max(shrink, 1.0))
        if (width // factor) * (height // factor) <= AVERAGED_PX:
            return None
        block_height, block_width = (side * factor for side in self._block)
        rows, columns = (
            min(out_height, height // block_height),
            min(out_width, width // block_width),
        )
        if rows * columns <= _SAMPLED_BLOCKS:
            return out_height, out_width
        less = (_SAMPLED_BLOCKS / (rows * columns)) ** 0.5
        return max(1, int(rows * less)), max(1, int(columns * less))

    def _read(
        self, window: tuple[int, int, int, int], shape: tuple[int, int], resampling: Any
    ) -> tuple[NDArray[Any], NDArray[np.uint8]]:
        """Values (bands, *shape) and validity (shape) of the window (column, row, width, height)."""
        from rasterio.errors import RasterioError
        from rasterio.windows import Window

        if self.blank(*window):
            return np.zeros((len(self._bands), *shape), np.uint8), np.zeros(shape, np.uint8)
        try:
            with self._dataset() as dataset:
                place = Window(*window)
                values = dataset.read(
                    list(self._bands),
                    window=place,
                    out_shape=(len(self._bands), *shape),
                    resampling=resampling,
                )
                valid = (
                    np.full(shape, 255, np.uint8)
                    if self._all_valid
                    else dataset.dataset_mask(window=place, out_shape=shape)
                )
            if self.path.stat().st_size < self._least_bytes:
                raise self._unreadable()
        except (RasterioError, OSError) as error:
            self._discard()
            raise self._unreadable() from error
        if self._stored is not None:
            valid[~self._stored.within(window, shape)] = 0
        if self._has_nan:
            finite = np.isfinite(values).all(axis=0)
            valid, values = np.where(finite, valid, 0).astype(np.uint8), np.nan_to_num(values)
        return values, valid

    def _unreadable(self) -> GleamError:
        return GleamError(
            f"{clean_text(self.path.name)} cannot be read any more.",
            "The file is damaged, was replaced, or its disk is gone: put it back and try again.",
        )

    @cached_property
    def _stored(self) -> StoredBlocks | None:
        """Which blocks of a sparse file there are; None where all are."""
        with self._dataset() as dataset:
            return StoredBlocks.of(dataset)

    def _to_rgb(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """(bands, height, width) of any type to RGB uint8 (height, width, 3)."""
        if self._palette is not None:
            indices: NDArray[np.intp] = np.clip(values[0], 0, len(self._palette) - 1).astype(
                np.intp
            )
            return self._palette[indices]
        if self._eight_bit:
            grey_or_rgb = values
        else:
            stretch = self._stretch or self._measure_stretch()
            grey_or_rgb = np.stack(
                [_stretched(band, *limits) for band, limits in zip(values, stretch, strict=True)]
            )
        if len(grey_or_rgb) == 1:
            grey_or_rgb = np.repeat(grey_or_rgb, 3, axis=0)
        return np.ascontiguousarray(np.moveaxis(grey_or_rgb, 0, 2), dtype=np.uint8)

    def _measure_stretch(self) -> Stretch:
        """Limits of each band's contrast, from a small picture of the whole raster; measured once."""
        from rasterio.enums import Resampling

        scale = min(1.0, _STRETCH_SIDE_PX / max(self.width, self.height))
        shape = (max(1, round(self.height * scale)), max(1, round(self.width * scale)))
        shape = self._sample_shape(self.width, self.height, shape[1], shape[0]) or shape
        values, valid = self._read((0, 0, self.width, self.height), shape, Resampling.nearest)
        stretch = []
        for band in values:
            seen = band[valid > 0]
            low, high = np.percentile(seen, _STRETCH_PERCENTILES) if seen.size else (0.0, 1.0)
            stretch.append((float(low), float(high)))
        self._stretch = stretch
        return stretch


def _read_directly(dataset: Any) -> bool:
    """Whether direct reading serves: long plain strips are cut six times as fast, but overviews of such
    a file would be sampled instead of averaged (GDAL 3.10)."""
    strips = int(dataset.block_shapes[0][1]) == dataset.width > _SHORT_STRIP_PX
    plain = dataset.driver == "GTiff" and dataset.compression is None
    return strips and plain and not dataset.overviews(1)


def _colour_bands(dataset: Any) -> tuple[int, ...]:
    """Band numbers to show: red, green, blue where they are named, else the first three, else the first."""
    from rasterio.enums import ColorInterp

    interpretation = list(dataset.colorinterp)
    rgb = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
    if all(interpretation.count(colour) == 1 for colour in rgb):
        return tuple(interpretation.index(colour) + 1 for colour in rgb)
    plain = [i + 1 for i, colour in enumerate(interpretation) if colour != ColorInterp.alpha]
    return tuple(plain[:3]) if len(plain) >= 3 else tuple((plain or [1])[:1])


def _palette(dataset: Any, bands: tuple[int, ...]) -> NDArray[np.uint8] | None:
    """RGB uint8 (colours, 3) of a raster with a colour table."""
    from rasterio.enums import ColorInterp

    if len(bands) != 1 or dataset.colorinterp[bands[0] - 1] != ColorInterp.palette:
        return None
    try:
        table = dataset.colormap(bands[0])
    except ValueError:
        return None
    colours = np.zeros((max(table) + 1, 3), np.uint8)
    for index, colour in table.items():
        colours[index] = colour[:3]
    return colours


def _stretched(band: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    if high <= low:  # a band of one value
        return np.full(band.shape, 128, np.uint8)
    part = np.clip(band, low, high).astype(np.float64) - low  # nodata may be as large as floats go
    shades: NDArray[np.uint8] = np.rint(part * (255.0 / (high - low))).astype(np.uint8)
    return shades
