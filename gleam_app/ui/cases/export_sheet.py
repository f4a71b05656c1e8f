"""What is to be exported, in which format and language."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QLabel, QPushButton, QWidget

from gleam_app.ui.buttons import CheckBox, ChoiceBox
from gleam_app.ui.strings import TEXT, Lang, language, tr
from gleam_app.ui.theme import SPACE_2, SPACE_4, SPACE_5

LANGS: tuple[tuple[Lang, ...], ...] = (("en",), ("zh",), ("en", "zh"))
FIRST = ("html", "pdf")  # what most people come for
IN_WORDS = ("html", "pdf", "kml", "kmz", "csv")  # formats that hold words of ours
WITHOUT_QUERIES = ("history",)


@dataclass(frozen=True)
class Wish:
    """``queries`` None: all. ``langs``: the words, and the explanations of a report."""

    format: str
    langs: tuple[Lang, ...]
    queries: tuple[int, ...] | None
    candidates: bool


class ExportSheet(QDialog):
    """``wished``: the choice is made; where to is asked next."""

    wished = Signal(object)

    def __init__(
        self, parent: QWidget, count: int, listed: Sequence[int], chosen: Sequence[int]
    ) -> None:
        """``count`` of all queries; ``listed``: those that the list shows, ``chosen``: selected there."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("export.title"))
        self.format, self.lang, self.what = ChoiceBox(), ChoiceBox(), ChoiceBox()
        for name in _formats():
            words = tr(f"export.{name}") if f"export.{name}" in TEXT else name
            self.format.addItem(words, name)
        for langs, words in zip(LANGS, ("English", "中文", tr("export.lang.both")), strict=True):
            self.lang.addItem(words, langs)
        self.lang.setCurrentIndex(int(language.code == "zh"))
        self.what.addItem(tr("export.what.all", count=count), None)
        if len(listed) < count:
            self.what.addItem(tr("export.what.listed", count=len(listed)), tuple(listed))
        if 0 < len(chosen) < count:
            self.what.addItem(tr("export.what.chosen", count=len(chosen)), tuple(chosen))
        self.candidates = CheckBox(tr("export.candidates"))
        self.format.currentIndexChanged.connect(self._show_options)
        self._lay_out()
        self._show_options()

    def _lay_out(self) -> None:
        form = QFormLayout(self)
        form.setContentsMargins(SPACE_5, SPACE_4, SPACE_5, SPACE_4)
        form.setVerticalSpacing(SPACE_2)
        form.setHorizontalSpacing(SPACE_4)
        boxes = (
            ("export.format", self.format),
            ("export.lang", self.lang),
            ("export.what", self.what),
        )
        for key, box in boxes:
            label = QLabel(tr(key))
            label.setBuddy(box)
            box.setAccessibleName(tr(key))
            box.setMinimumWidth(240)
            form.addRow(label, box)
        form.addRow(self.candidates)
        self.choose = QPushButton(tr("export.choose"))
        self.choose.setProperty("role", "primary")
        self.choose.setDefault(True)
        self.choose.clicked.connect(self._wish)
        cancel = QPushButton(tr("export.cancel"))
        cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE_2)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.choose)
        form.addRow(buttons)

    def _show_options(self) -> None:
        name = self.format.currentData()
        self.lang.setEnabled(name in IN_WORDS)
        both = name in FIRST
        item = self.lang.model()
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        item.setData(
            item.index(2, 0), int(flags.value) if both else 0, Qt.ItemDataRole.UserRole - 1
        )
        if not both and self.lang.currentIndex() == 2:
            self.lang.setCurrentIndex(int(language.code == "zh"))
        self.what.setEnabled(name not in WITHOUT_QUERIES)
        self.candidates.setEnabled(name not in WITHOUT_QUERIES)

    def wish(self) -> Wish:
        """What is chosen just now."""
        langs = self.lang.currentData()
        queries = self.what.currentData() if self.what.isEnabled() else None
        return Wish(
            str(self.format.currentData()),
            tuple(langs),
            None if queries is None else tuple(queries),
            self.candidates.isEnabled() and self.candidates.isChecked(),
        )

    def _wish(self) -> None:
        wish = self.wish()
        self.accept()
        self.wished.emit(wish)


def _formats() -> list[str]:
    from gleam_app.cases.exports.export import FORMATS

    return sorted(FORMATS, key=lambda name: (name not in FIRST, name == "history"))
