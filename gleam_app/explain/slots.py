"""Putting measured values into a model's text while it streams."""

import re
from collections.abc import Sequence

from gleam_app.explain.evidence import Evidence
from gleam_app.explain.wording import Lang

_SLOT = re.compile(r"\{(E\d{1,2})\}")
_OPEN = re.compile(r"\{(?:E\d{0,2})?$")


class SlotFiller:
    """Replaces ``{E3}`` by the value of E3 and its mark: ``1.2 m [E3]``.

    Feed pieces of any length; what might be the beginning of a slot is held back until it is clear.
    A slot of unknown evidence is left out. Line breaks become spaces (nothing in Chinese).
    """

    def __init__(self, evidence: Sequence[Evidence], lang: Lang) -> None:
        self._values = {item.id: item.slot(lang) for item in evidence}
        self._gap = "" if lang == "zh" else " "
        self._held = ""
        self._written = ""

    @property
    def text(self) -> str:
        """Everything put out so far."""
        return self._written

    def feed(self, piece: str) -> str:
        """The text that may be shown now."""
        pending = self._held + piece
        hold = _OPEN.search(pending)
        self._held = pending[hold.start() :] if hold else ""
        ready = pending[: hold.start()] if hold else pending
        return self._put(ready)

    def end(self) -> str:
        """What was held back and is no slot after all."""
        rest, self._held = self._held, ""
        return self._put(rest.replace("{", "").replace("}", ""))

    def _put(self, text: str) -> str:
        out: list[str] = []
        for part in re.split(r"(\{E\d{1,2}\})", text.replace("\n", self._gap)):
            slot = _SLOT.fullmatch(part)
            if slot is None:
                out.append(part)
            elif slot[1] in self._values:
                value = self._values[slot[1]]
                if self._at_start(out):
                    value = value[:1].upper() + value[1:]
                out.append(f"{value}{self._gap}[{slot[1]}]")
        shown = "".join(out)
        self._written += shown
        return shown

    def _at_start(self, out: list[str]) -> bool:
        """Whether a sentence begins here."""
        before = (self._written + "".join(out)).rstrip()
        return not before or before[-1] in ".。"
