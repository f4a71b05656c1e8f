"""Defects of the program, wherever they happen: told once in one place, and the window goes on."""

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from gleam_app.errors import Cancelled, GleamError
from gleam_app.jobs.work import Work
from gleam_app.services import Services
from gleam_app.ui.crash.dialog import CrashDialog
from gleam_app.ui.jobs import Jobs, Task
from gleam_app.ui.strings import tr

KEPT_ERRORS = 5  # the first ones; what follows is usually their consequence
log = logging.getLogger(__name__)


def is_defect(error: BaseException) -> bool:
    """Whether the program is at fault: not the input, the disk, or the person who cancelled."""
    return not isinstance(error, GleamError | OSError | Cancelled | KeyboardInterrupt)


class CrashRoom(QObject):
    """Hears of defects on any thread (``tell``). ``said``: a short confirmation."""

    said = Signal(str)
    _heard = Signal(object)

    def __init__(self, services: Services, jobs: Jobs, window: QWidget) -> None:
        super().__init__(window)
        self._services, self._jobs, self._window = services, jobs, window
        self._errors: list[BaseException] = []
        self._count = 0
        self._crash = ""
        self._shown: CrashDialog | None = None
        self._writing: Task[str] | None = None
        self._heard.connect(self._take, Qt.ConnectionType.QueuedConnection)
        jobs.job_failed.connect(self._job_failed)

    @property
    def dialog(self) -> CrashDialog:
        """The one dialog, made when first needed."""
        if self._shown is None:
            self._shown = CrashDialog(self._window)
            self._shown.save_wanted.connect(lambda name: self.save(Path(name)))
            self._shown.finished.connect(self._forget)
        return self._shown

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Exceptions that nobody caught come here, from the GUI and from threads."""
        main, thread = sys.excepthook, threading.excepthook
        sys.excepthook = self._uncaught
        threading.excepthook = lambda found: self._uncaught(
            found.exc_type, found.exc_value, found.exc_traceback
        )
        try:
            yield
        finally:
            sys.excepthook, threading.excepthook = main, thread

    def tell(self, error: BaseException) -> None:
        """From any thread: a defect showed itself."""
        self._heard.emit(error)

    def look_back(self) -> None:
        """At the start: tell of a crash of the last run."""

        def read(work: Work) -> str:
            from gleam_app.diagnostics.crashes import left_behind

            return left_behind(self._services.home)

        def found(crash: str) -> None:
            if crash:
                self._crash = crash
                self._show(tr("crash.last_run"))

        self._jobs.start(tr("crash.preparing"), read, done=found, quiet=True)

    def save(self, path: Path) -> None:
        """Write the report that is shown, whole or not at all."""
        text = self.dialog.report.toPlainText()

        def write(work: Work) -> None:
            from gleam_app.packs.files import write_whole

            write_whole(path, text)

        self._jobs.start(
            tr("crash.save.title"),
            write,
            done=lambda _: self.said.emit(tr("crash.saved")),
            failed=self.dialog.notice.show_error,
            quiet=True,
        )

    def _job_failed(self, error: BaseException) -> None:
        if is_defect(error):
            self.tell(error)

    def _uncaught(
        self,
        kind: type[BaseException],
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None or issubclass(kind, KeyboardInterrupt):
            self._window.close()
            return
        log.error("an unexpected error", exc_info=(kind, error, trace))
        self.tell(error)

    def _take(self, error: BaseException) -> None:
        self._count += 1
        self._errors = [*self._errors, error][:KEPT_ERRORS]
        self._show(tr("crash.now") if self._count == 1 else tr("crash.again", count=self._count))

    def _show(self, message: str) -> None:
        self.dialog.say(message)
        self.dialog.show()
        errors, crash = tuple(self._errors), self._crash
        if self._writing is not None:
            self._writing.drop()

        def write(work: Work) -> str:
            from gleam_app.diagnostics.report import write_report

            return write_report(self._services, errors, crash)

        self._writing = self._jobs.start(
            tr("crash.preparing"),
            write,
            done=self.dialog.show_report,
            failed=self.dialog.notice.show_error,
            quiet=True,
        )

    def _forget(self) -> None:
        """Seen: the next defect begins a new report."""
        self._errors, self._count, self._crash = [], 0, ""
