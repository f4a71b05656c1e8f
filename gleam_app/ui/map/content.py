"""What lies behind ``gleam://map/``: the page, its files, and the imagery as map tiles."""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QFile, QIODevice

from gleam_app.geo.coordinates import Bounds
from gleam_app.geo.mercator import tile_bounds, zoom_for
from gleam_app.imagery.sources import MapSource
from gleam_app.ui.map.page import build_page
from gleam_app.ui.map.png import encode_png
from gleam_app.ui.map.scheme import Answer

_FILES = {
    "/web/leaflet.js": ("leaflet/leaflet.js", "text/javascript"),
    "/web/leaflet.css": ("leaflet/leaflet.css", "text/css"),
    "/web/map.js": ("map.js", "text/javascript"),
    "/web/map.css": ("map.css", "text/css"),
    "/web/marks.js": ("marks.js", "text/javascript"),
    "/web/menu.js": ("menu.js", "text/javascript"),
    "/web/measure.js": ("measure.js", "text/javascript"),
    "/web/queries.js": ("queries.js", "text/javascript"),
    "/web/rooms.css": ("rooms.css", "text/css"),
}
_TILE = re.compile(r"/tiles/(\d{1,9})/(\d{1,2})/(\d{1,8})/(\d{1,8})/(256|512)\.png")
_EMPTY = encode_png(np.zeros((1, 1, 4), np.uint8))


class Mosaic:
    """Several map sources seen as one picture, the finest on top."""

    def __init__(self, sources: Sequence[MapSource] = ()) -> None:
        self.sources = sorted(sources, key=lambda source: source.resolution_m)

    @property
    def native_zoom(self) -> int:
        """The first zoom whose 256 px tiles show all the detail of the finest source."""
        if not self.sources:
            return 0
        finest = self.sources[0]
        lat = (finest.bounds.south + finest.bounds.north) / 2
        return max(1, zoom_for(finest.resolution_m, lat))

    @property
    def settled(self) -> bool:
        """False while a source prepares better tiles than it has now."""
        return all(source.settled for source in self.sources)

    def tile(self, zoom: int, x: int, y: int, size_px: int) -> NDArray[np.uint8] | None:
        """The tile as uint8 (size, size, 4) RGBA; None where no source reaches."""
        box = tile_bounds(zoom, x, y)
        picture: NDArray[np.uint8] | None = None
        for source in self.sources:
            if not _overlap(source.bounds, box):
                continue
            below = source.read_map_tile(zoom, x, y, size_px)
            picture = below if picture is None else _over(picture, below)
            if bool((picture[..., 3] == 255).all()):
                break
        return picture


class MapContent:
    """Answers the paths of the map's scheme. Safe to call from several threads."""

    def __init__(
        self,
        web: Path,
        cache_bytes: int = 64 << 20,
        on_provisional: Callable[[], None] | None = None,
    ) -> None:
        """``on_provisional`` is called, in any thread, for a tile of which a better one is to come."""
        self._web = web
        self._cache = TileCache(cache_bytes)
        self._on_provisional = on_provisional
        self._generation = 0
        self._mosaic = Mosaic()

    def set_mosaic(self, mosaic: Mosaic) -> int:
        """Show ``mosaic`` from now on; returns the number that its tiles carry in their path."""
        self._generation += 1
        self._mosaic = mosaic
        self._cache.clear()
        return self._generation

    def answer(self, path: str) -> Answer | None:
        """The file or tile at ``path``; None when there is none. Call off the GUI thread."""
        if path == "/index.html":
            return Answer(build_page(), "text/html")
        if path == "/web/qwebchannel.js":
            return Answer(_qt_resource(":/qtwebchannel/qwebchannel.js"), "text/javascript")
        if path in _FILES:
            name, mime = _FILES[path]
            return Answer((self._web / name).read_bytes(), mime)
        match = _TILE.fullmatch(path)
        return self._tile(*map(int, match.groups())) if match else None

    def _tile(self, generation: int, zoom: int, x: int, y: int, size_px: int) -> Answer | None:
        mosaic = self._mosaic
        if generation != self._generation or zoom > 24 or x >> zoom or y >> zoom:
            return None
        settled = mosaic.settled
        key = (generation, zoom, x, y, size_px, settled)
        body = self._cache.get(key)
        if body is None:
            picture = mosaic.tile(zoom, x, y, size_px)
            body = _EMPTY if picture is None else encode_png(picture)
            settled = settled and mosaic.settled
            self._cache.put((*key[:-1], settled), body)
        if not settled and self._on_provisional is not None:
            self._on_provisional()
        return Answer(body, "image/png")


class TileCache:
    """Encoded tiles, the least recently used forgotten first, bounded by bytes. Thread-safe."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._held = 0
        self._tiles: OrderedDict[tuple[int, ...], bytes] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def held_bytes(self) -> int:
        return self._held

    def get(self, key: tuple[int, ...]) -> bytes | None:
        with self._lock:
            body = self._tiles.get(key)
            if body is not None:
                self._tiles.move_to_end(key)
            return body

    def put(self, key: tuple[int, ...], body: bytes) -> None:
        with self._lock:
            self._held += len(body) - len(self._tiles.pop(key, b""))
            self._tiles[key] = body
            while self._held > self._limit:
                self._held -= len(self._tiles.popitem(last=False)[1])

    def clear(self) -> None:
        with self._lock:
            self._tiles.clear()
            self._held = 0


def _overlap(a: Bounds, b: Bounds) -> bool:
    """Do two boxes share ground? ``b`` must not cross the antimeridian; ``a`` may."""
    if a.north < b.south or a.south > b.north:
        return False
    if a.west <= a.east:
        return a.west <= b.east and a.east >= b.west
    return a.west <= b.east or a.east >= b.west


def _over(top: NDArray[np.uint8], below: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """``top`` laid over ``below``, both RGBA, not premultiplied."""
    alpha = top[..., 3:].astype(np.float32) / 255
    rest = below[..., 3:].astype(np.float32) / 255 * (1 - alpha)
    total = np.maximum(alpha + rest, 1e-6)
    colour = (top[..., :3] * alpha + below[..., :3] * rest) / total
    return np.concatenate([colour, (alpha + rest) * 255], axis=2).round().astype(np.uint8)


def _qt_resource(name: str) -> bytes:
    file = QFile(name)
    if not file.open(QIODevice.OpenModeFlag.ReadOnly):
        raise FileNotFoundError(name)
    return bytes(file.readAll().data())
