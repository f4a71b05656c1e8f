"""One tile set in the manager's list: its sign, its facts, what is under way, what can be done."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from gleam_app.ui.buttons import BOX_PX, CheckBox, tool_button
from gleam_app.ui.icons import bind_icon
from gleam_app.ui.panels.frame import ElidedLabel
from gleam_app.ui.panels.notice import Notice
from gleam_app.ui.strings import bind_text, tr
from gleam_app.ui.theme import SPACE_1, SPACE_2, SPACE_3
from gleam_app.ui.tile_sets.builds import Build
from gleam_app.ui.tile_sets.details import Details
from gleam_app.ui.tile_sets.entries import Entry, facts_text, state_sign
from gleam_app.ui.tile_sets.offer import Offer, offer_for
from gleam_app.ui.tile_sets.progress import BuildProgress
from gleam_app.ui.tile_sets.sign import Sign, caption


class SetRow(QFrame):
    """``asked`` says what is wanted of the tile set: ``use``, ``leave``, ``show``, ``hide``, ``pause``,
    ``go_on``, ``stop``, ``resume``, ``discard``, ``reembed``, ``relink``, ``join``, ``verify``, ``remove``
    or ``unfold``.
    """

    asked = Signal(str)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.setProperty("role", "row")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._confirming = ""
        self._entry: Entry | None = None
        self._build: Build | None = None
        self.use = CheckBox()
        bind_text(self.use, self.use.setToolTip, "sets.use.hint")
        self.use.clicked.connect(lambda on: self.asked.emit("use" if on else "leave"))
        self.title = ElidedLabel()
        self.title.setProperty("role", "strong")
        self.title.setText(name)
        self.sign = Sign()
        self.shown = tool_button("eye", "sets.show")
        self.shown.setCheckable(True)
        self.shown.clicked.connect(lambda on: self.asked.emit("show" if on else "hide"))
        self.fold = tool_button("chevron-right", "sets.unfold")
        self.fold.clicked.connect(lambda: self.asked.emit("unfold"))
        self.facts = caption()
        self.progress = BuildProgress()
        self.progress.asked.connect(self.asked)
        self.offer = Offer()
        self.offer.asked.connect(self._answer)
        self.notice = Notice()
        self.details = Details()
        self.details.asked.connect(self._ask)
        self._lay_out()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(SPACE_1)
        head.addWidget(self.use)
        head.addSpacing(SPACE_1)
        head.addWidget(self.title, 1)
        head.addWidget(self.sign)
        head.addWidget(self.shown)
        head.addWidget(self.fold)
        below = QVBoxLayout()
        below.setContentsMargins(BOX_PX + 2 + SPACE_2, 0, SPACE_1, 0)
        below.setSpacing(SPACE_2)
        for part in (self.facts, self.progress, self.offer, self.notice, self.details):
            below.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_3, SPACE_2, SPACE_2, SPACE_3)
        column.setSpacing(2)
        column.addLayout(head)
        column.addLayout(below)

    def show_state(
        self, entry: Entry, build: Build | None, in_use: bool, on_map: bool, unfolded: bool
    ) -> None:
        """Show how the tile set stands."""
        self._entry, self._build = entry, build
        sign = state_sign(entry.state(build))
        self.sign.show_sign(sign.word, sign.icon, sign.token)
        self.use.setChecked(in_use)
        self.use.setEnabled(entry.usable)
        self.use.setAccessibleName(tr("sets.use", name=self.name))
        self.shown.setChecked(on_map)
        facts = facts_text(entry)
        self.facts.setText(facts)
        self.facts.setVisible(bool(facts) and (build is None or entry.usable))
        self.setAccessibleName(f"{self.name}, {sign.word}, {facts}")
        self.progress.setVisible(build is not None)
        if build is not None:
            self.progress.show_build(build)
        self.offer.show_offer(offer_for(entry, build, self._confirming))
        self.details.setVisible(unfolded)
        if unfolded:
            self.details.show_entry(entry, building=build is not None)
        chevron = "chevron-down" if unfolded else "chevron-right"
        bind_icon(self.fold, self.fold.setIcon, chevron, "secondary")

    def _ask(self, what: str) -> None:
        """What cannot be undone is asked once, in the row itself."""
        if what in ("remove", "discard"):
            self._confirm(what)
        else:
            self.asked.emit(what)

    def _answer(self, what: str) -> None:
        if what == "keep":
            self._confirm("")
        elif what in ("remove", "discard") and self._confirming != what:
            self._confirm(what)
        else:
            self._confirming = ""
            self.asked.emit(what)

    def _confirm(self, what: str) -> None:
        self._confirming = what
        if self._entry is not None:
            self.offer.show_offer(offer_for(self._entry, self._build, what))
        if what:
            self.offer.second.setFocus()

    # ---- mouse and keyboard ---------------------------------------------------------------------

    def menu(self) -> QMenu:
        """What can be done with the tile set now, made anew; it goes when it closes."""
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)

        def add(words: str, what: str, can: bool = True, checked: bool | None = None) -> None:
            action = menu.addAction(words.replace("&", "&&"))
            action.setEnabled(can)
            action.setCheckable(checked is not None)
            action.setChecked(bool(checked))
            action.triggered.connect(lambda *_: self._ask(what))

        used, shown, unfolded = (
            self.use.isChecked(), self.shown.isChecked(), not self.details.isHidden()
        )  # fmt: skip
        add(tr("sets.use.hint"), "leave" if used else "use", self.use.isEnabled(), used)
        add(tr("sets.show"), "hide" if shown else "show", True, shown)
        add(tr("sets.unfold"), "unfold", True, unfolded)
        menu.addSeparator()
        build, usable = self._build, self._entry is not None and self._entry.usable
        if build is not None:
            pause = "go_on" if build.paused else "pause"
            add(tr(f"sets.{pause}"), pause, not build.stopping)
            add(tr("sets.stop"), "stop", not build.stopping)
        else:
            add(tr("sets.menu.join"), "join", usable)
            add(tr("sets.menu.verify"), "verify", usable)
            add(tr("sets.menu.relink"), "relink", usable)
            add(tr("sets.remove.more"), "remove")
        return menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu().popup(event.globalPos())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(
            event.position().toPoint()
        ):
            self.asked.emit("unfold")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = Qt.Key
        if event.key() in (keys.Key_Return, keys.Key_Enter):
            self.asked.emit("unfold")
        elif event.key() == keys.Key_Space and self.use.isEnabled():
            self.use.click()
        elif event.key() == keys.Key_Delete:
            self._ask("remove")
        elif event.key() in (keys.Key_Down, keys.Key_Up):
            self._go(1 if event.key() == keys.Key_Down else -1)
        else:
            super().keyPressEvent(event)

    def _go(self, step: int) -> None:
        parent = self.parentWidget()
        rows = parent.findChildren(SetRow) if isinstance(parent, QWidget) else []
        rows.sort(key=lambda row: row.y())
        place = rows.index(self) + step
        if 0 <= place < len(rows):
            rows[place].setFocus(Qt.FocusReason.TabFocusReason)
