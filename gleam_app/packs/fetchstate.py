"""What a process that fetches a pack lets others see: its progress, and that it is at it.

Beside the pack's staging folder lies ``ID.lock``, held by the operating system for the process that
fetches (and let go by it if that process dies); in the folder, ``state.json`` is rewritten as long as
the fetch goes on.
"""

import json
import os
import time
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from gleam_app.errors import GleamError
from gleam_app.jobs.lock import only_process
from gleam_app.jobs.processes import process_alive
from gleam_app.jobs.work import Progress
from gleam_app.packs.files import write_whole

STATE_NAME = "state.json"
STALE_AFTER_S = 30.0
WRITE_EVERY_S = 0.5


def fetch_lock(staging: Path, pack_id: str) -> AbstractContextManager[None]:
    """Hold the right to change pack ``pack_id``; ``GleamError`` if somebody else has it."""
    busy = GleamError(
        f"Pack {pack_id} is already being fetched by another window or command.",
        hint="Wait for its end, or cancel it there.",
    )
    return only_process(staging / f"{pack_id}.lock", busy)


class StateWriter:
    """Writes the progress of this process for others to read."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / STATE_NAME
        self._written = 0.0

    def write(self, progress: Progress) -> None:
        """Note the progress, at most every half second."""
        now = time.monotonic()
        if now - self._written < WRITE_EVERY_S:
            return
        self._written = now
        state = {
            "pid": os.getpid(),
            "what": progress.what,
            "done": progress.done,
            "total": progress.total,
            "seconds_left": progress.seconds_left,
        }
        with suppress(OSError):  # Windows: a reader may hold the file just now
            write_whole(self._path, json.dumps(state))

    def clear(self) -> None:
        """Nobody fetches any more."""
        self._path.unlink(missing_ok=True)


def read_progress(folder: Path) -> Progress | None:
    """Progress of whoever fetches into ``folder``; None if nobody does or its process died."""
    path = folder / STATE_NAME
    try:
        fresh = time.time() - path.stat().st_mtime < STALE_AFTER_S
        state = json.loads(path.read_text(encoding="utf-8"))
        progress = Progress(state["what"], state["done"], state["total"], state["seconds_left"])
        return progress if fresh and process_alive(state["pid"]) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
