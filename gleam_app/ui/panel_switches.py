"""Which panels are shown: the commands' marks and the layout kept in step."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from gleam_app.ui.cases.panel import QueriesPanel
from gleam_app.ui.commands import Commands
from gleam_app.ui.layout import Layout

WIDE_PX = 1500  # from here on there is room for the list of queries beside the tile sets
NOT_AT_FIRST = "tile_sets"


class PanelSwitches(QObject):
    """Binds ``show_NAME`` of every panel to the layout."""

    def __init__(
        self, window: QWidget, layout: Layout, commands: Commands, queries: QueriesPanel
    ) -> None:
        super().__init__(window)
        self._window, self._layout, self._commands, self._queries = (
            window, layout, commands, queries,
        )  # fmt: skip
        for name in layout.panels:
            layout.bind(name, commands[f"show_{name}"])

    def show(self, name: str, shown: bool = True) -> None:
        """Show or hide a panel."""
        self._commands[f"show_{name}"].setChecked(shown)

    def show_manager(self, shown: bool = True) -> None:
        """The tile sets come and go; in a narrow window the list of queries makes room."""
        self.show("tile_sets", shown)
        if shown and self._window.width() < WIDE_PX:
            self._queries.fold(True)

    def reset(self) -> None:
        """All as it was designed."""
        for name in self._layout.panels:
            self.show(name, name != NOT_AT_FIRST)
        self._layout.reset()
