"""From a picture to its explanation: what the window does with the services, one step after another.

Every step runs in the background and writes what it found into the session. Errors go out by
``failed`` with the name of the panel concerned.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from gleam_app.explain.evidence import Evidence, build_evidence
from gleam_app.imagery.query import VIEWS, Query, View, load_query, query_from_bytes
from gleam_app.imagery.views import Support
from gleam_app.jobs.work import Work
from gleam_app.retrieval.results import Location
from gleam_app.services import Services
from gleam_app.ui.images import Pyramid, make_pyramid
from gleam_app.ui.jobs import Jobs, Task
from gleam_app.ui.session import ExplainPhase, ExplainState, Session
from gleam_app.ui.strings import language, tr

if TYPE_CHECKING:
    from gleam_app.explain.explainer import Explanation


class Analysis(QObject):
    """Open, locate, measure, explain. One of each at a time: a newer request replaces the older."""

    picture_ready = Signal(object)
    failed = Signal(str, object)
    begun = Signal(str)
    locating_progressed = Signal(object)

    def __init__(self, services: Services, jobs: Jobs, session: Session) -> None:
        super().__init__(session)
        self._services, self._jobs, self._session = services, jobs, session
        self._opening: Task[tuple[Query, Pyramid]] | None = None
        self._locating: Task[Location] | None = None
        self._measuring: Task[list[Evidence]] | None = None
        self._explaining: Task[Explanation] | None = None
        session.candidate_selected.connect(self._measure)

    def warm_up(self) -> None:
        """Load the models before they are asked for; whatever is wrong is said when they are."""

        def look(work: Work) -> dict[View, Support]:
            manifest = self._services.packs.default("gleam-c").manifest
            return {view: manifest.support(view) for view in VIEWS}

        self._jobs.start(tr("job.warm_up"), look, done=self._session.set_support, quiet=True)
        self._jobs.start(
            tr("job.warm_up"), lambda work: self._services.locator(), lane="model", quiet=True
        )

    # ---- the query ------------------------------------------------------------------------------

    def open_file(self, path: Path) -> None:
        """Read the picture; located at once where a tile set is chosen."""
        self._open(path.name, lambda: load_query(path))

    def open_bytes(self, data: bytes, name: str) -> None:
        """A pasted picture."""
        self._open(name, lambda: query_from_bytes(data, name))

    def _open(self, name: str, read: Callable[[], Query]) -> None:
        self.begun.emit("query")
        if self._opening is not None:
            self._opening.drop()

        def load(work: Work) -> tuple[Query, Pyramid]:
            query = read()
            work.check()
            return query, make_pyramid(query.pixels)

        self._session.set_loading(name)
        self._opening = self._jobs.start(
            tr("query.loading", name=name), load, done=self._opened, failed=self._not_opened
        )

    def _opened(self, loaded: tuple[Query, Pyramid]) -> None:
        query, pyramid = loaded
        self.stop()
        self._session.set_query(query)
        self.picture_ready.emit(pyramid)
        self.begun.emit("candidates")
        if self._session.tile_sets:
            self.locate()

    def _not_opened(self, error: BaseException) -> None:
        self._session.set_loading("")
        self.failed.emit("query", error)

    def choose_view(self, view: View | None) -> None:
        """Take the query for this view (None: the guess); what was found before no longer counts."""
        self._stop_locating()
        self._session.set_view(view)
        self._session.set_location(None)

    def enter_heading(self, heading_deg: float | None) -> None:
        """The bearing of the picture's up direction, if known."""
        self._session.heading_deg = heading_deg

    # ---- locating -------------------------------------------------------------------------------

    def locate(self) -> None:
        """Search the chosen tile sets for the query: first candidates, then verified ones."""
        query, tile_sets = self._session.query, list(self._session.tile_sets)
        if query is None or not tile_sets:
            return
        self.stop()
        self.begun.emit("candidates")
        heading = self._session.heading_deg

        def first(location: Location) -> None:
            self._jobs.post(lambda: self._first_wave(location, query))

        def search(work: Work) -> Location:
            from gleam_app.retrieval.locate import LocateOptions

            locator = self._services.locator()
            work.check()
            return locator.locate(query, tile_sets, LocateOptions(heading_deg=heading), work, first)

        self._session.set_location(None)
        self._session.set_locating(True)
        self._locating = self._jobs.start(
            tr("job.locate", name=query.name),
            search,
            done=self._session.set_location,
            failed=lambda error: self.failed.emit("candidates", error),
            progressed=self.locating_progressed.emit,
            ended=self._located,
            lane="model",
        )

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
        lang = language.code

        def hear(text: str) -> None:
            self._jobs.post(lambda: self._written(task, text))

        def write(work: Work) -> "Explanation":
            return self._services.explainer().explain(location, candidate, lang, work, hear)

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
        state = self._session.explain
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
