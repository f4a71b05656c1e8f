"""What the manager's buttons do: the one place that knows panel, library, builds and card."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QFileDialog, QMenu

from gleam_app.imagery.exif import clean_text
from gleam_app.imagery.folders import ARCHIVE_SUFFIXES, PLACED_SUFFIXES, RASTER_SUFFIXES
from gleam_app.services import Services
from gleam_app.ui.incoming import dialog_filter
from gleam_app.ui.jobs import Jobs, Task
from gleam_app.ui.plural import counted
from gleam_app.ui.session import Session
from gleam_app.ui.settings import Settings
from gleam_app.ui.strings import tr
from gleam_app.ui.tile_sets.adding import Adding
from gleam_app.ui.tile_sets.builds import Builds, Outcome, Request
from gleam_app.ui.tile_sets.coverage import Coverage, coverage_of
from gleam_app.ui.tile_sets.library import TileSets
from gleam_app.ui.tile_sets.panel import TileSetPanel

IMAGERY_SUFFIXES = RASTER_SUFFIXES | ARCHIVE_SUFFIXES | PLACED_SUFFIXES


class Manager(QObject):
    """Makes the panel and connects it.

    ``wanted``: the panel should be seen. ``said``: a short confirmation. ``coverage_changed``: (outlines,
    names of those the map should go to).
    """

    wanted = Signal()
    said = Signal(str)
    coverage_changed = Signal(list, list)

    def __init__(
        self, services: Services, jobs: Jobs, session: Session, settings: Settings
    ) -> None:
        super().__init__(session)
        self._jobs, self._session = jobs, session
        self.builds = Builds(services, jobs, session)
        self.library = TileSets(services, jobs, session, self.builds)
        self.adding = Adding(services, jobs, settings, self)
        self.panel = TileSetPanel(self.library, self.adding, session)
        self._coverage: dict[str, Coverage] = {}
        self._new: list[Coverage] = []
        self._outlining: dict[str, Task[Coverage]] = {}
        self._join = ""
        self._actions: dict[str, Callable[[str], None]] = {
            "use": lambda name: self.library.use(name, True),
            "leave": lambda name: self.library.use(name, False),
            "show": self.outline,
            "hide": self.hide_outline,
            "pause": self.builds.pause,
            "go_on": lambda name: self.builds.pause(name, False),
            "stop": self.builds.stop,
            "resume": self._resume,
            "reembed": self.reembed,
            "discard": self.library.discard,
            "verify": self.library.verify,
            "remove": self.library.remove,
            "look": lambda name: self.library.refresh(),
            "join": self._ask_to_join,
            "relink": self._ask_where,
        }
        self.panel.asked.connect(lambda what, name: self._actions[what](name))
        self.panel.card.started.connect(self._start)
        self.panel.card.positions.wanted.connect(self.ask_for_positions)
        self.panel.files_wanted.connect(self.ask_for_files)
        self.panel.folder_wanted.connect(self.ask_for_folder)
        self.adding.changed.connect(self._show_new)
        self.library.offered.connect(self.offer)
        self.library.listed.connect(self._forget_outlines)
        self.library.listed.connect(self._remind, Qt.ConnectionType.SingleShotConnection)
        self.library.relinked.connect(self._say_relinked)
        self.library.verified.connect(
            lambda name: self.said.emit(tr("sets.said.verified", name=name))
        )
        self.builds.ended.connect(self._say_ended)

    # ---- adding ---------------------------------------------------------------------------------

    def offer(self, paths: Sequence[Path]) -> None:
        """Show the card for this imagery, besides what lies on it already."""
        join, self._join = self._join, ""
        self.panel.show_card(join)
        self.adding.add(paths)
        self.wanted.emit()

    def ask_for_files(self) -> None:
        """A dialog for map files."""
        wanted = dialog_filter(tr("tiles.filter"), IMAGERY_SUFFIXES)
        window = self.panel.window()
        names, _ = QFileDialog.getOpenFileNames(window, tr("tiles.open_title"), "", wanted)
        if names:
            self.offer([Path(name) for name in names])
        self._join = ""

    def ask_for_folder(self) -> None:
        """A dialog for a folder of rasters, map tiles or pictures."""
        name = QFileDialog.getExistingDirectory(self.panel.window(), tr("add.folder_title"))
        if name:
            self.offer([Path(name)])
        self._join = ""

    def ask_for_positions(self) -> None:
        """A dialog for the table that says where plain pictures lie."""
        wanted = dialog_filter(tr("add.positions.filter"), (".csv",))
        window = self.panel.window()
        name, _ = QFileDialog.getOpenFileName(window, tr("add.positions.title"), "", wanted)
        if name:
            self.adding.place_pictures(Path(name))

    def _ask_to_join(self, name: str) -> None:
        self._join = name
        menu = QMenu(self.panel)
        menu.addAction(tr("add.files"), self.ask_for_files)
        menu.addAction(tr("add.folder"), self.ask_for_folder)
        self._pop_up(menu)

    def _start(self, request: Request, area_km2: float) -> None:
        self.panel.show_list()
        self.panel.notice.clear()
        self.builds.add(request, area_km2)

    def _remind(self) -> None:
        """At the start: work that was broken off waits to be gone on with."""
        under_way = self.builds.names
        if any(e.state() == "half_built" and e.name not in under_way for e in self.library.entries):
            self.wanted.emit()

    # ---- what the rows ask ----------------------------------------------------------------------

    def choose(self, name: str) -> None:
        """Search this tile set alone; one that cannot be searched is shown with what it needs."""
        entry = self.library.entry(name)
        if entry is None or entry.usable:
            self.library.choose([name])
        else:
            self.panel.show_list()
            self.wanted.emit()

    @property
    def misfit(self) -> str:
        """A tile set in use that was made with another pack; empty: none."""
        names = self._session.tile_set_names
        misfits = [e.name for e in self.library.entries if e.fits is False and e.name in names]
        return misfits[0] if misfits else ""

    def reembed(self, name: str) -> None:
        """Embed a tile set again with the pack in use."""
        entry = self.library.entry(name)
        self.builds.reembed(name, entry.info.area_km2 if entry is not None else 0.0)

    def _resume(self, name: str) -> None:
        entry = self.library.entry(name)
        half = entry.half_built if entry is not None else None
        self.builds.resume(name, half.area_km2 if half is not None else 0.0)

    def _ask_where(self, name: str) -> None:
        """Where the imagery is now: a file, or a folder to look in."""
        menu = QMenu(self.panel)
        menu.addAction(tr("sets.relink.files"), lambda: self._relink_files(name))
        menu.addAction(tr("sets.relink.folder"), lambda: self._relink_folder(name))
        self._pop_up(menu)

    def _pop_up(self, menu: QMenu) -> None:
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(QCursor.pos())

    def _relink_files(self, name: str) -> None:
        window = self.panel.window()
        names, _ = QFileDialog.getOpenFileNames(window, tr("sets.relink.files"))
        if names:
            self.library.relink(name, [Path(path) for path in names])

    def _relink_folder(self, name: str) -> None:
        path = QFileDialog.getExistingDirectory(self.panel.window(), tr("sets.relink.folder"))
        if path:
            self.library.relink(name, [Path(path)])

    # ---- the map --------------------------------------------------------------------------------

    def outline(self, name: str) -> None:
        """Draw the coverage of a tile set on the map, and go there."""
        entry = self.library.entry(name)
        if entry is None or name in self._outlining:
            return

        def outlined(coverage: Coverage) -> None:
            self._outlining.pop(name, None)
            if not coverage.rings:
                self.said.emit(tr("sets.said.no_place", name=name))
            else:
                self._coverage[name] = coverage
            self._tell_coverage([name])

        def failed(error: BaseException) -> None:
            self._outlining.pop(name, None)
            self.library.failed.emit(f"sets:{name}", error)

        self._outlining[name] = self._jobs.start(
            tr("sets.show"),
            lambda work: coverage_of(entry, work),
            done=outlined,
            failed=failed,
            quiet=True,
        )

    def hide_outline(self, name: str) -> None:
        """Take it off the map."""
        self._coverage.pop(name, None)
        self._tell_coverage()

    def _forget_outlines(self) -> None:
        known = {entry.name for entry in self.library.entries}
        gone = self._coverage.keys() - known
        if gone:
            for name in gone:
                del self._coverage[name]
            self._tell_coverage()

    def _show_new(self) -> None:
        """What lies on the card, as soon as it is known where that is."""
        before, self._new = self._new, self._rings_on_card()
        if self._new != before:
            self._tell_coverage([one.name for one in self._new])

    def _rings_on_card(self) -> list[Coverage]:
        return [
            Coverage(clean_text(found.path.name), found.rings, new=True)
            for found in self.adding.found
            if found.rings
        ]

    def _tell_coverage(self, go_to: Sequence[str] = ()) -> None:
        """Outlines of the tile sets asked for, and of what lies on the card."""
        self.panel.show_on_map(frozenset(self._coverage))
        self.coverage_changed.emit([*self._coverage.values(), *self._new], list(go_to))

    # ---- confirmations --------------------------------------------------------------------------

    def _say_relinked(self, name: str, missing: int) -> None:
        key = "sets.said.still_missing" if missing else "sets.said.relinked"
        self.said.emit(counted(key, missing, name=name))

    def _say_ended(self, name: str, outcome: Outcome) -> None:
        if outcome == "ready":
            self.said.emit(tr("tiles.added", name=name))
        elif outcome == "stopped":
            self.said.emit(tr("sets.said.stopped", name=name))
