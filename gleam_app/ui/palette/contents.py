"""Where the palette's entries come from in the window."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import format_position, parse_position
from gleam_app.ui.commands import COMMANDS, SUB_MENUS, Command
from gleam_app.ui.palette.entries import Entry, names_with
from gleam_app.ui.palette.palette import Palette
from gleam_app.ui.strings import TEXT, tr

if TYPE_CHECKING:
    from gleam_app.ui.window import MainWindow

RECENT = 8


def make_palette(window: "MainWindow") -> Palette:
    """The palette of this window."""
    settings = window.preferences.settings

    def remember(entry: str) -> None:
        if entry in window.commands.actions:  # names of queries are nothing to keep
            others = [one for one in settings.choices.recent_commands if one != entry]
            settings.change(recent_commands=(entry, *others)[:RECENT])

    return Palette(
        window,
        lambda typed: list(_entries(window, typed)),
        lambda: settings.choices.recent_commands,
        remember,
    )


def _entries(window: "MainWindow", typed: str) -> Iterator[Entry]:
    yield from _positions(window, typed)
    for command in COMMANDS:
        if command.id != "palette":
            yield _of_command(window, command)
    if typed.strip():
        yield from names_with(typed, _queries(window))
        yield from names_with(typed, _tile_sets(window))


def _of_command(window: "MainWindow", command: Command) -> Entry:
    action = window.commands[command.id]
    titles = {text.rstrip("…") for text in TEXT[f"command.{command.id}"]}
    title = action.text().rstrip("…")
    behind = SUB_MENUS.get(command.menu)
    return Entry(
        command.id,
        title,
        tr(f"menu.{command.menu}") if behind is None else tr(f"command.{behind}"),
        action.trigger,
        action.shortcut().toString(QKeySequence.SequenceFormat.NativeText),
        command.icon,
        tuple(titles - {title}),
        window.commands.why_not(command),
    )


def _queries(window: "MainWindow") -> Iterator[Entry]:
    for one in window.cases.queries.records:
        run = partial(window.analysis.show, one.id, one.name)
        yield Entry(f"query:{one.id}", one.name, tr("palette.query"), run, icon="image")


def _tile_sets(window: "MainWindow") -> Iterator[Entry]:
    for one in window.session.available:
        run = partial(window.manager.choose, one.name)
        yield Entry(f"tiles:{one.name}", one.name, tr("palette.tile_set"), run, icon="layers")


def _positions(window: "MainWindow", typed: str) -> Iterator[Entry]:
    """A position, if that is what is typed."""
    if not any(letter.isdigit() for letter in typed):
        return
    try:
        place = parse_position(typed)
    except GleamError:
        return
    position = format_position(*place, window.preferences.settings.choices.coordinates)
    title = tr("palette.go_to", position=position)
    run = partial(window.map.fly_to, *place)
    yield Entry("position", title, tr("palette.map"), run, icon="map-pin", also=(typed,))
