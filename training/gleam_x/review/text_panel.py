"""One language's explanation: its text to edit, and under it what each sentence rests on."""

from html import escape

from PySide6.QtCore import QPoint, Qt, QUrl, Signal
from PySide6.QtGui import QCursor, QFont
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QSplitter, QTextBrowser, QToolTip

from gleam_app.explain.wording import Lang
from gleam_app.ui.panels.explanation import chip, with_chips
from gleam_app.ui.panels.frame import ElidedLabel, Panel
from gleam_app.ui.strings import bind_text, language, tr
from gleam_app.ui.theme import BASE_PX, CAPTION_PX, SPACE_2, SPACE_3, theme, ui_font
from training.gleam_x.records import PairRecord
from training.gleam_x.review.answers import REASONS, TextAnswer
from training.gleam_x.review.sentences import Sentence, filled, flaw, study, words_of
from training.gleam_x.teachers.check import Status

_SIGNS: dict[Status, tuple[str, str]] = {
    "supported": ("✓", "verified"),
    "contradicted": ("✕", "contradicted"),
    "unknown": ("○", "secondary"),
}


class TextPanel(Panel):
    """``edited`` comes with every keystroke; ``pointed`` with the id under the pointer, "" for none."""

    edited = Signal(str)
    pointed = Signal(str)

    def __init__(self, lang: Lang) -> None:
        super().__init__(f"review.text.{lang}", f"text-{lang}")
        self.lang = lang
        self._record: PairRecord | None = None
        self._answer = TextAnswer()
        self.state = QLabel()
        self.state.setTextFormat(Qt.TextFormat.PlainText)
        self.header.addWidget(self.state)
        self.editor = QPlainTextEdit()
        self.editor.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.editor.document().setDocumentMargin(SPACE_3)
        self.editor.setTabChangesFocus(True)
        bind_text(self.editor, self.editor.setAccessibleName, f"review.text.{lang}")
        self.basis = QTextBrowser()
        self.basis.setOpenLinks(False)
        self.basis.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.basis.document().setDocumentMargin(SPACE_3)
        self.basis.setTextInteractionFlags(Qt.TextInteractionFlag.LinksAccessibleByMouse)
        bind_text(self.basis, self.basis.setAccessibleName, "review.sentences")
        halves = QSplitter(Qt.Orientation.Vertical)
        halves.setHandleWidth(1)
        halves.addWidget(self.editor)
        halves.addWidget(self.basis)
        halves.setChildrenCollapsible(False)
        halves.setSizes([200, 240])
        self.fault = ElidedLabel()
        self.fault.setProperty("role", "caption")
        self.fault.setContentsMargins(SPACE_3, 2, SPACE_2, 2)
        self.body.addWidget(halves, 1)
        self.body.addWidget(self.fault)
        self.editor.textChanged.connect(self._take)
        self.basis.highlighted.connect(self._point)

    def show_text(self, record: PairRecord, answer: TextAnswer, text: str) -> None:
        """Show a record's explanation as it stands. The caret stays where the text is the same."""
        self._record, self._answer = record, answer
        if self.editor.toPlainText() != text:
            self.editor.blockSignals(True)
            self.editor.setPlainText(text)
            self.editor.blockSignals(False)
        self.refresh()

    def refresh(self) -> None:
        """Show everything but the text anew: the answer, language or theme changed."""
        record = self._record
        if record is None:
            return
        self._set_fonts()
        said = record.explanations[self.lang].verdict
        parts = [tr(f"review.says.{said}"), record.explanations[self.lang].teacher]
        if self._answer.text is not None:
            parts.insert(0, tr("review.edited"))
        self.detail.setText(" · ".join(parts))
        self._show_state()
        text = self.editor.toPlainText()
        wrong = flaw(text, record, self.lang)
        words = tr("review.fault", fault=tr(f"review.fault.{wrong}")) if wrong else ""
        self.fault.setText(words)
        self.fault.setVisible(bool(words))
        place = self.basis.verticalScrollBar().value()
        rows = "".join(self._row(one, record) for one in study(text, record, self.lang))
        self.basis.setHtml(f'<table cellspacing="0" cellpadding="0">{rows}</table>')
        self.basis.verticalScrollBar().setValue(place)

    def _set_fonts(self) -> None:
        """Chinese keeps its full-width punctuation, whatever the language of the window."""
        for box, pixels in ((self.editor, BASE_PX + 1), (self.basis, BASE_PX)):
            font = ui_font(pixels)
            if self.lang == "zh":
                font.unsetFeature(QFont.Tag("pwid"))
            box.setFont(font)
            box.document().setDefaultFont(font)

    def _show_state(self) -> None:
        answer, tokens = self._answer, theme.tokens
        if answer.decision == "accept":
            words, colour = f"✓ {tr('review.accepted')}", tokens.verified
        elif answer.decision == "reject":
            words, colour = (
                f"✕ {tr('review.rejected', reason=_reason(answer))}",
                tokens.contradicted,
            )
        else:
            words, colour = f"○ {tr('review.open')}", tokens.secondary
        self.state.setText(words)
        self.state.setStyleSheet(f"color: {colour}; font-weight: 600")

    def _row(self, sentence: Sentence, record: PairRecord) -> str:
        """A sentence as HTML: sign, words with measured values, and the facts it rests on."""
        sign, role = _SIGNS[sentence.status]
        colour = getattr(theme.tokens, role)
        shown = with_chips(filled(sentence.text, record, self.lang))
        facts = [
            f"{chip(escape(fact))} {escape(_words(fact, record))}".rstrip()
            for fact in sentence.facts
        ]
        note = (
            f'<span style="color:{colour}">{escape(tr(f"review.status.{sentence.status}"))}</span>'
        )
        below = " &nbsp; ".join([note, *facts])
        return (
            f'<tr><td style="padding-right:8px; padding-bottom:8px; color:{colour}">{sign}</td>'
            f'<td style="padding-bottom:8px">{shown}<br><span style="font-size:{CAPTION_PX}px;'
            f' color:{theme.tokens.secondary}">{below}</span></td></tr>'
        )

    def _take(self) -> None:
        self.edited.emit(self.editor.toPlainText())

    def _point(self, link: QUrl) -> None:
        """The pointer is on a mark: say what it stands for, and let the pictures show where it is."""
        wanted = link.toString().removeprefix("ev:")
        self.pointed.emit(wanted)
        words = _words(wanted, self._record) if wanted and self._record else ""
        if words:
            QToolTip.showText(QCursor.pos() + QPoint(0, 12), escape(words), self.basis)
        else:
            QToolTip.hideText()


def _words(fact: str, record: PairRecord) -> str:
    """What a fact id stands for, in the language of the window."""
    if fact == "V1":
        return tr("review.label.match" if record.match else "review.label.different")
    if fact in ("P1", "P2"):
        return tr(f"view.{record.view}" if fact == "P1" else "review.tile")
    return words_of(fact, record, language.code)


def _reason(answer: TextAnswer) -> str:
    if answer.reason in REASONS:
        return tr(f"review.reject_{REASONS.index(answer.reason) + 1}")
    return tr("review.label")
