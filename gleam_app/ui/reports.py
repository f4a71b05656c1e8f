"""Saving a report of what the session holds."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from gleam_app.jobs.work import Work
from gleam_app.services import Services
from gleam_app.ui.jobs import Jobs
from gleam_app.ui.session import Session
from gleam_app.ui.strings import language, tr


class Reports(QObject):
    """Writes reports in the background."""

    saved = Signal(str)
    failed = Signal(str, object)

    def __init__(self, services: Services, jobs: Jobs, session: Session) -> None:
        super().__init__(session)
        self._services, self._jobs, self._session = services, jobs, session

    def save(self, path: Path) -> None:
        """One self-contained web page: the query, its candidates, the explanations written so far."""
        location, tile_sets = self._session.location, list(self._session.tile_sets)
        if location is None or not tile_sets:
            return
        if not path.suffix:
            path = path.with_suffix(".html")
        explanations = list(self._session.explanations.values())
        lang = language.code

        def write(work: Work) -> None:
            from gleam_app.cases.report import write_report

            packs = dict(self._services.locator().pack_labels)
            for written_by in (one.pack for one in explanations if one.pack):
                packs["gleam-x"] = written_by
            write_report(path, location, explanations, tile_sets, packs, lang=lang)

        self._jobs.start(
            tr("job.report"),
            write,
            done=lambda _: self.saved.emit(path.name),
            failed=lambda error: self.failed.emit("candidates", error),
        )
