"""A window on small stand-ins for the services: no encoder, no language model, answers at once."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gleam_app.errors import GleamError
from gleam_app.explain.claims import Claim
from gleam_app.explain.explainer import Explanation
from gleam_app.explain.wording import Lang
from gleam_app.jobs.work import Work
from gleam_app.retrieval.results import Location
from gleam_app.retrieval.tiles.tileset import SourceRecord, TileSetInfo
from gleam_app.services import Services
from tests.factories import make_location


class FakeTileSets:
    """Tile sets without imagery, ``alpha`` and ``beta`` at first; tests change the tables."""

    def __init__(self, pack_hash: str) -> None:
        self.infos = {
            name: TileSetInfo(name, [], 1520, [60.0], 0.4, "starter 0.1.0", pack_hash, 256, None)
            for name in ("alpha", "beta")
        }
        self.half: dict[str, Any] = {}
        self.gone: dict[str, list[SourceRecord]] = {}
        self.error: GleamError | None = None

    def list(self) -> list[TileSetInfo]:
        return list(self.infos.values())

    def info(self, name: str) -> TileSetInfo:
        if name not in self.infos:
            raise GleamError(f"There is no tile set {name!r}.", "Choose another.")
        return self.infos[name]

    def open(self, name: str) -> Any:
        return SimpleNamespace(info=self.info(name), sources=[], close=lambda: None)

    def disk_bytes(self, name: str) -> int:
        return 2_500_000

    def half_built(self, name: str) -> Any:
        return self.half.get(name)

    def missing(self, name: str) -> Sequence[SourceRecord]:
        return self.gone.get(name, [])

    def verify(self, name: str, work: Work) -> TileSetInfo:
        if self.error is not None:
            raise self.error
        return self.info(name)

    def remove(self, name: str) -> None:
        del self.infos[name]

    def discard(self, name: str) -> None:
        del self.half[name]
        if self.infos[name].state == "incomplete":
            del self.infos[name]


class FakeLocator:
    """Answers with ten candidates in two waves. ``gate`` holds the second wave back."""

    encoder = matcher = SimpleNamespace(
        pack=SimpleNamespace(manifest=SimpleNamespace(kind="gleam-c"), label="fake 1", hash="")
    )

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.asked: list[Any] = []
        self.error: Exception | None = None

    def check_encoder(self, tile_set: Any) -> None: ...

    def locate(
        self, query: Any, tile_sets: Any, options: Any, work: Work, on_first: Any = None
    ) -> Any:
        self.asked.append((query, [t.info.name for t in tile_sets], options))
        if self.error is not None:
            raise self.error
        full = make_location("verified", query)
        if on_first is not None:
            on_first(Location(query, "unverified", 0.1, full.candidates, {"embed": 240.0}, False))
        while not self.gate.wait(0.01):
            work.check()
        work.check()
        return full


class FakeExplainer:
    """Writes word by word; ``gate`` holds it back after the first."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.asked: list[tuple[int, str]] = []
        self.models: list[str] = []

    def explain(
        self,
        location: Location,
        candidate: Any,
        lang: Lang,
        work: Work,
        on_text: Callable[[str], None],
        model: str = "",
    ) -> Any:
        self.models.append(model)
        self.asked.append((candidate.rank, lang))
        on_text("The points agree [E2]. ")
        while not self.gate.wait(0.01):
            work.check()
        on_text("<b>It is the moon.</b>")
        claims = [
            Claim("The points agree [E2].", ("E2",), "supported"),
            Claim("<b>It is the moon.</b>", (), "unsupported", "cites <no> evidence"),
        ]
        return Explanation(
            lang, "verified", True, 0.97, "", tuple(claims), (), "model 1", candidate.rank,
            {"generate": 1200.0},
        )  # fmt: skip

    def close(self) -> None: ...


@pytest.fixture
def services(fresh_home: Path) -> Iterator[Services]:
    made = Services(home=fresh_home)
    made._tile_sets = FakeTileSets(made.packs.default("gleam-c").hash)  # type: ignore[assignment]
    made._locator = FakeLocator()  # type: ignore[assignment]
    made._explainer = FakeExplainer()  # type: ignore[assignment]
    yield made
    made.close()


@pytest.fixture
def window(qtbot: Any, services: Services) -> Iterator[Any]:
    from gleam_app.ui.app import make_application, make_window
    from gleam_app.ui.strings import language

    make_application()
    made = make_window(services)
    language.choose("en")
    made.show()
    yield made
    services._locator.gate.set()  # type: ignore[union-attr]
    made.close()
    made.deleteLater()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture on disk."""
    from PIL import Image

    from tests.factories import make_pixels

    path = tmp_path / "photo.jpg"
    Image.fromarray(make_pixels(320, 240)).save(path)
    return path
