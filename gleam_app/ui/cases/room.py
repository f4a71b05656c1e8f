"""The case in the window: what its parts say to each other, to the session and to the analysis."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from gleam_app.errors import GleamError
from gleam_app.jobs.work import Work
from gleam_app.services import Services
from gleam_app.ui.analysis import Analysis
from gleam_app.ui.cases.batch import Batch
from gleam_app.ui.cases.case_bar import CaseBar
from gleam_app.ui.cases.decisions import Decisions
from gleam_app.ui.cases.desk import Desk
from gleam_app.ui.cases.exports import Exports
from gleam_app.ui.cases.files import ask_open, ask_save, remember_recent
from gleam_app.ui.cases.panel import QueriesPanel
from gleam_app.ui.cases.pictures import pictures_of
from gleam_app.ui.cases.queries import Queries
from gleam_app.ui.cases.thumbs import Thumbs
from gleam_app.ui.cases.untitled import Left, left_behind
from gleam_app.ui.jobs import Jobs
from gleam_app.ui.messages.translate import in_one_line, join, translate
from gleam_app.ui.session import Session
from gleam_app.ui.settings import Settings
from gleam_app.ui.strings import language, tr
from gleam_app.ui.tile_sets.library import TileSets

if TYPE_CHECKING:
    from gleam_app.cases.case import Case
    from gleam_app.cases.model import QueryRecord

PLACE = "place"  # under which the case remembers where one left
PLACE_MS = 700


class CaseRoom(QObject):
    """``said``: a short confirmation. ``title_changed``: the window's title. ``failed``: (panel, error)."""

    said = Signal(str)
    title_changed = Signal()
    failed = Signal(str, object)
    begun = Signal(str)

    def __init__(
        self,
        services: Services,
        jobs: Jobs,
        session: Session,
        settings: Settings,
        desk: Desk,
        analysis: Analysis,
        library: TileSets,
    ) -> None:
        super().__init__(desk)
        self._services, self._jobs, self._session = services, jobs, session
        self._settings, self._analysis, self._library = settings, analysis, library
        self.desk = desk
        self.queries = Queries(desk)
        self.batch = Batch(services, jobs, session, desk, self.queries)
        self.panel = QueriesPanel(self.queries, self.batch, Thumbs(desk, jobs), session)
        self.decisions = Decisions(desk, session, self.panel.chosen)
        self.exports = Exports(services, jobs, desk, self.panel)
        self.bar = CaseBar()
        self._restoring: tuple[str, ...] | None = None
        self._known_sets: tuple[object, ...] = ()
        self._place_soon = QTimer(self, singleShot=True, interval=PLACE_MS)
        self._place_soon.timeout.connect(self._keep_place)
        self._connect()

    def _connect(self) -> None:
        self.desk.leaving.connect(self._leave)
        self.desk.opened.connect(self._opened)
        self.queries.listed.connect(self._listed)
        self.panel.query_chosen.connect(self._analysis.show)
        self.batch.changed.connect(self._tell_session)
        for source in (self.desk, self.batch, self.exports):
            source.failed.connect(self.failed)
        self.batch.begun.connect(self.begun)
        self.exports.said.connect(self.said)
        self.decisions.said.connect(self.said)
        self._library.opened.connect(self._tile_sets_opened)
        for changed in (self._session.candidate_selected, self._session.tile_sets_changed):
            changed.connect(self._place_soon.start)
        language.changed.connect(self.title_changed)

    @property
    def title(self) -> str:
        """The window's title."""
        case = self.desk.case
        name = tr("case.untitled") if self.desk.untitled else self.queries.title
        read_only = case is not None and case.read_only
        key = "case.window_title.read_only" if read_only else "case.window_title"
        return tr(key, case=name or (case.path.stem if case is not None else ""))

    # ---- which case -----------------------------------------------------------------------------

    def new(self) -> None:
        self.desk.new()

    def ask_open(self) -> None:
        path = ask_open(self.panel.window())
        if path is not None:
            self.open(path)

    def open(self, path: Path) -> None:
        """Open a case instead of the one that is open."""
        self.begun.emit("case")
        self.bar.hide()
        self.desk.open(path)

    def save(self) -> None:
        """An untitled case gets a name; of others everything is on the disk already."""
        if self.desk.untitled:
            self.ask_save_as()
        else:
            self.said.emit(tr("case.saved"))

    def ask_save_as(self) -> None:
        path = ask_save(self.panel.window(), self.desk)
        if path is not None:
            self.save_as(path)

    def save_as(self, path: Path) -> None:
        """Go on in a file of that name."""
        self.begun.emit("case")
        self.desk.save_as(path)

    def offer_what_was_left(self) -> None:
        """At the start: a case that was not finished with, perhaps because the program ended."""
        last = self._settings.choices.last_case
        folder = self._services.home / "cases"

        def look(work: Work) -> Left | None:
            return left_behind(folder, Path(last) if last else None)

        def found(left: Left | None) -> None:
            if left is not None and not self.queries.records:
                words = tr(
                    "case.left" if left.waiting else "case.left_done",
                    name=left.title or tr("case.untitled"),
                    count=left.queries,
                    waiting=left.waiting,
                )
                self.bar.say("clock", words, "case.go_on", lambda: self.open(left.path))

        self._jobs.start(tr("menu.recent"), look, done=found, quiet=True)

    def _leave(self) -> None:
        self._keep_place()
        self._analysis.show_nothing()

    def _opened(self) -> None:
        """Be where one left; a case that was only just made holds nothing to go back to."""
        case = self.desk.case
        self._tell_session()
        self.title_changed.emit()
        if case is None or self._session.query is not None or self._session.loading:
            return
        remember_recent(self._settings, self.desk)
        if case.read_only:
            self.bar.say(
                "lock",
                join(tr("case.read_only"), translate(case.why_read_only)),
                "case.copy",
                self.ask_save_as,
            )

        def read(case: "Case") -> "tuple[object, int | None, str]":
            place = case.recall(PLACE, {})
            records = case.queries()
            known: dict[object, QueryRecord] = {one.id: one for one in records}
            wanted = place.get("query", 0) if isinstance(place, dict) else 0
            shown = known.get(wanted) or next(iter(records), None)
            return place, shown.id if shown is not None else None, shown.name if shown else ""

        self.desk.run(read, self._go_back)

    def _go_back(self, read: "tuple[object, int | None, str]") -> None:
        place, query, name = read
        kept = place if isinstance(place, dict) else {}
        names = kept.get("tile_sets")
        if isinstance(names, list):
            there = {info.name for info in self._session.available}
            wanted = tuple(str(one) for one in names if str(one) in there)
            if wanted and wanted != self._session.tile_set_names:
                self._restoring = wanted
                self._library.choose(wanted)
        if query is not None and self._session.query is None:
            rank = kept.get("rank")
            self._analysis.show(query, name, rank if isinstance(rank, int) else None)

    def _keep_place(self) -> None:
        """Where one is, for the next opening."""
        self._place_soon.stop()
        if self.desk.case is None or self._session.query_id is None:
            return
        place = {
            "query": self._session.query_id,
            "rank": self._session.rank,
            "tile_sets": list(self._session.tile_set_names),
        }
        self.desk.run(lambda case: case.remember(PLACE, place))

    def close(self) -> None:
        """Leave everything on the disk."""
        self._keep_place()
        case = self.desk.case
        self._settings.change(last_case=str(case.path) if case is not None else "")
        self.desk.close()

    # ---- queries --------------------------------------------------------------------------------

    def add(self, paths: Sequence[Path]) -> None:
        """Keep these pictures and locate them one after another; folders with what is in them."""
        self.begun.emit("queries")

        def read(work: Work) -> tuple[list[int], list[GleamError]]:
            from gleam_app.cases.pictures import read_pictures

            files = [
                one for path in paths for one in (_in(path, work) if path.is_dir() else [path])
            ]
            pictures, errors = read_pictures(files, work=work)
            if not pictures and not errors:
                names = ", ".join(path.name for path in paths)
                raise GleamError(
                    tr("queries.no_pictures", name=names), tr("queries.no_pictures.hint")
                )
            ids = self.desk.case_to_write().add(pictures) if pictures else []
            return ids, errors

        def added(outcome: tuple[list[int], list[GleamError]]) -> None:
            ids, errors = outcome
            if errors:
                words = tr("queries.unreadable", count=len(errors))
                more = in_one_line(errors[0])
                self.failed.emit("queries", GleamError(words, more))
            if ids:
                self.said.emit(tr("queries.added", count=len(ids)))
                if self._session.query is None and not self._session.loading:
                    self._analysis.show(ids[0], "")
                if self.batch.mode == "off":
                    self.batch.start()

        self._jobs.start(
            tr("queries.adding"),
            read,
            done=added,
            failed=lambda error: self.failed.emit("queries", error),
        )

    def sort_drop(self, files: Sequence[Path]) -> None:
        """Pictures are queries: one is opened, several wait their turn. The rest may be imagery."""
        folders = [path for path in files if path.is_dir()]
        if not folders:
            self._take_drop(files, [])
            return

        def look(work: Work) -> list[Path]:
            return [path for path in folders if _in(path, work)]

        def looked(of_pictures: list[Path]) -> None:
            self._take_drop([path for path in files if path not in of_pictures], of_pictures)

        self._jobs.start(tr("queries.adding"), look, done=looked, quiet=True)

    def _take_drop(self, files: Sequence[Path], folders: list[Path]) -> None:
        from gleam_app.imagery.folders import may_be_map

        pictures = [path for path in files if not may_be_map(path)]
        others = [path for path in files if path not in pictures]
        if len(pictures) + len(folders) > 1 or folders:
            self.add([*pictures, *folders])
        elif pictures:
            self._analysis.open_file(pictures[0])
        if others:
            self._library.sort_files(others, self._analysis.open_file)

    def choose_next(self, step: int) -> None:
        self.panel.choose_next(step)

    def _listed(self) -> None:
        self._tell_session()
        self.title_changed.emit()
        shown = self._session.query_id
        if self.queries.records and not self._session.read_only:
            self.bar.hide()  # at work on another case: what was left is in the list of recent ones
        record = self.queries.by_id.get(shown) if shown is not None else None
        if record is not None:
            self._analysis.follow(record)
        elif shown in self.queries.gone and self.desk.case is not None:
            rest = self.queries.records
            if rest:
                self._analysis.show(rest[0].id, rest[0].name)
            else:
                self._analysis.show_nothing()

    def _tell_session(self) -> None:
        case = self.desk.case
        self._session.set_case(
            self.queries.undo_name,
            self.queries.redo_name,
            len(self.queries.records),
            case is not None and case.read_only,
            self.batch.can_start,
        )

    # ---- tile sets ------------------------------------------------------------------------------

    def _tile_sets_opened(self) -> None:
        """Locate the query in the sets that the analyst chose; not in those of a case just opened."""
        session = self._session
        sets = tuple(one.info for one in session.tile_sets)
        before, self._known_sets = self._known_sets, sets
        restoring, self._restoring = self._restoring, None
        if restoring == session.tile_set_names or session.query is None or not sets:
            return
        if session.location is None or (before and before != sets):
            self._analysis.locate()


def _in(folder: Path, work: Work) -> list[Path]:
    return pictures_of(folder, work)
