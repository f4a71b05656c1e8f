"""The map panel: imagery, candidates, and what the person does with them."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent
from PySide6.QtWebChannel import QWebChannel
from PySide6.QtWebEngineCore import QWebEnginePage, QWebEngineProfile, QWebEngineSettings
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from gleam_app.geo.measure import Units
from gleam_app.home import resources_dir
from gleam_app.imagery.sources import MapSource
from gleam_app.retrieval.results import Location
from gleam_app.ui.map.bridge import Bridge
from gleam_app.ui.map.content import MapContent, Mosaic
from gleam_app.ui.map.drawing import coverage_message, location_message, sources_message
from gleam_app.ui.map.scheme import PAGE_URL, OfflineGuard, SchemeHandler
from gleam_app.ui.map.words import page_words
from gleam_app.ui.strings import Lang
from gleam_app.ui.theme import DARK, LIGHT, ui_font
from gleam_app.ui.tile_sets.coverage import Coverage

log = logging.getLogger(__name__)
LATEST_MS = 5000  # nobody waits longer for the page to come up
BETTER_TILES_MS = 700  # between looks at whether better tiles can be had


class MapPanel(QWidget):
    """A map of the loaded imagery with the candidates on it.

    ``register_scheme()`` must have run before the QApplication was made. The panel keeps what it was
    told and tells the page when that is ready, so callers need not wait for anything.
    """

    candidate_selected = Signal(int)  # rank, by a click or by Enter on its label
    cursor_moved = Signal(float, float)  # lat, lon
    cursor_left = Signal()
    files_dropped = Signal(list)  # local paths, str
    page_ready = Signal()
    told = Signal(str, object)  # by a room of the page: kind and payload
    _provisional_tiles = Signal()

    def __init__(self, parent: QWidget | None = None, web: Path | None = None) -> None:
        super().__init__(parent)
        self._sources: list[tuple[str, MapSource]] = []
        self._mosaic = Mosaic()
        self._coverage: tuple[Coverage, ...] = ()
        self._location: Location | None = None
        self._selected: int | None = None
        self._dark = False
        self._lang: Lang = "en"
        self._units: Units = "metric"
        self._ready = False
        self.content = MapContent(
            web or resources_dir() / "web", on_provisional=self._provisional_tiles.emit
        )
        self._better_tiles = QTimer(self, interval=BETTER_TILES_MS)
        self._better_tiles.timeout.connect(self._ask_for_better_tiles)
        self._provisional_tiles.connect(
            self._await_better_tiles, Qt.ConnectionType.QueuedConnection
        )
        self._bridge = Bridge(self)
        self._bridge.page_ready.connect(self._greet)
        self._bridge.candidate_clicked.connect(self.candidate_selected)
        self._bridge.cursor_moved.connect(self.cursor_moved)
        self._bridge.cursor_left.connect(self.cursor_left)
        self._bridge.told.connect(self.told)
        self._build_view()
        self.setAcceptDrops(True)

    def _build_view(self) -> None:
        # The profile belongs to the application and the page to the view: the page must go first.
        self._profile = QWebEngineProfile(QApplication.instance())
        self._profile.setHttpCacheType(QWebEngineProfile.HttpCacheType.NoCache)
        self._handler = SchemeHandler(self.content.answer, self._profile)
        self._profile.installUrlSchemeHandler(b"gleam", self._handler)
        self.guard = OfflineGuard(self._profile)
        self._profile.setUrlRequestInterceptor(self.guard)
        self.view = QWebEngineView(self)
        self._page = _Page(self._profile, self.view)
        self._channel = QWebChannel(self._page)
        self._channel.registerObject("bridge", self._bridge)
        self._page.setWebChannel(self._channel)
        self._page.setBackgroundColor(QColor(LIGHT.window))
        self.view.setPage(self._page)
        self.view.setContextMenuPolicy(self.view.contextMenuPolicy().NoContextMenu)
        self.view.loadFinished.connect(self._let_drops_through)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.view, 1)
        self.setFocusProxy(self.view)
        self.destroyed.connect(self._handler.close)
        self.destroyed.connect(self._profile.deleteLater)
        application = QApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self._handler.close)
            application.aboutToQuit.connect(self._page.deleteLater)  # before its profile
        self._page.load(QUrl(PAGE_URL))

    def add_bar(self, bar: QWidget) -> None:
        """A bar of a tool, above the map."""
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.insertWidget(layout.count() - 1, bar)

    # ---- what the map shows ----------------------------------------------------------------

    def set_sources(self, sources: list[tuple[str, MapSource]]) -> None:
        """Show these (name, source) as the ground; an empty list clears it.

        Tiles of the sources shown before may still be read for a moment: close them a little later.
        """
        if sources == self._sources:
            return
        self._sources = list(sources)
        self._mosaic = Mosaic([source for _, source in self._sources])
        self._generation = self.content.set_mosaic(self._mosaic)
        self._native_zoom = self._mosaic.native_zoom
        self._better_tiles.stop()
        self._send_sources()

    def _await_better_tiles(self) -> None:
        if not self._better_tiles.isActive():
            self._better_tiles.start()

    def _ask_for_better_tiles(self) -> None:
        """Once the sources have what they were preparing, the tiles drawn before are drawn anew."""
        if self._mosaic.settled:
            self._better_tiles.stop()
            self._generation = self.content.set_mosaic(self._mosaic)
            self._send_sources()

    def show_coverage(self, outlines: Sequence[Coverage], go_to: Sequence[str] = ()) -> None:
        """Draw these outlines besides the imagery; ``go_to``: names of those to move the map to.

        When imagery that was only about to be added goes, the map is back where it was before.
        """
        self._coverage = tuple(outlines)
        self._send("coverage", coverage_message(self._coverage, go_to))

    def show_location(self, location: Location | None) -> None:
        """Show the candidates of ``location`` in place of those shown; None takes them away.

        A later wave of the same query keeps the view and the selection.
        """
        if location is None or not self._same_query(location):
            self.select(None)
        self._location = location
        self._send("location", location_message(location, self._lang))

    def select(self, rank: int | None) -> None:
        """Emphasise the candidate of that rank; the map moves only if it is out of sight."""
        if rank != self._selected:
            self._selected = rank
            self._send("select", {"rank": rank})

    def fly_to(self, lat: float, lon: float) -> None:
        """Centre the map at a position, close enough to see houses."""
        self._send("fly", {"lat": lat, "lon": lon, "zoom": 17})

    def set_theme(self, dark: bool) -> None:
        self._dark = dark
        self._page.setBackgroundColor(QColor((DARK if dark else LIGHT).window))
        self._send_theme()

    def set_units(self, units: Units) -> None:
        """Of the scale bar."""
        self._units = units
        self._send("units", {"units": units})

    def set_language(self, lang: Lang) -> None:
        self._lang = lang
        self._send("words", page_words(lang))
        self._send("location", location_message(self._location, lang))
        self._name_view()

    # ---- the page --------------------------------------------------------------------------

    def _greet(self) -> None:
        """The page has come up: tell it everything."""
        self._ready = True
        self._send_theme()
        self._send("words", page_words(self._lang))
        self._send("units", {"units": self._units})
        if self._sources:
            self._send_sources()
        self._send("coverage", coverage_message(self._coverage))
        self._send("location", location_message(self._location, self._lang))
        self._send("select", {"rank": self._selected})
        self.page_ready.emit()

    def once_up(self, function: Callable[[], None]) -> None:
        """Call ``function`` once, when the page has come up or takes too long to."""
        waiting = QTimer(self, singleShot=True)
        waiting.timeout.connect(function)
        self.page_ready.connect(lambda: waiting.start(0) if waiting.isActive() else None)
        waiting.start(0 if self._ready else LATEST_MS)

    @property
    def sources(self) -> Sequence[tuple[str, MapSource]]:
        """What is shown as the ground, by name."""
        return tuple(self._sources)

    def tell(self, kind: str, payload: object) -> None:
        """Tell a room of the page. It hears nothing before ``page_ready``, and should be told again then."""
        self._send(kind, payload)

    def _send(self, kind: str, payload: object) -> None:
        if self._ready:
            self._bridge.send(kind, payload)

    def _send_sources(self) -> None:
        self._send("sources", sources_message(self._sources, self._generation, self._native_zoom))

    def _send_theme(self) -> None:
        tokens = asdict(DARK if self._dark else LIGHT)
        tokens["on-colour"] = tokens["window"] if self._dark else tokens["panel"]
        tokens["casing"] = tokens["window" if self._dark else "panel"] + "D0"
        tokens["font"] = ", ".join(f'"{name}"' for name in ui_font().families()) + ", sans-serif"
        self._send("theme", tokens)

    def _same_query(self, location: Location) -> bool:
        return self._location is not None and self._location.query.sha256 == location.query.sha256

    # ---- drops -----------------------------------------------------------------------------

    def _let_drops_through(self) -> None:
        """Chromium would swallow a drop; without its consent the event comes to this panel."""
        self.view.setAcceptDrops(False)
        proxy = self.view.focusProxy()
        if proxy is not None:
            proxy.setAcceptDrops(False)
        self._name_view()

    def _name_view(self) -> None:
        """Screen readers meet the engine's own widget before the page in it."""
        proxy = self.view.focusProxy()
        if proxy is not None:
            proxy.setAccessibleName(page_words(self._lang)["map"])

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.files_dropped.emit(paths)


class _Page(QWebEnginePage):
    """Stays where it is, asks nothing, and speaks to our log."""

    def __init__(self, profile: QWebEngineProfile, parent: QObject) -> None:
        super().__init__(profile, parent)
        attribute = QWebEngineSettings.WebAttribute
        for name in (
            attribute.JavascriptCanOpenWindows,
            attribute.JavascriptCanAccessClipboard,
            attribute.LocalStorageEnabled,
            attribute.LocalContentCanAccessRemoteUrls,
            attribute.PluginsEnabled,
            attribute.PdfViewerEnabled,
            attribute.HyperlinkAuditingEnabled,
            attribute.DnsPrefetchEnabled,
        ):
            self.settings().setAttribute(name, False)

    def acceptNavigationRequest(
        self, url: QUrl | str, kind: QWebEnginePage.NavigationType, is_main_frame: bool
    ) -> bool:
        return QUrl(url).toString() == PAGE_URL

    def javaScriptConsoleMessage(
        self,
        level: QWebEnginePage.JavaScriptConsoleMessageLevel,
        message: str,
        line: int,
        source: str,
    ) -> None:
        serious = level != QWebEnginePage.JavaScriptConsoleMessageLevel.InfoMessageLevel
        log.log(logging.WARNING if serious else logging.DEBUG, "%s:%d %s", source, line, message)
