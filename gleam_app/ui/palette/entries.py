"""What the palette finds, and in which order."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from gleam_app.ui.palette.matching import match

MOST_NAMES = 40  # of queries, and of tile sets: more letters narrow them down
MOST = 80
RECENT_BONUS = 6
NOT_SHOWN = 4  # found by a name that is not the one shown


@dataclass(frozen=True)
class Entry:
    """One line. ``id`` is remembered where it is run; ``also``: other names it is found by.

    ``why``: what is missing, in words; such an entry cannot be run.
    """

    id: str
    title: str
    kind: str
    run: Callable[[], object]
    keys: str = ""
    icon: str = ""
    also: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Found:
    """An entry and which letters of its title fit."""

    entry: Entry
    letters: tuple[int, ...] = ()


def find(typed: str, entries: Iterable[Entry], recent: Sequence[str]) -> list[Found]:
    """The entries that fit, the best first; with nothing typed all, those run lately first."""
    order = {name: place for place, name in enumerate(recent)}
    known = list(entries)
    if not typed.strip():
        return [Found(one) for one in sorted(known, key=lambda e: order.get(e.id, len(order)))]
    scored: list[tuple[int, int, Found]] = []
    for place, entry in enumerate(known):
        best = _fit(typed, entry)
        if best is not None:
            score, letters = best
            score += RECENT_BONUS if entry.id in order else 0
            scored.append((-score + (100 if entry.why else 0), place, Found(entry, letters)))
    scored.sort(key=lambda one: one[:2])
    return [found for _, _, found in scored[:MOST]]


def _fit(typed: str, entry: Entry) -> tuple[int, tuple[int, ...]] | None:
    shown = match(typed, entry.title)
    others = [found for name in entry.also if (found := match(typed, name)) is not None]
    hidden = max((found.score for found in others), default=None)
    if shown is not None and (hidden is None or shown.score >= hidden - NOT_SHOWN):
        return shown.score, shown.letters
    return None if hidden is None else (hidden - NOT_SHOWN, ())


def names_with(typed: str, entries: Iterable[Entry]) -> list[Entry]:
    """Of many names, for example of queries, the first that hold what is typed as it stands."""
    wanted = typed.strip().casefold()
    holding = (one for one in entries if wanted and wanted in one.title.casefold())
    return list(islice(holding, MOST_NAMES))
