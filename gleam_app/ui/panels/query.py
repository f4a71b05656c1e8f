"""The query: its picture, the view it is taken for, its heading, and what the camera wrote."""

import math

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gleam_app.geo.coordinates import format_position
from gleam_app.imagery.query import Query
from gleam_app.imagery.views import is_unsigned
from gleam_app.ui.buttons import link_button, tool_button
from gleam_app.ui.images import Pyramid
from gleam_app.ui.panels.frame import ElidedLabel, EmptyState, Panel
from gleam_app.ui.panels.picture import PictureView
from gleam_app.ui.panels.view_box import Caution, ViewBox
from gleam_app.ui.session import Session
from gleam_app.ui.strings import bind_text, language, tr
from gleam_app.ui.theme import SPACE_1, SPACE_2, SPACE_3


class QueryPanel(Panel):
    """The query's picture, or the invitation to drop one. ``demo_requested``: the user wants the demo."""

    view_chosen = Signal(object)
    heading_entered = Signal(object)
    demo_requested = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__("query.title", "query")
        self._session = session
        self.picture = PictureView()
        self.empty = EmptyState(
            "image", "query.empty.title", "query.empty.text", "query.empty.button", outline=True
        )
        assert self.empty.button is not None
        self.empty.button.clicked.connect(self.demo_requested)
        self._fit = tool_button("maximize", "query.fit")
        self._fit.clicked.connect(self.picture.fit)
        self.header.addWidget(self._fit)
        self.view = ViewBox()
        self.view.activated.connect(self._choose_view)
        self.heading = QLineEdit()
        self.heading.setFixedWidth(88)
        bind_text(self.heading, self.heading.setPlaceholderText, "query.heading.unknown")
        bind_text(self.heading, self.heading.setAccessibleName, "query.heading")
        bind_text(self.view, self.view.setAccessibleName, "query.view")
        self.heading.editingFinished.connect(self._enter_heading)
        self.caution = Caution()
        self.exif = ElidedLabel()
        self.exif.setProperty("role", "caption")
        self.unsigned = link_button("view.unsigned")
        self.unsigned.setProperty("type", "caption")
        bind_text(self.unsigned, self.unsigned.setToolTip, "view.unsigned.hint")
        self.unsigned.clicked.connect(lambda: self.view_chosen.emit("ground"))
        self.more, self.back = link_button("exif.more"), link_button("exif.back")
        self._page: QWidget | None = None
        self._page_shown: QAction | None = None
        self._facts = self._facts_strip()
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.picture)
        self.body.addWidget(self.stack, 1)
        self.body.addWidget(self._facts)
        session.query_changed.connect(self._show_query)
        session.support_changed.connect(self._show_query)
        session.activity_changed.connect(self._show_activity)
        language.changed.connect(self._show_query)
        self._show_query()

    def _facts_strip(self) -> QWidget:
        view_label, heading_label = QLabel(), QLabel()
        for label, key in ((view_label, "query.view"), (heading_label, "query.heading")):
            label.setProperty("role", "secondary")
            bind_text(label, label.setText, key)
        row = QHBoxLayout()
        row.setSpacing(SPACE_2)
        row.addWidget(view_label)
        row.addWidget(self.view, 1)
        row.addSpacing(SPACE_1)
        row.addWidget(heading_label)
        row.addWidget(self.heading)
        facts = self._facts_row = QHBoxLayout()
        facts.setSpacing(SPACE_3)
        facts.addWidget(self.exif, 1)
        facts.addWidget(self.unsigned)
        column = QVBoxLayout()
        column.setContentsMargins(SPACE_3, SPACE_2, SPACE_3, SPACE_2)
        column.setSpacing(SPACE_2)
        column.addLayout(row)
        column.addWidget(self.caution)
        column.addLayout(facts)
        strip = QWidget()
        strip.setProperty("role", "strip")
        strip.setLayout(column)
        self._strip = column
        return strip

    def add_file_facts(self, page: QWidget, caution: QWidget, shown: QAction) -> None:
        """``page`` stands in place of the picture while ``shown`` is checked, ``caution`` below always."""
        self._page, self._page_shown = page, shown
        self.stack.addWidget(page)
        self._strip.addWidget(caution)
        for link in (self.more, self.back):
            link.setProperty("type", "caption")
            link.clicked.connect(shown.toggle)
            self._facts_row.addWidget(link)
        shown.toggled.connect(self._show_query)
        self._show_query()

    def show_pyramid(self, pyramid: Pyramid | None) -> None:
        """The picture, ready for painting."""
        self.picture.show_picture(pyramid)

    def _show_activity(self) -> None:
        if self._session.loading:
            self.detail.setText(tr("query.loading", name=self._session.loading))
        else:
            self.detail.setText(self._session.query.name if self._session.query else "")

    def _show_query(self) -> None:
        query = self._session.query
        page = self._page if self._page_shown is not None and self._page_shown.isChecked() else None
        self._fit.setVisible(query is not None and page is None)
        self._facts.setVisible(query is not None)
        self.more.setVisible(page is None)
        self.back.setVisible(page is not None)
        self.stack.setCurrentWidget(self.empty if query is None else page or self.picture)
        self._show_activity()
        if query is None:
            return
        support = self._session.support
        self.view.show_query(query, self._session.guessed_view or query.view, support)
        self.caution.say(support.get(query.view), query.view)
        self.unsigned.setVisible(query.view_guessed and is_unsigned(query.view, query.exif))
        heading = self._session.heading_deg
        self.heading.setText("" if heading is None else f"{heading:g}")
        self._mark_heading(bad=False)
        self.exif.setText(exif_line(query))

    def _choose_view(self, index: int) -> None:
        self.view_chosen.emit(self.view.itemData(index))

    def _enter_heading(self) -> None:
        text = self.heading.text().strip().rstrip("°")
        heading = parse_heading(text)
        bad = bool(text) and heading is None
        self._mark_heading(bad)
        if not bad:
            self.heading_entered.emit(heading)

    def _mark_heading(self, bad: bool) -> None:
        """Whether it is one, and what it means: a panorama has no up on the ground."""
        self.heading.setProperty("bad", bad)
        self.heading.style().polish(self.heading)
        query = self._session.query
        panorama = query is not None and query.view == "panorama"
        hint = "query.heading.hint.panorama" if panorama else "query.heading.hint"
        self.heading.setToolTip(tr("query.heading.bad" if bad else hint))


def parse_heading(text: str) -> float | None:
    """Degrees clockwise from north in [0, 360); None for anything else."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value % 360.0 if math.isfinite(value) and 0.0 <= value <= 360.0 else None


def exif_line(query: Query) -> str:
    """What the camera wrote, in one line."""
    facts, (width, height) = query.exif, query.size
    parts = [tr("query.size", width=width, height=height)]
    if facts.camera:
        parts.append(facts.camera)
    if facts.taken_at:
        parts.append(facts.taken_at.replace("T", " "))
    if facts.lat is not None and facts.lon is not None:
        parts.append(format_position(facts.lat, facts.lon, "dd"))
    if facts.altitude_m is not None:
        parts.append(tr("query.altitude", metres=round(facts.altitude_m)))
    if facts.heading_deg is not None:
        parts.append(tr("query.exif_heading", degrees=round(facts.heading_deg)))
    if len(parts) == 1:
        return tr("query.no_exif", width=width, height=height)
    return " · ".join(parts)
