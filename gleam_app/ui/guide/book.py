"""The guide's text: sections read from ``resources/guide``, one file a language."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from gleam_app.home import resources_dir
from gleam_app.ui.strings import Lang

_HEADING = re.compile(r"^## (?P<title>.+?) <!-- (?P<id>\w+) -->$", re.MULTILINE)
COMMAND = re.compile(r"\[\[(\w+)\]\]")


@dataclass(frozen=True)
class Section:
    """``text`` is Markdown; ``[[id]]`` in it stands for a command."""

    id: str
    title: str
    text: str

    def with_commands(self, name: Callable[[str], str]) -> str:
        """The text with each command as ``name(id)`` says it."""
        return COMMAND.sub(lambda found: name(found[1]), self.text)


def sections(lang: Lang) -> list[Section]:
    """The guide in this language, in reading order."""
    text = (resources_dir() / "guide" / f"{lang}.md").read_text(encoding="utf-8")
    found = list(_HEADING.finditer(text))
    ends = [heading.start() for heading in found[1:]] + [len(text)]
    return [
        Section(heading["id"], heading["title"], text[heading.end() : end].strip())
        for heading, end in zip(found, ends, strict=True)
    ]


def holds(section: Section, wanted: str) -> bool:
    """Whether every word of ``wanted`` stands in the section, in any case."""
    text = f"{section.title}\n{section.text}".casefold()
    return all(word in text for word in wanted.casefold().split())
