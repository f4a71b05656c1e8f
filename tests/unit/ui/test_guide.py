"""The guide: complete in both languages, searchable, and its commands named as the menus name them."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from gleam_app.ui.commands import COMMANDS, Commands
from gleam_app.ui.guide.book import COMMAND, holds, sections
from gleam_app.ui.guide.window import Guide
from gleam_app.ui.session import Session
from gleam_app.ui.strings import language

CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.fixture
def guide(qtbot: Any) -> Iterator[Guide]:
    before = language.code
    language.choose("en")
    window = QWidget()
    qtbot.addWidget(window)
    made = Guide(Commands(Session(window), window), window)
    yield made
    made.close()
    language.choose(before)


def test_both_languages_have_the_same_sections_and_name_the_same_commands() -> None:
    english, chinese = sections("en"), sections("zh")
    assert [one.id for one in english] == [one.id for one in chinese] and len(english) > 10
    known = {command.id for command in COMMANDS}
    for one, other in zip(english, chinese, strict=True):
        named = set(COMMAND.findall(one.text))
        assert named == set(COMMAND.findall(other.text)), one.id
        assert named <= known, f"{one.id} names commands that there are not: {named - known}"
        assert not CHINESE.search(one.title + one.text)
        assert CHINESE.search(other.title) and CHINESE.search(other.text)
        assert len(one.text.split()) > 20


def test_a_section_is_opened_by_its_id(guide: Guide) -> None:
    guide.open_at("candidates")
    assert guide.section is not None and guide.section.id == "candidates"
    assert guide.title.text() in guide.windowTitle() or guide.title.text()
    assert "calibr" not in guide.text.toPlainText()
    assert "[[" not in guide.text.toPlainText()
    guide.open_at("no such section")
    assert guide.section is not None and guide.section.id == "start"


def test_commands_are_named_with_the_keys_in_use(guide: Guide) -> None:
    guide.open_at("locate")
    assert "Locate (Ctrl+L)" in guide.text.toPlainText()
    guide._commands.set_keys({"locate": "Ctrl+J"})
    assert "Locate (Ctrl+J)" in guide.text.toPlainText()


def test_searching_narrows_the_contents_and_lights_the_words(guide: Guide, qtbot: Any) -> None:
    guide.open_at("start")
    qtbot.keyClicks(guide.search, "georeference nowhere")
    assert guide.nothing.isVisible() and guide.contents.count() == 0 and guide.section is None
    guide.search.clear()
    qtbot.keyClicks(guide.search, "swipe")
    found = [guide.contents.item(row).text() for row in range(guide.contents.count())]
    expected = [one.title for one in sections("en") if holds(one, "swipe")]
    assert found == expected and "Compare" in found
    guide.contents.setCurrentRow(found.index("Compare"))
    lit = guide.text.extraSelections()
    assert lit and all(one.cursor.selectedText().lower() == "swipe" for one in lit)


def test_the_language_changes_under_the_reader(guide: Guide) -> None:
    guide.open_at("compare")
    language.choose("zh")
    assert guide.section is not None and guide.section.id == "compare"
    assert CHINESE.search(guide.title.text()) and CHINESE.search(guide.windowTitle())


def test_escape_closes_it(guide: Guide, qtbot: Any) -> None:
    guide.open_at("start")
    qtbot.keyClick(guide.contents, Qt.Key.Key_Escape)
    assert not guide.isVisible()
