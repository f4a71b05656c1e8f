"""The real packs and a small real tile set, made once a session."""

from pathlib import Path

import pytest

from gleam_app.home import resources_dir
from gleam_app.packs.store import PackStore
from gleam_app.retrieval.encoder import Encoder
from gleam_app.retrieval.locate import Locator
from gleam_app.retrieval.matcher import Matcher
from gleam_app.retrieval.tiles.build import add_tile_set
from gleam_app.retrieval.tiles.tileset import TileSet, TileSetStore

DEMO = resources_dir() / "demo"


@pytest.fixture(scope="session")
def packs(tmp_path_factory: pytest.TempPathFactory) -> PackStore:
    return PackStore(tmp_path_factory.mktemp("home"), resources_dir() / "packs")


@pytest.fixture(scope="session")
def encoder(packs: PackStore) -> Encoder:
    return Encoder(packs.get("starter"))


@pytest.fixture(scope="session")
def matcher(packs: PackStore) -> Matcher:
    return Matcher(packs.get("xfeat"))


@pytest.fixture(scope="session")
def locator(encoder: Encoder, matcher: Matcher) -> Locator:
    return Locator(encoder, matcher)


@pytest.fixture(scope="session")
def demo_set(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> TileSet:
    """The demo map at one scale."""
    store = TileSetStore(tmp_path_factory.mktemp("demo"))
    add_tile_set(store, encoder, [DEMO / "map.tif"], "demo", scales_m=[72.0])
    return store.open("demo")


@pytest.fixture(scope="session")
def demo_map() -> Path:
    return DEMO / "map.tif"
