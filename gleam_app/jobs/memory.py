"""Memory that computations no longer use goes back to the system.

glibc keeps what was freed, in an arena for each thread: after sixty queries some 550 MB that nobody
used. Other systems' allocators give it back by themselves.
"""

import ctypes
import sys
from functools import cache
from typing import Any


def give_back() -> None:
    """Give freed memory back; takes some milliseconds, in which other threads go on."""
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Any:
    """glibc's ``malloc_trim``; None where there is none (musl, macOS, Windows)."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None
