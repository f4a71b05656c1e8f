"""Where a folder of plain pictures lies: the table that says so, if there is one."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gleam_app.imagery.exif import clean_text
from gleam_app.ui.buttons import link_button, tool_button
from gleam_app.ui.panels.frame import ElidedLabel
from gleam_app.ui.strings import bind_text
from gleam_app.ui.theme import SPACE_2
from gleam_app.ui.tile_sets.sign import caption


class Positions(QWidget):
    """A line that asks for the table, or names it. ``wanted``: choose one; ``dropped``: not this one."""

    wanted = Signal()
    dropped = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.hint: QLabel = caption()
        bind_text(self.hint, self.hint.setText, "add.positions.hint")
        self.choose = link_button("add.positions.choose")
        self.choose.clicked.connect(self.wanted)
        self.name = ElidedLabel(Qt.TextElideMode.ElideMiddle)
        self.drop = tool_button("x", "add.positions.drop")
        self.drop.clicked.connect(self.dropped)
        row = QHBoxLayout()
        row.setSpacing(SPACE_2)
        row.addWidget(self.choose)
        row.addWidget(self.name, 1)
        row.addWidget(self.drop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.hint)
        column.addLayout(row)
        self.show_table(None)

    def show_table(self, table: Path | None) -> None:
        """The table in use; None: the pictures have no coordinates."""
        self.hint.setVisible(table is None)
        self.choose.setVisible(table is None)
        self.name.setVisible(table is not None)
        self.drop.setVisible(table is not None)
        self.name.setText(clean_text(table.name) if table is not None else "")
