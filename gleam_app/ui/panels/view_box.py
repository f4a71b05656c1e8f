"""Choosing the view of a query, and what the encoder lacks for it."""

from collections.abc import Mapping

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from gleam_app.imagery.query import VIEWS, Query
from gleam_app.imagery.views import Support, View
from gleam_app.retrieval.support import caution
from gleam_app.ui.buttons import ChoiceBox
from gleam_app.ui.icons import bind_icon
from gleam_app.ui.strings import language, tr
from gleam_app.ui.theme import CAPTION_PX, SPACE_2, SPACE_3, theme, ui_font

MARK_ROLE = Qt.ItemDataRole.UserRole + 1
SIGNS: dict[Support, tuple[str, str]] = {
    "experimental": ("flask-conical", "secondary"),
    "untrained": ("triangle-alert", "possible"),
}


class ViewBox(ChoiceBox):
    """The guess and the four views; what the encoder was hardly or never trained for is marked."""

    def __init__(self) -> None:
        super().__init__()
        self.setItemDelegate(_MarkedRow(self))

    def show_query(self, query: Query, guess: View, support: Mapping[View, Support]) -> None:
        """Offer the views, with the one in use chosen. ``support``: of every view, once known."""
        self.clear()
        self._add(tr("view.guessed", view=tr(f"view.{guess}")), None, support.get(guess))
        for view in VIEWS:
            self._add(tr(f"view.{view}"), view, support.get(view))
        self.setCurrentIndex(0 if query.view_guessed else 1 + VIEWS.index(query.view))

    def _add(self, words: str, view: View | None, support: Support | None) -> None:
        self.addItem(words, view)
        if support in SIGNS:
            mark = tr(f"view.{support}")
            self.setItemData(self.count() - 1, mark, MARK_ROLE)
            role = Qt.ItemDataRole.AccessibleTextRole
            self.setItemData(self.count() - 1, f"{words}, {mark}", role)

    def showPopup(self) -> None:
        self.view().setMinimumWidth(self.view().sizeHintForColumn(0) + 2 * SPACE_2)
        super().showPopup()


class _MarkedRow(QStyledItemDelegate):
    """A view's name, and quietly at the end of the line what is to be said of it."""

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        size = super().sizeHint(option, index)
        mark = str(index.data(MARK_ROLE) or "")
        width = option.fontMetrics.horizontalAdvance(mark) + 2 * SPACE_3 if mark else 0
        return QSize(size.width() + width, max(size.height(), 26))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        super().paint(painter, option, index)
        mark = index.data(MARK_ROLE)
        if mark:
            area: QRect = option.rect
            painter.save()
            painter.setFont(ui_font(CAPTION_PX))
            painter.setPen(QColor(theme.tokens.secondary))
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(area.adjusted(0, 0, -SPACE_2, 0), right, str(mark))
            painter.restore()


class Caution(QWidget):
    """A quiet line with its sign, hidden where the encoder was trained for the view."""

    def __init__(self) -> None:
        super().__init__()
        self._sign, self.words = QLabel(), QLabel()
        self.words.setProperty("role", "caption")
        self.words.setWordWrap(True)
        self._sign.setFixedWidth(
            18
        )  # as wide as the sign of a verdict, so that words stand in line
        self._sign.setContentsMargins(0, 1, 0, 0)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_2)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.words, 1)
        self.hide()

    def say(self, support: Support | None, view: View | None) -> None:
        """What holds for this view; nothing while it is not known."""
        self.setVisible(support in SIGNS and view is not None)
        if support is None or support not in SIGNS or view is None:
            return
        icon, role = SIGNS[support]
        bind_icon(self, lambda icon: self._sign.setPixmap(icon.pixmap(14, 14)), icon, role)
        self.words.setText(caution(support, view, language.code))
