"""What somebody is about to add: surveyed, its CRS asked for where it names none, its cost estimated."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from gleam_app.errors import GleamError
from gleam_app.imagery.views import VIEWS
from gleam_app.jobs.work import Work
from gleam_app.services import Services
from gleam_app.ui.jobs import Jobs, Task
from gleam_app.ui.settings import Settings
from gleam_app.ui.strings import tr
from gleam_app.ui.tile_sets.survey import Found, survey

if TYPE_CHECKING:
    from gleam_app.retrieval.tiles.estimate import Estimate

RECENT_CRS = 6


class Adding(QObject):
    """Holds the sources and what is known of them; every step runs in the background.

    ``changed``: something became known. ``estimate`` is None until it is; ``error`` says why there is
    none.
    """

    changed = Signal()

    def __init__(self, services: Services, jobs: Jobs, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._services, self._jobs, self._settings = services, jobs, settings
        self.paths: tuple[Path, ...] = ()
        self.found: tuple[Found, ...] = ()
        self.crs: str | None = None
        self.crs_error: GleamError | None = None
        self.coords: Path | None = None
        self.estimate: Estimate | None = None
        self.error: BaseException | None = None
        self._looking: Task[tuple[Found, ...]] | None = None
        self._naming: Task[str] | None = None
        self._estimating: Task[Estimate] | None = None
        self._counting: Task[dict[float, int]] | None = None
        self._counted: dict[float, int] = {}

    @property
    def looking(self) -> bool:
        return self._looking is not None

    @property
    def estimating(self) -> bool:
        return self._estimating is not None

    @property
    def needs_crs(self) -> bool:
        return any(one.needs_crs for one in self.found)

    @property
    def good(self) -> bool:
        """Whether every source can be added as it is."""
        return bool(self.found) and not self.looking and all(one.good for one in self.found)

    @property
    def takes_positions(self) -> bool:
        """Whether it is one folder of plain pictures, which a table may place."""
        return [one.kind for one in self.found] == ["pictures"] and self.found[0].error is None

    @property
    def recent_crs(self) -> tuple[str, ...]:
        """Those named before, the latest first."""
        return self._settings.choices.recent_crs

    def add(self, paths: Sequence[Path]) -> None:
        """Take these sources too."""
        new = [path for path in paths if path not in self.paths]
        self._take((*self.paths, *dict.fromkeys(new)))

    def leave_out(self, path: Path) -> None:
        """Not this one after all."""
        self._take(tuple(known for known in self.paths if known != path))

    def clear(self) -> None:
        """Forget everything."""
        self.crs = self.coords = None
        self._take(())

    def place_pictures(self, table: Path | None) -> None:
        """The table of positions (file,lat,lon) of a folder of plain pictures; None: they have none."""
        self.coords = table
        self._look()

    def _take(self, paths: tuple[Path, ...]) -> None:
        self.paths = paths
        self.crs_error = None
        self._look()

    def _drop_tasks(self) -> None:
        for task in (self._looking, self._naming, self._estimating, self._counting):
            if task is not None:
                task.drop()
        self._looking = self._naming = self._estimating = self._counting = None

    # ---- survey ---------------------------------------------------------------------------------

    def _look(self) -> None:
        self._drop_tasks()
        paths, crs = self.paths, self.crs
        self.estimate = self.error = None
        self.found = tuple(one for one in self.found if one.path in paths)
        if paths:
            self._looking = self._jobs.start(
                tr("add.looking"),
                lambda work: survey(paths, crs, work),
                done=self._looked,
                failed=self._failed,
                quiet=True,
            )
        self.changed.emit()

    def _looked(self, found: tuple[Found, ...]) -> None:
        self._looking = None
        self.found = found
        if self.good:
            self._count()
        self.changed.emit()

    def _failed(self, error: BaseException) -> None:
        self._looking = self._estimating = self._counting = None
        self.error = error
        self.changed.emit()

    # ---- the CRS --------------------------------------------------------------------------------

    def name_crs(self, text: str) -> None:
        """The CRS of the sources without one, as people write it: "28992", "EPSG:28992", a name."""
        if self._naming is not None:
            self._naming.drop()

        def read(work: Work) -> str:
            from gleam_app.imagery.projections import read_crs, short_name

            code = text.strip()
            crs = read_crs(f"EPSG:{code}" if code.isdecimal() else code)
            short = short_name(crs)
            return short if short.startswith("EPSG:") else code

        def named(crs: str) -> None:
            self._naming = None
            self.crs, self.crs_error = crs, None
            recent = dict.fromkeys((crs, *self.recent_crs))
            self._settings.change(recent_crs=tuple(recent)[:RECENT_CRS])
            self._look()

        def refused(error: BaseException) -> None:
            self._naming = None
            if not isinstance(error, GleamError):
                self._failed(error)
                return
            self.crs_error = error
            self.changed.emit()

        self._naming = self._jobs.start(
            tr("add.looking"), read, done=named, failed=refused, quiet=True
        )

    # ---- the estimate ---------------------------------------------------------------------------

    def _count(self) -> None:
        paths, crs = self.paths, self.crs
        coords = self.coords if self.takes_positions else None

        def count(work: Work) -> "Estimate":
            from gleam_app.retrieval.tiles.estimate import estimate

            if coords is not None:
                _check_positions(paths[0], coords)
            encoder = self._services.locator().encoder
            work.check()
            home = self._services.home
            return estimate(paths, encoder, home, views=VIEWS, crs=crs, coords=coords, work=work)

        def counted(made: "Estimate") -> None:
            self._estimating = None
            self.estimate = made
            self._counted = {cost.scale_m: cost.tiles for cost in made.scales}
            self.changed.emit()

        self._estimating = self._jobs.start(
            tr("add.estimating"), count, done=counted, failed=self._failed
        )

    def tiles(self, scale_m: float) -> int | None:
        """Tiles of one scale; None while they are being counted, as scales of one's own must be."""
        return self._counted.get(scale_m)

    def knows(self, scales_m: Sequence[float]) -> bool:
        """Whether the tiles of all these scales are counted; counts them if not."""
        estimate = self.estimate
        unknown = [scale for scale in scales_m if scale not in self._counted]
        if not unknown or estimate is None or self._counting is not None:
            return not unknown

        def count(work: Work) -> dict[float, int]:
            found = {}
            for scale in unknown:
                work.check()
                found[scale] = estimate.cost([scale]).tiles
            return found

        def counted(found: dict[float, int]) -> None:
            self._counting = None
            self._counted |= found
            self.changed.emit()

        self._counting = self._jobs.start(
            tr("add.estimating"), count, done=counted, failed=self._failed, quiet=True
        )
        return False


def _check_positions(folder: Path, table: Path) -> None:
    """Raises GleamError for a table that cannot be used, or names pictures that there are not."""
    from gleam_app.imagery.pictures import read_coords
    from gleam_app.retrieval.tiles.plan import plan_pictures

    plan_pictures(folder, read_coords(table))
