"""A tile set unfolded: what it was made from, and what can be done with it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gleam_app.imagery.exif import clean_text
from gleam_app.ui.icons import icon_pixmap
from gleam_app.ui.panels.frame import ElidedLabel
from gleam_app.ui.strings import bind_text, tr
from gleam_app.ui.theme import SPACE_1, SPACE_2, SPACE_3, theme
from gleam_app.ui.tile_sets.entries import Entry, scales_text, source_name
from gleam_app.ui.tile_sets.sign import action_button

SHOWN_SOURCES = 6


class Details(QWidget):
    """``asked``: ``join``, ``verify``, ``relink`` or ``remove``."""

    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[Entry, str] | None = None
        self._facts = QGridLayout()
        self._facts.setContentsMargins(0, 0, 0, 0)
        self._facts.setHorizontalSpacing(SPACE_3)
        self._facts.setVerticalSpacing(2)
        self._facts.setColumnStretch(1, 1)
        self.buttons = {
            what: action_button(icon, f"sets.{what}.short")
            for what, icon in (
                ("join", "plus"),
                ("verify", "shield-check"),
                ("relink", "link"),
                ("remove", "trash-2"),
            )
        }
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_1)
        for what, button in self.buttons.items():
            button.clicked.connect(lambda *_, what=what: self.asked.emit(what))
            bind_text(button, button.setToolTip, f"sets.{what}.hint")
            row.addWidget(button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_2)
        column.addLayout(self._facts)
        column.addLayout(row)
        self.hide()

    def show_entry(self, entry: Entry, building: bool) -> None:
        """Its scales, pack and sources; nothing can be changed while it is ``building``."""
        for what, button in self.buttons.items():
            button.setEnabled(not building and (entry.usable or what == "remove"))
        key = (entry, tr("sets.scales") + theme.tokens.text)
        if key == self._shown:
            return
        self._shown = key
        while self._facts.count():
            item = self._facts.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        info, half = entry.info, entry.half_built
        scales = info.scales_m or (list(half.scales_m) if half is not None else [])
        if scales:
            self._fact(tr("sets.scales"), scales_text(scales))
        if info.pack:
            self._fact(tr("sets.pack"), info.pack)
        missing = {record.path for record in entry.missing}
        sources = [(record.given, record.path) for record in info.sources]
        if not sources and half is not None:
            sources = [(given, given) for given in half.sources]
        for number, (given, path) in enumerate(sources[:SHOWN_SOURCES]):
            title = tr("sets.sources") if not number else ""
            self._fact(title, source_name(given), clean_text(path), gone=path in missing)
        if len(sources) > SHOWN_SOURCES:
            self._fact("", tr("sets.more_sources", count=len(sources) - SHOWN_SOURCES))

    def _fact(self, title: str, text: str, tip: str = "", gone: bool = False) -> None:
        row = self._facts.rowCount()
        name, value = QLabel(title), ElidedLabel(Qt.TextElideMode.ElideMiddle)
        for label in (name, value):
            label.setProperty("role", "caption")
        value.setText(text)
        line = QWidget()
        inside = QHBoxLayout(line)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(SPACE_1)
        if gone:
            mark = QLabel()
            ratio = self.devicePixelRatioF()
            mark.setPixmap(icon_pixmap("triangle-alert", theme.tokens.possible, 12, ratio))
            inside.addWidget(mark)
            tip = f"{tr('sets.gone')} {tip}"
        inside.addWidget(value, 1)
        line.setToolTip(tip)
        self._facts.addWidget(name, row, 0)
        self._facts.addWidget(line, row, 1)
