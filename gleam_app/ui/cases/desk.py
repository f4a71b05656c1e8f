"""The case that the window works on: always one, made when the first thing is to be kept.

What is read from it or written to it takes its turn on one thread, so that a slow disk holds up nobody.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from gleam_app.errors import GleamError
from gleam_app.ui.cases.untitled import is_untitled, new_untitled
from gleam_app.ui.jobs import Jobs

if TYPE_CHECKING:
    from gleam_app.cases.case import Case

T = TypeVar("T")
log = logging.getLogger(__name__)


def _ignore(_: Any) -> None:
    return None


class Desk(QObject):
    """``leaving``: another case will be opened; ``opened``: it is. ``changed`` carries its changes.

    ``failed``: (the panel concerned, the error).
    """

    leaving = Signal()
    opened = Signal()
    changed = Signal(object)
    failed = Signal(str, object)
    _heard = Signal(object, object)

    def __init__(self, home: Path, jobs: Jobs) -> None:
        super().__init__(jobs)
        self._folder = home / "cases"
        self._jobs = jobs
        self._case: Case | None = None
        self._making = threading.Lock()
        self._closed = False
        self._turns = ThreadPoolExecutor(max_workers=1, thread_name_prefix="gleam-case")
        self._heard.connect(self._pass_on, Qt.ConnectionType.QueuedConnection)

    @property
    def case(self) -> "Case | None":
        """The open case; None until there is something to keep."""
        return self._case

    @property
    def untitled(self) -> bool:
        """Whether it has no name yet: it is kept among the program's own files."""
        return self._case is None or is_untitled(self._case.path, self._folder)

    def case_to_write(self) -> "Case":
        """The open case, an untitled one if there is none. From any thread but the GUI's.

        Raises GleamError if it cannot be made.
        """
        with self._making:
            if self._case is None:
                if self._closed:
                    raise GleamError("The window is closed.")
                self._take(new_untitled(self._folder))
                self._jobs.post(self.opened.emit)
            assert self._case is not None
            return self._case

    def run(
        self,
        function: "Callable[[Case], T]",
        done: Callable[[T], None] = _ignore,
        ended: Callable[[], None] = lambda: None,
        place: str = "queries",
    ) -> None:
        """Call ``function`` with the case, in turn; ``done`` hears the outcome on the GUI thread.

        What goes wrong is told in the panel ``place``. ``ended`` comes last, however it went.
        """
        self._submit(lambda: function(self.case_to_write()), done, ended, place)

    # ---- which case -----------------------------------------------------------------------------

    def new(self) -> None:
        """Leave the open case and begin an untitled one."""
        self._change(lambda: None)

    def open(self, path: Path) -> None:
        """Open another case instead; the one that is open stays if that cannot be."""

        def read() -> "Case | None":
            from gleam_app.cases.case import Case

            known = self._case
            if known is not None and known.path == path.resolve():
                return known
            return Case.open(path)

        # read before the open one is left: where that fails nothing has changed
        self._submit(read, lambda case: self._change(lambda: case), lambda: None, "case")

    def save_as(self, path: Path) -> None:
        """Go on in a copy of that name; an untitled case moves there altogether."""

        def copy() -> "Case":
            from gleam_app.cases.case import Case

            known = self.case_to_write()
            if path.resolve() == known.path:
                return known
            known.save_copy(path)
            case = Case.open(path)
            untitled = is_untitled(known.path, self._folder)
            if untitled or known.facts.title == known.path.stem:
                case.edits.set_title(path.stem)
            if untitled:
                known.close()
                known.path.unlink(missing_ok=True)
            return case

        self._change(copy)

    def _change(self, take: "Callable[[], Case | None]") -> None:
        self.leaving.emit()

        def swap() -> None:
            before, case = self._case, take()
            if case is before:
                return
            with self._making:
                self._case = None
                if case is not None:
                    self._take(case)
            if before is not None:
                self._put_away(before)

        self._submit(swap, lambda _: None, self.opened.emit, "case")

    def _take(self, case: "Case") -> None:
        case.journal.listeners.append(lambda change: self._heard.emit(case, change))
        self._case = case

    def _put_away(self, case: "Case") -> None:
        """Close it; an untitled case that holds nothing leaves nothing behind."""
        case.journal.listeners.clear()
        try:
            untitled = is_untitled(case.path, self._folder)
            empty = untitled and not case.queries() and not case.queries(removed=True)
        except GleamError:
            empty = False
        case.close()
        if empty:
            case.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Finish what is to be written, then close the case."""
        self._closed = True
        case = self._case
        if case is not None:
            self._turns.submit(self._put_away, case)
        self._turns.shutdown(wait=True)

    # ---- turns ----------------------------------------------------------------------------------

    def _submit(
        self,
        function: Callable[[], T],
        done: Callable[[T], None],
        ended: Callable[[], None],
        place: str,
    ) -> None:
        def turn() -> None:
            try:
                outcome = function()
            except Exception as error:
                trouble = error
                log.info("a turn on the case failed", exc_info=True)
                self._jobs.post(lambda: self.failed.emit(place, trouble))
            else:
                self._jobs.post(lambda: done(outcome))
            self._jobs.post(ended)

        if not self._closed:
            self._turns.submit(turn)

    def _pass_on(self, case: "Case", change: object) -> None:
        if case is self._case:
            self.changed.emit(change)
