"""The services that the window and the command line share. ``main`` makes the one instance."""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gleam_app.errors import GleamError
from gleam_app.home import gleam_home, packs_folder, resources_dir
from gleam_app.jobs.runner import JobRunner

if TYPE_CHECKING:  # the model libraries behind these load on first use, not at start-up
    from gleam_app.explain.explainer import Explainer
    from gleam_app.packs.store import PackStore
    from gleam_app.retrieval.locate import Locator
    from gleam_app.retrieval.tiles.tileset import TileSetStore


@dataclass
class Services:
    """Everything a face of the program needs; models load when first asked for."""

    home: Path = field(default_factory=gleam_home)
    resources: Path = field(default_factory=resources_dir)
    jobs: JobRunner = field(default_factory=JobRunner)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _packs: "PackStore | None" = None
    _tile_sets: "TileSetStore | None" = None
    _locator: "Locator | None" = None
    _explainer: "Explainer | None" = None

    @property
    def demo_dir(self) -> Path:
        """The bundled demo: ``map.tif``, ``queries/*.jpg`` and ``truth.csv``."""
        return self.resources / "demo"

    @property
    def packs(self) -> "PackStore":
        with self._lock:
            if self._packs is None:
                from gleam_app.packs.store import PackStore

                bundled = self.resources / "packs"
                self._packs = PackStore(self.home, bundled, packs_folder(self.home))
            return self._packs

    @property
    def tile_sets(self) -> "TileSetStore":
        with self._lock:
            if self._tile_sets is None:
                from gleam_app.retrieval.tiles.tileset import TileSetStore

                self._tile_sets = TileSetStore(self.home)
            return self._tile_sets

    def locator(self) -> "Locator":
        """The encoder and matcher of the default packs, loaded once. Call off the GUI thread."""
        with self._lock:
            if self._locator is None:
                from gleam_app.retrieval.libraries import map_libraries
                from gleam_app.retrieval.locate import Locator

                map_libraries()
                self._locator = Locator.from_packs(self.packs)
            return self._locator

    def warm_up(self) -> None:
        """Load what the first search needs. Raises GleamError as ``locator`` does."""
        from gleam_app.retrieval.libraries import import_libraries

        self.locator()
        import_libraries()

    def explainer(self) -> "Explainer":
        """The explainer; its model process starts with the first explanation."""
        with self._lock:
            if self._explainer is None:
                from gleam_app.explain.explainer import Explainer

                self._explainer = Explainer(self.packs)
            return self._explainer

    def packs_changed(self) -> None:
        """Packs came, went or are preferred otherwise: other models than those loaded are loaded next.

        Whoever computes with the old ones ends in peace. Call off the GUI thread.
        """
        with self._lock:
            if self._locator is None:
                return
            loaded = (self._locator.encoder.pack, self._locator.matcher.pack)
            try:
                wanted = [self.packs.default(pack.manifest.kind) for pack in loaded]
            except GleamError:  # said when something is to be located
                wanted = []
            if [pack.hash for pack in wanted] != [pack.hash for pack in loaded]:
                self._locator = None

    def close(self) -> None:
        """End jobs and the model's child process."""
        self.jobs.close()
        if self._explainer is not None:
            self._explainer.close()
