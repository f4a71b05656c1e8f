"""From a picture to its explanation: what the window does with the services, one step after another.

Every step runs in the background and writes what it found into the session. Errors go out by
``failed`` with the name of the panel concerned.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from gleam_app.errors import GleamError
from gleam_app.explain.evidence import Evidence, build_evidence
from gleam_app.imagery.query import VIEWS, Query, View, load_query, query_from_bytes
from gleam_app.imagery.views import Support
from gleam_app.jobs.work import Work
from gleam_app.retrieval.results import Location
from gleam_app.services import Services
from gleam_app.ui.cases.desk import Desk
from gleam_app.ui.cases.loading import Answer, Loaded, keep_picture, load, load_answer
from gleam_app.ui.jobs import Jobs, Task
from gleam_app.ui.session import ExplainPhase, ExplainState, Session
from gleam_app.ui.strings import language, tr

if TYPE_CHECKING:
    from gleam_app.cases.case import Case
    from gleam_app.cases.model import QueryRecord, RunFacts
    from gleam_app.explain.explainer import Explanation


@dataclass(frozen=True)
class _Found:
    """An answer; ``run`` its number in the case, None with the reason why it could not be kept."""

    location: Location
    run: int | None = None
    trouble: GleamError | None = None


class Analysis(QObject):
    """Open, locate, measure, explain. One of each at a time: a newer request replaces the older."""

    picture_ready = Signal(object)
    failed = Signal(str, object)
    begun = Signal(str)
    locating_progressed = Signal(object)
    warmed_up = Signal()  # as far as it went

    def __init__(self, services: Services, jobs: Jobs, session: Session, desk: Desk) -> None:
        super().__init__(session)
        self._services, self._jobs, self._session, self._desk = services, jobs, session, desk
        self._opening: Task[Loaded] | None = None
        self._reading: Task[Answer | None] | None = None
        self._locating: Task[_Found] | None = None
        self._measuring: Task[list[Evidence]] | None = None
        self._explaining: Task[Explanation] | None = None
        self._writing: Counter[int] = Counter()  # settings on their way to the case, by query
        self.explainer = ""  # who explains, as ``Explainer.explain`` names models
        session.candidate_selected.connect(self._measure)

    def warm_up(self) -> None:
        """Load the models before they are asked for; whatever is wrong is said when they are."""

        def look(work: Work) -> dict[View, Support]:
            manifest = self._services.packs.default("gleam-c").manifest
            return {view: manifest.support(view) for view in VIEWS}

        self._jobs.start(tr("job.warm_up"), look, done=self._session.set_support, quiet=True)
        self._jobs.start(
            tr("job.warm_up"),
            lambda work: self._services.warm_up(),
            ended=self.warmed_up.emit,
            lane="model",
            quiet=True,
        )

    # ---- the query ------------------------------------------------------------------------------

    def open_file(self, path: Path) -> None:
        """Read the picture and keep it; located at once where a tile set is chosen."""
        self._open(path.name, lambda: load_query(path))

    def open_bytes(self, data: bytes, name: str) -> None:
        """A pasted picture."""
        self._open(name, lambda: query_from_bytes(data, name), data)

    def _open(self, name: str, read: Callable[[], Query], data: bytes | None = None) -> None:
        lang = language.code

        def load_new(work: Work) -> Loaded:
            query = read()
            work.check()
            case = self._desk.case_to_write()
            return load(case, keep_picture(case, query, data), lang, work, query)

        self._load(name, load_new, self._opened)

    def show(self, query_id: int, name: str, rank: int | None = None) -> None:
        """Show a query of the case with what was found for it; nothing is located."""
        lang = language.code

        def load_known(work: Work) -> Loaded:
            return load(self._desk.case_to_write(), query_id, lang, work)

        def shown(loaded: Loaded) -> None:
            self._take(loaded)
            if rank is not None:
                self._session.select(rank)

        self._load(name, load_known, shown)

    def show_nothing(self) -> None:
        """No query: the case holds none, or another is opened."""
        if self._opening is not None:
            self._opening.drop()
        self.stop()
        self._session.set_loading("")
        self._session.set_query(None)
        self.picture_ready.emit(None)

    def _load(
        self, name: str, read: Callable[[Work], Loaded], done: Callable[[Loaded], None]
    ) -> None:
        self.begun.emit("query")
        if self._opening is not None:
            self._opening.drop()
        self._session.set_loading(name)
        self._opening = self._jobs.start(
            tr("query.loading", name=name), read, done=done, failed=self._not_opened
        )

    def _opened(self, loaded: Loaded) -> None:
        self._take(loaded)
        names = self._session.tile_set_names
        if names and (loaded.answer is None or set(loaded.answer.searched) != set(names)):
            self.locate()

    def _take(self, loaded: Loaded) -> None:
        self.stop()
        self._session.set_query(loaded.query, loaded.record)
        self.picture_ready.emit(loaded.pyramid)
        self.begun.emit("candidates")
        if loaded.answer is not None:
            self._show_answer(loaded.answer)
        self.follow(loaded.record)
        if loaded.trouble is not None:
            self.failed.emit("query", loaded.trouble)

    def _show_answer(self, answer: Answer) -> None:
        self._session.set_location(answer.location, answer.run, answer.explanations)

    def follow(self, record: "QueryRecord") -> None:
        """How the query that is shown stands in the case by now; another answer is shown instead."""
        session = self._session
        session.set_record(record)
        if session.query_id == record.id and not self._writing[record.id]:
            self._follow_settings(record)
        newer = record.run is not None and record.run > (session.seen_run or 0)
        if newer and not session.locating:  # not an older one, from a list that comes late
            self._show_kept(record)

    def _follow_settings(self, record: "QueryRecord") -> None:
        """A view or heading that was undone."""
        session, query = self._session, self._session.query
        if query is None or session.read_only:  # nothing to set, or nothing that was kept
            return
        if record.view != (None if query.view_guessed else query.view):
            self._stop_locating()
            session.set_view(record.view)
            session.set_location(None)
        if record.heading_deg != session.heading_deg:
            session.heading_deg = record.heading_deg
            session.query_changed.emit()

    def _show_kept(self, record: "QueryRecord") -> None:
        picture, lang = self._session.query, language.code
        if self._reading is not None:
            self._reading.drop()
        self._session.seen_run = record.run

        def read(work: Work) -> Answer | None:
            return load_answer(self._desk.case_to_write(), record, picture, lang)

        def done(answer: Answer | None) -> None:
            same = self._session.query_id == record.id and not self._session.locating
            if answer is not None and same:
                self._show_answer(answer)

        self._reading = self._jobs.start(
            tr("query.loading", name=record.name), read, done=done, quiet=True
        )

    def _not_opened(self, error: BaseException) -> None:
        self._session.set_loading("")
        self.failed.emit("query", error)

    def choose_view(self, view: View | None) -> None:
        """Take the query for this view (None: the guess); what was found before no longer counts."""
        self._stop_locating()
        self._session.set_view(view)
        self._session.set_location(None)
        self._write(lambda case, query_id: case.edits.set_view([query_id], view))

    def enter_heading(self, heading_deg: float | None) -> None:
        """The bearing of the picture's up direction, if known."""
        if heading_deg == self._session.heading_deg:
            return
        self._session.heading_deg = heading_deg
        self._write(lambda case, query_id: case.edits.set_heading(query_id, heading_deg))

    def _write(self, change: "Callable[[Case, int], None]") -> None:
        """Keep a setting of the query; a list that was read before it is in the case does not count."""
        query_id = self._session.query_id
        if query_id is None or self._session.read_only:
            return
        self._writing[query_id] += 1

        def ended() -> None:
            self._writing[query_id] -= 1

        self._desk.run(lambda case: change(case, query_id), ended=ended)

    # ---- locating -------------------------------------------------------------------------------

    def locate(self) -> None:
        """Search the chosen tile sets for the query: first candidates, then verified ones."""
        query, tile_sets = self._session.query, list(self._session.tile_sets)
        if query is None or not tile_sets:
            return
        self.stop()
        self.begun.emit("candidates")
        heading, query_id = self._session.heading_deg, self._session.query_id
        near = self._session.near
        case = self._desk.case

        def first(location: Location) -> None:
            self._jobs.post(lambda: self._first_wave(location, query))

        def search(work: Work) -> _Found:
            from gleam_app.cases.batch import run_facts
            from gleam_app.retrieval.locate import LocateOptions
            from gleam_app.retrieval.regions import Region

            locator, options = self._services.locator(), LocateOptions(heading, Region(near=near))
            work.check()
            if case is None or query_id is None or case.read_only:
                return _Found(locator.locate(query, tile_sets, options, work, first))
            case.set_locating(query_id)
            try:
                location = locator.locate(query, tile_sets, options, work, first)
                return _keep(case, query_id, location, run_facts(locator, tile_sets, options))
            finally:
                case.set_locating(None)

        def found(result: _Found) -> None:
            self._session.set_location(result.location, result.run)
            if result.trouble is not None:
                self.failed.emit("candidates", result.trouble)

        self._session.set_location(None)
        self._session.set_locating(True)
        self._locating = self._jobs.start(
            tr("job.locate", name=query.name),
            search,
            done=found,
            failed=lambda error: self.failed.emit("candidates", error),
            progressed=self.locating_progressed.emit,
            ended=self._located,
            lane="model",
        )

    def locate_near(self, near: tuple[float, float, float] | None) -> None:
        """Locate again, only within ``near[2]`` metres of (lat, lon); None: everywhere."""
        self._session.set_near(near)
        self.locate()

    def _first_wave(self, location: Location, query: Query) -> None:
        if self._session.locating and self._session.query is query:
            self._session.set_location(location)

    def _located(self) -> None:
        self._locating = None
        self._session.set_locating(False)
        self._measure()

    def _stop_locating(self) -> None:
        if self._locating is not None:
            self._locating.drop()
            self._locating = None
            self._session.set_locating(False)

    # ---- evidence and explanation ---------------------------------------------------------------

    def _measure(self) -> None:
        """The evidence on the selected candidate, once the location is complete."""
        self._stop_explaining(say=False)
        if self._measuring is not None:
            self._measuring.drop()
            self._measuring = None
        location, candidate = self._session.location, self._session.candidate
        if location is None or candidate is None or self._session.locating:
            return
        self._measuring = self._jobs.start(
            tr("explain.reading"),
            lambda work: build_evidence(location, candidate),
            done=self._measured,
            failed=lambda error: self.failed.emit("explanation", error),
            quiet=True,
        )

    def _measured(self, evidence: list[Evidence]) -> None:
        self._session.set_explain(replace(self._session.explain, evidence=tuple(evidence)))

    def explain(self) -> None:
        """Put the evidence on the selected candidate into words."""
        location, candidate = self._session.location, self._session.candidate
        if location is None or candidate is None or self._session.locating:
            return
        self._stop_explaining(say=False)
        self.begun.emit("explanation")
        lang, model = language.code, self.explainer

        def hear(text: str) -> None:
            self._jobs.post(lambda: self._written(task, text))

        def write(work: Work) -> "Explanation":
            return self._services.explainer().explain(location, candidate, lang, work, hear, model)

        evidence = self._session.explain.evidence
        self._session.set_explain(ExplainState(ExplainPhase.STARTING, evidence=evidence))
        task = self._explaining = self._jobs.start(
            tr("job.explain", rank=candidate.rank),
            write,
            urgent=True,
            done=self._explained,
            failed=self._not_explained,
            ended=self._explain_ended,
        )

    def _written(self, task: "Task[Explanation]", text: str) -> None:
        if self._explaining is task:
            state = self._session.explain
            self._session.set_explain(
                replace(state, phase=ExplainPhase.WRITING, text=state.text + text)
            )

    def _explained(self, explanation: "Explanation") -> None:
        state, run = self._session.explain, self._session.run
        if run is not None and not self._session.read_only:
            self._desk.run(lambda case: case.answers.record_explanation(run, explanation))
        self._session.set_explain(replace(state, phase=ExplainPhase.DONE, explanation=explanation))

    def _not_explained(self, error: BaseException) -> None:
        self._session.set_explain(replace(self._session.explain, phase=ExplainPhase.IDLE))
        self.failed.emit("explanation", error)

    def _explain_ended(self) -> None:
        self._explaining = None
        if self._session.explain.running:
            self._session.set_explain(replace(self._session.explain, phase=ExplainPhase.STOPPED))

    def _stop_explaining(self, say: bool) -> None:
        if self._explaining is not None:
            self._explaining.drop()
            self._explaining = None
            if say:
                self._explain_ended()

    def stop(self) -> None:
        """Stop locating and explaining; what arrived stays."""
        self._stop_explaining(say=True)
        if self._locating is not None:
            self._stop_locating()
            self._measure()


def _keep(case: "Case", query_id: int, location: Location, facts: "RunFacts") -> _Found:
    """What was found is shown, even where it cannot be kept."""
    try:
        return _Found(location, case.answers.record(query_id, location, facts))
    except GleamError as error:
        return _Found(location, trouble=error)
