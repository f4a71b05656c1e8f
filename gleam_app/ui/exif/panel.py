"""The page behind the picture: what the file says, what that implies, and how it fits the answer."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from gleam_app.geo.measure import rough_length
from gleam_app.ui.buttons import ChoiceBox, link_button
from gleam_app.ui.exif.facts import FileFacts
from gleam_app.ui.exif.sentences import (
    check_sentence,
    doubt_sentence,
    file_rows,
    heading_sentence,
    implied_sentences,
)
from gleam_app.ui.icons import bind_icon
from gleam_app.ui.messages.translate import join
from gleam_app.ui.strings import bind_text, language, tr
from gleam_app.ui.theme import SPACE_1, SPACE_2, SPACE_3, mono_font

RADII_M = (100, 250, 500, 1_000, 2_000, 5_000, 20_000)
USUAL_RADIUS_M = 500
_MONO = ("exif.position",)


class FactsPage(QScrollArea):
    """``near_wanted``: search within so many metres of the file's position."""

    near_wanted = Signal(float)
    show_wanted = Signal()
    copy_wanted = Signal()

    def __init__(self, facts: FileFacts) -> None:
        super().__init__()
        self.setObjectName("file_facts")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        bind_text(self, self.setAccessibleName, "command.file_facts")
        self._facts = facts
        self._words = QVBoxLayout()
        self._words.setContentsMargins(0, 0, 0, 0)
        self._words.setSpacing(SPACE_1)
        self._controls = self._make_controls()
        inside = QWidget()
        inside.setObjectName("card")
        column = QVBoxLayout(inside)
        column.setContentsMargins(SPACE_3, SPACE_2, SPACE_3, SPACE_3)
        column.setSpacing(SPACE_2)
        column.addLayout(self._words)
        column.addWidget(self._controls)
        unused = _label("", "caption")
        bind_text(unused, unused.setText, "exif.unused")
        column.addWidget(unused)
        column.addStretch(1)
        self.setWidget(inside)
        facts.changed.connect(self.refresh)
        language.changed.connect(self.refresh)
        self.refresh()

    def _make_controls(self) -> QWidget:
        self.show_button = link_button("exif.show")
        self.show_button.clicked.connect(self.show_wanted)
        self.copy_button = link_button("exif.copy")
        self.copy_button.clicked.connect(self.copy_wanted)
        self.radius = ChoiceBox()
        bind_text(self.radius, self.radius.setAccessibleName, "exif.radius")
        for metres in RADII_M:
            self.radius.addItem("", metres)
        self.radius.setCurrentIndex(RADII_M.index(USUAL_RADIUS_M))
        self.near = QPushButton()
        bind_text(self.near, self.near.setText, "exif.near")
        self.near.clicked.connect(lambda: self.near_wanted.emit(float(self.radius.currentData())))
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_2)
        links, row = QHBoxLayout(), QHBoxLayout()
        links.setSpacing(SPACE_3)
        links.addWidget(self.show_button)
        links.addWidget(self.copy_button)
        links.addStretch(1)
        row.setSpacing(SPACE_2)
        row.addWidget(self.near)
        row.addWidget(self.radius)
        row.addStretch(1)
        column.addLayout(links)
        column.addLayout(row)
        return whole

    def refresh(self) -> None:
        """Write everything anew."""
        known = self._facts
        _empty(self._words)
        if known.check is not None:
            words = check_sentence(known.check, known.rank, known.units)
            if known.contradicts:
                self._add_sentence(
                    join(words, tr("exif.contradicts.advice")),
                    "triangle-alert",
                    colour="contradicted",
                )
            else:
                self._add_sentence(words, "check")
        if known.heading is not None:
            words = heading_sentence(known.heading, known.rank)
            if known.heading.agrees:
                self._add_sentence(words, "check")
            else:
                advice = tr("exif.contradicts.heading.advice")
                self._add_sentence(join(words, advice), "triangle-alert", colour="possible")
        self._add_heading("exif.implies")
        for sentence in implied_sentences(known.facts, known.implied, known.units):
            self._add_sentence(sentence)
        if known.doubts:
            self._add_heading("exif.doubts")
            for doubt in known.doubts:
                self._add_sentence(doubt_sentence(doubt, known.units), "info")
        self._add_rows()
        self._controls.setVisible(known.position is not None)
        for index in range(self.radius.count()):
            self.radius.setItemText(index, rough_length(self.radius.itemData(index), known.units))

    def _add_heading(self, key: str) -> None:
        label = _label(tr(key), "heading")
        label.setContentsMargins(0, SPACE_1, 0, 0)
        self._words.addWidget(label)

    def _add_sentence(self, text: str, icon: str = "", colour: str = "secondary") -> None:
        """``colour`` of the sign; what contradicts is written in that colour too."""
        label = _label(text)
        label.setProperty("tone", "bad" if colour == "contradicted" else "")
        if not icon:
            self._words.addWidget(label)
            return
        row, sign = QWidget(), QLabel()
        bind_icon(sign, lambda made: sign.setPixmap(made.pixmap(14, 14)), icon, colour)
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(SPACE_2)
        line.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(label, 1)
        self._words.addWidget(row)

    def _add_rows(self) -> None:
        known = self._facts
        rows = file_rows(known.facts, known.size, known.style, known.units)
        if not rows:
            return
        self._add_heading("exif.in_file")
        table = QWidget()
        form = QFormLayout(table)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(SPACE_3)
        form.setVerticalSpacing(SPACE_1)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        for key, value in rows:
            shown = _label(value)
            if key in _MONO:
                shown.setFont(mono_font())
            name = _label(tr(key), "secondary")
            name.setWordWrap(False)
            form.addRow(name, shown)
        self._words.addWidget(table)


def _label(text: str, role: str = "") -> QLabel:
    """Plain text: it may quote a stranger's file."""
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setText(text)
    label.setWordWrap(True)
    label.setMinimumWidth(1)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if role:
        label.setProperty("role", role)
    return label


def _empty(layout: QVBoxLayout) -> None:
    while layout.count():
        item = layout.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()
