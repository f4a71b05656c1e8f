"""The table of commands is sound."""

from collections import Counter
from typing import Any

from PySide6.QtGui import QKeySequence

from gleam_app.ui.commands import COMMANDS, CONTEXT_MENUS, MENUS, SUB_MENUS
from gleam_app.ui.icons import icon_image
from gleam_app.ui.strings import TEXT


def test_no_two_commands_share_keys_or_ids() -> None:
    keys = Counter(QKeySequence(c.keys).toString() for c in COMMANDS if c.keys)
    assert max(keys.values()) == 1 and "" not in keys
    assert max(Counter(c.id for c in COMMANDS).values()) == 1


def test_every_command_has_words_a_menu_and_its_icon() -> None:
    for command in COMMANDS:
        assert f"command.{command.id}" in TEXT
        assert command.menu in MENUS or command.menu in SUB_MENUS
        if command.icon:
            assert not icon_image(command.icon, "#000000", 20).isNull()


def test_commands_follow_what_is_possible(window: Any, photo: Any, qtbot: Any) -> None:
    commands = window.commands
    assert not commands["locate"].isEnabled() and not commands["explain"].isEnabled()
    window.analysis.open_file(photo)
    qtbot.waitUntil(lambda: window.session.query is not None)
    assert not commands["locate"].isEnabled()  # still no tile set
    window.tile_sets.choose(["alpha"])
    qtbot.waitUntil(lambda: commands["explain"].isEnabled())
    assert commands["locate"].isEnabled() and not commands["stop"].isEnabled()


def test_context_menus_offer_commands_of_the_table() -> None:
    known = {command.id for command in COMMANDS} | set(SUB_MENUS) | {""}
    for offered in CONTEXT_MENUS.values():
        assert set(offered) <= known


def test_what_cannot_be_used_says_why(window: Any) -> None:
    for command in COMMANDS:
        why = window.commands.why_not(command)
        assert bool(why) != window.commands[command.id].isEnabled(), command.id
