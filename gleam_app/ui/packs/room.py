"""The pack manager as the main window knows it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from gleam_app.services import Services
from gleam_app.ui.jobs import Jobs
from gleam_app.ui.packs.library import PackLibrary
from gleam_app.ui.settings import Settings

if TYPE_CHECKING:  # made when first asked for: the start must not pay for it
    from gleam_app.ui.packs.window import PacksWindow

DROPPED_SUFFIXES = (".gleampack", ".gguf")


def is_pack_file(path: Path) -> bool:
    """Whether a file that is dropped anywhere in the main window is meant for the pack manager."""
    return path.suffix.lower() in DROPPED_SUFFIXES


class PackRoom(QObject):
    """Makes the manager's window when it is first wanted. ``tile_sets_wanted``: asked for in it."""

    tile_sets_wanted = Signal()

    def __init__(self, services: Services, jobs: Jobs, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.library = PackLibrary(services, jobs, settings, self)
        self._shown: PacksWindow | None = None

    @property
    def window(self) -> "PacksWindow":
        """The manager's window."""
        if self._shown is None:
            from gleam_app.ui.packs.window import PacksWindow

            self._shown = PacksWindow(self.library, self._window)
            self._shown.tile_sets_wanted.connect(self.tile_sets_wanted)
        return self._shown

    def show(self) -> None:
        """Bring it up with the packs as they are now."""
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()
        self.library.refresh()

    def offer_fetch(self, pack_id: str) -> None:
        """Bring it up and say what fetching this pack would connect to."""
        if pack_id:
            self.window.offer_fetch(pack_id)
        self.show()

    def install(self, files: Sequence[Path]) -> None:
        """Bring it up and install these."""
        self.show()
        self.library.install(files)
