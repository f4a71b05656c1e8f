"""The query: its picture, the view it is taken for, its heading, and what the camera wrote."""

import math

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gleam_app.geo.coordinates import format_position
from gleam_app.imagery.query import VIEWS, Query
from gleam_app.ui.buttons import ChoiceBox, tool_button
from gleam_app.ui.images import Pyramid
from gleam_app.ui.panels.frame import ElidedLabel, EmptyState, Panel
from gleam_app.ui.panels.picture import PictureView
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
        self.view = ChoiceBox()
        self.view.activated.connect(self._choose_view)
        self.heading = QLineEdit()
        self.heading.setFixedWidth(88)
        bind_text(self.heading, self.heading.setPlaceholderText, "query.heading.unknown")
        bind_text(self.heading, self.heading.setToolTip, "query.heading.hint")
        bind_text(self.heading, self.heading.setAccessibleName, "query.heading")
        bind_text(self.view, self.view.setAccessibleName, "query.view")
        self.heading.editingFinished.connect(self._enter_heading)
        self.exif = ElidedLabel()
        self.exif.setProperty("role", "caption")
        self._facts = self._facts_strip()
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.picture)
        self.body.addWidget(self.stack, 1)
        self.body.addWidget(self._facts)
        session.query_changed.connect(self._show_query)
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
        column = QVBoxLayout()
        column.setContentsMargins(SPACE_3, SPACE_2, SPACE_3, SPACE_2)
        column.setSpacing(SPACE_2)
        column.addLayout(row)
        column.addWidget(self.exif)
        strip = QWidget()
        strip.setProperty("role", "strip")
        strip.setLayout(column)
        return strip

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
        self._fit.setVisible(query is not None)
        self._facts.setVisible(query is not None)
        self.stack.setCurrentWidget(self.picture if query is not None else self.empty)
        self._show_activity()
        if query is None:
            return
        self.view.clear()
        guess = self._session.guessed_view or query.view
        self.view.addItem(tr("view.guessed", view=tr(f"view.{guess}")), None)
        for view in VIEWS:
            self.view.addItem(tr(f"view.{view}"), view)
        self.view.setCurrentIndex(0 if query.view_guessed else 1 + VIEWS.index(query.view))
        heading = self._session.heading_deg
        self.heading.setText("" if heading is None else f"{heading:g}")
        self.heading.setProperty("bad", False)
        self.exif.setText(exif_line(query))

    def _choose_view(self, index: int) -> None:
        self.view_chosen.emit(self.view.itemData(index))

    def _enter_heading(self) -> None:
        text = self.heading.text().strip().rstrip("°")
        heading = parse_heading(text)
        bad = bool(text) and heading is None
        self.heading.setProperty("bad", bad)
        self.heading.style().polish(self.heading)
        self.heading.setToolTip(tr("query.heading.bad" if bad else "query.heading.hint"))
        if not bad:
            self.heading_entered.emit(heading)


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
