"""Small pictures of the many rasters of a mosaic, for maps seen from so far that each is a stamp or a speck."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gleam_app.geo.coordinates import Bounds
from gleam_app.geo.mercator import HALF_WORLD_M, MAX_LAT, to_mercator
from gleam_app.imagery.grid_source import GridSource

_MOST = {32: 16_000, 128: 1_000}  # pictures kept, by their side in pixels: 64 MiB of each
_LARGEST = max(_MOST)
_WORLD_M = 2 * HALF_WORLD_M


class Thumbnails:
    """Each raster's box in Web Mercator in few pixels, read once through ``open_part`` when it is drawn.

    Safe to use from several threads.
    """

    def __init__(self, boxes: Sequence[Bounds], open_part: Callable[[int], GridSource]) -> None:
        self._open_part = open_part
        self._squares = [_square(box) for box in boxes]
        self._kept: dict[int, OrderedDict[int, NDArray[np.uint8]]] = {
            side: OrderedDict() for side in _MOST
        }
        self._lock = threading.Lock()

    def fits(self, index: int, pixel_m: float) -> bool:
        """Whether the raster, on a map of such pixels (EPSG:3857 metres), needs no more than its thumbnail."""
        return self._squares[index][2] <= _LARGEST * pixel_m

    def draw(
        self, index: int, rgba: NDArray[np.uint8], west: float, north: float, side: float
    ) -> None:
        """Draw the raster below what ``rgba`` (size, size, 4) of that Mercator square already holds."""
        import cv2

        own_west, own_north, own_side = self._squares[index]
        size = len(rgba)
        pixel = side / size
        count = int(np.clip(round(own_side / pixel), 1, _LARGEST))
        picture = _shrunk(self._thumbnail(index, count), count)
        scale = count * pixel / own_side  # its pixels for one of the map's
        top = (own_north - north) / -pixel
        for around in (-_WORLD_M, 0.0, _WORLD_M):
            left = (own_west + around - west) / pixel
            x0, x1 = max(0, int(left)), min(size, int(left + own_side / pixel) + 2)
            y0, y1 = max(0, int(top)), min(size, int(top + own_side / pixel) + 2)
            if x0 >= x1 or y0 >= y1:
                continue
            matrix = np.array(
                [
                    [scale, 0.0, (x0 + 0.5 - left) * scale - 0.5],
                    [0.0, scale, (y0 + 0.5 - top) * scale - 0.5],
                ]
            )
            found = cv2.warpAffine(
                picture, matrix, (x1 - x0, y1 - y0),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderValue=(0, 0, 0, 0),
            )  # fmt: skip
            part = rgba[y0:y1, x0:x1]
            fresh = (part[..., 3] == 0) & (found[..., 3] > 0.5)
            colours = found[fresh][:, :3] / found[fresh][:, 3:] * 255.0
            part[fresh, :3] = np.rint(np.minimum(colours, 255.0))
            part[fresh, 3] = 255

    def _thumbnail(self, index: int, count: int) -> NDArray[np.float32]:
        """The smallest picture of at least ``count`` pixels a side: colours times share of imagery, and
        that share 0..1, float32 (side, side, 4)."""
        wanted = [side for side in sorted(_MOST) if side >= count]
        for side in wanted:
            with self._lock:
                found = self._kept[side].get(index)
                if found is not None:
                    self._kept[side].move_to_end(index)
            if found is not None:
                return found.astype(np.float32) / 255.0
        west, north, own_side = self._squares[index]
        rgba = self._open_part(index).read_mercator(west, north, own_side, wanted[0])
        values = rgba.astype(np.float32) / 255.0
        values[..., :3] *= values[..., 3:]
        for side in _MOST:
            if side <= wanted[0]:
                self._keep(side, index, np.rint(_shrunk(values, side) * 255.0).astype(np.uint8))
        return values

    def _keep(self, side: int, index: int, picture: NDArray[np.uint8]) -> None:
        with self._lock:
            self._kept[side][index] = picture
            if len(self._kept[side]) > _MOST[side]:
                self._kept[side].popitem(last=False)


def _shrunk(values: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    import cv2

    if side == len(values):
        return values
    return np.asarray(cv2.resize(values, (side, side), interpolation=cv2.INTER_AREA), np.float32)


def _square(box: Bounds) -> tuple[float, float, float]:
    """(west, north, side) of the Mercator square, in metres, that holds the box from its north-west."""
    south, north = (max(-MAX_LAT, min(MAX_LAT, lat)) for lat in (box.south, box.north))
    west_m, north_m = to_mercator(north, box.west)
    width = ((box.east - box.west) % 360.0 or 360.0) / 360.0 * _WORLD_M
    return west_m, north_m, max(width, north_m - to_mercator(south, box.west)[1], 1e-3)
