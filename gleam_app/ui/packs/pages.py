"""The pages behind a pack: its licence in full with where everything comes from, and its measurements."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QHeaderView,
    QPlainTextEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gleam_app.home import resources_dir
from gleam_app.packs.manifest import PackManifest
from gleam_app.packs.store import PackStatus
from gleam_app.ui.packs.measured import Measurement, by_view, columns, measurements
from gleam_app.ui.strings import tr
from gleam_app.ui.theme import SPACE_2, SPACE_3
from gleam_app.ui.tile_sets.sign import caption

MAX_LICENCE_BYTES = 400_000
WHAT_PX, FIGURE_PX, COUNT_PX = 372, 116, 62


class LicencePage(QPlainTextEdit):
    """Plain text, for it comes from whoever made the pack."""

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.document().setDocumentMargin(SPACE_3)

    def show_pack(self, status: PackStatus) -> None:
        if status.manifest is not None:
            self.setPlainText(licence_text(status.manifest, status.folder))
            self.setAccessibleName(tr("packs.licence"))


def licence_text(manifest: PackManifest, folder: Path) -> str:
    """Licence, use and origin of everything in the pack, then the licence's full text."""
    parts = [
        manifest.title,
        tr("packs.text.licence", licence=manifest.licence),
        tr("packs.text.use", use=manifest.use),
        "",
        tr("packs.text.origin"),
    ]
    for origin in manifest.origin:
        where = [origin.source, origin.url, origin.package, origin.revision, origin.licence]
        parts.append(f"• {origin.what}\n   " + " · ".join(part for part in where if part))
    full = full_licence(manifest, folder)
    return "\n".join(
        [*parts, "", tr("packs.text.full") if full else tr("packs.text.no_full"), full]
    )


def full_licence(manifest: PackManifest, folder: Path) -> str:
    """The pack's own licence file, else the text of a well-known licence; empty if there is neither."""
    files = [folder / file.path for file in manifest.files if file.role == "licence"]
    known = resources_dir() / "licences" / f"{Path(manifest.licence).name}.txt"
    for path in (*files, known):
        if path.is_file():
            with path.open("rb") as file:
                return file.read(MAX_LICENCE_BYTES).decode("utf-8", errors="replace")
    return ""


class MeasuredPage(QWidget):
    """A table for each view, with the number of queries and the 95 % interval of every share."""

    def __init__(self) -> None:
        super().__init__()
        self.hint = caption()
        self.table = QTreeWidget()
        self.table.setRootIsDecorated(True)
        self.table.setAlternatingRowColors(True)
        self.table.setUniformRowHeights(True)
        self.table.setIndentation(SPACE_3)
        self.table.setFrameShape(QFrame.Shape.NoFrame)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_3, SPACE_2, SPACE_3, SPACE_3)
        column.setSpacing(SPACE_2)
        column.addWidget(self.hint)
        column.addWidget(self.table, 1)

    def show_pack(self, status: PackStatus) -> None:
        if status.manifest is None:
            return
        rows = measurements(status.manifest.evaluation)
        names = columns(rows)
        commands = dict.fromkeys(one.command for one in status.manifest.evaluation)
        self.hint.setText(tr("packs.measured.hint", commands="; ".join(commands)))
        self.table.setAccessibleName(tr("packs.measured", count=len(rows)))
        self.table.clear()
        titles = [tr(f"packs.measured.{one}") for one in ("what", "queries", "tiles")]
        self.table.setHeaderLabels([*titles, *names, tr("packs.measured.other")])
        rest = any(row.figures.keys() - set(names) for row in rows)
        self.table.setColumnHidden(3 + len(names), not rest)
        for view, of_view in by_view(rows).items():
            title = tr(f"view.{view}") if view else tr("packs.measured.other")
            group = QTreeWidgetItem(self.table, [f"{title} ({len(of_view)})"])
            group.setFirstColumnSpanned(True)
            group.setExpanded(True)
            for row in of_view:
                group.addChild(_item(row, names))
        self._size_columns(len(names))

    def _size_columns(self, figures: int) -> None:
        header = self.table.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column, width in enumerate([WHAT_PX, COUNT_PX, COUNT_PX, *[FIGURE_PX] * figures]):
            self.table.setColumnWidth(column, width)


def _item(row: Measurement, names: list[str]) -> QTreeWidgetItem:
    rest = [f"{name}: {value}" for name, value in row.figures.items() if name not in names]
    shown = [row.figures.get(name, "") for name in names]
    item = QTreeWidgetItem([row.what, row.queries, row.tiles, *shown, "; ".join(rest)])
    for column in range(1, 3 + len(names)):
        item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return item
