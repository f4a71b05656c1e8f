"""Tiles, cache and page, without a browser."""

import io
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gleam_app.geo.coordinates import Bounds
from gleam_app.geo.mercator import tile_at
from gleam_app.home import resources_dir
from gleam_app.ui.map.content import MapContent, Mosaic, TileCache
from gleam_app.ui.map.page import build_page
from gleam_app.ui.map.png import encode_png

LAT, LON, ZOOM = 28.041, -82.698, 17


class Plain:
    """A source of one colour, opaque in the left ``share`` of every tile."""

    def __init__(self, colour: tuple[int, int, int], resolution_m: float, share: float = 1) -> None:
        self.bounds = Bounds(LON - 0.1, LAT - 0.1, LON + 0.1, LAT + 0.1)
        self.resolution_m, self._colour, self._share = resolution_m, colour, share
        self.reads = 0
        self.settled = True

    def read_map_tile(self, zoom: int, x: int, y: int, size_px: int = 256) -> np.ndarray:
        self.reads += 1
        tile = np.zeros((size_px, size_px, 4), np.uint8)
        tile[:, : round(size_px * self._share)] = (*self._colour, 255)
        return tile


def answer_path(content: MapContent, generation: int, **changes: int) -> str:
    x, y = tile_at(LAT, LON, ZOOM)
    parts = {"g": generation, "z": ZOOM, "x": x, "y": y, "px": 256} | changes
    return "/tiles/{g}/{z}/{x}/{y}/{px}.png".format(**parts)


@given(st.integers(1, 40), st.integers(1, 40), st.booleans(), st.integers(0, 2**32 - 1))
def test_png_decodes_to_the_same_pixels(width: int, height: int, opaque: bool, seed: int) -> None:
    rgba = np.random.default_rng(seed).integers(0, 256, (height, width, 4), np.uint8)
    if opaque:
        rgba[..., 3] = 255
    decoded = Image.open(io.BytesIO(encode_png(rgba)))
    assert decoded.mode == ("RGB" if (rgba[..., 3] == 255).all() else "RGBA")
    assert np.array_equal(np.asarray(decoded.convert("RGBA")), rgba)


def test_png_refuses_anything_but_rgba() -> None:
    with pytest.raises(ValueError, match="RGBA"):
        encode_png(np.zeros((4, 4, 3), np.uint8))


def test_finest_source_lies_on_top_and_others_fill_its_gaps() -> None:
    coarse, fine = Plain((10, 20, 30), 1.0), Plain((200, 100, 50), 0.1, share=0.5)
    tile = Mosaic([coarse, fine]).tile(ZOOM, *tile_at(LAT, LON, ZOOM), 256)  # type: ignore[list-item]
    assert tile is not None
    assert tile[0, 0].tolist() == [200, 100, 50, 255]
    assert tile[0, 255].tolist() == [10, 20, 30, 255]


def test_sources_under_an_opaque_one_are_not_read() -> None:
    below, top = Plain((0, 0, 0), 1.0), Plain((255, 255, 255), 0.1)
    Mosaic([below, top]).tile(ZOOM, *tile_at(LAT, LON, ZOOM), 256)  # type: ignore[list-item]
    assert (top.reads, below.reads) == (1, 0)


def test_no_source_no_read() -> None:
    away = Plain((0, 0, 0), 1.0)
    assert Mosaic([away]).tile(ZOOM, *tile_at(-LAT, LON, ZOOM), 256) is None  # type: ignore[list-item]
    assert away.reads == 0


def test_a_tile_is_rendered_once() -> None:
    source, content = Plain((1, 2, 3), 1.0), MapContent(resources_dir() / "web")
    path = answer_path(content, content.set_mosaic(Mosaic([source])))  # type: ignore[list-item]
    assert content.answer(path) == content.answer(path)
    assert source.reads == 1
    content.set_mosaic(Mosaic([source]))  # type: ignore[list-item]
    assert content.answer(path) is None, "tiles of what was shown before are gone"


def test_provisional_tiles_are_rendered_once_more_when_better_ones_are_there() -> None:
    told: list[bool] = []
    source = Plain((1, 2, 3), 1.0)
    content = MapContent(resources_dir() / "web", on_provisional=lambda: told.append(True))
    path = answer_path(content, content.set_mosaic(Mosaic([source])))  # type: ignore[list-item]
    source.settled = False
    content.answer(path), content.answer(path)
    assert (source.reads, len(told)) == (1, 2)
    source.settled = True
    content.answer(path), content.answer(path)
    assert (source.reads, len(told)) == (2, 2)


@pytest.mark.parametrize(
    "path",
    ["/web/../../etc/passwd", "/web/leaflet.js.map", "/tiles/1/17/-1/2/256.png", "/", "/tiles/9/1/0/0/256.png"],
)  # fmt: skip
def test_other_paths_hold_nothing(path: str) -> None:
    assert MapContent(resources_dir() / "web").answer(path) is None


@pytest.mark.parametrize("changes", [{"z": 3, "x": 8}, {"z": 3, "y": 9}, {"z": 30}, {"px": 4096}])
def test_tiles_outside_the_world_hold_nothing(changes: dict[str, int]) -> None:
    content = MapContent(resources_dir() / "web")
    assert content.answer(answer_path(content, content.set_mosaic(Mosaic()), **changes)) is None


def test_every_file_that_the_page_names_is_there() -> None:
    content = MapContent(resources_dir() / "web")
    page = content.answer("/index.html")
    assert page is not None
    links = re.findall(r'(?:src|href)="([^"]+)"', page.body.decode())
    assert len(links) == 10
    assert all(content.answer(link) for link in links)


def test_page_names_no_other_host() -> None:
    assert b"//" not in build_page()
    assert b"Content-Security-Policy" in build_page()


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 40)), max_size=40))
def test_cache_behaves_like_a_plain_list(puts: list[tuple[int, int]]) -> None:
    cache, naive = TileCache(100), list[tuple[int, int]]()
    for key, size in puts:
        cache.put((key,), b"x" * size)
        naive = [entry for entry in naive if entry[0] != key] + [(key, size)]
        while sum(held for _, held in naive) > 100:
            naive.pop(0)
    assert cache.held_bytes == sum(size for _, size in naive) <= 100
    for key, size in naive:
        assert cache.get((key,)) == b"x" * size


def test_cache_forgets_the_least_recently_used() -> None:
    cache = TileCache(20)
    cache.put((1,), b"x" * 10)
    cache.put((2,), b"x" * 10)
    cache.get((1,))
    cache.put((3,), b"x" * 10)
    assert cache.get((2,)) is None
    assert cache.get((1,)) is not None
