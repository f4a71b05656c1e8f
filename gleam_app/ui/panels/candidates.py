"""The ranked list of candidates, what it says as a whole, and what to do when it is empty."""

from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    Qt,
    Signal,
)
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListView,
    QProgressBar,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gleam_app.geo.coordinates import PositionStyle, format_position
from gleam_app.imagery.views import PLANAR_VIEWS
from gleam_app.jobs.work import Progress
from gleam_app.retrieval.results import Candidate, Location, TileRef
from gleam_app.ui.icons import icon_pixmap
from gleam_app.ui.images import to_image
from gleam_app.ui.panels.candidate_row import (
    CANDIDATE_ROLE,
    CONFIDENCE_ROLE,
    POSITION_ROLE,
    THUMB_ROLE,
    CandidateRow,
)
from gleam_app.ui.panels.frame import EmptyState, Panel
from gleam_app.ui.panels.view_box import Caution
from gleam_app.ui.progress import progress_words
from gleam_app.ui.session import Session
from gleam_app.ui.strings import bind_text, language, tr
from gleam_app.ui.theme import SPACE_1, SPACE_2, SPACE_3, theme
from gleam_app.ui.verdicts import confidence_text, sign

Index = QModelIndex | QPersistentModelIndex


class CandidateModel(QAbstractListModel):
    """Candidates of the location in the session, and their thumbnails as images."""

    def __init__(self) -> None:
        super().__init__()
        self.candidates: tuple[Candidate, ...] = ()
        self.style: PositionStyle = "dd"
        self._location: Location | None = None
        self._thumbs: dict[TileRef, QImage] = {}

    def show(self, location: Location | None) -> None:
        """Show its candidates; None: there are none yet."""
        self.beginResetModel()
        self._location = location
        self.candidates = location.candidates if location is not None else ()
        known = {candidate.tile for candidate in self.candidates}
        self._thumbs = {tile: image for tile, image in self._thumbs.items() if tile in known}
        for candidate in self.candidates:
            if candidate.thumbnail is not None and candidate.tile not in self._thumbs:
                self._thumbs[candidate.tile] = to_image(candidate.thumbnail)
        self.endResetModel()

    def row_of(self, rank: int | None) -> int:
        ranks = [candidate.rank for candidate in self.candidates]
        return ranks.index(rank) if rank in ranks else -1

    def position(self, candidate: Candidate) -> str:
        """The candidate's coordinates in the style in use."""
        if candidate.lat is None or candidate.lon is None:
            return tr("candidates.no_place")
        return format_position(candidate.lat, candidate.lon, self.style)

    def _confidence(self, candidate: Candidate, unrated: str) -> str:
        assert self._location is not None
        rated = self._location.is_rated(candidate)
        return confidence_text(candidate.confidence) if rated else unrated

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.candidates)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        candidate = self.candidates[index.row()]
        if role == CANDIDATE_ROLE:
            return candidate
        if role == THUMB_ROLE:
            return self._thumbs.get(candidate.tile)
        if role == CONFIDENCE_ROLE:
            return self._confidence(candidate, "")
        if role == POSITION_ROLE:
            return self.position(candidate)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return tr(
                "candidates.accessible",
                rank=candidate.rank,
                verdict=tr(f"verdict.{candidate.verdict}"),
                confidence=self._confidence(candidate, tr("candidates.unrated")),
                position=self.position(candidate),
            )
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{candidate.tile.source} · {candidate.tile.id}"
        return None


class CandidatesPanel(Panel):
    """Follows the session's location and selection. ``candidate_chosen``: the user picked a rank.

    ``menu_wanted``: of the selected candidate, at a point of the screen.
    """

    candidate_chosen = Signal(int)
    copy_requested = Signal(int)
    menu_wanted = Signal(QPoint)

    def __init__(self, session: Session) -> None:
        super().__init__("candidates.title", "candidates")
        self._session = session
        self.model = CandidateModel()
        self.model.setParent(self)
        self.list = QListView()
        self.list.setModel(self.model)
        bind_text(self.list, self.list.setAccessibleName, "candidates.title")
        row = CandidateRow(self.list)
        row.copy_clicked.connect(self.copy_requested)
        self.list.setItemDelegate(row)
        self.list.setMouseTracking(True)
        self.list.setUniformItemSizes(True)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(
            lambda at: self.menu_wanted.emit(self.list.viewport().mapToGlobal(at))
        )
        self.list.selectionModel().currentChanged.connect(self._choose)
        self.empty = EmptyState(
            "list-ordered", "candidates.empty.title", "candidates.empty.no_query"
        )
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(3)
        self.progress.setRange(0, 0)
        self._summary = self._summary_strip()
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.list)
        self.body.addWidget(self.progress)
        self.body.addWidget(self._summary)
        self.body.addWidget(self.stack, 1)
        session.location_changed.connect(self._show_location)
        session.candidate_selected.connect(self._show_selection)
        session.activity_changed.connect(self._show_activity)
        session.query_changed.connect(self._show_activity)
        session.tile_sets_changed.connect(self._show_activity)
        for changed in (language.changed, theme.changed):
            changed.connect(self._show_activity)
        self._show_location()

    def _summary_strip(self) -> QWidget:
        self._sign_icon, self._sign_word, self._sentence = QLabel(), QLabel(), QLabel()
        self._sign_word.setProperty("role", "strong")
        self._sentence.setProperty("role", "secondary")
        self._sentence.setWordWrap(True)
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.caution = Caution()
        row = QHBoxLayout()
        row.setSpacing(SPACE_2)
        row.addWidget(self._sign_icon)
        row.addWidget(self._sentence, 1)
        column = QVBoxLayout()
        column.setContentsMargins(SPACE_3, SPACE_2, SPACE_3, SPACE_2)
        column.setSpacing(SPACE_1)
        column.addLayout(row)
        column.addWidget(self.caution)
        strip = QWidget()
        strip.setProperty("role", "strip-below")
        strip.setLayout(column)
        return strip

    def set_coordinate_style(self, style: PositionStyle) -> None:
        self.model.style = style
        self.list.viewport().update()

    def _show_location(self) -> None:
        location = self._session.location
        blocked = self.list.selectionModel().blockSignals(True)
        self.model.show(location)
        self.list.selectionModel().blockSignals(blocked)
        self._show_activity()

    def show_progress(self, progress: Progress) -> None:
        """How far locating is."""
        fraction = progress.fraction
        self.progress.setRange(0, 0 if fraction is None else 1000)
        self.progress.setValue(round(1000 * (fraction or 0.0)))
        self.detail.setText(" · ".join([tr("candidates.locating"), *progress_words(progress)]))

    def _show_selection(self) -> None:
        row = self.model.row_of(self._session.rank)
        if row >= 0 and row != self.list.currentIndex().row():
            self.list.setCurrentIndex(self.model.index(row))
            self.list.scrollTo(self.model.index(row))

    def _choose(self, current: QModelIndex, _: QModelIndex) -> None:
        if current.isValid():
            self.candidate_chosen.emit(self.model.candidates[current.row()].rank)

    def _show_activity(self) -> None:
        session = self._session
        location = session.location
        self.stack.setCurrentWidget(
            self.list if location is not None and location.candidates else self.empty
        )
        if session.locating and self.progress.isHidden():
            self.progress.setRange(0, 0)
        self.progress.setVisible(session.locating)
        self.detail.setText(self._detail())
        self._summary.setVisible(location is not None)
        if location is not None:
            shown = sign(location.verdict)
            ratio = self.devicePixelRatioF()
            self._sign_icon.setPixmap(icon_pixmap(shown.icon, shown.colour, 18, ratio))
            self._sentence.setText(self._summary_text())
            self.caution.say(location.support, location.query.view)
        if session.query is None:
            self.empty.text.setText(tr("candidates.empty.no_query"))
        elif not session.tile_sets and session.adding:
            self.empty.text.setText(tr("candidates.empty.adding", name=session.adding))
        elif not session.tile_sets:
            self.empty.text.setText(tr("candidates.empty.no_tiles"))
        elif session.locating:
            self.empty.text.setText(tr("candidates.locating"))
        else:
            names = ", ".join(session.tile_set_names)
            self.empty.text.setText(tr("candidates.empty.ready", tiles=names))
        self.list.viewport().update()

    def _summary_text(self) -> str:
        location = self._session.location
        assert location is not None
        if not location.complete:
            return tr("candidates.verifying" if self._session.locating else "candidates.stopped")
        if location.verdict == "unverified" and location.query.view not in PLANAR_VIEWS:
            return tr("candidates.summary.unverifiable")
        return tr(f"candidates.summary.{location.verdict}")

    def _detail(self) -> str:
        location = self._session.location
        if self._session.locating:
            return tr("candidates.locating")
        if location is None:
            return ""
        seconds = sum(location.timings_ms.values()) / 1000
        return tr("candidates.count", count=len(location.candidates), seconds=f"{seconds:.1f}")
