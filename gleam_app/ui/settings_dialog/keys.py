"""The shortcuts: every command with its keys, searched, changed, put back."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QFont, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gleam_app.ui.commands import COMMANDS, MENUS, SUB_MENUS, Commands
from gleam_app.ui.settings_dialog.parts import reword, text_label
from gleam_app.ui.shortcuts import Shortcuts, is_needed, native
from gleam_app.ui.strings import TEXT, bind_text, tr
from gleam_app.ui.theme import SPACE_2, SPACE_3, SPACE_4, SPACE_5, theme, ui_font

ID_ROLE = Qt.ItemDataRole.UserRole
KEYS_PX = 150


class KeysPage(QWidget):
    """Applied at once. Keys that another command has are told, and taken only when told to."""

    def __init__(self, commands: Commands, shortcuts: Shortcuts) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._commands, self._shortcuts = commands, shortcuts
        self._items: dict[str, QTreeWidgetItem] = {}
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        bind_text(self.search, self.search.setPlaceholderText, "settings.keys.search")
        bind_text(self.search, self.search.setAccessibleName, "settings.keys.search")
        self.search.textChanged.connect(self._filter)
        self.reset_all = QPushButton()
        bind_text(self.reset_all, self.reset_all.setText, "settings.keys.reset_all")
        self.reset_all.clicked.connect(shortcuts.reset_all)
        self.tree = self._build_tree()
        self._build_editor()
        self._lay_out()
        commands.keys_changed.connect(self._show)
        theme.changed.connect(self._show)
        reword(self, self._show)
        self.tree.setCurrentItem(self._items["locate"])

    def _build_tree(self) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setColumnCount(2)
        tree.setHeaderHidden(True)
        tree.setRootIsDecorated(False)
        tree.setIndentation(0)
        tree.setUniformRowHeights(True)
        tree.setAllColumnsShowFocus(True)
        tree.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        tree.header().setStretchLastSection(False)
        tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        tree.header().resizeSection(1, KEYS_PX)
        bind_text(tree, tree.setAccessibleName, "shortcuts.title")
        for menu in (*MENUS, *SUB_MENUS):
            heading = QTreeWidgetItem(tree)
            heading.setFlags(Qt.ItemFlag.ItemIsEnabled)
            heading.setData(0, ID_ROLE, "")
            heading.setData(1, ID_ROLE, menu)
            for command in COMMANDS:
                if command.menu == menu:
                    item = self._items[command.id] = QTreeWidgetItem(tree)
                    item.setData(0, ID_ROLE, command.id)
        tree.currentItemChanged.connect(lambda *_: self._show_editor())
        tree.itemActivated.connect(lambda *_: self.editor.setFocus())
        return tree

    def _build_editor(self) -> None:
        self.name = QLabel()
        self.name.setProperty("role", "strong")
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        self.editor = QKeySequenceEdit()
        self.editor.setMaximumSequenceLength(1)
        self.editor.setFixedWidth(KEYS_PX + 30)
        self.editor.editingFinished.connect(self._take)
        self.editor.installEventFilter(self)
        bind_text(self.editor, self.editor.setAccessibleName, "settings.keys.new")
        self.remove, self.reset, self.take_over = QPushButton(), QPushButton(), QPushButton()
        bind_text(self.remove, self.remove.setText, "settings.keys.remove")
        bind_text(self.reset, self.reset.setText, "settings.keys.reset")
        bind_text(self.take_over, self.take_over.setText, "settings.keys.take")
        self.remove.clicked.connect(lambda: self._shortcuts.assign(self.current, ""))
        self.reset.clicked.connect(self._reset)
        self.take_over.clicked.connect(self._take_over)
        self.told = text_label(role="secondary")
        self._wanted = ""

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(SPACE_2)
        top.addWidget(self.search, 1)
        top.addWidget(self.reset_all)
        first = QHBoxLayout()
        first.setSpacing(SPACE_2)
        first.addWidget(self.name, 1)
        for part in (self.editor, self.remove, self.reset):
            first.addWidget(part)
        second = QHBoxLayout()
        second.setSpacing(SPACE_2)
        second.addWidget(self.told, 1)
        second.addWidget(self.take_over)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_5, SPACE_4, SPACE_5, SPACE_4)
        column.setSpacing(SPACE_3)
        column.addWidget(text_label("shortcuts.title", "empty-title"))
        column.addLayout(top)
        column.addWidget(self.tree, 1)
        column.addLayout(first)
        column.addLayout(second)

    @property
    def current(self) -> str:
        """The command that is edited; empty: none."""
        item = self.tree.currentItem()
        return str(item.data(0, ID_ROLE)) if item is not None else ""

    def refresh(self) -> None:
        """It comes up: ready to be searched."""
        self.search.setFocus()
        self.search.selectAll()

    # ---- showing --------------------------------------------------------------------------------

    def _show(self) -> None:
        strong = ui_font(weight=QFont.Weight.DemiBold)
        for row in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(row)
            command = str(item.data(0, ID_ROLE)) if item is not None else ""
            if item is None:
                continue
            if not command:
                menu = str(item.data(1, ID_ROLE))
                item.setText(0, tr(f"menu.{menu}"))
                item.setFont(0, strong)
                continue
            changed = self._shortcuts.is_changed(command)
            keys = native(self._shortcuts.keys(command))
            item.setText(0, f"    {self._title(command)}")
            item.setText(1, f"{keys} •" if changed else keys)
            item.setFont(1, strong if changed else ui_font())
            item.setToolTip(1, tr("settings.keys.changed") if changed else "")
        self.reset_all.setEnabled(bool(self._shortcuts.chosen))
        self._show_editor()

    def _show_editor(self) -> None:
        command = self.current
        for part in (self.editor, self.remove, self.reset):
            part.setEnabled(bool(command))
        self._tell("")
        if command:
            self.name.setText(self._title(command))
            self.editor.setKeySequence(QKeySequence(self._shortcuts.keys(command)))
            self.remove.setEnabled(bool(self._shortcuts.keys(command)))
            self.reset.setEnabled(self._shortcuts.is_changed(command))

    def _title(self, command: str) -> str:
        return self._commands[command].text().rstrip("…")

    def _filter(self, typed: str) -> None:
        """Commands whose words, in either language, or keys hold what is typed."""
        wanted = typed.strip().casefold()
        heading: QTreeWidgetItem | None = None
        for row in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(row)
            if item is None:
                continue
            command = str(item.data(0, ID_ROLE))
            if not command:
                heading = item
                heading.setHidden(True)
                continue
            words = (*TEXT[f"command.{command}"], native(self._shortcuts.keys(command)))
            fits = any(wanted in one.casefold() for one in words)
            item.setHidden(not fits)
            if fits and heading is not None:
                heading.setHidden(False)
        shown = [item for item in self._items.values() if not item.isHidden()]
        if shown and self.tree.currentItem() not in shown:
            self.tree.setCurrentItem(shown[0])

    # ---- changing -------------------------------------------------------------------------------

    def _take(self) -> None:
        """Keys were pressed in the field."""
        self._wish(self.editor.keySequence().toString(QKeySequence.SequenceFormat.PortableText))

    def _reset(self) -> None:
        table = {command.id: command.keys for command in COMMANDS}
        self._wish(table[self.current])

    def _wish(self, keys: str) -> None:
        command = self.current
        if not command or QKeySequence(keys) == QKeySequence(self._shortcuts.keys(command)):
            return
        holder = self._shortcuts.holder(command, keys)
        if is_needed(keys):
            self._tell(tr("settings.keys.needed", keys=native(keys)))
        elif holder:
            self._tell(tr("settings.keys.held", keys=native(keys), command=self._title(holder)))
            self._wanted = keys
            self.take_over.show()
        else:
            self._shortcuts.assign(command, keys)

    def _take_over(self) -> None:
        self._shortcuts.assign(self.current, self._wanted)

    def _tell(self, words: str) -> None:
        self._wanted = ""
        self.told.setText(words or tr("settings.keys.hint"))
        self.take_over.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Tab leaves the field of keys, and Esc takes back what was pressed: neither is recorded."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
            if event.key() == Qt.Key.Key_Tab and plain:
                self.focusNextChild()
                return True
            if event.key() == Qt.Key.Key_Backtab:
                self.focusPreviousChild()
                return True
        return False
