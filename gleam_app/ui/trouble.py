"""Errors find the panel that they are about."""

from PySide6.QtCore import QObject

from gleam_app.ui.cases.panel import QueriesPanel
from gleam_app.ui.panels.candidates import CandidatesPanel
from gleam_app.ui.panels.explanation import ExplanationPanel
from gleam_app.ui.panels.notice import Notice
from gleam_app.ui.panels.query import QueryPanel
from gleam_app.ui.tile_sets.manager import Manager

OF_TILE_SET = "sets:"  # before the name of the tile set whose row is meant


class Trouble(QObject):
    """Shows an error in the notice of its place: ``query``, ``candidates``, ``explanation``, ``queries``,
    ``case``, or ``sets:NAME`` for the row of a tile set.
    """

    def __init__(
        self,
        query: QueryPanel,
        candidates: CandidatesPanel,
        explanation: ExplanationPanel,
        queries: QueriesPanel,
        manager: Manager,
    ) -> None:
        super().__init__(manager)
        self._queries, self._manager = queries, manager
        self._candidates = candidates
        self._notices = {
            "query": query.notice,
            "case": query.notice,
            "explanation": explanation.notice,
            "queries": queries.notice,
        }

    def show(self, place: str, error: BaseException) -> None:
        """Say it there, with what can be done about it."""
        if place == "queries" and self._queries.folded:
            self._queries.fold(False)
        misfit = self._manager.misfit if place in ("candidates", "queries") else ""
        if misfit:  # made with another pack: what to do is offered where it is noticed
            remedy = ("sets.reembed", lambda: self._reembed(misfit))
            self._notice(place).show_error(error, remedy)
        else:
            self._notice(place).show_error(error)

    def show_of_build(self, name: str, error: BaseException) -> None:
        """In its row, where the person may not be looking: the manager comes up."""
        self._manager.wanted.emit()
        self.show(f"{OF_TILE_SET}{name}", error)

    def clear(self, place: str) -> None:
        """What was wrong there is being tried anew."""
        self._notice(place).clear()

    def _notice(self, place: str) -> Notice:
        if place.startswith(OF_TILE_SET):
            return self._manager.panel.notice_of(place.removeprefix(OF_TILE_SET))
        return self._notices.get(place, self._candidates.notice)

    def _reembed(self, name: str) -> None:
        self._candidates.notice.clear()
        self._queries.notice.clear()
        self._manager.reembed(name)
        self._manager.wanted.emit()
