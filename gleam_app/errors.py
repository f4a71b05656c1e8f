"""Errors that are meant for the person in front of the program."""


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
