"""The compare panel: canvas, its few controls, captions."""

import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QSlider,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gleam_app.imagery.query import Query
from gleam_app.imagery.views import PLANAR_VIEWS
from gleam_app.retrieval.results import Candidate
from gleam_app.ui.buttons import tool_button
from gleam_app.ui.compare.canvas import CompareCanvas, Mode
from gleam_app.ui.compare.pair import Pair, TileReader, prepare
from gleam_app.ui.compare.words import candidate_caption, query_caption, word
from gleam_app.ui.icons import bind_icon, icon_pixmap, icon_size
from gleam_app.ui.images import Pyramid
from gleam_app.ui.panels.frame import ElidedLabel
from gleam_app.ui.strings import Lang
from gleam_app.ui.theme import DARK, LIGHT, SPACE_1, SPACE_2, SPACE_3

log = logging.getLogger(__name__)

Region = Sequence[tuple[float, float]] | None
ICONS = {
    "side": "columns-2",
    "aligned": "layers-2",
    "swipe": "square-split-horizontal",
    "blend": "blend",
    "lines": "waypoints",
    "north": "compass",
    "fit": "maximize",
}  # in place of the words where there is no room for these
SLIDER_PX = 60


class _Relay(QObject):
    """Carries a prepared pair from the worker to the GUI thread."""

    prepared = Signal(int, object)


class ComparePanel(QWidget):
    """Query and candidate, side by side or aligned.

    ``read_tile(tile, size_px)`` gives the picture of a candidate without verified geometry; it is
    called on a worker thread. Without it the candidate's thumbnail is shown.
    """

    pair_shown = Signal()
    help_wanted = Signal(str)  # the guide's section about it

    def __init__(self, parent: QWidget | None = None, read_tile: TileReader | None = None) -> None:
        super().__init__(parent)
        self.read_tile = read_tile
        self._lang: Lang = "en"
        self._query: Query | None = None
        self._candidate: Candidate | None = None
        self._known: tuple[Query, Pyramid] | None = None
        self._turn = 0
        self._pending: Future[None] | None = None
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="gleam-compare")
        self._relay = _Relay()
        self._relay.prepared.connect(self._show, Qt.ConnectionType.QueuedConnection)
        pool = self._pool
        self.destroyed.connect(lambda: pool.shutdown(wait=False, cancel_futures=True))
        self.canvas = CompareCanvas(self)
        self._build()
        self.set_language("en")
        self.set_theme(False)
        self.show_pair(None, None)

    def _build(self) -> None:
        self._controls = {key: _toggle(icon, key != "fit") for key, icon in ICONS.items()}
        self._buttons = {key: self._controls[key] for key in ("side", "aligned", "swipe", "blend")}
        self._lines, self._north, self._fit = (
            self._controls[key] for key in ("lines", "north", "fit")
        )
        groups = (QButtonGroup(self), QButtonGroup(self))
        for group, names in zip(groups, (("side", "aligned"), ("swipe", "blend")), strict=True):
            for name in names:
                group.addButton(self._buttons[name])
            group.buttonClicked.connect(self._apply_mode)
        for button in (self._buttons["side"], self._buttons["swipe"], self._lines, self._north):
            button.setChecked(True)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, 100)
        self._slider.setValue(50)
        self._slider.setMinimumWidth(SLIDER_PX)
        self._slider.setMaximumWidth(180)

        bar = QHBoxLayout()
        bar.setContentsMargins(SPACE_2, SPACE_1, SPACE_2, SPACE_1)
        bar.setSpacing(SPACE_1)
        for widget in self._buttons.values():
            bar.addWidget(widget)
        bar.addWidget(self._slider)
        bar.addStretch(1)
        self.help, self.help_when_empty = self._help_button(), self._help_button()
        for widget in (self._lines, self._north, self._fit, self.help):
            bar.addWidget(widget)

        self._captions = (ElidedLabel(), ElidedLabel())
        under = QHBoxLayout()
        under.setContentsMargins(SPACE_3, SPACE_1, SPACE_3, SPACE_1)
        under.setSpacing(SPACE_3)
        for caption in self._captions:
            caption.setProperty("role", "caption")
            under.addWidget(caption, 1)

        shown = QWidget()
        rows = QVBoxLayout(shown)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addLayout(bar)
        rows.addWidget(self.canvas, 1)
        rows.addLayout(under)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._build_empty())
        self._stack.addWidget(shown)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)

        self._slider.valueChanged.connect(self._apply_share)
        self.canvas.share_changed.connect(self._take_share)
        self._lines.toggled.connect(self._apply_lines)
        self._north.toggled.connect(self._apply_north)
        self._fit.clicked.connect(self.canvas.fit)

    def _help_button(self) -> QToolButton:
        button = tool_button("circle-help", "guide.help")
        button.clicked.connect(lambda: self.help_wanted.emit("compare"))
        return button

    def _build_empty(self) -> QWidget:
        self._empty_icon, self._empty_title, self._empty_text = QLabel(), QLabel(), QLabel()
        self._empty_title.setProperty("role", "empty-title")
        self._empty_text.setProperty("role", "secondary")
        self._empty_text.setWordWrap(True)
        empty = QWidget()
        column = QVBoxLayout(empty)
        column.setContentsMargins(SPACE_2, SPACE_1, SPACE_2, SPACE_1)
        column.setSpacing(SPACE_1)
        column.addWidget(self.help_when_empty, 0, Qt.AlignmentFlag.AlignRight)
        column.addStretch(1)
        for label in (self._empty_icon, self._empty_title, self._empty_text):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        column.addStretch(1)
        return empty

    # ---- what is shown ---------------------------------------------------------------------

    def show_pair(self, query: Query | None, candidate: Candidate | None) -> None:
        """Show this pair as soon as it is ready; until then the one before stays. None: nothing to compare."""
        self._turn += 1
        self._query, self._candidate = query, candidate
        if self._pending is not None:
            self._pending.cancel()
        if query is None or candidate is None:
            self.canvas.show_pair(None)
            self._known = self._known if query else None
            self._stack.setCurrentIndex(0)
            return
        known = self._known[1] if self._known and self._known[0] is query else None
        self._pending = self._pool.submit(self._prepare, self._turn, query, candidate, known)

    def highlight_evidence(self, query_region: Region, tile_region: Region) -> None:
        """Light two polygons of (x, y) pixels, in the query and in the window; None or empty: none."""
        self.canvas.highlight(
            np.array(query_region or (), np.float64).reshape(-1, 2),
            np.array(tile_region or (), np.float64).reshape(-1, 2),
        )

    def swipe(self) -> None:
        """Lay the query over the candidate and swipe between them; again: side by side."""
        swiping = self.canvas.mode is Mode.SWIPE
        self._buttons["side" if swiping else "aligned"].setChecked(True)
        self._buttons["swipe"].setChecked(True)
        self._apply_mode()

    def set_theme(self, dark: bool) -> None:
        tokens = DARK if dark else LIGHT
        self.canvas.tokens = tokens
        self.canvas.update()
        icon = icon_pixmap("columns-2", tokens.disabled, 28, self.devicePixelRatioF())
        self._empty_icon.setPixmap(icon)

    def set_language(self, lang: Lang) -> None:
        self._lang = lang
        for key, control in self._controls.items():
            control.setText(word(key, lang))
            control.setAccessibleName(word(key, lang))
        self.canvas.missing = word("no_tile", lang)
        self.canvas.setAccessibleName(word("canvas", lang))
        self._empty_title.setText(word("empty.title", lang))
        self._empty_text.setText(word("empty.text", lang))
        self._apply_mode()
        self._write_captions()

    # ---- the slow part ---------------------------------------------------------------------

    def _prepare(
        self, turn: int, query: Query, candidate: Candidate, known: Pyramid | None
    ) -> None:
        if turn != self._turn:
            return
        try:
            pair = prepare(query, candidate, self.read_tile, known)
        except Exception:  # a source that vanished: the query alone is still worth seeing
            log.warning("cannot show candidate", exc_info=True)
            pair = prepare(query, candidate, None, known)
        self._relay.prepared.emit(turn, pair)

    @Slot(int, object)
    def _show(self, turn: int, pair: Pair) -> None:
        if turn != self._turn:
            return
        self._known = (pair.query, pair.query_picture)
        self.canvas.show_pair(pair)
        self._apply_mode()
        self._write_captions()
        self._stack.setCurrentIndex(1)
        self.pair_shown.emit()

    # ---- controls --------------------------------------------------------------------------

    def _apply_mode(self) -> None:
        measured = self._candidate is not None and self._candidate.alignment is not None
        over = measured and self._buttons["aligned"].isChecked()
        blend = self._buttons["blend"].isChecked()
        before = self.canvas.mode
        self.canvas.mode = Mode.SIDE if not over else Mode.BLEND if blend else Mode.SWIPE
        self._buttons["aligned"].setEnabled(measured)
        self._buttons["side"].setChecked(not over)
        planar = self._query is not None and self._query.view in PLANAR_VIEWS
        turned = self._candidate is not None and bool(self._candidate.turn_deg) and planar
        self._lines.setVisible(measured and not over)
        self._north.setVisible((measured or turned) and not over)
        for widget in (self._buttons["swipe"], self._buttons["blend"], self._slider):
            widget.setVisible(over)
        self._slider.setAccessibleName(
            word("slider.blend" if blend else "slider.swipe", self._lang)
        )
        if (before is Mode.SIDE) != (self.canvas.mode is Mode.SIDE):
            self.canvas.fit()
        self._choose_words_or_icons()
        self.canvas.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._choose_words_or_icons()

    def _choose_words_or_icons(self) -> None:
        """Words where they fit beside each other, else icons with the words as their tooltips."""
        style = Qt.ToolButtonStyle
        shown = [one for one in self._controls.values() if not one.isHidden()]
        for control in self._controls.values():
            control.setToolButtonStyle(style.ToolButtonTextOnly)
        needed = sum(control.sizeHint().width() + SPACE_1 for control in shown) + 2 * SPACE_2
        needed += self.help.sizeHint().width() + SPACE_1
        needed += 0 if self._slider.isHidden() else SLIDER_PX
        narrow = needed > self.width()
        for control in self._controls.values():
            if narrow:
                control.setToolButtonStyle(style.ToolButtonIconOnly)
            control.setToolTip(control.text() if narrow else "")

    def _apply_share(self, percent: int) -> None:
        if round(self.canvas.share * 100) != percent:
            self.canvas.share = percent / 100
            self.canvas.update()

    def _take_share(self, share: float) -> None:
        self._slider.setValue(round(share * 100))

    def _apply_lines(self, on: bool) -> None:
        self.canvas.lines = on
        self.canvas.update()

    def _apply_north(self, on: bool) -> None:
        self.canvas.set_north_up(on)
        self._write_captions()

    def _write_captions(self) -> None:
        left, right = self._captions
        turn = self.canvas.query_turn_deg
        left.setText(query_caption(self._query, turn, self._lang) if self._query else "")
        right.setText(candidate_caption(self._candidate, self._lang) if self._candidate else "")


def _toggle(icon: str, checkable: bool) -> QToolButton:
    button = QToolButton()
    button.setIconSize(icon_size() * 0.8)
    bind_icon(button, button.setIcon, icon)
    button.setCheckable(checkable)
    button.setAutoRaise(True)
    return button
