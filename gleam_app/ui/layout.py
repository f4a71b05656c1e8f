"""Where the panels are: four splitters, panels that can be hidden, a layout that is kept."""

from PySide6.QtCore import QByteArray, QObject, QSettings, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QSplitter, QWidget

QUERIES_WIDTH = 224
LEFT_WIDTH = 348
EXPLAIN_WIDTH = 392
MANAGER_WIDTH = 376
COMPARE_WIDTH = 360
MINIMUM_PANEL = 140


class Layout(QObject):
    """The list of queries; query over candidates; the map over compare and explanation beside them.

    The tile set manager stands at the right of all that while it is wanted.
    """

    def __init__(
        self,
        queries: QWidget,
        query: QWidget,
        candidates: QWidget,
        map_view: QWidget,
        compare: QWidget,
        explanation: QWidget,
        tile_sets: QWidget,
    ) -> None:
        super().__init__()
        self.panels = {
            "queries": queries,
            "query": query,
            "candidates": candidates,
            "compare": compare,
            "explanation": explanation,
            "tile_sets": tile_sets,
        }
        self._bottom_before: list[int] = []
        self.left = _splitter(Qt.Orientation.Vertical, query, candidates)
        self.bottom = _splitter(Qt.Orientation.Horizontal, compare, explanation)
        self.right = _splitter(Qt.Orientation.Vertical, map_view, self.bottom)
        self.root = _splitter(Qt.Orientation.Horizontal, queries, self.left, self.right, tile_sets)
        for panel in (*self.panels.values(), map_view):
            panel.setMinimumHeight(MINIMUM_PANEL)
        self.left.setMinimumWidth(280)
        compare.setMinimumWidth(180)
        explanation.setMinimumWidth(200)
        tile_sets.setMinimumWidth(340)
        for splitter, growing in (
            (self.left, 1),
            (self.right, 0),
            (self.bottom, 0),
            (self.root, 2),
        ):
            for place in range(splitter.count()):
                splitter.setStretchFactor(place, int(place == growing))
        tile_sets.hide()

    def reset(self) -> None:
        """All panels shown, in the sizes they were designed for; the manager goes."""
        width, height = max(self.root.width(), 960), max(self.root.height(), 600)
        for name, panel in self.panels.items():
            panel.setVisible(name != "tile_sets")
        self._fold()
        left = LEFT_WIDTH if width < 1600 else 400
        explain = EXPLAIN_WIDTH if width < 1600 else 480
        self._share_root(left)
        self.left.setSizes([int(height * 0.5), int(height * 0.5)])
        self.right.setSizes([int(height * 0.56), int(height * 0.44)])
        self.bottom.setSizes([width - left - explain, explain])

    def _share_root(self, left: int) -> None:
        """The list of queries has a width of its own, folded to a strip or not."""
        queries = min(QUERIES_WIDTH, self.panels["queries"].maximumWidth())
        width = max(self.root.width(), 960) - queries
        self.root.setSizes([queries, left, width - left, MANAGER_WIDTH])

    def make_room_for_queries(self) -> None:
        """The list was folded or unfolded: the map gives or takes the room."""
        queries, left, right, manager = self.root.sizes()
        if queries or left or right:  # not before the window is laid out
            wanted = min(QUERIES_WIDTH, self.panels["queries"].maximumWidth())
            self.root.setSizes([wanted, left, right + queries - wanted, manager])

    def bind(self, name: str, action: QAction) -> None:
        """``action`` shows and hides the panel."""
        action.setChecked(not self.panels[name].isHidden())
        action.toggled.connect(lambda shown: self.show_panel(name, shown))

    def show_panel(self, name: str, shown: bool) -> None:
        self.panels[name].setVisible(shown)
        self._fold()
        if name == "tile_sets":
            self._share_bottom(shown)

    def _share_bottom(self, manager: bool) -> None:
        """Beside the manager the explanation gives up room that the comparison needs."""
        if not manager:
            if self._bottom_before:
                self.bottom.setSizes(self._bottom_before)
            self._bottom_before = []
            return
        before = self.bottom.sizes()
        room = (
            self.root.width()
            - self.left.width()
            - self.panels["queries"].width()
            - max(MANAGER_WIDTH, self.root.sizes()[-1])
        )
        if not self._bottom_before and room - before[-1] < COMPARE_WIDTH:
            self._bottom_before = before
            compare = min(COMPARE_WIDTH, room // 2)
            self.bottom.setSizes([compare, room - compare])

    def _fold(self) -> None:
        """A side with no panel left takes no room."""
        self.left.setVisible(
            not (self.panels["query"].isHidden() and self.panels["candidates"].isHidden())
        )
        self.bottom.setVisible(
            not (self.panels["compare"].isHidden() and self.panels["explanation"].isHidden())
        )

    def save(self, settings: QSettings) -> None:
        for name in ("root", "left", "right", "bottom"):
            settings.setValue(f"layout/{name}", getattr(self, name).saveState())

    def restore(self, settings: QSettings) -> bool:
        """Sizes as they were; False if nothing was kept."""
        kept = False
        for name in ("root", "left", "right", "bottom"):
            state = settings.value(f"layout/{name}")
            if isinstance(state, QByteArray):
                kept = getattr(self, name).restoreState(state) or kept
        return kept


def _splitter(orientation: Qt.Orientation, *parts: QWidget) -> QSplitter:
    splitter = QSplitter(orientation)
    splitter.setHandleWidth(1)
    splitter.setChildrenCollapsible(False)
    for part in parts:
        splitter.addWidget(part)
    return splitter
