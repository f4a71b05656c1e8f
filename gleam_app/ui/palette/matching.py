"""How well a few typed letters fit a text: they must come in order, and better at the starts of words."""

from typing import NamedTuple

START, WORD, NEXT, LETTER = (
    12,
    8,
    6,
    1,
)  # of the text, of a word, right after the last one, anywhere
GAP = -1  # for each letter skipped between two that fit, up to MOST_GAP
MOST_GAP = 5
_NONE = -(10**6)


class Match(NamedTuple):
    """``score``: more is better, comparable between texts. ``letters``: places of those that fit."""

    score: int
    letters: tuple[int, ...]


def match(typed: str, text: str) -> Match | None:
    """The best way to find ``typed`` in ``text``, whatever the case; None if its letters do not come in
    order. Blanks in ``typed`` are passed over.
    """
    wanted, there = _folded(typed.replace(" ", "")), _folded(text)
    if not wanted:
        return Match(0, ())
    if len(there) != len(text) or not _in_order(wanted, there):
        return None
    bonus = [_bonus(text, place) for place in range(len(text))]
    # best[j]: the best score with the letters so far, the last one at j; steps: where the one before was
    best = [bonus[j] if there[j] == wanted[0] else _NONE for j in range(len(there))]
    steps: list[list[int]] = []
    for letter in wanted[1:]:
        row, came = [_NONE] * len(there), [-1] * len(there)
        for j in range(1, len(there)):
            if there[j] != letter:
                continue
            for i in range(j):
                if best[i] > _NONE:
                    gap = j - i - 1
                    near = NEXT if gap == 0 else GAP * min(gap, MOST_GAP)
                    if best[i] + near + bonus[j] > row[j]:
                        row[j], came[j] = best[i] + near + bonus[j], i
        best = row
        steps.append(came)
    last = max(range(len(there)), key=lambda j: best[j])
    letters = [last]
    for came in reversed(steps):
        letters.append(came[letters[-1]])
    return Match(best[last], tuple(reversed(letters)))


def _folded(text: str) -> str:
    """Lower case, letter for letter."""
    return "".join(one.lower() if len(one.lower()) == 1 else one for one in text)


def _in_order(wanted: str, there: str) -> bool:
    place = -1
    for letter in wanted:
        place = there.find(letter, place + 1)
        if place < 0:
            return False
    return True


def _bonus(text: str, place: int) -> int:
    if place == 0:
        return START
    before = text[place - 1]
    return WORD if not before.isalnum() else LETTER
