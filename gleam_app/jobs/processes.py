"""Other processes of this machine."""

import os


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
