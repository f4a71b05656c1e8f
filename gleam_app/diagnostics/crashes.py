"""Ends that no exception tells of (a library crashed): written down then, told at the next start."""

import faulthandler
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gleam_app.diagnostics.logs import log_folder
from gleam_app.diagnostics.privacy import code_place
from gleam_app.jobs.processes import process_alive

_NAME = re.compile(r"crash-(\d+)\.txt")
_FRAME = re.compile(r'File "(.*)"(, line \d+ in .*)')
MAX_BYTES = 100_000


@contextmanager
def watched(home: Path) -> Iterator[None]:
    """Where the process crashes meanwhile, it leaves the stacks of its threads in ``logs/crash-PID.txt``."""
    path = log_folder(home) / f"crash-{os.getpid()}.txt"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w", encoding="utf-8")
    except OSError:  # told by whoever needs the disk more
        yield
        return
    with file:
        faulthandler.enable(file)
        try:
            yield
        finally:
            faulthandler.disable()
    path.unlink(missing_ok=True)


def left_behind(home: Path) -> str:
    """What crashed since the last start, as stacks without private data; told once, then forgotten.

    Empty: nothing did. A process that was killed, or lost its power, leaves nothing to tell.
    """
    told = []
    for path in sorted(log_folder(home).glob("crash-*.txt")):
        name = _NAME.fullmatch(path.name)
        if name is None or process_alive(int(name[1])):
            continue
        with suppress(OSError):
            with path.open(encoding="utf-8", errors="replace") as file:
                told.append(_reduced(file.read(MAX_BYTES)))
            path.unlink()
    return "\n\n".join(text for text in told if text)


def _reduced(dump: str) -> str:
    """Paths of the code from their package on; a dump holds no data besides."""
    return _FRAME.sub(lambda found: f'File "{code_place(found[1])}"{found[2]}', dump).strip()
