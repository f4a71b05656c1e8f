"""Help within reach: the guide at the panel where one is, and the tour on the first start."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QWidget

from gleam_app.ui.guide.window import Guide
from gleam_app.ui.tour.tour import Tour

if TYPE_CHECKING:
    from gleam_app.ui.window import MainWindow


class Help(QObject):
    """Belongs to the window. The guide is made when it is first wanted."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self.guide: Guide | None = None
        self._sections: dict[QWidget, str] = {
            window.map: "map",
            window.compare: "compare",
            window.decision: "decisions",
            window.toolbar: "locate",
            window.manager.panel.card: "tile_sets",
        }
        panels = (window.query, window.candidates, window.explanation, window.cases.panel)
        for panel in (*panels, window.manager.panel):
            self._sections[panel] = panel.objectName()
            panel.help_wanted.connect(self.open_guide)
        window.compare.help_wanted.connect(self.open_guide)
        window.map.told.connect(self._hear_map)
        self.tour = Tour(
            window,
            {
                "query": [window.query],
                "toolbar": [window.toolbar.tile_sets, window.toolbar.locate],
                "candidates": [window.candidates],
                "compare": [window.compare],
                "explanation": [window.explanation],
                "decision": [window.decision, window.candidates],
            },
            window.switches.show,
            self._guide_keys,
        )
        self.tour.demo_wanted.connect(window.intake.open_demo)
        window.session.query_changed.connect(self._follow)

    def welcome(self) -> None:
        """On the first start: the tour stands there, and takes nothing from what one does."""
        preferences = self._window.preferences
        if not preferences.settings.choices.tour_seen:
            preferences.settings.change(tour_seen=True)
            self.tour.start(focus=False)

    def open_guide(self, section: str = "") -> None:
        """At this section; without one, at the panel in which the keyboard is."""
        if self.guide is None:
            self.guide = Guide(self._window.commands, self._window)
        self.guide.open_at(section or self._section_here())

    def close(self) -> None:
        """With the window goes its guide."""
        self.tour.end(said=False)
        if self.guide is not None:
            self.guide.close()

    def _follow(self) -> None:
        if self._window.session.query is not None:
            self.tour.done("query")

    def _hear_map(self, kind: str, _: object) -> None:
        if kind == "help":
            self.open_guide("map")

    def _section_here(self) -> str:
        widget = QApplication.focusWidget()
        while widget is not None:
            if widget in self._sections:
                return self._sections[widget]
            widget = widget.parentWidget()
        return ""

    def _guide_keys(self) -> str:
        keys = self._window.commands["guide"].shortcut()
        return keys.toString(QKeySequence.SequenceFormat.NativeText)
