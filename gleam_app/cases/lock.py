"""One writer a case: a hidden lock file beside it, held while the case is open for writing.

The operating system lets go of it when its holder dies, however that happens. It is removed when the
case is closed.
"""

import errno
import os
from pathlib import Path

_HELD = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)


class Busy(Exception):
    """Somebody else holds the lock."""


class WriterLock:
    """Held from construction to ``release``. Raises Busy, or OSError where no file can be made."""

    def __init__(self, case: Path) -> None:
        self._path = case.with_name(f".{case.name}.lock")
        self._file = _take(self._path)

    def release(self) -> None:
        """Let others write."""
        if os.name == "nt":  # an open file cannot be removed, nor one that another has opened since
            os.close(self._file)
            try:
                self._path.unlink(missing_ok=True)
            except OSError:
                return
        else:
            self._path.unlink(missing_ok=True)
            os.close(self._file)


def _take(path: Path) -> int:
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            _lock(file)
            if os.name == "nt" or _is_at(file, path):
                return file
        except OSError as error:
            os.close(file)
            if error.errno in _HELD:
                raise Busy from None
            raise
        os.close(file)  # its holder removed it between our opening and locking: try the new one


def _is_at(file: int, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    here = os.fstat(file)
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def _lock(descriptor: int) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
