"""The guide's own window: contents and search at the left, a section at the right."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QTextBlockFormat, QTextCursor
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QTextBrowser,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from gleam_app.ui.commands import Commands
from gleam_app.ui.guide.book import Section, holds, sections
from gleam_app.ui.strings import bind_text, language
from gleam_app.ui.theme import SPACE_1, SPACE_2, SPACE_3, SPACE_4, theme

CONTENTS_PX = 232
LINE_PERCENT = 125.0
_PROPORTIONAL = QTextBlockFormat.LineHeightTypes.ProportionalHeight.value


class Guide(QWidget):
    """Stays beside the work: neither modal nor always on top. ``open_at`` a section, by its id."""

    def __init__(self, commands: Commands, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._commands = commands
        self._sections: list[Section] = []
        self.setObjectName("guide")
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        bind_text(self.search, self.search.setPlaceholderText, "guide.search")
        bind_text(self.search, self.search.setAccessibleName, "guide.search")
        self.search.textChanged.connect(self._find)
        self.contents = QListWidget()
        self.contents.setObjectName("names")
        bind_text(self.contents, self.contents.setAccessibleName, "guide.contents")
        self.contents.currentItemChanged.connect(lambda *_: self._show_section())
        self.nothing = QLabel()
        self.nothing.setProperty("role", "secondary")
        self.nothing.setWordWrap(True)
        bind_text(self.nothing, self.nothing.setText, "guide.nothing")
        self.title = QLabel()
        self.title.setProperty("role", "empty-title")
        self.text = QTextBrowser()
        self.text.setOpenLinks(False)
        self.text.setFrameShape(QTextBrowser.Shape.NoFrame)
        bind_text(self.text, self.text.setAccessibleName, "guide.text")
        bind_text(self, self.setWindowTitle, "guide.title")
        self._lay_out()
        self.resize(860, 640)
        language.changed.connect(self._fill)
        theme.changed.connect(self._show_section)
        commands.keys_changed.connect(self._show_section)
        self._fill()

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setContentsMargins(SPACE_3, SPACE_3, SPACE_3, SPACE_3)
        left.setSpacing(SPACE_2)
        left.addWidget(self.search)
        left.addWidget(self.nothing)
        left.addWidget(self.contents, 1)
        side = QWidget()
        side.setFixedWidth(CONTENTS_PX)
        side.setLayout(left)
        right = QVBoxLayout()
        right.setContentsMargins(SPACE_4, SPACE_4, SPACE_4, SPACE_2)
        right.setSpacing(SPACE_2)
        right.addWidget(self.title)
        right.addWidget(self.text, 1)
        page = QWidget()
        page.setProperty("role", "page")
        page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        page.setLayout(right)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(side)
        row.addWidget(page, 1)

    def open_at(self, section: str) -> None:
        """Show this section; an unknown one shows the first."""
        self.search.clear()
        rows = [one.id for one in self._sections]
        self.contents.setCurrentRow(rows.index(section) if section in rows else 0)
        self.show()
        self.raise_()
        self.activateWindow()
        self.contents.setFocus()

    @property
    def section(self) -> Section | None:
        """What is shown."""
        item = self.contents.currentItem()
        known = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        return known if isinstance(known, Section) else None

    def _fill(self) -> None:
        self._sections = sections(language.code)
        self._find()

    def _find(self) -> None:
        """Only the sections that hold what is searched; the one shown stays if it is among them."""
        before = self.section.id if self.section is not None else ""
        found = [one for one in self._sections if holds(one, self.search.text())]
        self.contents.clear()
        for section in found:
            item = QListWidgetItem(section.title)
            item.setData(Qt.ItemDataRole.UserRole, section)
            self.contents.addItem(item)
        rows = [one.id for one in found]
        self.contents.setCurrentRow(rows.index(before) if before in rows else 0)
        self.nothing.setVisible(not found)
        self.contents.setVisible(bool(found))
        self._show_section()

    def _show_section(self) -> None:
        section = self.section
        self.title.setText(section.title if section is not None else "")
        self.text.setMarkdown(section.with_commands(self._name) if section is not None else "")
        self._space_out()
        self._mark_words()

    def _space_out(self) -> None:
        """Room between paragraphs and lines, which Markdown leaves to the page."""
        block = self.text.document().begin()
        while block.isValid():
            shape = block.blockFormat()
            shape.setBottomMargin(SPACE_1 if block.textList() is not None else SPACE_3)
            shape.setLineHeight(LINE_PERCENT, _PROPORTIONAL)
            QTextCursor(block).setBlockFormat(shape)
            block = block.next()

    def _name(self, command: str) -> str:
        """A command as its menu names it, with its key."""
        action = self._commands[command]
        title = action.text().rstrip("…")
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        if not keys:
            return f"**{title}**"
        return f"**{title}**（`{keys}`）" if language.code == "zh" else f"**{title}** (`{keys}`)"

    def _mark_words(self) -> None:
        """The searched words, lit where they stand; the first one in sight."""
        marks = []
        for word in self.search.text().split():
            cursor = self.text.document().find(word)
            while not cursor.isNull():
                mark = QTextEdit.ExtraSelection()
                mark.cursor = cursor
                mark.format.setBackground(QColor(theme.tokens.selected))
                mark.format.setForeground(QColor(theme.tokens.text))
                marks.append((cursor.position(), mark))
                cursor = self.text.document().find(word, cursor)
        self.text.setExtraSelections([mark for _, mark in marks])
        if marks:
            first = QTextCursor(self.text.document())
            first.setPosition(min(at for at, _ in marks))
            self.text.setTextCursor(first)
            self.text.ensureCursorVisible()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        elif event.matches(QKeySequence.StandardKey.Find):
            self.search.setFocus()
        else:
            super().keyPressEvent(event)
