"""The strip above the pictures: how far one is, which pair this is, and its label."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QToolButton, QWidget

from gleam_app.ui.icons import bind_icon
from gleam_app.ui.strings import bind_text, tr
from gleam_app.ui.theme import SPACE_2, SPACE_3, SPACE_4, theme
from training.gleam_x.review.desk import Desk

_ICONS = {"shortcuts": "list-ordered", "language": "languages", "theme": "sun-moon"}


class Head(QWidget):
    """Shows where a desk stands."""

    def __init__(self, desk: Desk, actions: dict[str, QAction]) -> None:
        super().__init__()
        self._desk = desk
        self.setProperty("role", "strip-below")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.bar = QProgressBar()
        self.bar.setRange(0, len(desk.records))
        self.bar.setTextVisible(False)
        self.bar.setFixedSize(140, 4)
        self.progress, self.pair, self.label = QLabel(), QLabel(), QLabel()
        for label in (self.progress, self.pair, self.label):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.progress.setProperty("role", "secondary")
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE_3, SPACE_2, SPACE_2, SPACE_2)
        row.setSpacing(SPACE_3)
        row.addWidget(self.pair)
        row.addWidget(self.label)
        row.addStretch(1)
        row.addWidget(self.progress)
        row.addWidget(self.bar)
        row.addSpacing(SPACE_4)
        for name, icon in _ICONS.items():
            row.addWidget(_button(actions[name], icon))

    def refresh(self) -> None:
        desk = self._desk
        self.bar.setValue(desk.done)
        parts = [tr("review.progress", done=desk.done, all=len(desk.records))]
        if desk.skipped:
            parts.append(tr("review.progress.skipped", count=desk.skipped))
        if desk.finished:
            parts = [f"✓ {tr('review.finished')}"]
        self.progress.setText(" · ".join(parts))
        number = tr("review.pair", number=desk.position + 1)
        self.pair.setText(f"{number} · {tr(f'view.{desk.record.view}')}")
        self._show_label()

    def _show_label(self) -> None:
        desk, tokens = self._desk, theme.tokens
        if desk.hidden:
            sign, key, colour = "○", "hidden", tokens.secondary
        elif desk.answer.label_wrong:
            sign, key, colour = "✕", "wrong", tokens.contradicted
        elif desk.record.match:
            sign, key, colour = "=", "match", tokens.verified
        else:
            sign, key, colour = "≠", "different", tokens.possible
        self.label.setText(f"{sign} {tr(f'review.label.{key}')}")
        self.label.setStyleSheet(f"color: {colour}; font-weight: 600")


def _button(action: QAction, icon: str) -> QToolButton:
    button = QToolButton()
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    bind_icon(button, button.setIcon, icon, "secondary")
    key = action.shortcut().toString()
    name = f"review.{action.objectName()}"
    bind_text(button, button.setToolTip, name, lambda text: f"{text} ({key})")
    bind_text(button, button.setAccessibleName, name)
    button.clicked.connect(action.trigger)
    return button
