"""Who listens to whom in the window."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint

from gleam_app.ui.appearance import Appearance

if TYPE_CHECKING:
    from gleam_app.ui.window import MainWindow


def wire(window: "MainWindow") -> None:
    """Connect the parts of the window, once all of them are there."""
    _wire_panels(window)
    _wire_session(window)
    _wire_tile_sets(window)
    _wire_packs(window)
    _wire_trouble(window)
    window.toolbar.language_chosen.connect(window.preferences.choose_language)
    Appearance(window)


def _wire_panels(window: "MainWindow") -> None:
    session, analysis, of_candidate = window.session, window.analysis, window.of_candidate
    window.query.demo_requested.connect(window.intake.open_demo)
    window.query.view_chosen.connect(analysis.choose_view)
    window.query.heading_entered.connect(analysis.enter_heading)
    window.candidates.candidate_chosen.connect(session.select)
    window.candidates.copy_requested.connect(of_candidate.copy)
    of_candidate.place_wanted.connect(window.map.fly_to)
    window.map.candidate_selected.connect(session.select)
    window.map.cursor_moved.connect(window.status.show_cursor)
    window.map.guard.blocked.connect(window.settings_dialog.privacy.count_refused)
    window.map.cursor_left.connect(window.status.position.clear)
    window.map.files_dropped.connect(
        lambda files: window.intake.take_files([Path(name) for name in files])
    )
    explanation = window.explanation
    explanation.explain_requested.connect(analysis.explain)
    explanation.stop_requested.connect(analysis.stop)
    explanation.fetch_requested.connect(
        lambda: window.packs.offer_fetch(window.language_model.wanted)
    )
    _wire_model_choice(window)
    explanation.evidence_pointed.connect(lambda item: _light_evidence(window, item))
    window.language_model.state_changed.connect(explanation.set_model_state)
    window.language_model.packs_listed.connect(window.status.show_packs)
    queries = window.cases.panel
    for panel, menu in ((queries, "query"), (window.candidates, "candidate")):
        panel.menu_wanted.connect(partial(_show_menu, window, menu))
    queries.fold_changed.connect(window.layout_of_panels.make_room_for_queries)
    window.cases.title_changed.connect(lambda: window.setWindowTitle(window.cases.title))


def _wire_model_choice(window: "MainWindow") -> None:
    """Who explains: kept for the next time, asked the next time somebody explains."""
    choice, settings = window.explanation.model, window.preferences.settings

    def chosen(model: str) -> None:
        window.analysis.explainer = model
        settings.change(explainer=model)

    def listed(models: list[tuple[str, str]]) -> None:
        choice.set_models(models)
        window.analysis.explainer = choice.who  # a pack that is gone explains no more

    choice.want(settings.choices.explainer)
    window.analysis.explainer = choice.who
    choice.chosen.connect(chosen)
    window.language_model.models_listed.connect(listed)


def _show_menu(window: "MainWindow", name: str, at: QPoint) -> None:
    window.commands.context_menu(name, window).popup(at)


def _wire_session(window: "MainWindow") -> None:
    session = window.session
    window.analysis.locating_progressed.connect(window.candidates.show_progress)
    window.analysis.picture_ready.connect(window.query.show_pyramid)
    session.location_changed.connect(lambda: window.map.show_location(session.location))

    def show_candidate() -> None:
        window.map.select(session.rank)
        window.compare.show_pair(session.query, session.candidate)

    session.candidate_selected.connect(show_candidate)
    session.query_changed.connect(show_candidate)


def _wire_tile_sets(window: "MainWindow") -> None:
    manager, tile_sets, session = window.manager, window.tile_sets, window.session

    def opened() -> None:
        window.preferences.settings.change(tile_sets=session.tile_set_names)
        tile_sets.close_previous()
        window.map.set_sources(
            [(source.path.name, source) for one in session.tile_sets for source in one.sources]
        )

    tile_sets.opened.connect(opened)
    manager.wanted.connect(window.switches.show_manager)
    manager.panel.closed.connect(lambda: window.switches.show_manager(False))
    manager.coverage_changed.connect(window.map.show_coverage)
    window.toolbar.tile_set_chosen.connect(manager.choose)


def _wire_packs(window: "MainWindow") -> None:
    """Other packs may be used from now on: who stands on them looks again."""
    library = window.packs.library
    library.used_changed.connect(window.language_model.look)
    library.used_changed.connect(window.analysis.warm_up)
    library.used_changed.connect(window.tile_sets.refresh)
    library.model_progressed.connect(window.language_model.follow)
    window.packs.tile_sets_wanted.connect(window.switches.show_manager)
    window.intake.packs_taken.connect(window.packs.install)


def _wire_trouble(window: "MainWindow") -> None:
    """Errors and confirmations go where the person looks."""
    analysis, cases, tile_sets = window.analysis, window.cases, window.tile_sets
    for source in (analysis, tile_sets, cases, window.language_model, window.intake):
        source.failed.connect(window.trouble.show)
    for step in (analysis, tile_sets, cases):
        step.begun.connect(window.trouble.clear)
    window.manager.builds.failed.connect(window.trouble.show_of_build)
    for speaker in (
        window.manager,
        cases,
        window.of_candidate,
        window.packs.library,
        window.crash,
        window.map_tools,
    ):
        speaker.said.connect(window.status.say)


def _light_evidence(window: "MainWindow", item: object) -> None:
    query_region = getattr(item, "query_region", ()) or None
    tile_region = getattr(item, "tile_region", ()) or None
    window.compare.highlight_evidence(query_region, tile_region)
