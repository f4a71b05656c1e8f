"""The analyst's window: its parts made and put together.

What commands do is in ``handlers``, who listens to whom in ``wiring``; everything else has a module of
its own.
"""

from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QDialog, QMainWindow, QVBoxLayout, QWidget

from gleam_app.services import Services
from gleam_app.ui.about.window import AboutWindow
from gleam_app.ui.analysis import Analysis
from gleam_app.ui.candidate_commands import CandidateCommands
from gleam_app.ui.cases.decision_bar import DecisionBar
from gleam_app.ui.cases.desk import Desk
from gleam_app.ui.cases.files import fill_recent
from gleam_app.ui.cases.room import CaseRoom
from gleam_app.ui.commands import Commands
from gleam_app.ui.compare.panel import ComparePanel
from gleam_app.ui.crash.room import CrashRoom
from gleam_app.ui.handlers import handlers_of
from gleam_app.ui.help import Help
from gleam_app.ui.intake import Intake
from gleam_app.ui.jobs import Jobs
from gleam_app.ui.languagemodel import LanguageModel
from gleam_app.ui.layout import Layout
from gleam_app.ui.map.panel import MapPanel
from gleam_app.ui.map.tools import MapTools
from gleam_app.ui.menus import Menus
from gleam_app.ui.packs.room import PackRoom
from gleam_app.ui.palette.contents import make_palette
from gleam_app.ui.panel_switches import PanelSwitches
from gleam_app.ui.panels.candidates import CandidatesPanel
from gleam_app.ui.panels.explanation import ExplanationPanel
from gleam_app.ui.panels.query import QueryPanel
from gleam_app.ui.preferences import Preferences
from gleam_app.ui.session import Session
from gleam_app.ui.settings import Settings
from gleam_app.ui.settings_dialog.dialog import SettingsDialog
from gleam_app.ui.statusbar import StatusBar
from gleam_app.ui.tile_sets.manager import Manager
from gleam_app.ui.toolbar import Toolbar
from gleam_app.ui.trouble import Trouble
from gleam_app.ui.wiring import wire


class MainWindow(QMainWindow):
    """Composition only."""

    def __init__(self, services: Services, settings: Settings) -> None:
        super().__init__()
        self._services, self._settings = services, settings
        self._make_services(services, settings)
        self._make_panels()
        self._make_commands(settings)
        self._put_together()
        self.palette_of_commands = make_palette(self)
        self.settings_dialog = SettingsDialog(
            self, services, self.jobs, self.preferences, self.commands
        )
        self.help = Help(self)
        self.commands.connect_all(handlers_of(self))
        wire(self)
        self.setWindowTitle(self.cases.title)
        self._restore_layout()

    def _make_services(self, services: Services, settings: Settings) -> None:
        self.session = Session(self)
        self.jobs = Jobs(services.jobs, self)
        self.crash = CrashRoom(services, self.jobs, self)
        desk = Desk(services.home, self.jobs)
        self.analysis = Analysis(services, self.jobs, self.session, desk)
        self.manager = Manager(services, self.jobs, self.session, settings)
        self.tile_sets = self.manager.library
        self.cases = CaseRoom(
            services, self.jobs, self.session, settings, desk, self.analysis, self.tile_sets
        )
        self.language_model = LanguageModel(services, self.jobs, self)
        self.packs = PackRoom(services, self.jobs, settings, self)
        self.preferences = Preferences(settings, self)

    def _make_panels(self) -> None:
        self.query = QueryPanel(self.session)
        self.candidates = CandidatesPanel(self.session)
        self.map = MapPanel()
        self.compare = ComparePanel()
        self.explanation = ExplanationPanel(self.session)
        self.status = StatusBar(self.session, self.jobs)
        self.trouble = Trouble(
            self.query, self.candidates, self.explanation, self.cases.panel, self.manager
        )
        self.layout_of_panels = Layout(
            self.cases.panel,
            self.query,
            self.candidates,
            self.map,
            self.compare,
            self.explanation,
            self.manager.panel,
        )

    def _make_commands(self, settings: Settings) -> None:
        self.commands = Commands(self.session, self)
        self.of_candidate = CandidateCommands(self.session, self.candidates.model)
        targets = (self.query.empty, self.cases.panel.empty, self.manager.panel.empty)
        self.intake = Intake(self, self.analysis, self.cases, self.tile_sets, targets)
        self.decision = DecisionBar(self.session, self.cases.decisions, self.commands)
        self.map_tools = MapTools(self)
        self.toolbar = Toolbar(self.commands, self.session)
        self.switches = PanelSwitches(self, self.layout_of_panels, self.commands, self.cases.panel)
        self.menus = Menus(
            self.menuBar(),
            self.commands,
            self.preferences,
            lambda menu: fill_recent(menu, settings, self.cases.open),
        )

    def _put_together(self) -> None:
        self.setAcceptDrops(True)
        self.candidates.body.addWidget(self.decision)
        self.addToolBar(self.toolbar)
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

    def _restore_layout(self) -> None:
        kept = self._kept()
        geometry = kept.value("window/geometry")
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(1366, 768)
        if not self.layout_of_panels.restore(kept):
            self.switches.reset()

    def _kept(self) -> QSettings:
        """Geometry only; what the user chooses is in ``settings.json``."""
        return QSettings(str(self._services.home / "window.ini"), QSettings.Format.IniFormat)

    def show_about(self) -> None:
        """Which build this is, and what others made."""
        AboutWindow(self._services.packs, self._services.resources, self).show()

    def begin(self, images: list[Path], demo: bool, case: Path | None = None) -> None:
        """Once the window is up: what is there to work with, and what it was asked to open."""
        self.crash.look_back()
        self.language_model.look()
        self.map.once_up(self._warm_up)
        if case is None and not images:
            self.help.welcome()
        if demo:
            self.intake.open_demo()
            return
        self.tile_sets.refresh(choose=self._settings.choices.tile_sets)
        if case is not None:
            self.cases.open(case)
        elif not images:
            self.cases.offer_what_was_left()
        if images:
            self.intake.take_files(images)

    def _warm_up(self) -> None:
        """After the map: while the models' libraries are mapped, an import elsewhere waits for them.

        It waits with Python's lock in its hand, and nothing else turns for as long as 200 ms.
        """
        if self.isVisible():  # it may be closed by now
            self.analysis.warm_up()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.intake.enter(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.intake.light_up(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.intake.drop(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        kept = self._kept()
        kept.setValue("window/geometry", self.saveGeometry())
        self.layout_of_panels.save(kept)
        self.help.close()
        self.analysis.stop()
        self.cases.close()
        self.jobs.close()
        for dialog in self.findChildren(QDialog):
            dialog.close()
        event.accept()
