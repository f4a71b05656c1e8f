"""What the installer still does behind the open window: ``setup-state.json`` in the home folder.

The installer (``packaging``) writes ``{"what", "done", "total", "updated", "pid", "error"?, "hint"?}``
while something is unfinished or failed, and removes the file when all is done.
"""

import json
import time
from dataclasses import dataclass
from pathlib import Path

from gleam_app.jobs.processes import process_alive

STALE_AFTER_S = 600.0


@dataclass(frozen=True)
class SetupState:
    """``percent`` is None while unknown; ``error`` is empty unless a step failed."""

    what: str
    percent: int | None
    error: str = ""


def read_setup_state(home: Path) -> SetupState | None:
    """How setting up stands; None when it is done, was interrupted, or never ran."""
    try:
        state = json.loads((home / "setup-state.json").read_text(encoding="utf-8"))
        what, error = str(state["what"]), str(state.get("error") or "")
        done, total = float(state["done"]), float(state["total"])
        if error:
            return SetupState(what, None, error)
        fresh = time.time() - float(state["updated"]) < STALE_AFTER_S
        if not fresh or not process_alive(int(state["pid"])):
            return None
        return SetupState(what, int(100 * min(1.0, done / total)) if total > 0 else None)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return None
