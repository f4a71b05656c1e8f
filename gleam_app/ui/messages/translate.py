"""Messages from below the window in the language in use.

Whoever raises a ``GleamError`` writes plain English, for the command line and for logs; nothing
below the window knows of languages. The tables beside this module give the Chinese for each such
sentence, found as gettext does it, by the English: a template there with ``{name}`` placeholders is
held against the finished sentence, and what stands at the placeholders is carried over (and is
itself translated where it is a known sentence, a reason for example). So errors that a case file
keeps as text, or that a child process sent, are shown in either language too. A sentence that no
table knows stays English; a test holds the tables against every message in the sources.
"""

import re
from functools import cache

from gleam_app.errors import GleamError
from gleam_app.ui.messages import cases, imagery, machine, packs, places, tile_sets
from gleam_app.ui.strings import language

CHINESE: dict[str, str] = {
    **machine.WORDS,
    **places.WORDS,
    **imagery.WORDS,
    **packs.WORDS,
    **tile_sets.WORDS,
    **cases.WORDS,
}
MAX_LENGTH = 4000  # a longer text is no message of ours: it is not searched
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def translate(text: str) -> str:
    """``text`` in the language in use; as it is where that is English or the text is not known."""
    if language.code == "en" or not text or len(text) > MAX_LENGTH:
        return text
    return _chinese(text)


def in_words(error: GleamError) -> tuple[str, str]:
    """(what is wrong, what to do) in the language in use; the second may be empty."""
    return translate(str(error)), translate(error.hint)


def in_one_line(error: GleamError) -> str:
    """Both sentences of ``in_words``."""
    return join(*in_words(error))


def join(*sentences: str) -> str:
    """Sentences one after another; Chinese ones need no space between them."""
    return ("" if language.code == "zh" else " ").join(part for part in sentences if part)


def _chinese(text: str) -> str:
    if text in CHINESE:
        return CHINESE[text]
    for pattern, words in _patterns():
        found = pattern.fullmatch(text)
        if found is not None:
            values = {name: _value(value) for name, value in found.groupdict().items()}
            return words.format(**values)
    return text


def _value(text: str) -> str:
    """What stands at a placeholder: a name, a reason, or a list of names with reasons."""
    if "; " in text:
        return "；".join(_value(part) for part in text.split("; "))
    known = _chinese(text)
    name, bracket, reason = text.rpartition(" (")
    if known == text and bracket and reason.endswith(")"):
        return f"{name}（{_chinese(reason[:-1])}）"
    return known


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """The templates with placeholders; those that say most come first, so the closest one is found."""
    templates = [template for template in CHINESE if _PLACEHOLDER.search(template)]
    templates.sort(key=lambda one: len(_PLACEHOLDER.sub("", one)), reverse=True)
    return [(_pattern(template), CHINESE[template]) for template in templates]


def _pattern(template: str) -> re.Pattern[str]:
    pieces = _PLACEHOLDER.split(template)  # words, name, words, name, ..., words
    return re.compile(
        "".join(
            f"(?P<{piece}>.+?)" if number % 2 else re.escape(piece)
            for number, piece in enumerate(pieces)
        ),
        re.DOTALL,
    )
