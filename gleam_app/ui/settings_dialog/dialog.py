"""The dialog: the pages' names at the left, the page at the right. There is nothing to confirm."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gleam_app.services import Services
from gleam_app.ui.buttons import link_button
from gleam_app.ui.commands import Commands
from gleam_app.ui.icons import make_icon
from gleam_app.ui.jobs import Jobs
from gleam_app.ui.preferences import Preferences
from gleam_app.ui.settings_dialog.folders import FoldersPage
from gleam_app.ui.settings_dialog.general import GeneralPage
from gleam_app.ui.settings_dialog.keys import KeysPage
from gleam_app.ui.settings_dialog.parts import Page, reword
from gleam_app.ui.settings_dialog.performance import PerformancePage
from gleam_app.ui.settings_dialog.privacy import PrivacyPage
from gleam_app.ui.shortcuts import Shortcuts
from gleam_app.ui.strings import bind_text, tr
from gleam_app.ui.theme import SPACE_2, SPACE_3, theme

NAMES_PX = 184
ICONS = {
    "general": "sliders-horizontal",
    "performance": "cpu",
    "privacy": "shield",
    "folders": "hard-drive",
    "shortcuts": "keyboard",
}


class SettingsDialog(QDialog):
    """Not modal: the window behind it shows what a choice does."""

    def __init__(
        self,
        window: QWidget,
        services: Services,
        jobs: Jobs,
        preferences: Preferences,
        commands: Commands,
    ) -> None:
        super().__init__(window)
        self.setObjectName("settings")
        bind_text(self, self.setWindowTitle, "settings.title")
        self.general = GeneralPage(preferences)
        self.performance = PerformancePage(preferences, jobs)
        self.privacy = PrivacyPage(services, jobs)
        self.folders = FoldersPage(services, jobs)
        self.shortcuts = KeysPage(commands, Shortcuts(preferences))
        self.pages: dict[str, Page | KeysPage] = {
            "general": self.general,
            "performance": self.performance,
            "privacy": self.privacy,
            "folders": self.folders,
            "shortcuts": self.shortcuts,
        }
        self.names = QListWidget()
        self.names.setObjectName("names")
        self.names.setFixedWidth(NAMES_PX)
        self.names.setIconSize(QSize(18, 18))
        self.names.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        bind_text(self.names, self.names.setAccessibleName, "settings.title")
        self.stack = QStackedWidget()
        for page in self.pages.values():
            self.names.addItem(QListWidgetItem())
            self.stack.addWidget(page)
        self.names.currentRowChanged.connect(self._turn)
        self._lay_out(commands)
        theme.changed.connect(self._name_pages)
        reword(self, self._name_pages)
        self.resize(800, 560)
        self.names.setCurrentRow(0)

    def _lay_out(self, commands: Commands) -> None:
        left = QVBoxLayout()
        left.setContentsMargins(SPACE_2, SPACE_3, SPACE_2, SPACE_3)
        left.addWidget(self.names, 1)
        if "about" in commands.actions:
            about = link_button("command.about")
            about.clicked.connect(commands["about"].trigger)
            about.setContentsMargins(SPACE_2, 0, 0, 0)
            left.addWidget(about)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(left)
        row.addWidget(self.stack, 1)

    def _name_pages(self) -> None:
        for row, (name, icon) in enumerate(ICONS.items()):
            item = self.names.item(row)
            item.setText(tr(f"settings.{name}"))
            item.setIcon(make_icon(icon, "secondary"))

    def _turn(self, row: int) -> None:
        self.stack.setCurrentIndex(row)
        if self.isVisible():
            list(self.pages.values())[row].refresh()

    def open_at(self, page: str = "") -> None:
        """Come up, at this page or where it was left."""
        self.show()
        self.raise_()
        self.activateWindow()
        row = list(self.pages).index(page) if page else self.names.currentRow()
        if row == self.names.currentRow():
            self._turn(row)
        self.names.setCurrentRow(row)
        if row != list(self.pages).index("shortcuts"):
            self.names.setFocus()
