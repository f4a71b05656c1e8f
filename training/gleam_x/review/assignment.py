"""Who looks at which pair: by the pair's id alone, so that every machine comes to the same answer."""

import hashlib


def seats(pair: str, people: int, share: float) -> tuple[int, ...]:
    """The seats (0-based) of those who look at a pair: two for a ``share`` (0..1) of all pairs, else one.

    Highest random weight (Thaler and Ravishankar, 1998): each seat draws a number for the pair, and the
    greatest win, so that all seats get alike much and one more person takes a little from everybody.
    """
    order = sorted(range(people), key=lambda seat: _draw("seat", str(seat), pair), reverse=True)
    twice = people > 1 and _draw("twice", pair) < share
    return tuple(order[: 2 if twice else 1])


def place_in_queue(pair: str, seat: int | None) -> float:
    """Where a pair stands in one person's queue: mixed by chance, and otherwise for everybody."""
    return _draw("order", str(seat), pair)


def _draw(*words: str) -> float:
    """A number 0 <= x < 1 that looks like chance and is always the same for the same words."""
    digest = hashlib.sha256("\0".join(words).encode()).digest()
    return int.from_bytes(digest[:7]) / 2**56
