"""Shortcuts are changed, conflicts told, put back, and never fire while one writes."""

import json
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence

from gleam_app.ui.shortcuts import is_needed
from gleam_app.ui.strings import TEXT


@pytest.fixture
def page(window: Any) -> Any:
    window.commands["shortcuts"].trigger()
    yield window.settings_dialog.shortcuts
    window.settings_dialog.close()


def choose(page: Any, command: str, keys: str) -> None:
    page.tree.setCurrentItem(page._items[command])
    page.editor.setKeySequence(QKeySequence(keys))
    page.editor.editingFinished.emit()


def test_a_change_is_in_effect_and_kept_at_once(window: Any, page: Any, services: Any) -> None:
    choose(page, "locate", "Ctrl+Alt+7")
    assert window.commands["locate"].shortcut() == QKeySequence("Ctrl+Alt+7")
    stored = json.loads((services.home / "settings.json").read_text(encoding="utf-8"))
    assert stored["shortcuts"] == {"locate": "Ctrl+Alt+7"}
    page.reset.click()
    assert window.commands["locate"].shortcut() == QKeySequence("Ctrl+L")
    assert "shortcuts" not in json.loads((services.home / "settings.json").read_text())


def test_a_conflict_is_told_and_taken_only_when_told_to(window: Any, page: Any) -> None:
    choose(page, "explain", "Ctrl+L")
    assert "Locate" in page.told.text() and page.take_over.isVisible()
    assert window.commands["explain"].shortcut() == QKeySequence("Ctrl+E")
    page.take_over.click()
    assert window.commands["explain"].shortcut() == QKeySequence("Ctrl+L")
    assert window.commands["locate"].shortcut().isEmpty()
    page.reset_all.click()
    assert window.commands["explain"].shortcut() == QKeySequence("Ctrl+E")
    assert window.commands["locate"].shortcut() == QKeySequence("Ctrl+L")


def test_keys_that_lists_need_are_refused(window: Any, page: Any) -> None:
    choose(page, "accept", "Down")
    assert window.commands["accept"].shortcut() == QKeySequence("A")
    assert page.told.text().startswith("Down")
    assert is_needed("Return") and is_needed("Space") and not is_needed("Ctrl+Down")


def test_search_finds_words_of_both_languages_and_keys(page: Any) -> None:
    for typed in ("locate", TEXT["command.locate"][1], "Ctrl+L"):
        page.search.setText(typed)
        assert not page._items["locate"].isHidden()
        assert page._items["quit"].isHidden()


def test_single_letters_do_nothing_while_one_writes(window: Any, photo: Any, qtbot: Any) -> None:
    window.tile_sets.choose(["alpha"])
    qtbot.waitUntil(lambda: bool(window.session.tile_sets))
    window.analysis.open_file(photo)
    qtbot.waitUntil(lambda: window.commands["accept"].isEnabled())
    window.activateWindow()
    window.commands["note"].trigger()
    field = window.decision.note
    qtbot.waitUntil(field.hasFocus)
    qtbot.keyClicks(field, "a rant")
    assert field.text() == "a rant"
    assert window.session.record.decision.state == "open"
    qtbot.keyClick(field, Qt.Key.Key_Escape)
