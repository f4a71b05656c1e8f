"""A pack unfolded: what it is for, where it comes from, what uses it, and what can be done."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from gleam_app.imagery.exif import clean_text
from gleam_app.ui.messages.translate import translate
from gleam_app.ui.packs.entries import Entry
from gleam_app.ui.strings import bind_text, tr
from gleam_app.ui.theme import SPACE_1, SPACE_2, SPACE_3
from gleam_app.ui.tile_sets.sign import action_button, caption

SHOWN_ORIGINS = 3


class PackDetails(QWidget):
    """``asked``: ``prefer``, ``verify``, ``licence``, ``measured`` or ``remove``."""

    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.description = caption()
        self._facts = QGridLayout()
        self._facts.setContentsMargins(0, 0, 0, 0)
        self._facts.setHorizontalSpacing(SPACE_3)
        self._facts.setVerticalSpacing(2)
        self._facts.setColumnStretch(1, 1)
        self.buttons: dict[str, QPushButton] = {
            what: action_button(icon, key)
            for what, icon, key in (
                ("measured", "list-ordered", "packs.measured.none"),
                ("licence", "notebook-pen", "packs.licence"),
                ("prefer", "check", "packs.prefer"),
                ("verify", "shield-check", "packs.verify"),
                ("remove", "trash-2", "packs.remove"),
            )
        }
        for what in ("prefer", "verify"):
            bind_text(self.buttons[what], self.buttons[what].setToolTip, f"packs.{what}.hint")
        pages, actions = QHBoxLayout(), QHBoxLayout()
        for what, button in self.buttons.items():
            button.clicked.connect(lambda *_, what=what: self.asked.emit(what))
            (pages if what in ("measured", "licence") else actions).addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_2)
        column.addWidget(self.description)
        column.addLayout(self._facts)
        for row in (pages, actions):
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(SPACE_1)
            row.addStretch(1)
            column.addLayout(row)
        self.hide()

    def show_entry(self, entry: Entry, busy: bool) -> None:
        """Its facts; nothing can be changed while something is under way with it."""
        manifest = entry.status.manifest
        ready = entry.state == "ready"
        measured = len(manifest.evaluation) if manifest is not None else 0
        self.buttons["measured"].setEnabled(measured > 0)
        key = "packs.measured" if measured else "packs.measured.none"
        self.buttons["measured"].setText(tr(key, count=measured))
        self.buttons["licence"].setEnabled(manifest is not None)
        self.buttons["prefer"].setVisible(ready and not entry.active)
        self.buttons["verify"].setEnabled(ready and not busy)
        self.buttons["prefer"].setEnabled(not busy)
        self.buttons["remove"].setEnabled(entry.disk_bytes > 0 and not busy)
        self.description.setText(manifest.description if manifest is not None else "")
        self.description.setVisible(bool(self.description.text()))
        self._clear()
        if entry.status.detail:
            self._fact(
                "packs.fact.wrong" if entry.state in _WRONG else "", translate(entry.status.detail)
            )
        if manifest is not None:
            origins = list(dict.fromkeys(origin.source for origin in manifest.origin))
            more = "…" if len(origins) > SHOWN_ORIGINS else ""
            views = [
                tr("packs.experimental", view=tr(f"view.{view}"))
                if view in manifest.experimental_views
                else tr(f"view.{view}")
                for view in manifest.views
            ]
            self._fact("packs.fact.use", manifest.use)
            self._fact("packs.fact.origin", "; ".join(origins[:SHOWN_ORIGINS]) + more)
            self._fact("packs.fact.views", ", ".join(views))
            self._fact("packs.fact.tile_sets", ", ".join(entry.tile_sets))
            hint = tr("packs.fact.preference.hint")
            self._fact("packs.fact.preference", str(manifest.preference), hint)
        self._fact("packs.fact.folder", str(entry.status.folder))

    def _clear(self) -> None:
        while self._facts.count():
            item = self._facts.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()

    def _fact(self, key: str, text: str, tip: str = "") -> None:
        if not text:
            return
        row = self._facts.rowCount()
        name, value = QLabel(tr(key) if key else ""), caption(clean_text(text, limit=600))
        name.setProperty("role", "caption")
        value.setProperty("role", "")
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for label in (name, value):
            label.setToolTip(tip)
        self._facts.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
        self._facts.addWidget(value, row, 1)


_WRONG = ("corrupt", "incompatible")
