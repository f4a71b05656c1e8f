"""Both languages say everything, and every key that the window asks for is there."""

import ast
from pathlib import Path
from string import Formatter

import gleam_app.ui
from gleam_app.ui.cases.words import WORDS as CASE_WORDS
from gleam_app.ui.strings import TEXT, bind_text, language, tr
from gleam_app.ui.tile_sets.words import WORDS

UI = Path(gleam_app.ui.__file__).parent
OWN_WORDS = {"map", "compare"}  # these rooms have tables of their own


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_are_complete_and_alike() -> None:
    for key, (english, chinese) in TEXT.items():
        assert english.strip() and chinese.strip(), key
        assert placeholders(english) == placeholders(chinese), key
        assert "!" not in english + chinese and "！" not in chinese, key


def test_no_room_overwrites_the_words_of_another() -> None:
    source = (UI / "strings.py").read_text(encoding="utf-8")
    assert not [key for key in (*WORDS, *CASE_WORDS) if f'"{key}":' in source]
    assert not WORDS.keys() & CASE_WORDS.keys()


def literal_keys() -> set[tuple[str, str]]:
    """(file, key) of every literal given to tr, bind_text and the helpers that take a text key."""
    found = set()
    for file in UI.rglob("*.py"):
        if OWN_WORDS & set(file.relative_to(UI).parts):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                position = {"tr": 0, "bind_text": 2, "tool_button": 1, "link_button": 0}.get(name)
                if position is not None and len(node.args) > position:
                    argument = node.args[position]
                    if isinstance(argument, ast.Constant):
                        found.add((file.name, str(argument.value)))
    return found


def test_every_key_in_the_code_is_in_the_table() -> None:
    keys = literal_keys()
    assert len(keys) > 50
    assert {key for _, key in keys} <= TEXT.keys()


def test_a_bound_text_follows_the_language_and_dies_with_its_owner() -> None:
    from PySide6.QtCore import QObject
    from shiboken6 import delete

    heard: list[str] = []
    owner = QObject()
    language.choose("en")
    bind_text(owner, heard.append, "command.locate")
    language.choose("zh")
    assert heard == ["Locate", "定位"]
    delete(owner)
    language.choose("en")
    assert heard == ["Locate", "定位"]


def test_placeholders_are_filled_and_user_text_is_not_formatted() -> None:
    language.choose("en")
    assert tr("query.loading", name="{odd}.jpg") == "Reading {odd}.jpg…"
