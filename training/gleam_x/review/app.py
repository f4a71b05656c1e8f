"""Starting the review window on a person's answers, one window a person."""

import signal
import sys

from PySide6.QtCore import QLockFile, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from gleam_app.errors import GleamError
from gleam_app.home import gleam_home, resources_dir
from gleam_app.ui.settings import Settings
from gleam_app.ui.strings import language
from gleam_app.ui.theme import theme, ui_font
from training.gleam_x.review.answers import Journal
from training.gleam_x.review.desk import Desk
from training.gleam_x.review.folder import Review
from training.gleam_x.review.settling import disagreed
from training.gleam_x.review.window import ReviewWindow


def run(review: Review, name: str, third: bool = False, seat: int | None = None) -> None:
    """Show the window until it is closed. Raises GleamError where the person cannot review here."""
    answers = review.file_of(name)
    answers.parent.mkdir(parents=True, exist_ok=True)
    lock = QLockFile(str(answers.with_suffix(".lock")))
    lock.setStaleLockTime(0)  # however long a window is open; what a killed one left does not count
    if not lock.tryLock(0):
        raise GleamError(f"{name} has another window open on this review.", "Go on in that one.")
    try:
        journal = review.join(name, third, seat)
        try:
            desk = open_desk(review, journal)
            _show(review, desk, name)
        finally:
            journal.close()
    finally:
        lock.unlock()


def open_desk(review: Review, journal: Journal) -> Desk:
    """The desk of whoever writes the journal. GleamError where nothing falls to that person."""
    third = journal.header.seat is None
    records = review.queue(journal.header.seat, disagreed(review) if third else ())
    if not records:
        raise GleamError(
            "There is nothing to decide." if third else "No pair falls to you.",
            "Wait until both others have answered." if third else "Ask for a greater share.",
        )
    return Desk(records, journal, review.plan.langs, review.plan.blind)


def _show(review: Review, desk: Desk, name: str) -> None:
    application = make_application()
    settings = Settings(gleam_home())
    language.choose(settings.choices.language)
    application.setFont(ui_font())
    theme.choose(settings.choices.theme)
    window = ReviewWindow(review, desk, name, settings)
    window.show()
    signal.signal(signal.SIGINT, lambda *_: window.close())
    wake = QTimer()  # lets Python see the signal while Qt waits
    wake.start(500)
    wake.timeout.connect(lambda: None)
    application.exec()


def make_application() -> QApplication:
    """The application object in the app's style; the one that exists if there is one."""
    known = QApplication.instance()
    application = known if isinstance(known, QApplication) else QApplication(sys.argv[:1])
    application.setApplicationName("gleam-review")
    application.setStyle("Fusion")
    application.setWindowIcon(QIcon(str(resources_dir() / "icons" / "gleam.svg")))
    return application
