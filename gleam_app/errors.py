"""Errors that are meant for the person in front of the program."""

import errno


class GleamError(Exception):
    """Something the user can understand and act on.

    ``str(error)`` is one line: what is wrong. ``hint`` is one sentence: what to do about it.
    The command line prints both and exits with ``exit_code``; the window shows them in the panel
    where the thing is. Anything else that is raised is a defect of the program.
    """

    exit_code = 3

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Cancelled(Exception):
    """The user cancelled; nothing is wrong and nothing is shown."""


def disk_trouble(error: OSError) -> GleamError:
    """What the operating system refused, in words; for where no better words were found before."""
    where = "" if error.filename is None else f" {error.filename}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return GleamError(
            f"The disk is full{f' ({where.strip()})' if where else ''}.",
            "Free some space, or set GLEAM_HOME to a folder on a larger disk; then try again.",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return GleamError(
            f"You may not read or write{where or ' there'}.",
            "Check the permissions, or set GLEAM_HOME to a folder of your own.",
        )
    reason = error.strerror or str(error) or type(error).__name__
    return GleamError(
        f"The computer refused to use{where or ' a file'}: {reason}.",
        "Check that the disk is there, and that GLEAM_HOME names a folder.",
    )
