"""One card of the tour, and the ring around what it speaks of."""

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gleam_app.retrieval.results import Verdict
from gleam_app.ui.buttons import link_button, tool_button
from gleam_app.ui.icons import icon_pixmap
from gleam_app.ui.strings import bind_text, tr
from gleam_app.ui.theme import RADIUS, SPACE_1, SPACE_2, SPACE_3, SPACE_4, theme
from gleam_app.ui.verdicts import sign

WIDTH = 352
GAP = 10
VERDICTS: tuple[Verdict, ...] = ("verified", "strong", "possible", "unverified", "not_found")


class Ring(QWidget):
    """Drawn around the part of the window that a card speaks of; clicks go through it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        theme.changed.connect(self.update)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.tokens.accent), 2))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS, RADIUS)


class Card(QFrame):
    """Title, a sentence or two, perhaps the signs of the verdicts, and the way on.

    Not modal: the window can be used meanwhile. Right and Left turn the cards, Esc ends the tour.
    """

    turned = Signal(int)  # +1 or -1
    skipped = Signal()
    demo_wanted = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("tour")
        self.setProperty("role", "float")
        self.setFixedWidth(WIDTH)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.count, self.title, self.text = QLabel(), QLabel(), QLabel()
        self.count.setProperty("role", "caption")
        self.title.setProperty("role", "empty-title")
        for label in (self.title, self.text):
            label.setWordWrap(True)
        self.verdicts = _Verdicts()
        self.demo = QPushButton()
        bind_text(self.demo, self.demo.setText, "tour.demo")
        self.demo.clicked.connect(self.demo_wanted)
        self.skip = link_button("tour.skip")
        self.skip.clicked.connect(self.skipped)
        close = tool_button("x", "tour.skip")
        close.clicked.connect(self.skipped)
        self.back, self.next = QPushButton(), QPushButton()
        bind_text(self.back, self.back.setText, "tour.back")
        self.next.setProperty("role", "primary")
        self.back.clicked.connect(lambda: self.turned.emit(-1))
        self.next.clicked.connect(lambda: self.turned.emit(1))
        for button in (close, self.demo, self.skip, self.back, self.next):
            button.installEventFilter(self)  # arrows would go from button to button
        self._lay_out(close)
        self.hide()

    def _lay_out(self, close: QWidget) -> None:
        top = QHBoxLayout()
        top.addWidget(self.count, 1)
        top.addWidget(close)
        foot = QHBoxLayout()
        foot.setSpacing(SPACE_2)
        foot.addWidget(self.skip)
        foot.addStretch(1)
        foot.addWidget(self.back)
        foot.addWidget(self.next)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_4, SPACE_2, SPACE_3, SPACE_3)
        column.setSpacing(SPACE_2)
        column.addLayout(top)
        column.addWidget(self.title)
        column.addWidget(self.text)
        column.addWidget(self.verdicts)
        column.addWidget(self.demo, 0, Qt.AlignmentFlag.AlignLeft)
        column.addSpacing(SPACE_1)
        column.addLayout(foot)

    def say(self, number: int, total: int, title: str, text: str) -> None:
        """The words of card ``number`` (from 1)."""
        self.count.setText(tr("tour.count", number=number, total=total))
        self.title.setText(title)
        self.text.setText(text)
        last = number == total
        self.next.setText(tr("tour.done" if last else "tour.next"))
        self.back.setVisible(number > 1)
        self.skip.setVisible(not last)
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)
        self.verdicts.write()
        # words break into lines, so the height follows from the width
        layout = self.layout()
        assert layout is not None
        layout.activate()
        self.resize(WIDTH, max(layout.heightForWidth(WIDTH), layout.minimumSize().height()))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            turns = event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right)
            if turns:
                self.keyPressEvent(event)
            return turns
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.skipped.emit()
        elif event.key() == Qt.Key.Key_Right:
            self.turned.emit(1)
        elif event.key() == Qt.Key.Key_Left:
            self.turned.emit(-1)
        else:
            super().keyPressEvent(event)


class _Verdicts(QWidget):
    """The five signs and what they stand for."""

    def __init__(self) -> None:
        super().__init__()
        self._rows = [(QLabel(), QLabel(), QLabel()) for _ in VERDICTS]
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACE_2)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(2, 1)
        for row, (icon, word, meaning) in enumerate(self._rows):
            meaning.setProperty("role", "secondary")
            word.setProperty("role", "strong")
            for column, label in enumerate((icon, word, meaning)):
                grid.addWidget(label, row, column, Qt.AlignmentFlag.AlignTop)
        theme.changed.connect(self.write)

    def write(self) -> None:
        """In the language and theme in use."""
        for verdict, (icon, word, meaning) in zip(VERDICTS, self._rows, strict=True):
            shown = sign(verdict)
            icon.setPixmap(icon_pixmap(shown.icon, shown.colour, 16, self.devicePixelRatioF()))
            word.setText(shown.word)
            meaning.setText(tr(f"tour.verdict.{verdict}"))


def place(card: QSize, anchor: QRect, room: QRect) -> QPoint:
    """Where the card stands, wholly in ``room``: beside or under ``anchor``, else over its middle.

    All in pixels of the window.
    """
    right = QPoint(anchor.right() + 1 + GAP, anchor.top() + GAP)
    left = QPoint(anchor.left() - GAP - card.width(), anchor.top() + GAP)
    below = QPoint(anchor.left(), anchor.bottom() + 1 + GAP)
    above = QPoint(anchor.left(), anchor.top() - GAP - card.height())
    for corner in (right, left, below, above):
        moved = _kept_inside(corner, card, room)
        if not QRect(moved, card).intersects(anchor):
            return moved
    return _kept_inside(anchor.center() - QPoint(card.width() // 2, card.height() // 2), card, room)


def _kept_inside(corner: QPoint, card: QSize, room: QRect) -> QPoint:
    x = max(room.left() + GAP, min(corner.x(), room.right() + 1 - GAP - card.width()))
    y = max(room.top() + GAP, min(corner.y(), room.bottom() + 1 - GAP - card.height()))
    return QPoint(x, y)
