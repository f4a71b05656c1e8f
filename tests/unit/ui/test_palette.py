"""The palette: what it finds, and that the keyboard is enough."""

from itertools import combinations, pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt

from gleam_app.ui.palette.entries import Entry, find
from gleam_app.ui.palette.matching import GAP, MOST_GAP, NEXT, _bonus, match
from gleam_app.ui.palette.row import runs
from gleam_app.ui.strings import TEXT


def score_of(text: str, letters: tuple[int, ...]) -> int:
    """The score of one way to find the letters, straight from the definition."""
    total = sum(_bonus(text, place) for place in letters)
    for one, other in pairwise(letters):
        gap = other - one - 1
        total += NEXT if gap == 0 else GAP * min(gap, MOST_GAP)
    return total


@given(st.text("ab -", min_size=1, max_size=4), st.text("abc -", max_size=9))
def test_the_best_way_is_found(typed: str, text: str) -> None:
    wanted = typed.replace(" ", "")
    ways = [
        way
        for way in combinations(range(len(text)), len(wanted))
        if "".join(text[place] for place in way) == wanted
    ]
    found = match(typed, text)
    if not wanted:
        assert found is not None and found.letters == ()
    elif not ways:
        assert found is None
    else:
        assert found is not None and found.letters in ways
        assert found.score == max(score_of(text, way) for way in ways)
        assert found.score == score_of(text, found.letters)


def entry(name: str, **more: Any) -> Entry:
    return Entry(name, name, "File", lambda: None, **more)


def test_order() -> None:
    known = [entry("Add pictures"), entry("Save case"), entry("Paste", why="no"), entry("Explain")]
    assert [one.entry.id for one in find("", known, ["Explain", "Save case"])][:2] == [
        "Explain",
        "Save case",
    ]
    assert [one.entry.id for one in find("sc", known, [])] == ["Save case"]
    assert [one.entry.id for one in find("pa", known, [])][-1] == "Paste"  # cannot be used now


def test_letters_are_marked_in_runs() -> None:
    assert runs("Save case", (0, 5)) == [("S", True), ("ave ", False), ("c", True), ("ase", False)]


def press(qtbot: Any, window: Any, text: str, *keys: Qt.Key) -> None:
    palette = window.palette_of_commands
    window.commands["palette"].trigger()
    assert palette.isVisible()
    qtbot.keyClicks(palette.field, text)
    for key in keys:
        qtbot.keyClick(palette.field, key)


def test_a_command_by_keyboard_only(window: Any, qtbot: Any) -> None:
    manager = window.layout_of_panels.panels["tile_sets"]
    press(qtbot, window, "tile sets p", Qt.Key.Key_Return)
    qtbot.waitUntil(manager.isVisible)
    assert not window.palette_of_commands.isVisible()
    assert window.preferences.settings.choices.recent_commands == ("show_tile_sets",)
    window.commands["palette"].trigger()
    assert window.palette_of_commands.model.found[0].entry.id == "show_tile_sets"
    qtbot.keyClick(window.palette_of_commands.field, Qt.Key.Key_Escape)
    assert not window.palette_of_commands.isVisible()


def test_what_cannot_be_used_stays_and_says_why(window: Any, qtbot: Any) -> None:
    press(qtbot, window, "locate", Qt.Key.Key_Return)
    palette = window.palette_of_commands
    assert palette.isVisible() and not window.session.locating
    shown = {one.entry.id: one.entry.why for one in palette.model.found}
    assert shown["locate"] == TEXT["why.no_query"][0]
    palette.leave()


def test_english_names_are_found_while_the_window_is_chinese(window: Any, qtbot: Any) -> None:
    window.preferences.choose_language("zh")
    press(qtbot, window, "reset layout")
    found = window.palette_of_commands.model.found[0].entry
    assert found.id == "reset_layout" and found.title == TEXT["command.reset_layout"][1]
    window.palette_of_commands.leave()
    window.preferences.choose_language("en")


def test_queries_tile_sets_and_positions(window: Any, photo: Any, qtbot: Any) -> None:
    window.tile_sets.choose(["alpha"])
    qtbot.waitUntil(lambda: bool(window.session.tile_sets))
    window.analysis.open_file(photo)
    qtbot.waitUntil(lambda: bool(window.cases.queries.records))
    window.tile_sets.refresh()
    qtbot.waitUntil(lambda: len(window.session.available) == 2)
    press(qtbot, window, "photo.j")
    palette = window.palette_of_commands
    assert palette.model.found[0].entry.id.startswith("query:")
    palette.field.setText("beta")
    assert palette.model.found[0].entry.id == "tiles:beta"
    flown: list[tuple[float, float]] = []
    window.map.fly_to = lambda lat, lon: flown.append((lat, lon))
    palette.field.setText("28.04125 N 82.69847 W")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(flown))
    assert flown == [(28.04125, -82.69847)]
