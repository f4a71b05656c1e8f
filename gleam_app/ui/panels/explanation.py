"""The explanation of the selected candidate: its wording as it is written, and the evidence behind it."""

import re
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QUrl, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QTextBrowser,
    QToolTip,
    QWidget,
)

from gleam_app.ui.icons import bind_icon
from gleam_app.ui.panels.frame import ElidedLabel, EmptyState, Panel
from gleam_app.ui.panels.model_choice import ModelChoice
from gleam_app.ui.session import ExplainPhase, Session
from gleam_app.ui.strings import bind_text, language, tr
from gleam_app.ui.theme import CAPTION_PX, SPACE_2, SPACE_3, theme

if TYPE_CHECKING:
    from gleam_app.explain.claims import Claim
    from gleam_app.explain.evidence import Evidence

MARK = re.compile(r"\[(E\d+(?:\s*,\s*E\d+)*)\]")


def with_chips(text: str) -> str:
    """Untrusted text as HTML, its marks [E3] as chips that know their evidence."""
    return MARK.sub(
        lambda match: " ".join(chip(one.strip()) for one in match[1].split(",")), escape(text)
    ).replace("\n", "<br>")


def chip(evidence_id: str) -> str:
    """A small mark that leads to its evidence."""
    tokens = theme.tokens
    return (
        f'<a href="ev:{evidence_id}" style="color:{tokens.accent}; text-decoration:none;'
        f' background-color:{tokens.selected}; font-size:{CAPTION_PX}px; font-weight:600">'
        f"&nbsp;{evidence_id}&nbsp;</a>"
    )


class ExplanationPanel(Panel):
    """Shows the session's explanation. ``evidence_pointed``: the pointer is on a mark (or None)."""

    explain_requested = Signal()
    stop_requested = Signal()
    fetch_requested = Signal()
    evidence_pointed = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__("explain.title", "explanation")
        self._session = session
        self._model_state = ""
        self.empty = EmptyState("message-square-text", "explain.empty.title", "explain.empty.text")
        self.text = QTextBrowser()
        self.text.setOpenLinks(False)
        bind_text(self.text, self.text.setAccessibleName, "explain.title")
        self.text.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.text.document().setDocumentMargin(SPACE_3)
        self.text.highlighted.connect(self._point)
        self.button = QPushButton()
        self.button.clicked.connect(self._press)
        self.model = ModelChoice()
        self.header.addWidget(self.model)
        self.header.addWidget(self.button)
        self.state = ElidedLabel()
        self.state.setProperty("role", "caption")
        self.fetch = QPushButton()
        self.fetch.setProperty("role", "link")
        bind_text(self.fetch, self.fetch.setText, "explain.fetch")
        bind_icon(self.fetch, self.fetch.setIcon, "download", "accent")
        self.fetch.clicked.connect(self.fetch_requested)
        self.fetch.hide()
        self._foot = QWidget()
        self._foot.setProperty("role", "strip")
        row = QHBoxLayout(self._foot)
        row.setContentsMargins(SPACE_3, 0, SPACE_2, 0)
        row.setSpacing(SPACE_2)
        row.addWidget(self.state, 1)
        row.addWidget(self.fetch)
        self._foot.setFixedHeight(28)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.text)
        self.body.addWidget(self.stack, 1)
        self.body.addWidget(self._foot)
        session.explanation_changed.connect(self.refresh)
        session.activity_changed.connect(self.refresh)
        language.changed.connect(self.refresh)
        theme.changed.connect(self.refresh)
        self.refresh()

    def set_model_state(self, state: str, can_fetch: bool) -> None:
        """What there is to say about the language model; empty when it is ready."""
        self._model_state = state
        self.fetch.setVisible(can_fetch)
        self.refresh()

    def refresh(self) -> None:
        session = self._session
        state = session.explain
        self.detail.setText(
            "" if session.rank is None else tr("candidates.rank", rank=session.rank)
        )
        self.button.setText(tr("command.stop" if state.running else "command.explain"))
        self.button.setEnabled(session.candidate is not None and not session.locating)
        if session.candidate is None:
            self.empty.text.setText(tr("explain.empty.text"))
        else:
            self.empty.text.setText(tr("explain.empty.waiting"))
        something = session.candidate is not None and bool(state.evidence or state.text)
        self.stack.setCurrentWidget(self.text if something else self.empty)
        self.state.setText(self._state_line())
        self._foot.setVisible(bool(self.state.text()) or not self.fetch.isHidden())
        if session.candidate is not None:
            self._show_text()

    def _show_text(self) -> None:
        """The wording grows at the top, the evidence stays below; the reader's place is kept."""
        bar = self.text.verticalScrollBar()
        place = bar.value()
        self.text.setHtml(self._html())
        bar.setValue(min(place, bar.maximum()))

    def _html(self) -> str:
        state = self._session.explain
        blocks = []
        explanation = state.explanation
        if explanation is not None and explanation.claims:
            blocks += [_claim(claim) for claim in explanation.claims]
        elif state.text:
            blocks.append(f"<p>{with_chips(state.text)}</p>")
        for weight in ("for", "against", "neutral"):
            items = [item for item in state.evidence if item.weight == weight]
            if items:
                blocks.append(_heading(weight))
                blocks.append(_table(items))
        return "".join(blocks)

    def _state_line(self) -> str:
        state = self._session.explain
        if state.phase is ExplainPhase.STARTING:
            return tr("explain.starting")
        if state.phase is ExplainPhase.WRITING:
            return tr("explain.writing")
        if state.phase is ExplainPhase.STOPPED:
            return tr("explain.stopped")
        if state.explanation is not None:
            seconds = sum(state.explanation.timings_ms.values()) / 1000
            pack = state.explanation.pack or tr("explain.model.evidence")
            return tr("explain.done", pack=pack, seconds=f"{seconds:.1f}")
        return self._model_state if self._session.candidate is not None else ""

    def _press(self) -> None:
        if self._session.explain.running:
            self.stop_requested.emit()
        else:
            self.explain_requested.emit()

    def _point(self, link: QUrl) -> None:
        """The pointer is on a mark: say its evidence, and let the pictures show where it is."""
        wanted = link.toString().removeprefix("ev:")
        item = next((one for one in self._session.explain.evidence if one.id == wanted), None)
        self.evidence_pointed.emit(item)
        if item is not None:
            QToolTip.showText(QCursor.pos() + QPoint(0, 12), escape(_words(item)), self.text)
        else:
            QToolTip.hideText()


def _words(item: "Evidence") -> str:
    return item.text_zh if language.code == "zh" else item.text_en


def _heading(weight: str) -> str:
    colours = {
        "for": theme.tokens.verified,
        "against": theme.tokens.contradicted,
        "neutral": theme.tokens.secondary,
    }
    return (
        f'<p style="margin-top:12px; margin-bottom:2px; font-size:{CAPTION_PX}px; font-weight:600;'
        f' color:{colours[weight]}">{escape(tr(f"explain.{weight}"))}</p>'
    )


def _table(items: "list[Evidence]") -> str:
    rows = "".join(
        f'<tr><td style="padding-right:8px; padding-top:3px">{chip(item.id)}</td>'
        f'<td style="padding-top:3px">{escape(_words(item))}</td></tr>'
        for item in items
    )
    return f'<table cellspacing="0" cellpadding="0">{rows}</table>'


def _claim(claim: "Claim") -> str:
    """A sentence with its marks: plain if supported or seen, struck if not, framed in red if contradicted."""
    sentence = with_chips(claim.text)
    if claim.supported:
        return f'<p style="margin-bottom:6px">{sentence}</p>'
    tokens = theme.tokens
    if claim.status == "seen":
        note = (
            f'<span style="color:{tokens.secondary}; font-size:{CAPTION_PX}px">'
            f"{escape(claim.note)}</span>"
        )
        return f'<p style="margin-bottom:6px">{sentence} &nbsp;{note}</p>'
    note = " · ".join(filter(None, (tr(f"explain.{claim.status}"), claim.note)))
    said = (
        f'<span style="color:{tokens.contradicted}; font-size:{CAPTION_PX}px">{escape(note)}</span>'
    )
    if claim.status == "contradicted":
        return (
            f'<table width="100%" border="1" cellspacing="0" cellpadding="6" style="border-style:solid;'
            f' border-color:{tokens.contradicted}; border-collapse:collapse; margin-bottom:6px"><tr>'
            f"<td>{sentence}<br>{said}</td></tr></table>"
        )
    return (
        f'<p style="margin-bottom:6px; color:{tokens.secondary}"><s>{sentence}</s> &nbsp;{said}</p>'
    )
