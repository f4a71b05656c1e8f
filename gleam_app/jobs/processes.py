"""Other processes of this machine, and the environment of the program's own children."""

import os
from pathlib import Path

import gleam_app


def own_environment(**more: str) -> dict[str, str]:
    """The environment of a child that runs this package: ours, in which it finds this package, and ``more``."""
    root = str(Path(gleam_app.__file__).resolve().parent.parent)
    paths = filter(None, (root, os.environ.get("PYTHONPATH")))
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **more}


def process_alive(pid: int) -> bool:
    """Does a process of this number run? On Windows nobody can tell without ending it: always True."""
    if os.name == "nt" or pid <= 0:
        return pid > 0
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
