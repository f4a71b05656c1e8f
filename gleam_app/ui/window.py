"""The analyst's window: the panels put together, and who listens to whom."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QSettings
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
)
from PySide6.QtWidgets import QFileDialog, QMainWindow, QVBoxLayout, QWidget

from gleam_app.errors import GleamError
from gleam_app.services import Services
from gleam_app.ui.analysis import Analysis
from gleam_app.ui.cases.decision_bar import DecisionBar, Field
from gleam_app.ui.cases.desk import Desk
from gleam_app.ui.cases.files import fill_recent
from gleam_app.ui.cases.list_menu import context_menu
from gleam_app.ui.cases.room import CaseRoom
from gleam_app.ui.cases.untitled import SUFFIX
from gleam_app.ui.commands import Commands
from gleam_app.ui.compare.panel import ComparePanel
from gleam_app.ui.incoming import (
    PICTURE_SUFFIXES,
    carries_picture,
    dialog_filter,
    local_files,
    picture_bytes,
)
from gleam_app.ui.jobs import Jobs
from gleam_app.ui.languagemodel import LanguageModel
from gleam_app.ui.layout import Layout
from gleam_app.ui.map.panel import MapPanel
from gleam_app.ui.menus import Menus
from gleam_app.ui.panels.candidates import CandidatesPanel
from gleam_app.ui.panels.explanation import ExplanationPanel
from gleam_app.ui.panels.notice import Notice
from gleam_app.ui.panels.query import QueryPanel
from gleam_app.ui.session import Session
from gleam_app.ui.settings import Settings
from gleam_app.ui.shortcuts import ShortcutList
from gleam_app.ui.statusbar import StatusBar
from gleam_app.ui.strings import language, tr
from gleam_app.ui.theme import theme
from gleam_app.ui.tile_sets.manager import Manager
from gleam_app.ui.toolbar import Toolbar

WIDE_PX = 1500  # from here on there is room for the list of queries beside the tile sets


class MainWindow(QMainWindow):
    """Composition only: what things do is in analysis, tilesets, languagemodel and the panels."""

    def __init__(self, services: Services, settings: Settings) -> None:
        super().__init__()
        self._services, self._settings = services, settings
        self.session = Session(self)
        self.jobs = Jobs(services.jobs, self)
        desk = Desk(services.home, self.jobs)
        self.analysis = Analysis(services, self.jobs, self.session, desk)
        self.manager = Manager(services, self.jobs, self.session, settings)
        self.tile_sets = self.manager.library
        self.cases = CaseRoom(
            services, self.jobs, self.session, settings, desk, self.analysis, self.tile_sets
        )
        self.language_model = LanguageModel(services, self.jobs, self)
        self.query = QueryPanel(self.session)
        self.candidates = CandidatesPanel(self.session)
        self.map = MapPanel()
        self.compare = ComparePanel()
        self.explanation = ExplanationPanel(self.session)
        self.commands = Commands(self.session, self)
        self.decision = DecisionBar(self.session, self.cases.decisions, self.commands)
        self.toolbar = Toolbar(self.commands, self.session)
        self.status = StatusBar(self.session, self.jobs)
        self._menus = Menus(
            self.menuBar(),
            self.commands,
            {
                "coordinates": self.choose_coordinates,
                "theme": self.choose_theme,
                "language": self.choose_language,
            },
            lambda menu: fill_recent(menu, settings, self.cases.open),
        )
        self._put_together()
        self._connect_commands()
        self._connect_panels()
        self._connect_session()
        self._take_settings()

    # ---- composition ----------------------------------------------------------------------------

    def _put_together(self) -> None:
        self.candidates.body.addWidget(self.decision)
        self.setAcceptDrops(True)
        self.addToolBar(self.toolbar)
        self.layout_of_panels = Layout(
            self.cases.panel,
            self.query,
            self.candidates,
            self.map,
            self.compare,
            self.explanation,
            self.manager.panel,
        )
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.cases.bar)
        column.addWidget(self.layout_of_panels.root, 1)
        column.addWidget(self.status)
        self.setCentralWidget(whole)
        self.layout_of_panels.root.setFocus()  # not the first button of the toolbar
        self.setMinimumSize(1024, 640)
        self.resize(1366, 768)

    def _connect_commands(self) -> None:
        cases, decisions = self.cases, self.cases.decisions
        handlers: dict[str, Callable[[], object]] = {
            "new_case": cases.new,
            "open_case": cases.ask_open,
            "save_case": cases.save,
            "save_case_as": cases.ask_save_as,
            "add_pictures": self.ask_for_pictures,
            "add_picture_folder": self.ask_for_picture_folder,
            "export": cases.exports.ask,
            "undo": decisions.undo,
            "redo": decisions.redo,
            "accept": decisions.accept,
            "reject": decisions.reject,
            "reopen": decisions.reopen,
            "note": lambda: self._write_in(self.decision.note),
            "tags": lambda: self._write_in(self.decision.tags),
            "next_query": lambda: cases.choose_next(1),
            "previous_query": lambda: cases.choose_next(-1),
            "batch": cases.batch.start,
            "locate_again": decisions.locate_again,
            "remove_query": decisions.remove,
            "open": self.ask_for_picture,
            "paste": self.paste,
            "add_imagery": self.manager.ask_for_files,
            "add_folder": self.manager.ask_for_folder,
            "save_report": cases.exports.ask_for_report,
            "quit": self.close,
            "locate": self.analysis.locate,
            "explain": self.analysis.explain,
            "stop": self.analysis.stop,
            "next_candidate": lambda: self.session.select_next(1),
            "previous_candidate": lambda: self.session.select_next(-1),
            "copy_coordinates": lambda: self.copy_coordinates(self.session.rank),
            "reset_layout": self.reset_layout,
            "switch_language": self.switch_language,
            "switch_theme": self.switch_theme,
            "shortcuts": self.show_shortcuts,
            "demo": self.open_demo,
        }
        for name in self.layout_of_panels.panels:
            handlers[f"show_{name}"] = lambda: None
            self.layout_of_panels.bind(name, self.commands[f"show_{name}"])
        self.commands.connect_all(handlers)

    def _connect_panels(self) -> None:
        self.query.demo_requested.connect(self.open_demo)
        self.query.view_chosen.connect(self.analysis.choose_view)
        self.query.heading_entered.connect(self.analysis.enter_heading)
        self.candidates.candidate_chosen.connect(self.session.select)
        self.candidates.copy_requested.connect(self.copy_coordinates)
        self.map.candidate_selected.connect(self.session.select)
        self.map.cursor_moved.connect(self.status.show_cursor)
        self.map.cursor_left.connect(self.status.position.clear)
        self.map.files_dropped.connect(lambda files: self.take_files([Path(f) for f in files]))
        self.explanation.explain_requested.connect(self.analysis.explain)
        self.explanation.stop_requested.connect(self.analysis.stop)
        self.explanation.fetch_requested.connect(self.language_model.fetch)
        self.explanation.evidence_pointed.connect(self._light_evidence)
        self.toolbar.tile_set_chosen.connect(self.manager.choose)
        self.toolbar.language_chosen.connect(self.choose_language)

    def _connect_session(self) -> None:
        self.analysis.locating_progressed.connect(self.candidates.show_progress)
        self.analysis.picture_ready.connect(self.query.show_pyramid)
        self.session.location_changed.connect(self._show_location)
        self.session.candidate_selected.connect(self._show_candidate)
        self.session.query_changed.connect(self._show_candidate)
        self.tile_sets.opened.connect(self._tile_set_opened)
        self.manager.said.connect(self.status.say)
        self.manager.wanted.connect(lambda: self._show_manager(True))
        self.manager.panel.closed.connect(lambda: self._show_manager(False))
        self.manager.coverage_changed.connect(self.map.show_coverage)
        self.manager.builds.failed.connect(self._show_build_error)
        self.language_model.state_changed.connect(self.explanation.set_model_state)
        self.language_model.packs_listed.connect(self.status.show_packs)
        self.cases.said.connect(self.status.say)
        self.cases.title_changed.connect(lambda: self.setWindowTitle(self.cases.title))
        self.cases.panel.menu_wanted.connect(self._show_query_menu)
        self.cases.panel.fold_changed.connect(self.layout_of_panels.make_room_for_queries)
        for source in (self.analysis, self.tile_sets, self.cases, self.language_model):
            source.failed.connect(self._show_error)
        for step in (self.analysis, self.tile_sets, self.cases):
            step.begun.connect(lambda place: self._notice(place).clear())
        theme.changed.connect(self._theme_changed)
        language.changed.connect(self._language_changed)

    def _take_settings(self) -> None:
        self._theme_changed()
        self._language_changed()
        self.setWindowTitle(self.cases.title)
        self.choose_coordinates(self._settings.choices.coordinates)
        kept = self._kept()
        geometry = kept.value("window/geometry")
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(1366, 768)
        self._layout_kept = self.layout_of_panels.restore(kept)
        if not self._layout_kept:
            self.reset_layout()

    def _kept(self) -> QSettings:
        """Geometry only; what the user chooses is in ``settings.json``."""
        return QSettings(str(self._services.home / "window.ini"), QSettings.Format.IniFormat)

    def begin(self, images: list[Path], demo: bool, case: Path | None = None) -> None:
        """Once the window is up: what is there to work with, and what it was asked to open."""
        self.language_model.look()
        self.analysis.warm_up()
        if demo:
            self.open_demo()
            return
        self.tile_sets.refresh(choose=self._settings.choices.tile_sets)
        if case is not None:
            self.cases.open(case)
        elif not images:
            self.cases.offer_what_was_left()
        if images:
            self.take_files(images)

    # ---- commands -------------------------------------------------------------------------------

    def ask_for_picture(self) -> None:
        wanted = dialog_filter(tr("query.filter"), PICTURE_SUFFIXES)
        name, _ = QFileDialog.getOpenFileName(self, tr("query.open_title"), "", wanted)
        if name:
            self.analysis.open_file(Path(name))

    def ask_for_pictures(self) -> None:
        wanted = dialog_filter(tr("query.filter"), PICTURE_SUFFIXES)
        names, _ = QFileDialog.getOpenFileNames(self, tr("query.open_title"), "", wanted)
        if names:
            self.cases.add([Path(name) for name in names])

    def ask_for_picture_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, tr("queries.folder_title"))
        if name:
            self.cases.add([Path(name)])

    def paste(self) -> None:
        """A picture or a file from the clipboard."""
        # None on some platforms while the clipboard is empty, whatever the annotations say
        self._take(QGuiApplication.clipboard().mimeData() or QMimeData())

    def take_files(self, files: list[Path]) -> None:
        """Dropped or pasted files: a case is opened, pictures are queries, the rest may be imagery."""
        case = next((path for path in files if path.suffix.lower() == SUFFIX), None)
        if case is not None:
            self.cases.open(case)
        else:
            self.cases.sort_drop(files)

    def _take(self, mime: QMimeData) -> None:
        files = local_files(mime)
        data = None if files else picture_bytes(mime)
        if files:
            self.take_files(files)
        elif data is not None:
            self.analysis.open_bytes(data, tr("query.pasted"))
        else:
            error = GleamError(tr("query.clipboard_empty"), tr("query.clipboard_hint"))
            self._show_error("query", error)

    def open_demo(self) -> None:
        """The demo's imagery and its first query."""
        self.tile_sets.ensure_demo()
        query = self.tile_sets.demo_query()
        if query is not None:
            self.analysis.open_file(query)

    def copy_coordinates(self, rank: int | None) -> None:
        row = self.candidates.model.row_of(rank)
        candidate = self.candidates.model.candidates[row] if row >= 0 else None
        if candidate is not None and candidate.lat is not None:
            position = self.candidates.model.position(candidate)
            QGuiApplication.clipboard().setText(position)
            self.status.say(tr("candidates.copied", position=position))

    def reset_layout(self) -> None:
        for name in self.layout_of_panels.panels:
            self.commands[f"show_{name}"].setChecked(name != "tile_sets")
        self.layout_of_panels.reset()

    def _write_in(self, field: Field) -> None:
        self.commands["show_candidates"].setChecked(True)
        self.decision.write_in(field)

    def _show_query_menu(self, at: QPoint) -> None:
        names = ("locate_again", "", "reject", "reopen", "", "export", "", "remove_query")
        actions = [self.commands[name] if name else None for name in names]
        context_menu(self, actions).popup(at)

    def _show_manager(self, shown: bool) -> None:
        self.commands["show_tile_sets"].setChecked(shown)
        if shown and self.width() < WIDE_PX:
            self.cases.panel.fold(True)

    def choose_theme(self, choice: str) -> None:
        self._settings.change(theme=choice)
        theme.choose(self._settings.choices.theme)

    def switch_theme(self) -> None:
        self.choose_theme("light" if theme.dark else "dark")

    def choose_language(self, code: str) -> None:
        self._settings.change(language=code)
        language.choose(code)

    def switch_language(self) -> None:
        self.choose_language("en" if language.code == "zh" else "zh")

    def choose_coordinates(self, style: str) -> None:
        if style != self._settings.choices.coordinates:
            self._settings.change(coordinates=style)
        chosen = self._settings.choices.coordinates
        self.candidates.set_coordinate_style(chosen)
        self.status.style_of_coordinates = chosen
        self._menus.check(self._settings, language.code)

    def show_shortcuts(self) -> None:
        ShortcutList(self.commands.actions.values(), self).show()

    # ---- listening ------------------------------------------------------------------------------

    def _show_location(self) -> None:
        self.map.show_location(self.session.location)

    def _show_candidate(self) -> None:
        self.map.select(self.session.rank)
        self.compare.show_pair(self.session.query, self.session.candidate)

    def _tile_set_opened(self) -> None:
        tile_sets = self.session.tile_sets
        self._settings.change(tile_sets=self.session.tile_set_names)
        self.tile_sets.close_previous()
        self.map.set_sources(
            [(source.path.name, source) for one in tile_sets for source in one.sources]
        )

    def _light_evidence(self, item: object) -> None:
        query_region = getattr(item, "query_region", ()) or None
        tile_region = getattr(item, "tile_region", ()) or None
        self.compare.highlight_evidence(query_region, tile_region)

    def _notice(self, place: str) -> Notice:
        if place.startswith("sets:"):
            return self.manager.panel.notice_of(place.removeprefix("sets:"))
        places = {
            "query": self.query,
            "explanation": self.explanation,
            "queries": self.cases.panel,
            "case": self.query,
        }
        return places.get(place, self.candidates).notice

    def _show_error(self, place: str, error: BaseException) -> None:
        if place == "queries" and self.cases.panel.folded:
            self.cases.panel.fold(False)
        misfit = self.manager.misfit if place in ("candidates", "queries") else ""
        if misfit:  # made with another pack: what to do is offered where it is noticed
            self._notice(place).show_error(error, ("sets.reembed", lambda: self._reembed(misfit)))
        else:
            self._notice(place).show_error(error)

    def _reembed(self, name: str) -> None:
        self.candidates.notice.clear()
        self.cases.panel.notice.clear()
        self.manager.reembed(name)
        self._show_manager(True)

    def _show_build_error(self, name: str, error: BaseException) -> None:
        """In its row, where the person may not be looking: the manager comes up."""
        self._show_manager(True)
        self._show_error(f"sets:{name}", error)

    def show_unexpected(self, error: BaseException) -> None:
        """A defect somewhere: say so, and go on."""
        self.candidates.notice.show_error(error)

    def _theme_changed(self) -> None:
        self.map.set_theme(theme.dark)
        self.compare.set_theme(theme.dark)
        self._menus.check(self._settings, language.code)

    def _language_changed(self) -> None:
        if self.isVisible():
            theme.take_font()
        self.map.set_language(language.code)
        self.compare.set_language(language.code)
        self._menus.check(self._settings, language.code)

    # ---- drops and the end ----------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if carries_picture(event.mimeData()):
            event.acceptProposedAction()
            self.query.empty.light_up(True)
            self.cases.panel.empty.light_up(True)
            self.manager.panel.empty.light_up(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.query.empty.light_up(False)
        self.cases.panel.empty.light_up(False)
        self.manager.panel.empty.light_up(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.query.empty.light_up(False)
        self.cases.panel.empty.light_up(False)
        self.manager.panel.empty.light_up(False)
        event.acceptProposedAction()
        self._take(event.mimeData())

    def closeEvent(self, event: QCloseEvent) -> None:
        kept = self._kept()
        kept.setValue("window/geometry", self.saveGeometry())
        self.layout_of_panels.save(kept)
        self.analysis.stop()
        self.cases.close()
        self.jobs.close()
        event.accept()
