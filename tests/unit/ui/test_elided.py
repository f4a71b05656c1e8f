"""One line that is cut where it does not fit."""

from typing import Any

from PySide6.QtGui import QFontMetrics, QImage

from gleam_app.ui.panels.frame import ElidedLabel


def paint(label: ElidedLabel, width: int) -> QImage:
    label.resize(width, 24)
    return label.grab().toImage()


def test_a_lone_ellipsis_is_not_shown(qtbot: Any) -> None:
    label, empty = ElidedLabel(), ElidedLabel()
    qtbot.addWidget(label)
    qtbot.addWidget(empty)
    label.setText("Candidate 1")
    metrics = QFontMetrics(label.font())
    dots, whole = metrics.horizontalAdvance("…"), metrics.horizontalAdvance("Candidate 1")
    assert paint(label, dots + 1) == paint(empty, dots + 1)
    assert label.toolTip() == "Candidate 1"
    assert paint(label, whole - 4) != paint(empty, whole - 4)
    assert label.toolTip() == "Candidate 1"
    assert paint(label, whole + 4) != paint(empty, whole + 4)
    assert label.toolTip() == ""
