"""Texts with a count: one of a thing has its own words where a language needs them."""

from typing import Any

from gleam_app.ui.strings import TEXT, tr


def counted(key: str, count: int, shown: str = "", **values: Any) -> str:
    """The text ``key`` with ``{count}`` filled in, or ``key.one`` where there is one and count is 1.

    ``shown``: the number as it is to stand there, where that is not the plain one ("12 of 964").
    """
    one = f"{key}.one"
    chosen = one if count == 1 and one in TEXT else key
    return tr(chosen, count=shown or f"{count:,}", **values)
