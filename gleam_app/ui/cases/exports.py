"""Taking the case out: asks what and where to, writes in the background."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from gleam_app.jobs.work import Work
from gleam_app.services import Services
from gleam_app.ui.cases.desk import Desk
from gleam_app.ui.cases.export_sheet import ExportSheet, Wish
from gleam_app.ui.cases.panel import QueriesPanel
from gleam_app.ui.jobs import Jobs
from gleam_app.ui.plural import counted
from gleam_app.ui.strings import TEXT, language, tr


class Exports(QObject):
    """``said``: what was written. ``failed``: (panel, error)."""

    said = Signal(str)
    failed = Signal(str, object)

    def __init__(self, services: Services, jobs: Jobs, desk: Desk, panel: QueriesPanel) -> None:
        super().__init__(desk)
        self._services, self._jobs, self._desk, self._panel = services, jobs, desk, panel

    def ask(self) -> None:
        """The sheet with formats and languages, then where to."""
        chosen = self._panel.chosen()
        count = len(self._panel.model.records)
        sheet = ExportSheet(self._panel.window(), count, self._panel.listed.ids(), chosen)
        sheet.wished.connect(self._ask_where)
        sheet.show()

    def ask_for_report(self) -> None:
        """A report of the chosen queries, in the language in use."""
        self._ask_where(Wish("html", (language.code,), tuple(self._panel.chosen()), False))

    def _ask_where(self, wish: Wish) -> None:
        from gleam_app.cases.exports.export import SUFFIXES

        suffix = {str(name): end for name, end in SUFFIXES.items()}[wish.format]
        words = tr(f"export.{wish.format}") if f"export.{wish.format}" in TEXT else wish.format
        window: QWidget = self._panel.window()
        name, _ = QFileDialog.getSaveFileName(
            window, tr("export.title"), f"{self._stem()}{suffix}", f"{words} (*{suffix})"
        )
        if name:
            path = Path(name)
            self.write(wish, path if path.suffix else path.with_suffix(suffix))

    def _stem(self) -> str:
        case = self._desk.case
        return "gleam" if case is None or self._desk.untitled else case.path.stem

    def write(self, wish: Wish, path: Path) -> None:
        """Export to ``path``, replacing what is there."""
        case = self._desk.case
        if case is None:
            return

        def export(work: Work) -> str:
            from gleam_app.cases.exports.export import export_case

            done = export_case(
                case,
                wish.format,
                path,
                queries=wish.queries,
                candidates=wish.candidates,
                langs=wish.langs,
                store=self._services.tile_sets,
                work=work,
            )
            return counted("export.done", done.queries, name=path.name, places=done.places)

        self._jobs.start(
            tr("export.job", name=path.name),
            export,
            done=self.said.emit,
            failed=lambda error: self.failed.emit("queries", error),
        )
