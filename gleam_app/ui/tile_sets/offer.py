"""What a tile set needs from the person, said in its row with the buttons that do it."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from gleam_app.ui.strings import tr
from gleam_app.ui.theme import SPACE_2, SPACE_3
from gleam_app.ui.tile_sets.builds import Build
from gleam_app.ui.tile_sets.entries import Entry, source_name

NAMED = 2  # sources named before "and 3 more"


@dataclass(frozen=True)
class What:
    """A sentence and up to two things to do: (what, words). The second one is the careful one."""

    text: str
    first: tuple[str, str]
    second: tuple[str, str] | None = None
    grave: bool = False


def offer_for(entry: Entry, build: Build | None, confirming: str) -> What | None:
    """The one thing that matters most; None while all is well."""
    if confirming == "remove":
        return What(
            tr("sets.remove.ask", name=entry.name),
            ("remove", tr("sets.remove")),
            ("keep", tr("sets.keep")),
            grave=True,
        )
    if confirming == "discard":
        return What(
            tr("sets.discard.ask"),
            ("discard", tr("sets.discard")),
            ("keep", tr("sets.keep")),
            grave=True,
        )
    if build is not None:
        return None
    if entry.half_built is not None or entry.info.state == "incomplete":
        if not entry.resumable:
            pack = entry.half_built.pack if entry.half_built is not None else ""
            text = tr("sets.half_built.other_pack", pack=pack)
            return What(text, ("discard", tr("sets.discard.more")))
        key = "sets.half_built.usable" if entry.usable else "sets.half_built"
        return What(tr(key), ("resume", tr("sets.resume")), ("discard", tr("sets.discard.more")))
    if entry.info.state == "damaged":
        return What(tr("sets.damaged"), ("remove", tr("sets.remove.more")))
    if entry.info.state == "unreadable":  # nothing is known to be wrong: nothing is thrown away
        return What(tr("sets.unreadable"), ("look", tr("sets.look_again")))
    if entry.fits is False:
        return What(tr("sets.other_pack", pack=entry.info.pack), ("reembed", tr("sets.reembed")))
    if entry.missing:
        names = [source_name(record.given) for record in entry.missing]
        text = ", ".join(names[:NAMED])
        if len(names) > NAMED:
            text = tr("sets.and_more", names=text, count=len(names) - NAMED)
        return What(
            tr("sets.missing", names=text),
            ("relink", tr("sets.relink")),
            ("reembed", tr("sets.reembed")),
        )
    return None


class Offer(QFrame):
    """Shows one offer; ``asked`` says which of its buttons was pressed."""

    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "offer")
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.first, self.second = QPushButton(), QPushButton()
        self._what: What | None = None
        self.first.clicked.connect(lambda: self._press(0))
        self.second.clicked.connect(lambda: self._press(1))
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE_2)
        buttons.addWidget(self.first)
        buttons.addWidget(self.second)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_3, SPACE_2, SPACE_3, SPACE_3)
        column.setSpacing(SPACE_2)
        column.addWidget(self.text)
        column.addLayout(buttons)
        self.hide()

    def show_offer(self, what: What | None) -> None:
        """Show it, or nothing."""
        if what == self._what:
            return
        self._what = what
        self.setVisible(what is not None)
        if what is None:
            return
        self.text.setText(what.text)
        self.first.setText(what.first[1])
        self.first.setProperty("role", "grave" if what.grave else "")
        self.first.style().polish(self.first)
        self.second.setVisible(what.second is not None)
        self.second.setText(what.second[1] if what.second else "")

    def _press(self, number: int) -> None:
        what = self._what
        if what is None:
            return
        chosen = what.second if number else what.first
        if chosen is not None:
            self.asked.emit(chosen[0])
