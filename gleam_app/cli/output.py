"""What commands say: one JSON document or people's text on stdout; progress and errors on stderr."""

import io
import json
import sys
import time
from typing import Any

from gleam_app.errors import GleamError
from gleam_app.jobs.work import Progress


def prepare_output() -> None:
    """Names that the terminal cannot show are escaped (in JSON: by its own escapes), never fatal."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = None if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


class ProgressLine:
    """Progress on stderr: a line that moves on a terminal, a line after every ten seconds elsewhere."""

    def __init__(self) -> None:
        self._moving = sys.stderr.isatty()
        self._last = 0.0 if self._moving else time.monotonic()

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        ended = progress.total > 0 and progress.done >= progress.total
        if now - self._last < (0.2 if self._moving else 10.0) and not (ended and self._moving):
            return
        self._last = now
        share = "" if progress.fraction is None else f" {progress.fraction:4.0%}"
        left = "" if progress.seconds_left is None else f", {duration(progress.seconds_left)} left"
        line = f"{progress.what}{share}{left}"
        if self._moving:
            print(f"\r\033[K{line}", end="\n" if ended else "", file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr)


def complain(error: GleamError) -> None:
    """The one line of an error, on stderr."""
    print(f"gleam: {shown(f'{error} {error.hint}'.strip())}", file=sys.stderr)


def say(line: str) -> None:
    """What a command did, on stderr: stdout is for what was asked."""
    print(shown(line), file=sys.stderr)


def print_json(document: dict[str, Any]) -> None:
    print(json.dumps(document, ensure_ascii=False, indent=1))


def shown(name: str) -> str:
    """A file name as one harmless line: it may hold line breaks and orders to the terminal."""
    from gleam_app.imagery.exif import clean_text

    return clean_text(name, 1000)


def duration(seconds: float) -> str:
    """A time span for people."""
    if seconds < 99.5:
        return f"{max(1, round(seconds))} s"
    if seconds < 99.5 * 60:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
