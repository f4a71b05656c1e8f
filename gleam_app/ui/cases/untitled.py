"""Cases without a name yet: where they lie, and which were left behind."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gleam_app.errors import GleamError

if TYPE_CHECKING:
    from gleam_app.cases.case import Case

SUFFIX = ".gleamcase"
_PREFIX = "untitled-"
_OFFERED = 20  # looked at, the newest first


@dataclass(frozen=True)
class Left:
    """A case to go on with: ``title`` empty for one without a name; ``waiting`` of its ``queries``."""

    path: Path
    title: str
    queries: int
    waiting: int


def is_untitled(path: Path, folder: Path) -> bool:
    """Whether the case lies among the program's own files, under a name that nobody chose."""
    return path.parent == folder.resolve() and path.name.startswith(_PREFIX)


def new_untitled(folder: Path) -> "Case":
    """Make an empty case, named after the moment, as reports head it. Raises GleamError if it cannot be."""
    from gleam_app.cases.case import Case

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GleamError(
            f"There is no place for cases: {folder} cannot be made ({error.strerror}).",
            "Check the folder, or set GLEAM_HOME to another.",
        ) from None
    now = datetime.now()
    stem = f"{_PREFIX}{now:%Y%m%d-%H%M%S}"
    for number in range(100):
        path = folder / f"{stem}{f'-{number}' if number else ''}{SUFFIX}"
        if not path.exists():
            return Case.create(path, f"GLEAM {now:%Y-%m-%d %H:%M}")
    raise GleamError("An untitled case cannot be made.", "Try again in a moment.")


def left_behind(folder: Path, last: Path | None) -> Left | None:
    """The newest case that was not finished with: untitled ones, and ``last``, the one open at the end.

    Those open in another window are not offered.
    """
    paths = sorted(folder.glob(f"{_PREFIX}*{SUFFIX}"), key=_age, reverse=True)[:_OFFERED]
    if last is not None and last not in paths and last.is_file():
        paths = sorted([*paths, last], key=_age, reverse=True)
    for path in paths:
        left = _look(path, folder)
        if left is not None:
            return left
    return None


def _look(path: Path, folder: Path) -> Left | None:
    from gleam_app.cases.case import Case

    try:
        with Case.open(path) as case:
            if case.read_only:
                return None
            queries = case.queries()
            title = "" if is_untitled(case.path, folder) else case.facts.title
            waiting = sum(one.state == "waiting" for one in queries)
            return Left(path, title, len(queries), waiting) if queries else None
    except GleamError:  # damaged: said when it is opened
        return None


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
