"""Whether this system lets the map's browser engine lock its own processes in.

Chromium keeps each page in a process that sees neither files nor network. On Linux it needs a user
namespace for that, ends the whole program where it gets none, and refuses to work as root.
"""

import os
from pathlib import Path

SWITCH = "QTWEBENGINE_DISABLE_SANDBOX"  # Qt's own
_FORBIDDING = {  # a file under /proc -> what it holds where no user namespace is to be had
    "sys/user/max_user_namespaces": "0",
    "sys/kernel/unprivileged_userns_clone": "0",
}
_APPARMOR = "sys/kernel/apparmor_restrict_unprivileged_userns"  # Ubuntu, since 23.10
_PROFILE = "self/attr/apparmor/current"


def obstacle(proc: Path = Path("/proc")) -> str:
    """Why the engine cannot lock its processes in, in a few words; "" where it can."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return "started as root"
    for name, forbidden in _FORBIDDING.items():
        if _read(proc / name) == forbidden:
            return "the system forbids user namespaces"
    # a program that has a profile of its own, as the installed one has, is no longer held back
    if _read(proc / _APPARMOR) == "1" and _read(proc / _PROFILE) in ("", "unconfined"):
        return "AppArmor forbids user namespaces"
    return ""


def prepare() -> None:
    """Have the engine start all the same where it cannot lock its processes in.

    The only page it shows is our own, from a scheme of our own, and every other address is refused.
    """
    if obstacle():
        os.environ.setdefault(SWITCH, "1")


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip("\n\0 ")
    except OSError:
        return ""
