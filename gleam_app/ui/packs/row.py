"""One pack in the manager's list: its sign, its facts, what is under way, what can be done."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from gleam_app.packs.connections import Connections
from gleam_app.ui.buttons import tool_button
from gleam_app.ui.icons import bind_icon
from gleam_app.ui.packs.details import PackDetails
from gleam_app.ui.packs.entries import Entry, State, facts_text, state_sign
from gleam_app.ui.packs.library import Doing
from gleam_app.ui.packs.offers import offer_to_fetch, offer_to_remove
from gleam_app.ui.packs.progress import PackProgress
from gleam_app.ui.panels.frame import ElidedLabel
from gleam_app.ui.panels.notice import Notice
from gleam_app.ui.strings import tr
from gleam_app.ui.theme import SPACE_1, SPACE_2, SPACE_3
from gleam_app.ui.tile_sets.offer import Offer
from gleam_app.ui.tile_sets.sign import Sign, action_button, caption


class PackRow(QFrame):
    """``asked`` says what is wanted of the pack: ``plan`` (what fetching would connect to), ``fetch``,
    ``pause``, ``go_on``, ``stop``, ``verify``, ``prefer``, ``remove``, ``licence``, ``measured`` or
    ``unfold``.
    """

    asked = Signal(str)

    def __init__(self, pack_id: str) -> None:
        super().__init__()
        self.pack_id = pack_id
        self.setProperty("role", "row")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._entry: Entry | None = None
        self.title = ElidedLabel()
        self.title.setProperty("role", "strong")
        self.active = Sign()
        self.sign = Sign()
        self.fold = tool_button("chevron-right", "packs.unfold")
        self.fold.clicked.connect(lambda: self.asked.emit("unfold"))
        self.facts = caption()
        self.fetch = action_button("download", "packs.fetch")
        self.fetch.clicked.connect(lambda: self.asked.emit("plan"))
        self.progress = PackProgress()
        self.progress.asked.connect(self.asked)
        self.offer = Offer()
        self.offer.asked.connect(self._answer)
        self.notice = Notice()
        self.details = PackDetails()
        self.details.asked.connect(self._ask)
        self._lay_out()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(SPACE_2)
        head.addWidget(self.title, 1)
        head.addWidget(self.active)
        head.addWidget(self.sign)
        head.addWidget(self.fold)
        line = QHBoxLayout()
        line.setSpacing(SPACE_2)
        line.addWidget(self.facts, 1)
        line.addWidget(self.fetch)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_3, SPACE_2, SPACE_2, SPACE_3)
        column.setSpacing(SPACE_1)
        column.addLayout(head)
        column.addLayout(line)
        for part in (self.progress, self.offer, self.notice, self.details):
            column.addWidget(part)

    def show_state(self, entry: Entry, doing: Doing | None, unfolded: bool) -> None:
        """Show how the pack stands."""
        self._entry = entry
        title = entry.status.title
        self.title.setText(title)
        sign = state_sign(_state(entry, doing))
        self.sign.show_sign(sign.word, sign.icon, sign.token)
        self.active.setVisible(entry.active)
        self.active.show_sign(tr("packs.active"), "check", "accent")
        facts = facts_text(entry)
        self.facts.setText(facts)
        self.setAccessibleName(f"{title}, {sign.word}, {facts}")
        self.fetch.setVisible(entry.fetchable and doing is None)
        self.fetch.setText(tr("packs.fetch.more" if entry.arrived_bytes else "packs.fetch"))
        self.progress.setVisible(doing is not None)
        if doing is not None and doing.task is not None:
            self.progress.show_task(doing.task, "", doing.what == "fetch", doing.stopping)
            self.offer.show_offer(None)
        self.details.setVisible(unfolded)
        if unfolded:
            self.details.show_entry(entry, doing is not None)
        chevron = "chevron-down" if unfolded else "chevron-right"
        bind_icon(self.fold, self.fold.setIcon, chevron, "secondary")

    def offer_fetch(self, plan: Connections) -> None:
        """Say what fetching would connect to, and wait for the click."""
        if self._entry is not None and self._entry.fetchable:
            self.offer.show_offer(offer_to_fetch(self._entry, plan))
            self.offer.first.setFocus()

    def _ask(self, what: str) -> None:
        """What cannot be undone is asked once, in the row itself."""
        if what == "remove" and self._entry is not None:
            self.offer.show_offer(offer_to_remove(self._entry))
            self.offer.second.setFocus()
        else:
            self.asked.emit(what)

    def _answer(self, what: str) -> None:
        self.offer.show_offer(None)
        if what != "keep":
            self.asked.emit(what)

    # ---- mouse and keyboard ---------------------------------------------------------------------

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        inside = self.rect().contains(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and inside:
            self.asked.emit("unfold")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.asked.emit("unfold")
        elif event.key() == Qt.Key.Key_Delete and self._entry and self._entry.disk_bytes:
            self._ask("remove")
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Down)
        else:
            super().keyPressEvent(event)


def _state(entry: Entry, doing: Doing | None) -> State:
    if doing is None or doing.task is None:
        return entry.state
    if doing.stopping:
        return "stopping"
    if doing.what == "fetch":
        return "paused" if doing.task.paused else "fetching"
    return "checking"
