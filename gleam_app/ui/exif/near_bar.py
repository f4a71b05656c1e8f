"""The bar above the map while a query is searched only around a position."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from gleam_app.geo.measure import rough_length
from gleam_app.ui.buttons import link_button
from gleam_app.ui.exif.facts import FileFacts
from gleam_app.ui.icons import bind_icon
from gleam_app.ui.panels.frame import ElidedLabel
from gleam_app.ui.session import Session
from gleam_app.ui.strings import language, tr
from gleam_app.ui.theme import SPACE_2, SPACE_3

BAR_PX = 32


class NearBar(QWidget):
    """Hidden while the search is not restricted."""

    def __init__(self, session: Session, facts: FileFacts) -> None:
        super().__init__()
        self._session, self._facts = session, facts
        self.setProperty("role", "strip-below")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(BAR_PX)
        sign = QLabel()
        bind_icon(sign, lambda icon: sign.setPixmap(icon.pixmap(14, 14)), "list-filter", "accent")
        self.words = ElidedLabel()
        self.stop = link_button("exif.near.stop")
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE_3, 0, SPACE_3, 0)
        row.setSpacing(SPACE_2)
        row.addWidget(sign)
        row.addWidget(self.words, 1)
        row.addWidget(self.stop)
        session.near_changed.connect(self.refresh)
        facts.changed.connect(self.refresh)
        language.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Say what the search is restricted to."""
        near = self._session.near
        self.setVisible(near is not None)
        if near is not None:
            distance = rough_length(near[2], self._facts.units)
            of_file = near[:2] == self._facts.position
            key = "exif.near.bar" if of_file else "exif.near.bar.place"
            self.words.setText(tr(key, distance=distance))
