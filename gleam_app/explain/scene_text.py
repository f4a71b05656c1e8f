"""Scene facts in words: nouns and lists of them, and the few sentences that a pack without a language model says.

What is said here is composed, not written by a model: a sentence for each picture, one for what both show, one
for what plainly differs. It is as true as the facts it is given.
"""

import re
from collections.abc import Callable, Sequence
from types import ModuleType

from gleam_app.explain import scene_words_en, scene_words_zh
from gleam_app.explain.scene_facts import Fact, scene_facts
from gleam_app.explain.wording import Lang
from gleam_app.imagery.views import View

WORDS: dict[Lang, ModuleType] = {"en": scene_words_en, "zh": scene_words_zh}
STOP: dict[Lang, str] = {"en": ".", "zh": "。"}
GAP: dict[Lang, str] = {"en": " ", "zh": ""}
_HOUSES = ("buildings", "storeys", "roof_form", "roofs")
_ROAD = ("bend", "road")
MOST_TOLD = 4

Pick = Callable[[tuple[str, ...]], str]
"""Chooses one of several ways to say a thing."""


class Wording:
    """Facts as nouns (English) or clauses (Chinese), alone and in lists."""

    def __init__(self, lang: Lang, pick: Pick) -> None:
        self._lang, self._pick = lang, pick
        self._words = WORDS[lang]

    def sentence(self, frame: str, view: View, **parts: str) -> str:
        """A frame of the words, filled, with its capital and its stop."""
        named = {
            "one": self._pick(self._words.FIRST[view]),
            "two": self._pick(self._words.SECOND),
            "kind": self._pick(self._words.KIND[view]),
            **parts,
        }
        if self._lang == "zh":
            starts = tuple(self._words.ZONES.values())
            for name, inside in (("seen", "in"), ("a", "in_a"), ("b", "in_b")):
                named[inside] = "" if parts.get(name, "").startswith(starts) else "中"
        text = frame.format(**named)
        return text[:1].upper() + text[1:] + STOP[self._lang]

    def noun(self, fact: Fact) -> str:
        """One fact."""
        form = self._pick(self._words.NOUNS[fact.kind, fact.value])
        zone = self._words.ZONES.get(fact.zone, "")
        if zone and self._lang == "en":
            zone = f" {zone}"
        return form.replace("{at}", zone)

    def listed(self, facts: Sequence[Fact]) -> str:
        """Several facts; what belongs to one thing is said as one."""
        if self._lang == "zh":
            nouns = [self.noun(fact) for fact in facts]
            return re.sub(r"(主路[^呈为，]+，)主路([呈为])", r"\1\2", "，".join(nouns))
        nouns = self._grouped(facts)
        if len(nouns) == 1:
            return nouns[0]
        return f"{', '.join(nouns[:-1])} and {nouns[-1]}"

    def _grouped(self, facts: Sequence[Fact]) -> list[str]:
        """English nouns; what belongs to one thing is one of them."""
        known = {fact.kind: fact for fact in facts if fact.value != "none"}
        done: set[str] = set()
        nouns: list[str] = []
        for fact in facts:
            if fact.kind in done:
                continue
            if fact.kind in _HOUSES and fact.value != "none":
                done.update(_HOUSES)
                nouns.append(self._houses({k: known[k] for k in _HOUSES if k in known}))
            elif fact.kind in _ROAD and len(known.keys() & set(_ROAD)) == len(_ROAD):
                done.update(_ROAD)
                runs = self.noun(known["road"]).removeprefix("a main road")
                nouns.append(self.noun(known["bend"]) + runs)
            else:
                nouns.append(self.noun(fact))
        return nouns

    def _houses(self, known: dict[str, Fact]) -> str:
        """Buildings with their height and their roofs, or what of these is known."""
        rise = self._words.RISE[known["storeys"].value] if "storeys" in known else ""
        body = (
            self.noun(known["buildings"]) if "buildings" in known else "buildings" if rise else ""
        )
        if rise:
            body = body.replace("buildings", f"{rise} buildings")
        form, colour = known.get("roof_form"), known.get("roofs")
        roofs = self.noun(colour) if colour else self.noun(form) if form else ""
        if colour and form:
            roofs = f"{form.value}, mostly {self._words.COLOURS[colour.value]} roofs"
        return f"{body} with {roofs}" if body and roofs else body or roofs


def composed(
    view: View,
    query: Sequence[Fact],
    tile: Sequence[Fact],
    same: bool,
    lang: Lang,
    settled: bool = False,
) -> str:
    """What two pictures show, share and do not share, in a few sentences; empty where no fact is known.

    ``same``: whether they are taken for one place. ``settled``: it was measured that they are; then facts that
    differ plainly cannot both be true, and neither is told.
    """
    facts = scene_facts(query, tile, same_extent=view in ("uav", "map"))
    apart = {name for link in facts.differing for name in (link.first, link.second)}
    if settled:
        query = [fact for fact in facts.image1 if fact.id not in apart]
        tile = [fact for fact in facts.image2 if fact.id not in apart]
        return composed(view, query, tile, same, lang)
    wording, words = Wording(lang, lambda ways: ways[0]), WORDS[lang]
    said: list[str] = []
    shared = [facts.by_id(link.first) for link in facts.shared]
    alone = [[one for one in side if _standing_alone(one)] for side in (facts.image1, facts.image2)]
    if any(len(side) > len(shared) for side in alone):  # else one sentence says it all
        for frames, side in zip((words.IMAGE_1, words.IMAGE_2), alone, strict=True):
            if side:
                seen = wording.listed(side[:MOST_TOLD])
                said.append(wording.sentence(frames[0], view, seen=seen))
    if shown := [fact for fact in shared if fact.value != "none"]:
        frames = words.SHARED_MATCH if same else words.SHARED_OTHER
        said.append(wording.sentence(frames[0], view, seen=wording.listed(shown)))
    for number, link in enumerate(facts.differing):
        frames = words.ONE_DIFFERENCE if same and not number else words.DIFFERING
        one, two = (wording.noun(facts.by_id(name)) for name in (link.first, link.second))
        said.append(wording.sentence(frames[0], view, a=one, b=two))
    return GAP[lang].join(said)


def _standing_alone(fact: Fact) -> bool:
    """Things that are not there are told only where the other picture shows them; bare ground is told."""
    return fact.value != "none" or fact.kind in ("buildings", "trees")
