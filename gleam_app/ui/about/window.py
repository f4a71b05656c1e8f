"""The About window: version, commit, packs, and the licences of everything inside."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from gleam_app.build import Build, this_build
from gleam_app.components import Component, components
from gleam_app.packs.store import PackStore
from gleam_app.ui.buttons import link_button
from gleam_app.ui.icons import icon_pixmap
from gleam_app.ui.strings import bind_text, tr
from gleam_app.ui.theme import SPACE_2, SPACE_3, SPACE_4, SPACE_5, mono_font

SIZE = (760, 620)
ICON = 48
MAX_TEXT_BYTES = 400_000
_TEXT = Qt.ItemDataRole.UserRole


class AboutWindow(QDialog):
    """Not modal; made anew each time it is asked for."""

    def __init__(self, packs: PackStore, resources: Path, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        bind_text(self, self.setWindowTitle, "about.title")
        self.resize(*SIZE)
        self._resources = resources
        self.build = this_build(resources)
        self.packs = pack_lines(packs)
        self.components = QListWidget()
        self.components.setObjectName("names")
        self.text = QPlainTextEdit()
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_5, SPACE_4, SPACE_5, SPACE_4)
        column.setSpacing(SPACE_3)
        column.addLayout(self._head())
        column.addLayout(self._facts())
        column.addWidget(self._label("about.licence"))
        column.addWidget(self._licences(), 1)

    def facts(self) -> str:
        """Version, commit and packs as text, for a report."""
        packs = "\n".join(self.packs)
        return f"GLEAM Desktop {self.build.version}\n{self.build.commit}\n{packs}\n"

    def showEvent(self, event: QShowEvent) -> None:
        """Read the licences now: what is never looked at costs nothing."""
        super().showEvent(event)
        if not self.components.count():
            self._fill(components(self._resources))

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(SPACE_4)
        sign = QLabel()
        sign.setPixmap(icon_pixmap("gleam", "#ffffff", ICON, self.devicePixelRatioF()))
        row.addWidget(sign)
        names = QVBoxLayout()
        title = QLabel("GLEAM Desktop")
        title.setProperty("role", "title")
        names.addWidget(title)
        names.addWidget(self._label("about.purpose"))
        row.addLayout(names, 1)
        self.copy = link_button("about.copy")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.facts()))
        row.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _facts(self) -> QFormLayout:
        form = QFormLayout()
        form.setVerticalSpacing(SPACE_2)
        form.setHorizontalSpacing(SPACE_5)
        for key, value in fact_rows(self.build, self.packs):
            said = QLabel(value or tr("about.no_packs"))
            said.setTextFormat(Qt.TextFormat.PlainText)  # packs name themselves
            said.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse
                | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            if key == "about.commit":
                said.setFont(mono_font())
            form.addRow(self._label(key), said)
        return form

    def _licences(self) -> QSplitter:
        self.text.setReadOnly(True)
        self.text.setFont(mono_font())
        bind_text(self.components, self.components.setAccessibleName, "about.components")
        bind_text(self.text, self.text.setAccessibleName, "about.text")
        self.components.currentItemChanged.connect(lambda now, _before: self._show(now))
        both = QSplitter()
        both.addWidget(self.components)
        both.addWidget(self.text)
        both.setSizes([SIZE[0] // 3, SIZE[0] * 2 // 3])
        return both

    def _fill(self, found: Sequence[Component]) -> None:
        for component in found:
            item = QListWidgetItem(f"{component.name} {component.version}".strip())
            item.setData(_TEXT, component)
            item.setToolTip(component.licence)
            self.components.addItem(item)
        self.components.setCurrentRow(0)

    def _show(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.text.setPlainText(licence_text(item.data(_TEXT)))

    @staticmethod
    def _label(key: str) -> QLabel:
        label = QLabel()
        label.setProperty("role", "secondary")
        label.setWordWrap(key in ("about.licence", "about.purpose"))
        bind_text(label, label.setText, key)
        return label


def fact_rows(build: Build, packs: Sequence[str]) -> list[tuple[str, str]]:
    """(key of the word, value); what is unknown has no row."""
    rows = [("about.version", build.version), ("about.commit", build.commit)]
    rows += [("about.date", build.date[:10])]
    return [(key, value) for key, value in rows if value] + [("about.packs", "\n".join(packs))]


def pack_lines(packs: PackStore) -> list[str]:
    """``id version``, of each pack that is ready for use."""
    return [
        f"{status.id} {status.manifest.version}"
        for status in packs.list()
        if status.manifest is not None and status.state == "ready"
    ]


def licence_text(component: Component) -> str:
    """The component's name, the licence it is under, and its texts in full."""
    licence = component.licence or tr("about.no_licence")
    parts = [f"{component.name} {component.version}".strip(), licence]
    for path in component.texts:
        try:
            with path.open("rb") as file:
                parts.append(file.read(MAX_TEXT_BYTES).decode("utf-8", errors="replace"))
        except OSError:
            continue
    if len(parts) == 2:
        parts[1] = tr("about.no_text", licence=licence)
    return "\n\n".join(parts)
