"""How pictures and files come into the window: dialogs, the clipboard, drops, the demo."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from gleam_app.errors import GleamError
from gleam_app.ui.analysis import Analysis
from gleam_app.ui.cases.room import CaseRoom
from gleam_app.ui.cases.untitled import SUFFIX
from gleam_app.ui.incoming import (
    PICTURE_SUFFIXES,
    carries_picture,
    dialog_filter,
    local_files,
    picture_bytes,
)
from gleam_app.ui.packs.room import is_pack_file
from gleam_app.ui.strings import tr
from gleam_app.ui.tile_sets.library import TileSets


class Lit(Protocol):
    """A place that can show that a drop would be taken."""

    def light_up(self, lit: bool) -> None: ...


class Intake(QObject):
    """Takes what is dropped on ``window`` or asked for. ``failed``: (panel, error).

    ``packs_taken``: files that the pack manager takes.
    """

    failed = Signal(str, object)
    packs_taken = Signal(list)

    def __init__(
        self,
        window: QWidget,
        analysis: Analysis,
        cases: CaseRoom,
        tile_sets: TileSets,
        targets: Sequence[Lit],
    ) -> None:
        super().__init__(window)
        self._window, self._targets = window, targets
        self._analysis, self._cases, self._tile_sets = analysis, cases, tile_sets

    # ---- asking ---------------------------------------------------------------------------------

    def ask_for_picture(self) -> None:
        wanted = dialog_filter(tr("query.filter"), PICTURE_SUFFIXES)
        name, _ = QFileDialog.getOpenFileName(self._window, tr("query.open_title"), "", wanted)
        if name:
            self._analysis.open_file(Path(name))

    def ask_for_pictures(self) -> None:
        wanted = dialog_filter(tr("query.filter"), PICTURE_SUFFIXES)
        names, _ = QFileDialog.getOpenFileNames(self._window, tr("query.open_title"), "", wanted)
        if names:
            self._cases.add([Path(name) for name in names])

    def ask_for_picture_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self._window, tr("queries.folder_title"))
        if name:
            self._cases.add([Path(name)])

    def open_demo(self) -> None:
        """The demo's imagery and its first query."""
        self._tile_sets.ensure_demo()
        query = self._tile_sets.demo_query()
        if query is not None:
            self._analysis.open_file(query)

    # ---- taking ---------------------------------------------------------------------------------

    def paste(self) -> None:
        """A picture or a file from the clipboard."""
        # None on some platforms while the clipboard is empty, whatever the annotations say
        self.take(QGuiApplication.clipboard().mimeData() or QMimeData())

    def take(self, mime: QMimeData) -> None:
        """Files, or a picture itself."""
        files = local_files(mime)
        data = None if files else picture_bytes(mime)
        if files:
            self.take_files(files)
        elif data is not None:
            self._analysis.open_bytes(data, tr("query.pasted"))
        else:
            error = GleamError(tr("query.clipboard_empty"), tr("query.clipboard_hint"))
            self.failed.emit("query", error)

    def take_files(self, files: Sequence[Path]) -> None:
        """Dropped or pasted files: a case is opened, pictures are queries, the rest may be imagery."""
        case = next((path for path in files if path.suffix.lower() == SUFFIX), None)
        packs = [path for path in files if is_pack_file(path)]
        others = [path for path in files if path not in packs]
        if packs:
            self.packs_taken.emit(packs)
        if case is not None:
            self._cases.open(case)
        elif others:
            self._cases.sort_drop(others)

    # ---- drops ----------------------------------------------------------------------------------

    def enter(self, event: QDragEnterEvent) -> None:
        """Something is dragged over the window: show where it can go, if it can be taken."""
        if carries_picture(event.mimeData()):
            event.acceptProposedAction()
            self.light_up(True)

    def drop(self, event: QDropEvent) -> None:
        self.light_up(False)
        event.acceptProposedAction()
        self.take(event.mimeData())

    def light_up(self, lit: bool) -> None:
        """Show in every target that a drop would be taken, or not any more."""
        for target in self._targets:
            target.light_up(lit)
