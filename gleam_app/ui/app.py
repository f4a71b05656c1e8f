"""Starting the window and keeping it alive."""

import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from gleam_app.diagnostics import sandbox
from gleam_app.diagnostics.crashes import watched
from gleam_app.diagnostics.logs import kept
from gleam_app.home import resources_dir
from gleam_app.jobs import garbage
from gleam_app.services import Services
from gleam_app.ui.map.scheme import register_scheme
from gleam_app.ui.qt_words import QtWords
from gleam_app.ui.settings import Settings
from gleam_app.ui.strings import language
from gleam_app.ui.theme import theme, ui_font
from gleam_app.ui.window import MainWindow

SWITCH_S = 0.0005

register_scheme()  # Chromium reads its schemes once, before the application exists


def run(
    services: Services,
    images: Sequence[Path] = (),
    demo: bool = False,
    case: Path | None = None,
) -> int:
    """Show the window until it is closed; returns the exit status. A case may be among ``images``."""
    application = make_application()
    window = open_window(services)
    QTimer.singleShot(0, lambda: window.begin(list(images), demo, case))
    signal.signal(signal.SIGINT, lambda *_: window.close())
    wake = QTimer()  # lets Python see the signal while Qt waits
    wake.start(500)
    wake.timeout.connect(lambda: None)
    try:
        with kept(services.home), watched(services.home), window.crash.listening():
            return application.exec()
    finally:
        services.close()


def make_application() -> QApplication:
    """The application object with style, font and icon; the one that exists if there is one."""
    sandbox.prepare()
    known = QApplication.instance()
    application = known if isinstance(known, QApplication) else QApplication(sys.argv[:1])
    # beside a thread that computes in Python, the event loop turns nearly half more often than with
    # the 5 ms after which Python lets go of its lock by itself (measured: 9.3 turns in 100 ms for 6.4)
    sys.setswitchinterval(SWITCH_S)
    application.setApplicationName("gleam")
    application.setStyle("Fusion")
    if application.findChild(QtWords) is None:
        QtWords(application)
    application.setWindowIcon(QIcon(str(resources_dir() / "icons" / "gleam.svg")))
    return application


def open_window(services: Services) -> MainWindow:
    """The window, shown; once its models are loaded Python's garbage collector goes on from there."""
    garbage.rest()
    window = make_window(services)
    window.analysis.warmed_up.connect(garbage.settle)
    window.show()
    return window


def make_window(services: Services) -> MainWindow:
    """The window in the user's language and theme, not yet shown."""
    settings = Settings(services.home)
    language.choose(settings.choices.language)
    QApplication.setFont(ui_font())
    theme.choose(settings.choices.theme)
    return MainWindow(services, settings)
