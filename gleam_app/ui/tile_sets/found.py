"""What was found in the files and folders to be added: one line a source, and its CRS where none is named."""

from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gleam_app.errors import GleamError
from gleam_app.imagery.exif import clean_text
from gleam_app.ui.buttons import ChoiceBox, tool_button
from gleam_app.ui.icons import bind_icon
from gleam_app.ui.lengths import lengths
from gleam_app.ui.messages.translate import in_one_line, translate
from gleam_app.ui.panels.frame import ElidedLabel
from gleam_app.ui.plural import counted
from gleam_app.ui.strings import bind_text, tr
from gleam_app.ui.theme import SPACE_1, SPACE_2, SPACE_3
from gleam_app.ui.tile_sets.adding import Adding
from gleam_app.ui.tile_sets.entries import metres_text
from gleam_app.ui.tile_sets.sign import caption
from gleam_app.ui.tile_sets.survey import Found

COMMON_CRS = ("EPSG:4326", "EPSG:3857")


LINES_AT_ONCE = 8  # made in one turn of the event loop: many sources must not hold it up


class FoundList(QWidget):
    """One line for each source, with what is known of it. ``left_out``: not this one after all."""

    left_out = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._lines: dict[Path, FoundLine] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACE_2)

    def show_found(self, adding: Adding) -> None:
        """Follow ``adding``: lines come and go with its sources."""
        known = {one.path: one for one in adding.found}
        for path in [path for path in self._lines if path not in adding.paths]:
            line = self._lines.pop(path)
            self._column.removeWidget(line)
            line.deleteLater()
        fresh = 0
        for path in adding.paths:
            if path not in self._lines:
                fresh += 1
                if fresh > LINES_AT_ONCE:
                    QTimer.singleShot(0, self, lambda: self.show_found(adding))
                    break
                line = self._lines[path] = FoundLine(path)
                line.left_out.connect(self.left_out)
                self._column.addWidget(line)
            self._lines[path].show_found(known.get(path))


class FoundLine(QWidget):
    """A source: name, kind, detail, extent; or what is wrong with it."""

    left_out = Signal(object)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._icon = QLabel()
        self._icon.setFixedWidth(18)
        name = ElidedLabel(Qt.TextElideMode.ElideMiddle)
        name.setText(clean_text(path.name or path))
        self.facts, self.notes = caption(), caption()
        drop = tool_button("x", "add.leave_out")
        drop.clicked.connect(lambda: self.left_out.emit(path))
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(name)
        words.addWidget(self.facts)
        words.addWidget(self.notes)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_2)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addWidget(drop, 0, Qt.AlignmentFlag.AlignTop)
        self._show_icon("image", "secondary")

    def _show_icon(self, icon: str, token: str) -> None:
        bind_icon(self, lambda made: self._icon.setPixmap(made.pixmap(16, 16)), icon, token)

    def show_found(self, found: Found | None) -> None:
        """None: it is being looked at."""
        self.notes.hide()
        if found is None:
            self.facts.setText(tr("add.looking"))
            return
        folder = found.kind in ("tiles", "rasters", "pictures")
        if found.error is not None:
            self._show_icon("triangle-alert", "contradicted")
            self.facts.setText(in_one_line(found.error))
            return
        if found.needs_crs:
            self._show_icon("triangle-alert", "possible")
            self.facts.setText(" · ".join([tr(f"add.kind.{found.kind}"), tr("add.no_crs")]))
            return
        self._show_icon("folder-open" if folder else "image", "secondary")
        self.facts.setText(found_text(found))
        if found.notes:
            self.notes.setText("\n".join(map(translate, found.notes)))
            self.notes.show()


def found_text(found: Found) -> str:
    """Kind, resolution, CRS and area in one line."""
    parts = [tr(f"add.kind.{found.kind}")]
    if found.pictures:
        parts.append(counted("add.pictures", found.pictures))
    if found.resolution_m:
        parts.append(tr("add.resolution", metres=metres_text(found.resolution_m)))
    if found.crs:
        parts.append(found.crs)
    if found.area_km2:
        parts.append(lengths.area(found.area_km2))
    return " · ".join(parts)


class CrsQuestion(QFrame):
    """Asks for the CRS of sources that have a position but name none. ``named``: what was entered."""

    named = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "offer")
        self.text, self.error = QLabel(), caption()
        self.text.setWordWrap(True)
        bind_text(self.text, self.text.setText, "add.crs.ask")
        self.error.setProperty("tone", "bad")
        self.box = _CrsBox()
        self.box.entered.connect(self._name)
        self.use = QPushButton()
        bind_text(self.use, self.use.setText, "add.crs.use")
        self.use.clicked.connect(self._name)
        row = QHBoxLayout()
        row.setSpacing(SPACE_2)
        row.addWidget(self.box, 1)
        row.addWidget(self.use)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_3, SPACE_2, SPACE_3, SPACE_3)
        column.setSpacing(SPACE_1)
        column.addWidget(self.text)
        column.addLayout(row)
        column.addWidget(self.error)
        self.hide()

    def show_question(self, asked: bool, recent: tuple[str, ...], error: GleamError | None) -> None:
        """Ask, offering the recent answers; or go away."""
        if asked and self.isHidden():
            self.box.offer(tuple(dict.fromkeys((*recent, *COMMON_CRS))))
            self.show()
            self.box.setFocus()
        self.setVisible(asked)
        self.error.setText(in_one_line(error) if error is not None else "")
        self.error.setVisible(error is not None)

    def _name(self) -> None:
        text = self.box.currentText().strip()
        if text:
            self.named.emit(text)


class _CrsBox(ChoiceBox):
    """A field with the recent answers behind it; Enter stays here."""

    entered = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        bind_text(self, self.setAccessibleName, "add.crs")
        edit = self.lineEdit()
        if edit is not None:
            bind_text(edit, edit.setPlaceholderText, "add.crs.example")
            bind_text(edit, edit.setAccessibleName, "add.crs")

    def offer(self, names: tuple[str, ...]) -> None:
        self.clear()
        self.addItems(list(names))
        self.setCurrentIndex(-1)
        self.clearEditText()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered.emit()
        else:
            super().keyPressEvent(event)
