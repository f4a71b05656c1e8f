"""Where the user's data lies, how much it is, and how to move it."""

from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from gleam_app.services import Services
from gleam_app.ui.jobs import Jobs
from gleam_app.ui.panels.frame import ElidedLabel
from gleam_app.ui.settings_dialog.machine import folder_bytes
from gleam_app.ui.settings_dialog.parts import Page, text_label
from gleam_app.ui.strings import bind_text, tr
from gleam_app.ui.theme import SPACE_1, SPACE_4, mono_font
from gleam_app.ui.tile_sets.entries import size_text


def data_folders(services: Services) -> dict[str, Path]:
    """The folders by the key of their name; not all of them need exist."""
    home = services.home
    return {
        "settings.folder.home": home,
        "settings.folder.packs": services.packs.folder,
        "settings.folder.tiles": home / "tiles",
        "settings.folder.cases": home / "cases",
        "settings.folder.logs": home / "logs",
    }


class FoldersPage(Page):
    def __init__(self, services: Services, jobs: Jobs) -> None:
        super().__init__("settings.folders")
        self._jobs = jobs
        self.folders = data_folders(services)
        self.sizes: dict[str, QLabel] = {}
        self._buttons: dict[str, QPushButton] = {}
        for key, folder in self.folders.items():
            self._add_folder(key, folder)
        self.add_heading("settings.move")
        self.moving = self.add_text("settings.move.how")
        self.moving.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.end()

    def _add_folder(self, key: str, folder: Path) -> None:
        path = ElidedLabel(Qt.TextElideMode.ElideMiddle)
        path.setText(str(folder))
        path.setFont(mono_font())
        path.setProperty("role", "secondary")
        size = self.sizes[key] = text_label(role="secondary")
        size.setWordWrap(False)
        button = self._buttons[key] = QPushButton()
        bind_text(button, button.setText, "settings.folder.open")
        bind_text(
            button,
            lambda text: button.setAccessibleName(f"{text}: {tr(key)}"),
            "settings.folder.open",
        )
        button.clicked.connect(lambda: self.open(key))
        words = QVBoxLayout()
        words.setSpacing(SPACE_1 // 2)
        words.addWidget(text_label(key))
        words.addWidget(path)
        row = QHBoxLayout()
        row.setSpacing(SPACE_4)
        row.addLayout(words, 1)
        row.addWidget(size)
        row.addWidget(button)
        self.column.addLayout(row)

    def open(self, key: str) -> None:
        """Show the folder in the desktop's file manager."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.folders[key])))

    def refresh(self) -> None:
        for key, folder in self.folders.items():
            self._buttons[key].setEnabled(folder.is_dir())

        def measured(sizes: dict[str, int]) -> None:
            for key, size in sizes.items():
                self.sizes[key].setText(size_text(size) if size else "")

        self._jobs.start(
            tr("settings.folders"),
            lambda work: {key: folder_bytes(folder) for key, folder in self.folders.items()},
            done=measured,
            quiet=True,
        )
