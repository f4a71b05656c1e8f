"""What all panels share: a quiet header, a place for notices, and an empty state that teaches."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSpacerItem,
    QVBoxLayout,
    QWidget,
)

from gleam_app.ui.buttons import tool_button
from gleam_app.ui.icons import paint_icon
from gleam_app.ui.panels.notice import Notice
from gleam_app.ui.strings import bind_text
from gleam_app.ui.theme import RADIUS, SPACE_1, SPACE_2, SPACE_3, SPACE_4, theme

HEADER_PX = 40
ELLIPSES = ("…", "...")  # Qt takes the second where the font lacks the first


class ElidedLabel(QLabel):
    """One line that ends in "…" where it does not fit; the whole of it is the tooltip.

    Where nothing would be left but the "…", nothing is shown.
    """

    def __init__(self, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__()
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(self.palette().color(self.foregroundRole()))
        shown = QFontMetrics(self.font()).elidedText(
            self.text(), self._mode, self.contentsRect().width()
        )
        if shown not in ELLIPSES:
            painter.drawText(self.contentsRect(), int(self.alignment()), shown)
        self.setToolTip(self.text() if shown != self.text() else "")


class Panel(QFrame):
    """A panel: header with title, detail and tools; notice bar; body.

    ``help_wanted``: the guide's section about it.
    """

    help_wanted = Signal(str)

    def __init__(self, title_key: str, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("role", "panel")
        self.title = QLabel()
        self.title.setProperty("role", "panel-title")
        bind_text(self.title, self.title.setText, title_key)
        bind_text(self, self.setAccessibleName, title_key)
        self.detail = ElidedLabel(Qt.TextElideMode.ElideMiddle)
        self.detail.setProperty("role", "secondary")
        self.header = QHBoxLayout()
        self.header.setContentsMargins(SPACE_3, 0, SPACE_2, 0)
        self.header.setSpacing(SPACE_2)
        self.help = tool_button("circle-help", "guide.help")
        self.help.clicked.connect(lambda: self.help_wanted.emit(name))
        self.header.addWidget(self.title)
        self.header.addWidget(self.help)
        self.header.addWidget(self.detail, 1)
        head = QWidget()
        head.setProperty("role", "panel-header")
        head.setFixedHeight(HEADER_PX)
        head.setLayout(self.header)
        self.notice = Notice()
        self.body = QVBoxLayout()
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(self.notice)
        column.addLayout(self.body, 1)


class EmptyState(QWidget):
    """An icon, a title, one sentence and perhaps a button, with a drawn outline where one can drop."""

    def __init__(
        self, icon: str, title_key: str, text_key: str, button_key: str = "", outline: bool = False
    ) -> None:
        super().__init__()
        self._icon, self._outline = icon, outline
        self.lit = False
        self._title = QLabel()
        self._title.setProperty("role", "empty-title")
        self.text = QLabel()
        self.text.setProperty("role", "secondary")
        self.text.setWordWrap(True)
        for label in (self._title, self.text):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        bind_text(self._title, self._title.setText, title_key)
        bind_text(self.text, self.text.setText, text_key)
        column = QVBoxLayout(self)
        margin = SPACE_4 * 2 if outline else SPACE_4
        column.setContentsMargins(margin, SPACE_4, margin, SPACE_4)
        column.setSpacing(SPACE_1)
        column.addStretch(1)
        self._with_icon = True
        self._gap = QSpacerItem(0, 28 + SPACE_2)
        column.addItem(self._gap)
        column.addWidget(self._title)
        column.addWidget(self.text)
        self.button: QPushButton | None = None
        if button_key:
            self.button = QPushButton()
            bind_text(self.button, self.button.setText, button_key)
            column.addSpacing(SPACE_3)
            column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        theme.changed.connect(self.update)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a low panel (an error stands above, say) the sentence and then the icon give way."""
        margins, button = self.contentsMargins(), self.button
        room = self.height() - margins.top() - margins.bottom() - 2 * SPACE_4
        words = self._title.sizeHint().height()
        words += SPACE_3 + SPACE_1 + button.sizeHint().height() if button is not None else 0
        lines = self.text.heightForWidth(max(1, self.width() - 4 * SPACE_4)) + SPACE_1
        self.text.setVisible(room >= words + lines)
        self._with_icon = room >= words + lines + 28 + SPACE_2
        self._gap.changeSize(0, 28 + SPACE_2 if self._with_icon else 0)
        layout = self.layout()
        if layout is not None:
            layout.invalidate()
        super().resizeEvent(event)

    def light_up(self, lit: bool) -> None:
        """Show that a drop would be taken."""
        self.lit = lit
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = theme.tokens
        if self._outline:
            pen = QPen(QColor(tokens.accent if self.lit else tokens.disabled), 1.2)
            pen.setDashPattern([4, 4])
            painter.setPen(pen)
            if self.lit:
                painter.setBrush(QColor(tokens.selected))
            inset = SPACE_3 + 0.5
            painter.drawRoundedRect(
                QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), RADIUS, RADIUS
            )
        if not self._with_icon:
            return
        y = self._title.y() - 28 - SPACE_2
        colour = tokens.accent if self.lit else tokens.secondary
        paint_icon(painter, self._icon, colour, (self.width() - 28) / 2, y, 28)


def rows_and_scroller() -> tuple[QVBoxLayout, QScrollArea]:
    """A column for rows, which ends in free space, and what scrolls it up and down."""
    inside = QWidget()
    inside.setObjectName("rows")
    column = QVBoxLayout(inside)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addStretch(1)
    scroll = QScrollArea()
    scroll.setWidget(inside)
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return column, scroll
