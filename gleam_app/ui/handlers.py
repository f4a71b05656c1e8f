"""What each command of the table does in the window: one line a command."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from gleam_app.geo.coordinates import POSITION_STYLES

if TYPE_CHECKING:
    from gleam_app.ui.cases.decision_bar import Field
    from gleam_app.ui.window import MainWindow


def handlers_of(window: "MainWindow") -> dict[str, Callable[[], object]]:
    """By the command's id. The panels' commands are bound by ``PanelSwitches``."""
    cases, decisions, intake = window.cases, window.cases.decisions, window.intake
    session, analysis, prefer = window.session, window.analysis, window.preferences
    candidate = window.of_candidate
    return {
        "new_case": cases.new,
        "open_case": cases.ask_open,
        "save_case": cases.save,
        "save_case_as": cases.ask_save_as,
        "add_pictures": intake.ask_for_pictures,
        "add_picture_folder": intake.ask_for_picture_folder,
        "export": cases.exports.ask,
        "undo": decisions.undo,
        "redo": decisions.redo,
        "accept": decisions.accept,
        "reject": decisions.reject,
        "reopen": decisions.reopen,
        "note": lambda: _write_in(window, window.decision.note),
        "tags": lambda: _write_in(window, window.decision.tags),
        "next_query": lambda: cases.choose_next(1),
        "previous_query": lambda: cases.choose_next(-1),
        "batch": cases.batch.start,
        "locate_again": decisions.locate_again,
        "remove_query": decisions.remove,
        "open": intake.ask_for_picture,
        "paste": intake.paste,
        "add_imagery": window.manager.ask_for_files,
        "add_folder": window.manager.ask_for_folder,
        "save_report": cases.exports.ask_for_report,
        "packs": window.packs.show,
        "quit": window.close,
        "locate": analysis.locate,
        "explain": analysis.explain,
        "stop": analysis.stop,
        **window.map_tools.handlers,
        "next_candidate": lambda: session.select_next(1),
        "previous_candidate": lambda: session.select_next(-1),
        "show_on_map": candidate.show_on_map,
        "swipe": window.compare.swipe,
        "copy_coordinates": candidate.copy_selected,
        **{f"copy_{style}": partial(candidate.copy_as, style) for style in POSITION_STYLES},
        "copy_geo": candidate.copy_geo,
        "open_elsewhere": candidate.open_elsewhere,
        "reset_layout": window.switches.reset,
        "switch_language": prefer.switch_language,
        "switch_theme": prefer.switch_theme,
        "settings": window.settings_dialog.open_at,
        "shortcuts": lambda: window.settings_dialog.open_at("shortcuts"),
        "palette": window.palette_of_commands.open,
        "guide": window.help.open_guide,
        "tour": window.help.tour.start,
        "demo": intake.open_demo,
        "about": window.show_about,
    }


def _write_in(window: "MainWindow", field: "Field") -> None:
    window.switches.show("candidates")
    window.decision.write_in(field)
