"""Qt's own buttons and dialogs speak the window's language, and change with it."""

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtWidgets import QAbstractButton, QDialogButtonBox, QFileDialog, QLabel, QTextBrowser

from gleam_app.ui.qt_words import QtWords
from gleam_app.ui.strings import language

BOTH = QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel


@pytest.fixture
def words(qapp: Any) -> Iterator[QtWords]:
    before = language.code
    made = QtWords(qapp)
    yield made
    language.choose("en")
    language.code = before
    made.deleteLater()


def buttons() -> set[str]:
    box = QDialogButtonBox(BOTH)
    return {button.text().replace("&", "") for button in box.buttons()}


def test_standard_buttons_follow_the_language(words: QtWords) -> None:
    language.choose("en")
    assert buttons() == {"Save", "Cancel"}
    language.choose("zh")
    assert buttons() == {"保存", "取消"}
    language.choose("en")
    assert buttons() == {"Save", "Cancel"}


def test_file_dialog_and_menus_of_fields_have_no_english_word(words: QtWords, qtbot: Any) -> None:
    language.choose("zh")
    dialog = QFileDialog(None, "", "", "", options=QFileDialog.Option.DontUseNativeDialog)
    qtbot.addWidget(dialog)
    shown = [label.text() for label in dialog.findChildren(QLabel)]
    shown += [button.text() or button.toolTip() for button in dialog.findChildren(QAbstractButton)]
    browser = QTextBrowser()
    qtbot.addWidget(browser)
    menu = browser.createStandardContextMenu()
    shown += [action.text().partition("\t")[0] for action in menu.actions()]
    menu.deleteLater()
    latin = [text for text in shown if any(c.isascii() and c.isalpha() for c in _bare(text))]
    assert shown and not latin


def _bare(text: str) -> str:
    """Without the mnemonic: 打开(&O)."""
    at = text.find("(&")
    return text if at < 0 else text[:at] + text[at + 4 :]
