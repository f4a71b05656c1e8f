"""The tools of the map put together: go to, measure, all queries, what the file says, its menu."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from gleam_app.ui.exif.room import FileFactsRoom
from gleam_app.ui.goto.room import GoTo
from gleam_app.ui.map.menu import MapMenu
from gleam_app.ui.measure.tool import MeasureTool
from gleam_app.ui.overview.layer import AllQueries

if TYPE_CHECKING:
    from gleam_app.ui.settings import Choices
    from gleam_app.ui.window import MainWindow


class MapTools(QObject):
    """``said``: a short confirmation of one of them."""

    said = Signal(str)

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        session, commands, cases = window.session, window.commands, window.cases
        self.file_facts = FileFactsRoom(
            session, window.analysis, window.query, window.map, commands["file_facts"]
        )
        self.go_to = GoTo(window.map)
        self.measure = MeasureTool(window.map, commands["measure"])
        self.all_queries = AllQueries(window.map, cases.queries, session, commands["all_queries"])
        self.all_queries.query_chosen.connect(
            lambda query: window.analysis.show(query, cases.queries.by_id[query].name)
        )
        self.menu = MapMenu(window)
        for tool in (self.file_facts, self.go_to, self.measure, self.menu):
            tool.said.connect(self.said)

    @property
    def handlers(self) -> dict[str, Callable[[], object]]:
        """What the commands of the map do, by their ids; the checkable ones are bound already."""
        return {
            "go_to": self.go_to.bar.open,
            "copy_cursor": self.go_to.copy_cursor,
            "copy_gps": self.file_facts.copy_position,
        }

    def take(self, choices: "Choices") -> None:
        """Write lengths and positions as the person prefers."""
        self.go_to.set_style(choices.coordinates)
        self.menu.style, self.menu.units = choices.coordinates, choices.units
        self.measure.set_formats(choices.units, choices.coordinates)
        self.file_facts.facts.set_formats(choices.units, choices.coordinates)
