"""What is already set up: stamps, one lock, and the file the app reads while the rest is being made."""

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader sees either the old one or all of the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    staged.write_text(text, encoding="utf-8")
    staged.replace(path)


def fingerprint(*parts: object) -> str:
    """Short hash of whatever a step depends on."""
    return hashlib.sha256("\0".join(str(part) for part in parts).encode()).hexdigest()[:16]


class Stamps:
    """Which steps are done, and with which inputs. Lies inside the environment it speaks about."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def _read(self) -> dict[str, str]:
        try:
            known = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def holds(self, step: str, inputs: str) -> bool:
        return self._read().get(step) == inputs

    def set(self, step: str, inputs: str) -> None:
        write_whole(self._path, json.dumps({**self._read(), step: inputs}, indent=1))

    def clear(self) -> None:
        self._path.unlink(missing_ok=True)


def _try_lock(handle: IO[str]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def lock(path: Path, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock of this checkout's environment; it ends with the process, however that ends.

    With ``on_wait`` None raises ``BlockingIOError`` when another process holds it, else waits,
    calling ``on_wait`` every half second.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as handle:
        while not _try_lock(handle):
            if on_wait is None:
                raise BlockingIOError(f"{path} is held by another process")
            on_wait()
            time.sleep(0.5)
        yield


def gleam_home() -> Path:
    """The app's data folder, as ``gleam_app.home`` finds it (which needs a package to do so)."""
    override = os.environ.get("GLEAM_HOME")
    if override:
        return Path(override).expanduser().resolve()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
        return Path(local) / "gleam"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "gleam"
    data = os.environ.get("XDG_DATA_HOME", "").strip()
    return (Path(data) if data else Path.home() / ".local" / "share") / "gleam"


class SetupState:
    """``setup-state.json`` in the app's home: what is still being set up behind the open window.

    ``{"what", "done", "total", "updated" (unix time), "pid", "error"?, "hint"?}``. The file is there
    only while something is unfinished or failed; a dead ``pid`` without an error means interrupted.
    """

    def __init__(self, home: Path) -> None:
        self.path = home / "setup-state.json"
        self._written = 0.0

    def report(self, what: str, done: int = 0, total: int = 0, **more: Any) -> None:
        now = time.time()
        if not more and 0 <= now - self._written < 1.0:
            return
        self._written = now
        state = {"what": what, "done": done, "total": total, "updated": now, "pid": os.getpid()}
        write_whole(self.path, json.dumps({**state, **more}, ensure_ascii=False))

    def clear(self) -> None:
        self.path.unlink(missing_ok=True)
