"""The review window: two pictures, their texts in both languages, and the answers, all by keyboard."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gleam_app.errors import GleamError
from gleam_app.explain.wording import Lang
from gleam_app.retrieval.results import Candidate
from gleam_app.ui.panels.frame import EmptyState
from gleam_app.ui.panels.notice import Notice
from gleam_app.ui.settings import Settings
from gleam_app.ui.shortcut_list import ShortcutList
from gleam_app.ui.strings import language, tr
from gleam_app.ui.theme import theme
from training.gleam_x.records import evidence_of
from training.gleam_x.review import words as _words  # noqa: F401  adds its words to the table
from training.gleam_x.review.answers import REASONS, Reason
from training.gleam_x.review.bar import AnswerBar
from training.gleam_x.review.desk import Desk
from training.gleam_x.review.folder import Review
from training.gleam_x.review.head import Head
from training.gleam_x.review.keys import COMMANDS, make_actions
from training.gleam_x.review.pair_panel import PairPanel
from training.gleam_x.review.pictures import load_pair, tile_region
from training.gleam_x.review.text_panel import TextPanel


class ReviewWindow(QMainWindow):
    """Shows a desk and does to it what the reviewer says."""

    def __init__(self, review: Review, desk: Desk, name: str, settings: Settings) -> None:
        super().__init__()
        self.desk = desk
        self._review, self._name, self._settings = review, name, settings
        self._shown: tuple[str, bool] | None = None  # the pair whose pictures are shown, and how
        self._candidate: Candidate | None = None
        self.notice = Notice()
        self.actions_by_id = make_actions(self, self._handlers())
        self.head = Head(desk, self.actions_by_id)
        self.compare = PairPanel()
        self.texts = {lang: TextPanel(lang) for lang in desk.langs}
        self.bar = AnswerBar(self.actions_by_id, desk.langs)
        self._lay_out()
        for lang, panel in self.texts.items():
            panel.edited.connect(lambda text, lang=lang: self._edit(lang, text))
            panel.pointed.connect(self._light)
        self.compare.pair_shown.connect(self._rest_on_pictures)
        self.bar.note.textEdited.connect(self._note)
        self.bar.note.returnPressed.connect(self._finish_note)
        language.changed.connect(self._restyle)
        theme.changed.connect(self._restyle)
        self._restyle()

    def _lay_out(self) -> None:
        both = QSplitter(Qt.Orientation.Horizontal)
        both.setHandleWidth(1)
        both.setChildrenCollapsible(False)
        for panel in self.texts.values():
            both.addWidget(panel)
        self._below = QStackedWidget()
        self._below.addWidget(both)
        self._below.addWidget(EmptyState("eye", "review.blind.title", "review.blind.text"))
        halves = QSplitter(Qt.Orientation.Vertical)
        halves.setHandleWidth(1)
        halves.setChildrenCollapsible(False)
        halves.addWidget(self.compare)
        halves.addWidget(self._below)
        halves.setSizes([420, 380])
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self.head, self.notice, halves, self.bar):
            column.addWidget(widget, int(widget is halves))
        self.whole = QWidget()
        self.whole.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.whole.setLayout(column)
        self.setCentralWidget(self.whole)
        self.resize(1366, 860)

    def _handlers(self) -> dict[str, Callable[[], object]]:
        desk = self.desk
        does: dict[str, Callable[[], object]] = {
            "accept": lambda: self._decide(lambda: desk.accept(self.bar.scope)),
            "label": lambda: self._decide(lambda: desk.reject("label")),
            "scope": lambda: self.bar.cycle_scope(),
            "edit_en": lambda: self._write("en"),
            "edit_zh": lambda: self._write("zh"),
            "restore": lambda: self._do(self._restore),
            "note": lambda: self.bar.note.setFocus(Qt.FocusReason.ShortcutFocusReason),
            "leave": self._leave,
            "align": lambda: self.compare.toggle_aligned(),
            "match": lambda: self._do(lambda: desk.judge(True)),
            "different": lambda: self._do(lambda: desk.judge(False)),
            "skip": lambda: self._do(desk.skip),
            "undo": lambda: self._do(desk.undo),
            "previous": lambda: self._do(lambda: desk.go(-1)),
            "next": lambda: self._do(lambda: desk.go(1)),
            "shortcuts": self._list_keys,
            "language": self._switch_language,
            "theme": self._switch_theme,
        }
        does |= {
            f"reject_{number}": partial(self._reject, reason)
            for number, reason in enumerate(REASONS, start=1)
        }
        return does

    # ---- what is shown ---------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the desk as it stands."""
        desk = self.desk
        now = (desk.record.id, desk.hidden)
        if self._shown != now:
            self._shown = now
            self.bar.reset_scope()
            self._show_pictures()
            self._leave()
        self._below.setCurrentIndex(int(desk.hidden))
        self.bar.show_judging(desk.hidden)
        for command in COMMANDS:
            usable = command.when == "always" or (command.when == "judging") == desk.hidden
            self.actions_by_id[command.id].setEnabled(usable)
        for lang, panel in self.texts.items():
            panel.show_text(desk.record, desk.answer.of(lang), desk.text(lang))
        if self.bar.note.text() != desk.answer.note:
            self.bar.note.setText(desk.answer.note)
        self.head.refresh()

    def _show_pictures(self) -> None:
        desk, names = self.desk, (tr("review.image1"), tr("review.image2"))
        query = self._candidate = None
        try:
            query, self._candidate = load_pair(
                desk.record, self._review.folder, names, not desk.hidden
            )
        except GleamError as error:
            self.notice.show_error(error)
        self.compare.show_pair(query, self._candidate)

    def _light(self, fact: str) -> None:
        """Show in the pictures where a measurement was made."""
        record, candidate = self.desk.record, self._candidate
        found = [item for item in evidence_of(record) if item.id == fact]
        if found and candidate is not None:
            there = tile_region(found[0], record, candidate)
            points = None if there is None else [(float(x), float(y)) for x, y in there]
            self.compare.highlight_evidence(found[0].query_region, points)
        else:
            self.compare.highlight_evidence(None, None)

    def _restyle(self) -> None:
        self.setWindowTitle(tr("review.title", name=self._name))
        self.compare.set_language(language.code)
        self.compare.set_theme(theme.dark)
        self.bar.refresh()
        self._shown = None
        self.refresh()

    # ---- what the reviewer does ------------------------------------------------------------

    def _do(self, act: Callable[[], object]) -> None:
        """Do it, and show how things stand; what cannot be done is said, and nothing has changed."""
        self.notice.clear()
        try:
            act()
        except GleamError as error:
            self.notice.show_error(error)
            return
        self.refresh()

    def _decide(self, act: Callable[[], object]) -> None:
        """A decision; the next one is about all texts again."""
        self._do(act)
        self.bar.reset_scope()

    def _reject(self, reason: Reason) -> None:
        if reason == "other" and not self.desk.answer.note.strip():
            self.bar.note.setProperty("rejects", True)  # Enter in the note completes it
            self.bar.note.setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            self._decide(lambda: self.desk.reject(reason, self.bar.scope))

    def _finish_note(self) -> None:
        rejects = bool(self.bar.note.property("rejects"))
        self._leave()
        if rejects and self.desk.answer.note.strip():
            self._decide(lambda: self.desk.reject("other", self.bar.scope))

    def _edit(self, lang: Lang, text: str) -> None:
        self._keep(lambda: self.desk.edit(lang, text))
        self.texts[lang].show_text(self.desk.record, self.desk.answer.of(lang), text)

    def _note(self, text: str) -> None:
        self._keep(lambda: self.desk.note(text))

    def _keep(self, act: Callable[[], object]) -> None:
        """Keep what is being typed; the window stays as it is."""
        try:
            act()
        except GleamError as error:
            self.notice.show_error(error)

    def _restore(self) -> None:
        for lang in self.bar.scope or self.desk.langs:
            self.desk.restore(lang)

    def _write(self, lang: Lang) -> None:
        if lang in self.texts:
            self.texts[lang].editor.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _leave(self) -> None:
        """Keys are commands again."""
        self.bar.note.setProperty("rejects", False)
        shown = self.compare.canvas.isVisible()
        rest = self.compare.canvas if shown else self.whole
        rest.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _rest_on_pictures(self) -> None:
        """The pictures have come: arrows and + and - move in them."""
        if self.focusWidget() is self.whole:
            self._leave()

    def _list_keys(self) -> None:
        ShortcutList(self.actions_by_id.values(), self).open()

    def _switch_language(self) -> None:
        self._settings.change(language="zh" if language.code == "en" else "en")
        language.choose(self._settings.choices.language)
        theme.take_font()

    def _switch_theme(self) -> None:
        self._settings.change(theme="light" if theme.dark else "dark")
        theme.choose(self._settings.choices.theme)
