"""The window's log: ``logs/gleam.log`` in the home, bounded, without private data.

What is logged is a template in the code and values; templates are kept, of the values only what cannot
be about the person's work. Libraries finish their sentences themselves: of those safe words are kept.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from gleam_app.diagnostics.privacy import HIDDEN, in_safe_words, trace_of

FILE_NAME = "gleam.log"
MAX_BYTES = 500_000
OLDER_FILES = 2
OURS = "gleam_app"


def log_folder(home: Path) -> Path:
    return home / "logs"


def log_file(home: Path) -> Path:
    return log_folder(home) / FILE_NAME


@contextmanager
def kept(home: Path) -> Iterator[None]:
    """Keep a log as long as the window is open; on a disk that takes none the program goes on without.

    Warnings go to stderr as well, in full.
    """
    file = _LogFile(log_file(home))
    console = logging.StreamHandler(sys.stderr)
    console.setLevel(logging.WARNING)
    root, ours = logging.getLogger(), logging.getLogger(OURS)
    level = ours.level
    ours.setLevel(logging.INFO)
    for handler in (file, console):
        root.addHandler(handler)
    try:
        yield
    finally:
        ours.setLevel(level)
        for handler in (file, console):
            root.removeHandler(handler)
            handler.close()


def tail(home: Path, lines: int = 200) -> list[str]:
    """The last lines of the log; empty where there is none."""
    try:
        text = log_file(home).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.splitlines()[-lines:]


class _LogFile(RotatingFileHandler):
    """Opened with the first line, so that an unused home stays untouched."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            path, maxBytes=MAX_BYTES, backupCount=OLDER_FILES, encoding="utf-8", delay=True
        )
        self.setLevel(logging.INFO)
        self.setFormatter(_Private("%(asctime)s %(levelname)s %(name)s: "))

    def _open(self) -> Any:
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        return super()._open()

    def handleError(self, record: logging.LogRecord) -> None:
        """A full disk must not take the window down."""


class _Private(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = self._said(record)
        error = record.exc_info[1] if record.exc_info else None
        return "\n    ".join([line, *(trace_of(error) if error is not None else [])])

    def _said(self, record: logging.LogRecord) -> str:
        bare = logging.makeLogRecord({**record.__dict__, "msg": "", "args": None})
        bare.exc_info = bare.exc_text = bare.stack_info = None
        ours = record.name.split(".")[0] == OURS
        said = _fill(str(record.msg), record.args) if ours else in_safe_words(record.getMessage())
        return super().format(bare) + said


def _fill(template: str, values: Any) -> str:
    """The template with what may be told of its values."""
    if not values:
        return template
    told = tuple(_safe(one) for one in (values if isinstance(values, tuple) else (values,)))
    try:
        return template.replace("%r", "%s") % told
    except (TypeError, ValueError):
        return template


def _safe(value: Any) -> Any:
    """Counts and kinds; a float may be a coordinate, a text anything."""
    if isinstance(value, BaseException):
        return type(value).__name__
    return value if value is None or isinstance(value, bool | int) else HIDDEN
